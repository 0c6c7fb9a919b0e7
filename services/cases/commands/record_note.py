"""A note is kept with the concern, in the owner's own words (LV-2)."""

from typing import Any

from services.cases.commands.common import require_open, to_change
from services.cases.storage import cases, notes
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.facts import Act


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the note; the id is the note's."""
    require_open(to_change(uow, request["case_id"]), Act.WRITE_NOTES)
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    by = uow.actor.person_id or ""
    case.record_note(by, uow.now)
    note_id = notes.add(
        uow.tx, uow.keys, uow.municipality, case.case_id, "note", by, uow.now,
        text=request["text"], topic=request["topic"],
    )  # fmt: skip
    return {"id": note_id, "version": cases.save(uow.tx, uow.keys, case)}
