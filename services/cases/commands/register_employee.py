"""An employee's identity number is given a person, so that they can log in; the import of staff alone does this. Whom
the register ties to a child, and who is linked nowhere, is kept from its case at work from then on (SE-3, PR-6)."""

from typing import Any

from services.cases.commands.people import as_told, tell_if_changed
from services.cases.domain.numbers import accepted
from services.cases.storage import people
from services.chassis.actor import demand_service
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import PEOPLE


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Find or make the person; the id is theirs. The same number again changes nothing."""
    demand_service(uow.actor, "seed", "directory")
    number = accepted(request["number"], uow.settings.sandbox, "number")
    index = people.number_index(uow.keys, uow.municipality, number)
    children = people.subjects_of_unlinked(uow.tx, uow.municipality, index)
    before = {each: as_told(uow, each) for each in children}
    person_id = people.put_employee(
        uow.tx, uow.keys, uow.municipality, number, request["name"], request["person_id"]
    )
    for child_id, told in before.items():
        tell_if_changed(uow, child_id, told)
        uow.versions.pop(f"{PEOPLE}:{child_id}", None)
    uow.access("SE-3", "register_employee", None, person_id)
    return {"id": person_id}
