"""What several commands share about persons: taking one over from the register, and telling what now holds of them."""

from typing import Any

from services.cases.domain.errors import UnknownNumber
from services.cases.domain.numbers import accepted
from services.cases.domain.people import RegisteredPerson
from services.cases.storage import care, people
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import PersonChanged


def ask_register(context: Context, number: str, field: str) -> RegisteredPerson:
    """Whom the register knows by a number, asked before the transaction; refused, naming `field`, when it is not
    accepted here (DI-6) or unknown."""
    registered: RegisteredPerson | None = context.services.registers.population.find(
        accepted(number, context.settings.sandbox, field)
    )
    if registered is None:
        raise UnknownNumber(field)
    return registered


def kin(uow: UnitOfWork, registered: RegisteredPerson, child_id: str) -> frozenset[str]:
    """A child's family by person id: who is or was tied to it, and whom the register ties, also where that is linked
    nowhere (PR-6). None of them deals with it at work (SE-3)."""
    adults = (
        people.id_by_number(uow.tx, uow.keys, uow.municipality, each.number) for each in registered.guardians
    )
    return people.family_of(uow.tx, uow.municipality, child_id) | {each for each in adults if each}


def register(uow: UnitOfWork, registered: RegisteredPerson) -> str:
    """Take over from the register whom a case is about, and tell of it unless it had been told; the person's id.

    Who was known as somebody's guardian, or as an employee, has been told of to nobody yet (LV-13)."""
    known = people.id_by_number(uow.tx, uow.keys, uow.municipality, registered.number)
    told = known is not None and people.was_told(uow.tx, uow.municipality, known)
    before = as_told(uow, known) if known and told else None
    person_id = people.put_from_register(uow.tx, uow.keys, uow.municipality, registered, uow.now)
    tell_if_changed(uow, person_id, before)
    return person_id


def tell_if_changed(uow: UnitOfWork, person_id: str, before: dict[str, Any] | None) -> bool:
    """Tell what now holds of a subject, whole, unless it is what held before: each service weighs its consents and its
    access anew by it (GU-3, GU-4, CO-10)."""
    now_told = as_told(uow, person_id)
    if now_told == before:
        return False
    uow.record(PersonChanged, person_id, now_told)
    return True


def as_told(uow: UnitOfWork, person_id: str) -> dict[str, Any]:
    """What the event says of a subject: birth date, grade, ties, care orders, and from whom it is kept at work."""
    birth_date, grade = people.birth_and_grade(uow.tx, uow.municipality, person_id)
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
            for tie in people.ties_of(uow.tx, uow.municipality, person_id)
        ],
        "care_orders": [
            {
                "unit_id": order.unit_id,
                "set_by": order.set_by,
                "valid_from": order.valid_from,
                "valid_to": order.valid_to,
                "guardians_see": order.guardians_see.value,
                "topics": list(order.topics),
            }
            for order in care.standing_of(uow.tx, uow.municipality, person_id)
        ],
        "unlinked": people.unlinked_employees(uow.tx, uow.municipality, person_id),
    }
