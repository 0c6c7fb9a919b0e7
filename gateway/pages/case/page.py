"""The case page of employees: whose case, what to do now, the steps, and who can see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.composition.case import case_page
from gateway.composition.consents import open_services, service_states
from gateway.composition.next_step import Step, next_step
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.login import people
from gateway.pages.case.emergency import end_of
from gateway.pages.case.head import case_head, may, me, why
from services.contracts import cases, notifications

blueprint = Blueprint("case", __name__)

EVENTS_SHOWN = 5
TOLD = {
    "birth_registered": "event.birth_registered",
    "closed": "event.closed",
    "concern_joined": "event.concern_joined",
    "concern_raised": "event.concern_raised",
    "form_recorded": "event.form_recorded",
    "handover_accepted": "event.handover_accepted",
    "handover_declined": "event.handover_declined",
    "handover_proposed": "event.handover_proposed",
    "holder_appointed": "event.holder_appointed",
    "joined": "event.joined",
    "level_moved": "event.level_moved",
    "log_ended": "event.log_ended",
    "note_recorded": "event.note_recorded",
    "step_completed": "event.step_completed",
    "talk_recorded": "event.talk_recorded",
}
"""What happened in a case, as its service calls it -> the text that tells it. Written out, so that the check of the
translations sees a text that nothing tells."""


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
        from gateway.pages.family import case_page as family_page

        shown: str = family_page(case_id)
        return shown
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
    titles = _step_titles(found["level"])
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


def events(found: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What happened in the case, newest first, as macros/events.html wants it."""
    rows: list[dict[str, Any]] = []
    tools = {tool["code"]: tool["name"] for tool in g.names.catalogue()["tools"]}
    for level, each in reversed(_at_their_level(_told_once(found["happenings"]))):
        values = each["values"]
        about = values.get("person_id") or values.get("to_person_id") or each["by_person_id"]
        params = {
            "by": names.get(each["by_person_id"], t("event.somebody")),
            "name": names.get(about, t("event.somebody")),
            "level": values.get("to_level", found["level"]),
            "form": tools.get(values.get("tool", ""), t("event.a_form")),
            "step": _step_titles(level).get(values.get("step", ""), ""),
        }
        told = TOLD[each["what"]]
        rows.append({"told": told, "at": each["at"], "params": params, "text": values.get("reason")})
    return rows


def _at_their_level(happenings: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Each with the level at which it happened: a step of the same name is another one on another level."""
    level, found = 0, []
    for each in happenings:
        found.append((level, each))
        level = each["values"].get("to_level", level) if each["what"] == "level_moved" else level
    return found


def _step_titles(level: int) -> dict[str, str]:
    """The guide's words for the steps of a level."""
    levels = g.names.catalogue()["guide"]["levels"]
    return {
        step["code"]: step["title"] for each in levels if each["level"] == level for step in each["steps"]
    }


def _told_once(happenings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the appointments of who was holder already: a move of level names the holder every time."""
    kept, holder = [], None
    for each in happenings:
        appointed = each["values"].get("person_id") if each["what"] == "holder_appointed" else None
        if appointed is None or appointed != holder:
            kept.append(each)
        if each["what"] == "handover_accepted":
            appointed = each["values"].get("to_person_id")
        holder = appointed or holder
    return kept


def notes_in_words(notes: list[dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What was written in words, newest first; the talk's record with the child's view."""
    rows = []
    for note in reversed(notes):
        if note["kind"] == "form":
            continue
        text, view = note["text"], note["answers"].get("child_view")
        if note["kind"] == "view":
            missing = note["answers"].get("child_view_missing")
            text, view = (
                (t("talk.view_missing"), t(f"talk.missing.{missing}"))
                if missing
                else (t("talk.view_apart"), text)
            )
        rows.append(
            {"at": note["recorded_at"], "text": text, "by": names.get(note["by_person_id"], ""), "view": view,
             "kind": note["kind"], "topic": note["topic"]}
        )  # fmt: skip
    return rows


def filled_forms(case_id: str, notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The filled-in tools of a case, newest first: [{title, url, at}]."""
    tools = {tool["code"]: tool["name"] for tool in g.names.catalogue()["tools"]}
    return [
        {
            "title": tools.get(note["tool"], note["tool"]),
            "url": path("form_saved", case_id=case_id, tool_id=note["tool"], form_id=note["note_id"]),
            "at": note["recorded_at"],
        }
        for note in reversed(notes)
        if note["kind"] == "form"
    ]


def readers(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who can see something of the case now, as far as the reader may know it."""
    found, names, place = page["case"], page["names"], g.asking.municipality

    def row(person_id: str, role: str, unit_id: str | None = None) -> dict[str, Any]:
        return {"name": names.get(person_id, ""), "role": role, "unit": g.names.unit(place, unit_id)}

    rows: list[dict[str, Any]] = []
    if found["holder_person_id"]:
        rows.append(row(found["holder_person_id"], "holder", found["holder_unit_id"]))
    if found["owner_person_id"] != found["holder_person_id"]:
        rows.append(row(found["owner_person_id"], "owner", found["owner_unit_id"]))
    rows.append({"name": None, "role": "leader", "unit": g.names.unit(place, found["owner_unit_id"])})
    if found["talk_recorded"] or found["level"]:
        rows += [
            row(each["person_id"], "guardian") for each in found["guardians"] if each["has_responsibility"]
        ]
    opened = open_services(page["consents"], g.now)
    for each in page["log"]["participants"] if page["log"] else ():
        known = each["person_id"] != found["holder_person_id"] and each["valid_to"] is None
        if known and (
            page["consents"] is None or each["service_id"] in opened | {found["owner_service_id"]: []}
        ):
            rows.append(row(each["person_id"], "participant", each["unit_id"]))
    return rows


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


__all__ = ["blueprint", "events", "filled_forms", "notes_in_words", "now_model", "readers", "why"]
