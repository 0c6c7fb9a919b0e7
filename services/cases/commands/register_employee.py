"""An employee's identity number is given a person, so that they can log in; the import of staff alone does this."""

from typing import Any

from services.cases.domain.numbers import accepted
from services.cases.storage import people
from services.chassis.actor import demand_service
from services.chassis.unit_of_work import UnitOfWork


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Find or make the person; the id is theirs. The same number again changes nothing."""
    demand_service(uow.actor, "seed", "directory")
    number = accepted(request["number"], uow.settings.sandbox, "number")
    person_id = people.put_employee(
        uow.tx, uow.keys, uow.municipality, number, request["name"], request["person_id"]
    )
    uow.access("SE-3", "register_employee", None, person_id)
    return {"id": person_id}
