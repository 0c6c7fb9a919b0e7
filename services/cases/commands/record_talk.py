"""The talk with the family is recorded, with the child's view or why it is missing (LV-17, LG-5)."""

from typing import Any

from services.cases.commands.common import require_open, to_change
from services.cases.domain.errors import InvalidInput
from services.cases.storage import cases, notes, people
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import StepCompleted, TalkRecorded
from services.kernel.calendar import local_date
from services.kernel.facts import Act


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the talk; the first one opens the notes to the family. The id is the note's.

    What the child said stands in the talk's own note only where guardians may see it; else it, or why it is missing, is
    a note that they do not get: a talk without either tells them nothing of which it was (LG-5)."""
    require_open(to_change(uow, request["case_id"]), Act.WRITE_NOTES)
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    by = uow.actor.person_id or ""
    _check(uow, request, case.subject_person_id)
    before = set(case.done)
    first = case.record_talk(request["held_on"], by, uow.now)
    shown = request["child_view"] and (
        request["child_view_given"] == "together" or request["guardians_may_see"]
    )
    note_id = notes.add(
        uow.tx, uow.keys, uow.municipality, case.case_id, "talk", by, uow.now,
        text=request["summary"],
        answers={
            "held_on": request["held_on"].isoformat(),
            "with_person_ids": request["with_person_ids"],
            "child_view": request["child_view"] if shown else None,
        },
    )  # fmt: skip
    if not shown:
        notes.add(
            uow.tx, uow.keys, uow.municipality, case.case_id, notes.VIEW, by, uow.now,
            text=request["child_view"], answers={"child_view_missing": request["child_view_missing"]},
        )  # fmt: skip
    version = cases.save(uow.tx, uow.keys, case)
    if first:
        talk = {"case_id": case.case_id, "held_on": request["held_on"], "recorded_at": uow.now}
        uow.record(TalkRecorded, case.case_id, talk)
    for step in set(case.done) - before:
        done = {"case_id": case.case_id, "level": case.level, "step": step, "at": uow.now}
        uow.record(StepCompleted, case.case_id, done)
    return {"id": note_id, "version": version}


def _check(uow: UnitOfWork, request: dict[str, Any], subject: str) -> None:
    """Held by today, with somebody of the family (or nobody, where none is linked: PR-6), and with the child's view or
    the reason why not (LG-5)."""
    faults: dict[str, str] = {}
    if request["held_on"] > local_date(uow.now):
        faults["held_on"] = "date_in_future"
    guardians = {tie.guardian_id for tie in people.ties_of(uow.tx, uow.municipality, subject)}
    present = set(request["with_person_ids"])
    if present - guardians - {subject}:
        faults["with_person_ids"] = "not_of_the_family"
    elif not present and guardians:
        faults["with_person_ids"] = "required"
    heard, missing = (request["child_view"] or "").strip(), request["child_view_missing"]
    if bool(heard) == bool(missing):
        faults["child_view"] = "view_or_reason"
    if faults:
        raise InvalidInput(fields=faults)
