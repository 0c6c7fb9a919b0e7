"""What waits for the asker in all their logs: meetings, minutes, evaluations, measures, and words to the holder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.sealed import About
from services.chassis.unit_of_work import Reading
from services.kernel.calendar import local_date, midnight
from services.kernel.facts import Act
from services.relay_log.domain.entries import TO_THE_HOLDER
from services.relay_log.domain.plan import near
from services.relay_log.storage.entries import Entries
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.meetings import Meetings
from services.relay_log.storage.plan import Plans

NEAR_DAYS = 7
"""How long before its day something is shown as waiting."""

Due = dict[str, Any]


def run(reading: Reading) -> dict[str, Any]:
    """The items, what is due first first; of open cases, and of what the asker may still see."""
    found = access.of_many(reading, access.case_ids_for(reading))
    seen = {
        case.case_id: case
        for case in found
        if case.facts is not None and not case.facts.case.closed and case.decide(Act.SEE_CASE).allowed
    }
    held = {case_id: case for case_id, case in seen.items() if case.decide(Act.MANAGE).allowed}
    items = [*_meetings(reading, seen, held), *_evaluations(reading, held), *_measures(reading, seen),
             *_words(reading, held)]  # fmt: skip
    for case_id in sorted({item["case_id"] for item in items}):
        seen[case_id].require(Act.SEE_CASE)
    for item in items:
        item["child_person_id"] = seen[item["case_id"]].known_facts.case.subject_person
    return {"items": sorted(items, key=lambda item: (item["due"], item["case_id"], item["item_id"] or ""))}


def _meetings(reading: Reading, seen: dict[str, CaseAccess], held: dict[str, CaseAccess]) -> Iterator[Due]:
    """Coming meetings to which the asker is invited; the minutes that a holder has still to publish."""
    for row in Meetings.of(reading).coming_and_held(list(seen), reading.now):
        due = {"case_id": row.case_id, "item_id": row.meeting_id}
        if row.ends_at > reading.now:
            if reading.actor.person_id in row.invited_ids and row.state == "called":
                yield {**due, "kind": "meeting", "due": row.starts_at}
        elif row.case_id in held:
            yield {**due, "kind": "minutes", "due": row.ends_at}


def _evaluations(reading: Reading, held: dict[str, CaseAccess]) -> Iterator[Due]:
    """For the holder: evaluations that are near or overdue."""
    today = local_date(reading.now)
    for case_id, day in Logs.of(reading).next_evaluations(list(held)).items():
        if near(day, today, NEAR_DAYS):
            yield {"case_id": case_id, "kind": "evaluation", "item_id": None, "due": midnight(day)}


def _measures(reading: Reading, seen: dict[str, CaseAccess]) -> Iterator[Due]:
    """For whoever is responsible, and may still read it: measures whose deadline is near or past."""
    until = local_date(reading.now) + timedelta(days=NEAR_DAYS)
    responsible = None if reading.actor.capacity == "self" else reading.actor.person_id
    plans = Plans.of(reading)
    rows = plans.due_of(list(seen), responsible, until)
    for row, measure in zip(rows, plans.sealed(rows), strict=True):
        if seen[row.case_id].may_open(measure.about):
            due = midnight(row.deadline)
            yield {"case_id": row.case_id, "kind": "measure", "item_id": row.measure_id, "due": due}


def _words(reading: Reading, held: dict[str, CaseAccess]) -> Iterator[Due]:
    """LG-7: proposals, comments, hindrances and feedback reach the holder: they wait until the log has been read. One
    of another unit is told of none that waits for a third person's word (GU-6)."""
    kinds, entries = sorted(TO_THE_HOLDER), Entries.of(reading)
    for row in entries.unread_by(list(held), reading.actor.person_id or "", kinds):
        whom, agrees = entries.mark_of(row)
        about = About(
            reading.municipality, row.case_id, Act.READ_LOG_ITEM, row.topic, row.recorded_at,
            third_person=whom, third_person_agrees=agrees,
        )  # fmt: skip
        if held[row.case_id].may_open(about):
            yield {
                "case_id": row.case_id,
                "kind": "proposal",
                "item_id": row.entry_id,
                "due": row.recorded_at,
            }
