"""The family ends the relay log: what happens, what stays, a yes to it, and a receipt (LG-11)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import render
from gateway.pages.case.head import ask_case, may
from services.contracts import cases
from services.kernel.errors import Forbidden, NotFound

blueprint = Blueprint("log_end", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get(PATHS["log_end"])
def end(case_id: str) -> Page:
    """What ending the log means, before it is done. Of one that is ended, the receipt."""
    page = ask_case(case_id)
    return _demand(page) or _end(page, Form(etag=str(page["case"]["version"])))


@blueprint.post(PATHS["log_end"])
def ended(case_id: str) -> Page:
    """End it. Whoever clicks twice, or after another of the family, comes to the receipt."""
    form, page = Form.sent("sure"), ask_case(case_id)
    elsewhere = _demand(page)
    if elsewhere is not None:
        return elsewhere
    asked = {
        "case_id": case_id,
        "expected_version": form.version,
        "confirmed": "yes" in form.many("sure"),
        "reason": form.text("reason"),
    }
    if form.submit(cases.EndLog, asked, confirmed="sure"):
        return redirect(path("log_ended", case_id=case_id), 303)
    page = ask_case(case_id)
    form.etag = str(page["case"]["version"])
    return _demand(page) or (_end(page, form), form.status)


@blueprint.get(PATHS["log_ended"])
def receipt(case_id: str) -> str:
    """Who ended it and when, what is to be had now, and how to shut the others out at once."""
    page = ask_case(case_id)
    ending = _ending(page)
    if ending is None:
        raise NotFound
    return render(
        "family/log_ended.html",
        case=page["head"],
        ending={
            "at": ending["at"],
            "by": g.names.people([ending["by_person_id"]]).get(ending["by_person_id"] or "", ""),
            "reason": ending["values"].get("reason"),
        },
        withdraw=may(page["case"], "withdraw_consent"),
        report=may(page["case"], "read_report"),
        unread=page["unread"],
        missing=page["missing"],
        active="cases",
    )


def _demand(page: dict[str, Any]) -> Response | None:
    """To the receipt where the family has ended it; Forbidden for whoever may not."""
    if _ending(page):
        return redirect(path("log_ended", case_id=page["case"]["case_id"]), 303)
    if page["case"]["state"] != "open":
        raise Forbidden(code="case_closed", rule="LG-10")
    if not may(page["case"], "end_log"):
        raise Forbidden(rule="LG-11")
    return None


def _ending(page: dict[str, Any]) -> dict[str, Any] | None:
    """That the family has ended the log, from the case's history."""
    found = [each for each in page["case"]["happenings"] if each["what"] == "log_ended"]
    return dict(found[-1]) if found and page["case"]["state"] == "closed" else None


def _end(page: dict[str, Any], form: Form) -> str:
    return render(
        "family/log_end.html",
        case=page["head"],
        form=form,
        feedback=may(page["case"], "give_feedback"),
        unread=page["unread"],
        missing=page["missing"],
        active="cases",
    )
