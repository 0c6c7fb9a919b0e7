"""Reporting to child protection, and reading what was reported (PR-1, PR-2, PR-5). The page asks for nothing of a case:
not even a reading of it is noted because somebody came here (PR-3)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.asking import NotLoggedIn
from gateway.pages.format import local_date
from gateway.pages.forms import Form
from gateway.pages.paths import PATHS, path
from gateway.pages.view import render
from services.contracts import cases

blueprint = Blueprint("lane", __name__)

Page = str | Response | tuple[str, int]
_MUST = ("suspicion", "text", "kind", "guardians_informed")


@blueprint.before_request
def _employees() -> Response | None:
    """The duty is the employees'; others find on the public pages whom to call."""
    if g.asking.actor is None:
        raise NotLoggedIn
    return None if g.asking.actor.capacity == "employee" else redirect(path("home"), 303)


@blueprint.get(PATHS["lane"])
def report() -> str:
    """The form."""
    return _report(Form())


@blueprint.post(PATHS["lane"])
def reported() -> Page:
    """File the report."""
    form, case_id = Form.sent("police_contacted"), request.args.get("case_id") or None
    for name in _MUST:
        if not form.text(name):
            form.wrong(name, "required")
    if not case_id and not form.text("child_number") and not form.text("child_description"):
        form.wrong("child_description", "required")
    filed = None
    if not form.errors:
        asked = {
            "case_id": case_id,
            "child_number": "".join((form.text("child_number") or "").split()) or None,
            "child_description": form.text("child_description"),
            "kind": form.text("kind"),
            "suspicion": form.text("suspicion"),
            "text": form.text("text"),
            "guardians_informed": form.text("guardians_informed"),
            "guardians_informed_reason": form.text("guardians_informed_reason"),
            "police_contacted": "yes" in form.many("police_contacted"),
        }
        filed = form.submit(cases.FileLaneReport, asked)
    if filed is None:
        return _report(form), form.status
    return redirect(path("lane_receipt", report_id=filed["id"]), 303)


def _report(form: Form) -> str:
    return render("lane/report.html", form=form, case_id=request.args.get("case_id") or None)


@blueprint.get(PATHS["lane_receipt"])
def receipt(report_id: str) -> str:
    """Says what happens now; shows nothing of the report."""
    return render("lane/receipt.html", unread=None)


@blueprint.get(PATHS["lane_list"])
def listed() -> str:
    """The reports that the reader may read: one's own, or all as child protection."""
    found = g.asking(cases.LaneReports, {"limit": 100})["items"]
    rows = [
        {
            "id": each["report_id"],
            "at": each["filed_at"],
            "child": each["child_name"],
            "suspicion": each["suspicion"],
        }
        for each in found
    ]
    return render("lane/list.html", reports=rows)


@blueprint.get(PATHS["lane_item"])
def item(report_id: str) -> str:
    """One report."""
    found = g.asking(cases.GetLaneReport, {"report_id": report_id})
    names = g.names.people([found["reporter_person_id"]])
    model: dict[str, Any] = {
        "id": report_id,
        "at": found["filed_at"],
        "by": names.get(found["reporter_person_id"], ""),
        "child": found["child_name"],
        "child_birth_date": local_date(found["child_birth_date"]) if found["child_birth_date"] else None,
    }
    kept = ("child_description", "suspicion", "kind", "text", "guardians_informed", "guardians_informed_reason",
            "police_contacted")  # fmt: skip
    return render("lane/item.html", report=model | {name: found[name] for name in kept})
