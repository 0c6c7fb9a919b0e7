"""Keeps an employee with all roles, and tells the roles, whole."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.contracts import directory as contracts
from services.directory.storage import Staff


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """The same employee put twice changes and tells nothing the second time."""
    person_id = request["person_id"]
    values = {name: request[name] for name in ("name", "title", "email")}
    changed = Staff(uow.tx, uow.municipality).put(person_id, values, request["roles"])
    if changed:
        uow.record(
            contracts.StaffChanged,
            person_id,
            {
                "person_id": person_id,
                "roles": [
                    {
                        **{name: role[name] for name in ("unit_id", "service_id", "role")},
                        "valid_from": role["valid_from"].isoformat(),
                        **({"valid_to": role["valid_to"].isoformat()} if role["valid_to"] else {}),
                    }
                    for role in request["roles"]
                ],
            },
        )
    return {"id": person_id}
