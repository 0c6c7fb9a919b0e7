"""The pages of guardians and of the child: their cases, one case, writing to the holder, feedback, and who can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.asking import Missing, NotLoggedIn
from gateway.composition.access_history import history
from gateway.composition.case import case_page as compose
from gateway.composition.case import missing_parts, people_in
from gateway.composition.consents import open_services, service_states
from gateway.frame.format import first_name
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.login import people
from gateway.pages.case import told
from gateway.pages.case.head import ask_case, case_head, may, me, my_signer_id
from gateway.pages.log.entries import kinds_of
from gateway.pages.log.frame import Answer, ask_log, in_force, show, topic_choices
from gateway.pages.log.third_person import tells_of
from gateway.times import last_day
from services.contracts import cases, consent, notifications, relay_log
from services.contracts.access_history import HIDDEN_SYSTEM
from services.contracts.emergencies import REASONS as EMERGENCY_REASONS
from services.kernel.sentences import SENTENCES

blueprint = Blueprint("family", __name__)

EVENTS_SHOWN = 8
FEEDBACK_TOPIC = "wellbeing"
"""Every entry bears one topic (LG-2); feedback is about how it has been, so the family is not asked to choose one."""


@blueprint.get(PATHS["my_cases"])
def my_cases() -> str | Response:
    """The cases that concern the reader, those that wait for an answer first."""
    chosen = people.chosen()
    if chosen is None:
        raise NotLoggedIn
    if chosen["capacity"] == "employee":
        return redirect(path("work"), 303)
    parts = g.asking.together(
        cases=(cases.MyCases, {"include_closed": True, "limit": 100}),
        consents=(consent.WaitingForMe, {}),
        unread=(notifications.UnreadCount, {}),
        **({"reports": (cases.ReportsWithGuardians, {})} if chosen["capacity"] == "guardian" else {}),
    )
    if isinstance(parts["cases"], Missing):
        raise parts["cases"].refusal
    found = parts["cases"]["items"]
    reports = parts.get("reports", {"items": []})
    waiting = {} if isinstance(parts["consents"], Missing) else _by_case(parts["consents"]["items"])
    g.names.add_family([each["child"] for each in found])
    names = g.names.people(people_in(found))
    rows = [_row(each, names, waiting.get(each["case_id"])) for each in found if each["state"] != "joined"]
    rows.sort(key=lambda row: (row["now"] is None, row["state"] != "open"))
    return render(
        "family/cases.html",
        cases=rows,
        reports=[] if isinstance(reports, Missing) else _reports(reports["items"]),
        active="cases",
        unread=None if isinstance(parts["unread"], Missing) else parts["unread"]["unread"],
        missing=[name for name in missing_parts(parts) if name != "unread"],
    )


def _reports(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """PR-2: what was reported with the reader as guardian."""
    return [
        {
            "url": path("lane_item", report_id=each["report_id"]),
            "at": each["filed_at"],
            "child": each["child_name"],
        }
        for each in found
    ]


def _by_case(waiting: list[dict[str, Any]]) -> dict[str, str]:
    """Case id -> the request that has waited longest for the reader's answer."""
    found: dict[str, str] = {}
    for each in waiting:
        found.setdefault(each["case_id"], each["request_id"])
    return found


def _row(case: Mapping[str, Any], names: Mapping[str, str], request_id: str | None) -> dict[str, Any]:
    child = case["child"]
    return {
        "id": case["case_id"],
        "child": {"name": child["name"], "first_name": first_name(child["name"]), "age": child["age"]},
        "level": case["level"],
        "state": case["state"],
        "holder": names.get(case["holder_person_id"] or ""),
        "unit": g.names.unit(g.asking.municipality, case["owner_unit_id"]) or "",
        "now": _to_answer(request_id) if request_id else None,
    }


def _to_answer(request_id: str) -> dict[str, Any]:
    return {
        "code": "answer_consent",
        "url": path("consent", request_id=request_id),
        "deadline": None,
        "params": {},
    }


def case_page(case_id: str) -> str:
    """The case as the family sees it: what waits for them, what is happening, whom to turn to, and who can read."""
    page = compose(g.asking, g.names, case_id, unread=(notifications.UnreadCount, {}))
    found, names = page["case"], page["names"]
    head = case_head(found, names, page["log"])
    notes = page["notes"] or []
    return render(
        "family/case.html",
        case=head,
        now=_now(page),
        notes=told.notes_in_words(notes, names),
        notes_shared=found["talk_recorded"],
        forms=told.filled_forms(case_id, notes),
        consents=[
            {"service": g.names.service(service_id) or "", "state": state, "until": None}
            for service_id, state in service_states(page["consents"]).items()
        ],
        events=told.events(found, names)[:EVENTS_SHOWN],
        readers=told.readers(page),
        actions=_actions(found, page["log"]),
        report_url=None,
        unread=page["unread"]["unread"] if page["unread"] else None,
        missing=[name for name in page["missing"] if name != "unread"],
        active="cases",
    )


def _now(page: Mapping[str, Any]) -> dict[str, Any] | None:
    """A question of consent that the reader has not answered, else the report of a closed case."""
    case = page["case"]
    for request_detail in page["consents"]["requests"] if page["consents"] else ():
        mine = next((each for each in request_detail["signers"] if each["person_id"] == my_signer_id()), None)
        if request_detail["you_sign"] and mine and mine["answered_at"] is None:
            return _to_answer(request_detail["request_id"])
    if case["state"] == "closed" and case["level"] and may(case, "read_report"):
        return {
            "code": "read",
            "url": path("report", case_id=case["case_id"]),
            "deadline": None,
            "params": {},
        }
    return None


