"""An employee without a part in a child's case opens it for reading by stating an emergency (SE-3)."""

from datetime import timedelta
from typing import Any

from services.cases.domain.errors import BadNumber, EmergencyNotFound, NotAtWork, TooManyAttempts
from services.cases.domain.numbers import accepted
from services.cases.storage import emergencies, grounds, people
from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import EmergencyOpened
from services.kernel.facts import Act
from services.kernel.legal_basis import Basis
from services.kernel.parties import of_family

ATTEMPTS = 5
WITHIN = timedelta(hours=1)


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Open the case; the id is its own. Every attempt is recorded, and told of to the coordinator as a count.

    A wrong number, a child without a running case, one whose address is protected (PR-6) and one of the asker's own
    family get one answer, so that nobody learns which children have a case. Raises NotAtWork, TooManyAttempts,
    EmergencyNotFound."""
    person_id = _employee(uow)
    since = uow.now - WITHIN
    if emergencies.attempts(uow.tx, uow.keys, uow.municipality, person_id, since) >= ATTEMPTS:
        _refused(uow, "too_many_attempts")
        raise TooManyAttempts
    found = _case_of(uow, request["child_number"], person_id)
    if found is None:
        _refused(uow, request["reason_code"])
        raise EmergencyNotFound
    if access.of(uow, found.case_id).decide(Act.SEE_CASE).allowed:
        return {"id": found.case_id}
    _open(uow, found, person_id, request)
    return {"id": found.case_id}


def _employee(uow: UnitOfWork) -> str:
    actor = uow.actor
    post = access.post_of(uow.tx, uow.municipality, actor.person_id, actor.unit_id, uow.now)
    if actor.capacity != "employee" or post is None:
        uow.access("SE-3", emergencies.ACT, allowed=False, reason="not_an_employee")
        raise NotAtWork
    return post.person_id


def _case_of(uow: UnitOfWork, number: str, person_id: str) -> Any:
    """The running case of the child with this number; None for every reason why there is none to open."""
    try:
        digits = accepted(number, uow.settings.sandbox)
    except BadNumber:
        return None
    child_id = people.id_by_number(uow.tx, uow.keys, uow.municipality, digits)
    found = emergencies.running_case(uow.tx, uow.municipality, child_id) if child_id else None
    if found is None:
        return None
    facts = access.of(uow, found.case_id).facts
    if facts is None or facts.address_protected or of_family(person_id, facts):
        return None
    return found


def _open(uow: UnitOfWork, found: Any, person_id: str, request: dict[str, Any]) -> None:
    policy = access.policy_of(uow.tx, uow.municipality, uow.now)
    row = {
        "emergency_id": new_id(),
        "case_id": found.case_id,
        "person_id": person_id,
        "unit_id": uow.actor.unit_id,
        "reason_code": request["reason_code"],
        "valid_from": uow.now,
        "valid_to": uow.now + timedelta(minutes=policy.emergency_minutes),
    }
    kept = {**row, "municipality": uow.municipality, "owner_unit_id": found.owner_unit_id}
    emergencies.add(uow.tx, uow.keys, kept, request["reason"])
    grounds.keep(uow, grounds.EMERGENCY, row["emergency_id"], Basis.EMERGENCY)
    uow.access("SE-3", emergencies.ACT, found.case_id, reason=request["reason_code"])
    uow.record(EmergencyOpened, found.case_id, row)


def _refused(uow: UnitOfWork, reason: str) -> None:
    uow.access("SE-3", emergencies.ACT, allowed=False, reason=reason)
