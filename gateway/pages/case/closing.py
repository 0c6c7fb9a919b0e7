"""Closing a case (LV-1, LG-10)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render
from gateway.pages.case.head import ask_case
from services.contracts import cases, relay_log

blueprint = Blueprint("closing", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get(PATHS["close"])
def close(case_id: str) -> str:
    """Why the case ends, and whether the family has said what they think of it."""
    page = _ask(case_id, "close")
    return _close(page, Form(etag=str(page["case"]["version"])))


@blueprint.post(PATHS["close"])
def closed(case_id: str) -> Page:
    """Close it. Consent ends with the case, so that a holder of another service goes back to their work."""
    form, page = Form.sent(), _ask(case_id)
    for name in ("outcome", "reason"):
        if not form.text(name):
            form.wrong(name, "required")
    done = None
    if not form.errors:
        asked = {
            "case_id": case_id,
            "expected_version": form.version,
            "outcome": form.text("outcome"),
            "reason": form.text("reason"),
        }
        done = form.submit(cases.CloseCase, asked)
    if done is None:
        form.etag = str(page["case"]["version"])
        return _close(page, form), form.status
    notice("close.done")
    stays = g.asking.actor is not None and g.asking.actor.unit_id == page["case"]["owner_unit_id"]
    return redirect(path("case", case_id=case_id) if stays else path("work"), 303)


def _ask(case_id: str, act: str | None = None) -> dict[str, Any]:
    return ask_case(case_id, act, log=(relay_log.GetLog, {"case_id": case_id}))


def _close(page: dict[str, Any], form: Form) -> str:
    entries = page["log"]["entries"] if page["log"] else []
    feedback = any(entry["kind"] == "feedback" for entry in entries)
    return render("employee/close.html", case=page["head"], form=form, feedback=feedback, unread=page["unread"],
                  missing=page["missing"], active="work")  # fmt: skip
