"""The minutes of a meeting are published, by the template and with the next dates in them (LG-4)."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Context
from services.contracts import relay_log as contracts
from services.contracts.directory import GetTool
from services.kernel import forms
from services.kernel.errors import InvalidInput, NotFound, Unavailable
from services.kernel.facts import SOMEBODY, Act
from services.relay_log.commands.common import me, open_log, set_next_evaluation, today
from services.relay_log.domain.entries import demand_third_person
from services.relay_log.domain.meetings import NO_REASON, demand_next
from services.relay_log.domain.parties import demand_parties, parties
from services.relay_log.storage.meetings import Meetings

TEMPLATE = "meeting_template"

_DAYS = ("next_meeting_on", "next_evaluation_on")
_ANSWERS_TAKE = 1.5
"""Seconds to wait for the template."""


def prepare(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The rest of the template, cleaned by its own definition; the days stand in fields of their own.

    While directory does not answer it is kept as it came: what somebody wrote is not lost for its sake."""
    answers = {name: value for name, value in request["answers"].items() if name not in _DAYS}
    if not answers:
        return {}
    tool = {"municipality": context.municipality, "tool": TEMPLATE}
    try:
        definition = context.rpc.call(GetTool, tool, timeout=_ANSWERS_TAKE)["form"]
    except (Unavailable, NotFound):
        return answers
    kept, faults = forms.clean(definition, answers)
    if faults:
        raise InvalidInput(fields={f"answers.{name}": fault for name, fault in faults.items()}, rule="LG-4")
    return kept


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Publish once, on the meeting as it was read (LG-8), by one who may write in each topic of the items."""
    case_id, meetings = request["case_id"], Meetings.of(uow)
    facts = open_log(uow, case_id, Act.WRITE_LOG, [item["topic"] for item in request["items"]])
    meeting = meetings.meeting(case_id, request["meeting_id"])
    if meeting is None:
        raise NotFound
    changed = meeting.publish(
        request["expected_version"], meetings.edits(meeting.meeting_id), request["items"]
    )
    demand_next(
        request["next_meeting_on"],
        request["no_next_meeting_reason"],
        request["next_evaluation_on"],
        today(uow),
    )
    demand_parties(
        request["present_ids"], parties(facts, uow.now) | set(meeting.invited) | {me(uow)}, "present_ids"
    )
    family = {guardian.person_id for guardian in facts.guardians}
    for number, item in enumerate(request["items"]):
        demand_third_person(item["third_person"], family, f"items.{number}.third_person")
    answers = dict(uow.prepared)
    if request["next_meeting_on"] is None:
        answers[NO_REASON] = request["no_next_meeting_reason"]
    meetings.add_minutes(meeting, request, answers, changed, me(uow), uow.now)
    uow.record(
        contracts.MinutesPublished,
        case_id,
        {"case_id": case_id, "meeting_id": meeting.meeting_id,
         "topics": sorted({item["topic"] for item in request["items"] if item["third_person"] is None}),
         "next_meeting_on": request["next_meeting_on"], "next_evaluation_on": request["next_evaluation_on"],
         "by_person_id": me(uow), "at": uow.now, **_asked(request["items"])},
    )  # fmt: skip
    set_next_evaluation(uow, case_id, request["next_evaluation_on"])
    return {"id": meeting.meeting_id, "version": meeting.version}


def _asked(items: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Who is asked whether what tells of them may be shown to others (GU-6)."""
    found = sorted({item["third_person"] for item in items} - {None, SOMEBODY})
    return {"third_persons": found} if found else {}
