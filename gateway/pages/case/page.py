"""The case page of employees: whose case, what to do now, the steps, and who can see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.composition.case import case_page
from gateway.composition.consents import service_states
from gateway.composition.next_step import Step, next_step
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render
from gateway.login import people
from gateway.pages import family
from gateway.pages.case.emergency import end_of
from gateway.pages.case.head import case_head, may, me
from gateway.pages.case.told import events, filled_forms, notes_in_words, readers, step_titles
from services.contracts import cases, notifications

blueprint = Blueprint("case", __name__)

EVENTS_SHOWN = 5


@blueprint.get(PATHS["case"])
def case(case_id: str) -> str:
    """The case, as who asks may see it."""
    return _show(case_id, Form())


@blueprint.post(PATHS["case"])
def step_done(case_id: str) -> Response | tuple[str, int]:
    """Mark the current step as done (LV-6)."""
    form = Form.sent()
    if form.submit(cases.CompleteStep, {"case_id": case_id, "step": form.text("step") or ""}) is None:
        return _show(case_id, form), form.status
    notice("case.step_is_done")
    return redirect(path("case", case_id=case_id), 303)


def _show(case_id: str, form: Form) -> str:
    if (people.chosen() or {}).get("capacity") in ("guardian", "self"):
        return family.case_page(case_id)
    page = case_page(g.asking, g.names, case_id, unread=(notifications.UnreadCount, {}))
    found, names, log = page["case"], page["names"], page["log"]
    notes = page["notes"] or []
    step = next_step(page, me(), g.now)
    states = service_states(page["consents"])
    stands_already = {"consent_status"} if page["consents"] is not None else set()
    unread = page["unread"]["unread"] if page["unread"] else None
    return render(
        "employee/case.html",
        case=case_head(found, names, log),
        form=form,
        now=now_model(found["case_id"], step),
        steps=_steps(found, names, step) if found["state"] == "open" else [],
        notes=None
        if page["notes"] is None or (found["level"] and not notes)
        else notes_in_words(notes, names),
        notes_shared=found["talk_recorded"],
        may_note=may(found, "write_notes"),
        forms=filled_forms(found["case_id"], notes),
        consents=[
            {"service": g.names.service(service_id), "state": state, "until": None}
            for service_id, state in states.items()
        ],
        events=events(found, names)[:EVENTS_SHOWN],
        readers=readers(page),
        actions=[{"code": code, "url": url} for code, url in _actions(found) if code not in stands_already],
        emergency={
            "end": end_of(found["emergency"]["emergency_id"]),
            "until": found["emergency"]["valid_to"],
        }
        if found.get("emergency")
        else None,
        joined=found["joined_into"],
        unread=unread,
        missing=[name for name in page["missing"] if name != "unread"],
        active="work",
    )


def now_model(case_id: str, step: Step | None) -> dict[str, Any] | None:
    """What the reader does now, as macros/now.html wants it."""
    if step is None:
        return None
    url = path(step.page, case_id=case_id, **step.values)
    return {"code": step.code, "url": url, "deadline": step.due, "params": step.params}


def _steps(found: Mapping[str, Any], names: Mapping[str, str], now: Step | None) -> list[dict[str, Any]]:
    """The level's steps, with the guide's words; the current one can be marked as done by whoever does it."""
    titles = step_titles(found["level"])
    mine = may(found, "write_notes") if found["level"] == 0 else may(found, "manage")
    rows: list[dict[str, Any]] = []
    for step in found["steps"]:
        current = step["state"] == "current"
        status = {"done": "done", "locked": "later"}.get(step["state"], "you" if mine else "others")
        doing = current and mine and now is not None and now.code in _DOES.get(step["step"], ())
        url = path(now.page, case_id=found["case_id"], **now.values) if now and doing else None
        rows.append(
            {
                "code": step["step"],
                "title": titles.get(step["step"]) or step["step"],
                "url": url,
                "note": None,
                "status": status,
                "by": _done_by(found, names, step["step"]),
                "at": step["done_at"],
                "may_finish": current and mine and step["step"] in _FINISHED_BY_HAND[min(found["level"], 1)],
            }
        )
    return rows


_DOES: dict[str, tuple[str, ...]] = {
    "make_concrete": ("concretise",),
    "share": ("talk",),
    "reason_to_go_on": ("decide",),
    "plan": ("plan", "measure"),
    "carry_out": ("follow",),
    "evaluate": ("evaluate",),
    "decide": ("choose_level",),
}
"""Step -> what does it; what is next may be something else, such as an answer to somebody."""

_FINISHED_BY_HAND = (
    frozenset({"make_concrete"}),
    frozenset({"contact", "make_concrete", "plan", "carry_out", "evaluate", "decide"}),
)
"""At level 0 the talk and the decision finish their steps themselves."""


def _done_by(found: Mapping[str, Any], names: Mapping[str, str], step: str) -> str:
    what = (
        {"concern_arises": "concern_raised", "share": "talk_recorded"}.get(step)
        if found["level"] == 0
        else None
    )
    for each in reversed(found["happenings"]):
        values = each["values"]
        if each["what"] == what or (each["what"] == "step_completed" and values.get("step") == step):
            return names.get(each["by_person_id"], "")
    return ""


def _actions(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the reader may also do here, as the service permits."""
    permitted, case_id = set(found["permitted"]), found["case_id"]
    zero = found["level"] == 0
    offered = (
        ("note", "note", "write_notes"),
        ("observation", "forms", "write_notes"),
        ("talk", "talk", "write_notes"),
        ("decide", "decide", "decide_level" if zero else ""),
        ("view", "view", "write_log"),
        ("entry", "entry_new", "comment"),
        ("consent_ask", "consent_ask", "request_consent"),
        ("consent_status", "consent_status", "read_consent"),
        ("participant", "participant_new", "manage"),
        ("meeting", "meeting_new", "manage"),
        ("evaluation_date", "evaluation_date", "manage"),
        ("level", "level", "" if zero else "decide_level"),
        ("handover", "handover", "propose_handover"),
        ("birth", "birth", "register_birth" if found["subject_kind"] == "pregnant" else ""),
        ("discuss", "discussion_new", "see_case"),
        ("family_keep", "family_keep", "" if found["subject_kind"] == "pregnant" else "keep_family"),
        ("access_history", "access_history", "read_access"),
        ("end_log", "log_end", "end_log"),
        ("close", "close", "" if zero else "close"),
        ("report", "report", "read_report" if found["state"] == "closed" and not zero else ""),
    )
    return [(code, path(page, case_id=case_id)) for code, page, act in offered if act in permitted]
