"""An operator lets a program in no more."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import UnitOfWork
from services.directory.queries.machine_clients import OPERATOR
from services.directory.storage import MachineClients
from services.kernel.errors import NotFound


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Forget it; its tokens are void with it. Raises Forbidden or NotFound."""
    demand_service(uow.actor, OPERATOR)
    if not MachineClients(uow.tx, uow.municipality).remove(request["name"]):
        raise NotFound
    uow.access("SE-3", f"remove_client:{request['name']}")
    return {"id": f"{uow.municipality}.{request['name']}"}
