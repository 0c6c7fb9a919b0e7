"""An operator gives a program a new secret."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import UnitOfWork
from services.directory.queries.machine_clients import OPERATOR, hash_of
from services.directory.storage import MachineClients
from services.kernel.errors import NotFound


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """The old one stays good for a day, or is void at once. Raises Forbidden or NotFound."""
    demand_service(uow.actor, OPERATOR)
    clients, name = MachineClients(uow.tx, uow.municipality), request["name"]
    known = clients.named(name)
    if known is None:
        raise NotFound
    clients.put(known.rotate(hash_of(uow, request["secret"]), uow.now, at_once=request["at_once"]))
    uow.access("SE-3", f"rotate_client:{name}")
    return {"id": f"{uow.municipality}.{name}"}
