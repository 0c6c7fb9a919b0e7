"""An employee states an emergency to read a child's case (SE-3), and the coordinator sees what was opened so."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.asking import NotLoggedIn
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render
from services.chassis.ids import new_id
from services.contracts import cases
from services.contracts.emergencies import REASONS
from services.kernel.errors import NotFound

blueprint = Blueprint("emergency", __name__)

Page = str | Response | tuple[str, int]
_PAGE = 50


@blueprint.before_request
def _employees() -> Response | None:
    """The form is for employees; the family finds on the public pages whom to call. What can't be found is said by the
    service."""
    if g.asking.actor is None:
        raise NotLoggedIn
    form = request.path == PATHS["emergency"]
    return redirect(path("home"), 303) if form and g.asking.actor.capacity != "employee" else None


@blueprint.get(PATHS["emergency"])
def ask() -> str:
    """The form: one child, by number; why, in a word and in words."""
    return _form(Form())


@blueprint.post(PATHS["emergency"])
def asked() -> Page:
    """Open the case; it is read as any other, until its time is over."""
    form = Form.sent()
    for name in ("child_number", "reason_code", "reason"):
        if not form.text(name):
            form.wrong(name, "required")
    opened = None
    if not form.errors:
        opened = form.submit(cases.OpenEmergency, {
            "child_number": "".join((form.text("child_number") or "").split()),
            "reason_code": form.text("reason_code"),
            "reason": form.text("reason"),
        })  # fmt: skip
    if opened is None:
        return _form(form), form.status
    notice("urgent_reading.opened")
    return redirect(path("case", case_id=opened["id"]), 303)


@blueprint.post(PATHS["emergency_end"])
def ended(emergency_id: str) -> Response:
    """End it before its time; from the case, or from the coordinator's list."""
    form = Form.sent()
    done = form.submit(cases.EndEmergency, {"emergency_id": emergency_id})
    if done is None:
        raise form.refusal or NotFound
    notice("urgent_reading.ended")
    return redirect(path("emergencies" if form.text("from") == "list" else "work"), 303)


def end_of(emergency_id: str) -> dict[str, str]:
    """What the button that ends it needs."""
    return {"url": path("emergency_end", emergency_id=emergency_id), "key": new_id()}


def _form(form: Form) -> str:
    return render("employee/emergency.html", form=form, reasons=REASONS, active="work")


@blueprint.get(PATHS["emergencies"])
def listed() -> str:
    """What was opened, newest first, and who tried in vain how often."""
    cursor = request.args.get("fra") or None
    found = g.asking(cases.ListEmergencies, {"limit": _PAGE, "cursor": cursor})
    names = g.names.people(
        {each["person_id"] for each in (*found["items"], *found["refused"])}
        | {each["ended_by_person_id"] for each in found["items"]}
    )

    def unit(unit_id: str | None) -> str:
        return g.names.unit(g.asking.municipality, unit_id) or ""

    return render(
        "employee/emergencies.html",
        opened=[
            {
                "by": names.get(each["person_id"], ""),
                "unit": unit(each["unit_id"]),
                "owner_unit": unit(each["owner_unit_id"]),
                "reason_code": each["reason_code"],
                "reason": each["reason"],
                "at": each["valid_from"],
                "until": each["valid_to"],
                "ended_by": names.get(each["ended_by_person_id"] or "", ""),
                "end": end_of(each["emergency_id"])
                if datetime.fromisoformat(str(each["valid_to"])) > g.now
                else None,
                "ground": g.names.ground(each.get("ground"), each.get("ground_version")),
            }
            for each in found["items"]
        ],
        refused=[
            {
                "by": names.get(each["person_id"] or "", ""),
                "unit": unit(each["unit_id"]),
                "attempts": each["attempts"],
                "last_at": each["last_at"],
            }
            for each in found["refused"]
        ],
        first=cursor is None,
        more=path("emergencies", fra=found["next_cursor"]) if found["next_cursor"] else None,
        active="work",
    )
