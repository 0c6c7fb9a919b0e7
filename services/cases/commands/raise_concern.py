"""An employee registers a concern: the child is taken over from the register, and a case at level 0 begins (LV-2)."""

from typing import Any

from services.cases.domain.case import Case, Post
from services.cases.domain.errors import Forbidden, NotAChild, NotInUnit, UnknownNumber
from services.cases.domain.numbers import accepted
from services.cases.domain.people import RegisteredPerson, may_be_subject
from services.cases.storage import cases, notes, people, staff
from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.storage import AnyConnection
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import PEOPLE, ConcernRaised, HolderChanged, PersonChanged
from services.kernel.calendar import local_date


def prepare(context: Context, request: dict[str, Any]) -> RegisteredPerson:
    """Ask the register before the transaction: only for an employee at work, only by a number that is accepted here."""
    with context.read() as reading:
        _post(reading, reading.conn, request["unit_id"])
    number = accepted(request["child_number"], context.settings.sandbox)
    registered: RegisteredPerson | None = context.services.registers.population.find(number)
    if registered is None:
        raise UnknownNumber
    if not may_be_subject(registered.birth_date, request["subject_kind"], local_date(context.now)):
        raise NotAChild
    return registered


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Register the child and the concern. The answer is the same whether the child was known here or not, so that it
    bears the case's version alone: the child's event, where there was one, goes before the case's on the same way."""
    owner = _post(uow, uow.tx, request["unit_id"])
    child_id = register(uow, request["_prepared"])
    policy = access.policy_of(uow.tx, uow.municipality, uow.now)
    case = Case.begin(new_id(), uow.municipality, child_id, request["subject_kind"], owner, uow.now, policy)
    cases.add(uow.tx, uow.keys, case)
    notes.add(
        uow.tx, uow.keys, uow.municipality, case.case_id, "concern", owner.person_id, uow.now,
        text=request["concern"], topic=request["topic"],
    )  # fmt: skip
    uow.access("LV-2", "raise_concern", case.case_id, child_id)
    uow.record(
        ConcernRaised,
        case.case_id,
        {
            "case_id": case.case_id,
            "subject_person_id": child_id,
            "subject_kind": case.subject_kind,
            "owner_person_id": owner.person_id,
            "owner_unit_id": owner.unit_id,
            "owner_service_id": owner.service_id,
            "registered_at": case.registered_at,
            "decide_by": case.limit.decide_by,
        },
    )
    if case.holder is not None:
        tell_holder(uow, case.case_id, case.holder, None, "appointed")
    uow.versions.pop(f"{PEOPLE}:{child_id}", None)
    return {"id": case.case_id, "version": case.version}


def register(uow: UnitOfWork, registered: RegisteredPerson) -> str:
    """Take over a person from the register, and tell of it when that changed anything; the person's id."""
    known = people.id_by_number(uow.tx, uow.keys, uow.municipality, registered.number)
    before = _as_told(uow, known) if known else None
    person_id = people.put_from_register(uow.tx, uow.keys, uow.municipality, registered)
    now_told = _as_told(uow, person_id)
    if now_told != before:
        uow.record(PersonChanged, person_id, now_told)
    return person_id


def tell_holder(uow: UnitOfWork, case_id: str, holder: Post, before: Post | None, how: str) -> None:
    """Tell who holds the relay from now on (HO-1)."""
    uow.record(
        HolderChanged,
        case_id,
        {
            "case_id": case_id,
            "holder_person_id": holder.person_id,
            "holder_unit_id": holder.unit_id,
            "previous_person_id": before.person_id if before else None,
            "at": uow.now,
            "how": how,
        },
    )


def _as_told(uow: UnitOfWork, person_id: str) -> dict[str, Any]:
    birth_date, grade = people.birth_and_grade(uow.tx, uow.municipality, person_id)
    ties = people.ties_of(uow.tx, uow.municipality, person_id)
    return {
        "person_id": person_id,
        "birth_date": birth_date,
        "address_grade": grade,
        "guardians": [
            {
                "person_id": tie.guardian_id,
                "relation": tie.relation,
                "has_responsibility": tie.has_responsibility,
                "verified": tie.verified,
                "valid_from": tie.valid_from,
                "valid_to": tie.valid_to,
            }
            for tie in ties
        ],
    }


def _post(work: Reading | UnitOfWork, conn: AnyConnection, unit_id: str) -> Post:
    """The asker's post in the unit for which they act; every employee may register a concern there."""
    if work.actor.capacity != "employee":
        raise Forbidden(code="not_an_employee", rule="LV-2")
    found = staff.post_of(conn, work.municipality, work.actor.person_id, unit_id, work.now)
    if found is None or work.actor.unit_id != unit_id:
        raise NotInUnit("unit_id")
    return found
