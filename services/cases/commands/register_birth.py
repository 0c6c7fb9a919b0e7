"""The child of a pregnant woman's case is born: a case of its own begins, with consents of its own (LV-18).

The two cases do not name each other: who reads the child's, learns nothing of the mother's (GU-6)."""

from typing import Any

from services.cases.commands.close_case import tell_closed
from services.cases.commands.common import require_open, to_change
from services.cases.commands.people import ask_register, kin, register
from services.cases.commands.raise_concern import acting_post, begin
from services.cases.domain.errors import InvalidInput, NotHerNewborn
from services.cases.domain.people import RegisteredPerson
from services.cases.storage import cases, notes, people
from services.cases.storage.notes import VIEW, Note
from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import PEOPLE, BirthRegistered
from services.kernel.calendar import age_on, local_date
from services.kernel.facts import Act
from services.kernel.impartiality import OwnFamily

HERS = "health"
"""The topic that is the mother's own, whatever she agrees to (GU-6)."""


def prepare(context: Context, request: dict[str, Any]) -> RegisteredPerson:
    """Ask the register before the transaction, for whoever may: whether this child was newly born to her."""
    with context.read() as reading:
        asked = access.of(reading, request["case_id"])
        asked.require(Act.REGISTER_BIRTH)
        mother = asked.known_facts.case.subject_person
        number = people.number_of(reading.conn, reading.keys, reading.municipality, mother)
    registered = ask_register(context, request["child_number"], "child_number")
    hers = any(adult.number == number and adult.relation == "mother" for adult in registered.guardians)
    if not hers or age_on(registered.birth_date, local_date(context.now)) != 0:
        raise NotHerNewborn
    return registered


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Begin the child's case with what the mother agreed to, and note the birth on hers, which goes on or ends."""
    asked = to_change(uow, request["case_id"])
    facts = require_open(asked, Act.REGISTER_BIRTH)
    mothers = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    copied = _agreed_to(uow, asked, request)
    by = acting_post(uow, uow.tx, uow.actor.unit_id or "")
    mothers.record_birth(by.person_id, uow.now)
    from_level = None
    if request["closes"]:
        asked.require(Act.CLOSE)
        reason = (request["closing_reason"] or "").strip()
        if not reason:
            raise InvalidInput(fields={"closing_reason": "required"}, rule="LV-18")
        from_level = mothers.close("other", reason, by.person_id, uow.now)
    child_id = register(uow, uow.prepared)
    if by.person_id in kin(uow, uow.prepared, child_id):
        raise OwnFamily("child_number")
    childs = begin(uow, child_id, "child", by, request["concern"], request["topic"])
    for note in copied:
        notes.add(
            uow.tx, uow.keys, uow.municipality, childs.case_id, "note", by.person_id, uow.now,
            text=note.text, topic=note.topic,
        )  # fmt: skip
    cases.save(uow.tx, uow.keys, mothers)
    uow.access("LV-18", "register_birth", mothers.case_id, facts.case.subject_person)
    uow.access("LV-18", "register_birth", childs.case_id, child_id)
    uow.record(BirthRegistered, mothers.case_id, {"case_id": mothers.case_id, "at": uow.now})
    if from_level is not None:
        tell_closed(uow, mothers.case_id, from_level, "other", by.person_id)
    uow.versions.pop(f"{PEOPLE}:{child_id}", None)
    return {"id": childs.case_id, "version": childs.version}


def _agreed_to(uow: UnitOfWork, asked: CaseAccess, request: dict[str, Any]) -> list[Note]:
    """The notes that the mother agreed to have copied: read as the asker may read them, each named by itself, and with
    the day of her word. What is told of her health stays hers."""
    wanted = set(request["note_ids"])
    if not wanted:
        return []
    agreed = request["mother_agreed_on"]
    if agreed is None or agreed > local_date(uow.now):
        fault = "required" if agreed is None else "date_in_future"
        raise InvalidInput(fields={"mother_agreed_on": fault}, rule="LV-18")
    sealed = notes.of_case(uow.conn, uow.keys, uow.municipality, request["case_id"])
    found = [note for note in asked.open_allowed(Act.READ_NOTES, sealed) if note.note_id in wanted]
    if {note.note_id for note in found} != wanted or any(not _is_text(note) for note in found):
        raise InvalidInput(fields={"note_ids": "unknown_note"}, rule="LV-18")
    if any(note.topic == HERS for note in found):
        raise InvalidInput(fields={"note_ids": "health_stays_hers"}, rule="GU-6")
    return found


def _is_text(note: Note) -> bool:
    return bool(note.text) and note.kind != VIEW
