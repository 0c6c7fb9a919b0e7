"""Reading in an emergency is ended before its time: by who opened the case, or by the coordinator (SE-3)."""

from typing import Any

from services.cases.domain.errors import EmergencyOver, NotFound
from services.cases.storage import emergencies
from services.chassis import access
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import EmergencyEnded
from services.kernel.parties import of_family


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """End it from now on, for every reader by the event (CO-10); the id is its own. Whoever may not end it finds none:
    NotFound, recorded. Raises EmergencyOver."""
    emergency_id, me = request["emergency_id"], uow.actor.person_id or ""
    row = emergencies.one(uow.tx, uow.municipality, emergency_id)
    if row is None or not (_opened_it(uow, row) or _oversees_it(uow, row)):
        uow.access("SE-3", emergencies.END, row.case_id if row else None, allowed=False)
        raise NotFound
    if not emergencies.end(uow.tx, uow.municipality, emergency_id, me, uow.now):
        raise EmergencyOver
    uow.access("SE-3", emergencies.END, row.case_id)
    told = {"case_id": row.case_id, "emergency_id": emergency_id, "person_id": row.person_id}
    uow.record(EmergencyEnded, row.case_id, {**told, "by_person_id": me, "at": uow.now})
    return {"id": emergency_id}


def _opened_it(uow: UnitOfWork, row: Any) -> bool:
    """Who opened the case, at work in whatever unit of theirs: nobody is kept reading."""
    return uow.actor.capacity == "employee" and row.person_id == uow.actor.person_id


def _oversees_it(uow: UnitOfWork, row: Any) -> bool:
    """The coordinator, who oversees nothing of their own family."""
    if not access.is_coordinator(uow):
        return False
    facts = access.of(uow, row.case_id).facts
    return facts is None or not of_family(uow.actor.person_id or "", facts)