def _actions(case: dict[str, Any], log: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """What the family may also do, as the service permits; of whom an entry tells, their word on it (GU-6)."""
    of_me = log is not None and me() in tells_of({"log": log})
    open_log = bool(case["level"]) and case["state"] == "open"
    offered = (
        ("suggest", "suggest", "comment"),
        ("feedback", "feedback", "give_feedback" if open_log else ""),
        ("third_person", "third_person", "see_case" if of_me else ""),
        ("withdraw", "consent_withdraw", "withdraw_consent" if open_log else ""),
        ("name_person", "name_person", "name_person"),
        ("end_log", "log_end", "end_log"),
        ("access", "access", "see_case"),
        ("access_history", "access_history", "read_access"),
    )
    return [
        {"code": code, "url": path(page, case_id=case["case_id"])}
        for code, page, act in offered
        if may(case, act)
    ]


@blueprint.route(PATHS["suggest"], methods=["GET", "POST"])
def suggest(case_id: str) -> Answer:
    """A comment or a proposal to the holder (LG-7)."""
    form = Form.sent() if request.method == "POST" else Form()
    asked = {"case_id": case_id, **{name: form.text(name) for name in ("kind", "topic", "text")}}
    if request.method == "POST" and form.submit(relay_log.AddEntry, asked):
        notice("suggest.done")
        return redirect(path("timeline", case_id=case_id), 303)
    page = ask_log(case_id, "comment")
    kinds = [kind for kind in kinds_of(page) if kind != "note"]
    return show(page, "family/suggest.html", form, kinds=kinds, topics=topic_choices(page))


@blueprint.route(PATHS["feedback"], methods=["GET", "POST"])
def feedback(case_id: str) -> Answer:
    """How it has been, in the family's words (LG-10)."""
    form = Form.sent() if request.method == "POST" else Form()
    asked = {"case_id": case_id, "kind": "feedback", "topic": FEEDBACK_TOPIC, "text": form.text("text")}
    if request.method == "POST" and form.submit(relay_log.AddEntry, asked):
        notice("feedback.done")
        return redirect(path("case", case_id=case_id), 303)
    page = ask_log(case_id, "give_feedback")
    return show(page, "family/feedback.html", form)


@blueprint.get(PATHS["access"])
def access(case_id: str) -> Answer:
    """Who can read now, and what: family, the unit that has the case, and the services with consent."""
    page = ask_case(
        case_id,
        log=(relay_log.GetLog, {"case_id": case_id}),
        consents=(consent.ConsentsOfCase, {"case_id": case_id}),
    )
    return render(
        "family/access.html",
        case=page["head"],
        active="cases",
        unit_readers=[each for each in told.readers(page) if each["role"] in ("holder", "owner", "leader")],
        services=_services(page),
        youths_own=_youths_own(page),
        history=may(page["case"], "read_access"),
        unread=page["unread"],
        missing=page["missing"],
    )


@blueprint.get(PATHS["access_history"])
def access_history(case_id: str) -> Answer:
    """Who has looked, by day and person, for the family and the leader of the unit that has the case (SE-2)."""
    page = ask_case(case_id)
    found = history(g.asking, case_id, request.args.get("for") or None)
    looks = [look for day in found["days"] for look in day["looks"]]
    names = g.names.people(look["person_id"] for look in looks)
    return render(
        "family/access_history.html",
        case=page["head"],
        active="cases" if (people.chosen() or {}).get("capacity") != "employee" else "work",
        days=[
            {"day": day["day"], "looks": [_look(look, names) for look in day["looks"]]}
            for day in found["days"]
        ],
        more=path("access_history", case_id=case_id, **{"for": found["next"]}) if found["next"] else None,
        missing=[*page["missing"], *found["missing"]],
        unread=page["unread"],
    )


def _look(look: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """One person's reading on one day, in words: who, for whom, what, and why they may."""
    unit_id = look["unit_id"]
    unit = g.names.unit(g.asking.municipality, unit_id)
    return {
        "you": look["you"],
        "name": names.get(look["person_id"] or ""),
        "unit": unit,
        "service": g.names.service_of_unit(unit_id),
        "system": _system(look["recipient"]),
        "first_at": look["first_at"],
        "last_at": look["last_at"],
        "things": look["things"],
        "urgent": [code for code in look["reasons"] if code in EMERGENCY_REASONS],
        "reasons": [code for code in look["reasons"] if code in SENTENCES and not look["you"]],
    }


def _system(recipient: str | None) -> str | None:
    """The outside system that was told; one that is not told of (PR-6) is a system."""
    if recipient is None:
        return None
    return t("looked.a_system") if recipient == HIDDEN_SYSTEM else t("looked.system", name=recipient)


def _youths_own(page: Mapping[str, Any]) -> list[str]:
    """AG-6: the topics on which a guardian is not told who reads, for the youth decides alone; whoever reads or not."""
    is_guardian = g.asking.actor.capacity == "guardian"
    return page["log"]["limited_topics"] if is_guardian and page["log"] else []


def _services(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for service_id, topics in open_services(page["consents"], g.now).items():
        ends = [each["valid_to"] for each in page["consents"]["windows"] if each["service_id"] == service_id]
        taking_part = page["log"]["participants"] if page["log"] else ()
        rows.append(
            {
                "service": g.names.service(service_id) or "",
                "topics": topics,
                "until": last_day(min(ends)),
                "people": [
                    page["names"].get(each["person_id"], "")
                    for each in taking_part
                    if each["service_id"] == service_id and in_force(each)
                ],
            }
        )
    return rows
