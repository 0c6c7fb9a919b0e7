"""An operator lets a program log in as itself."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import UnitOfWork
from services.directory.domain.machine_client import ClientTaken, MachineClient
from services.directory.queries.machine_clients import OPERATOR, hash_of
from services.directory.storage import MachineClients
from services.kernel.errors import InvalidInput


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep it, its secret as a hash. Raises Forbidden, InvalidInput or ClientTaken."""
    demand_service(uow.actor, OPERATOR)
    feed = (request["recipient"], request["subscription_id"])
    if "feed.read" in request["scopes"] and None in feed:
        raise InvalidInput(fields={"subscription_id" if feed[0] else "recipient": "required"})
    clients, name = MachineClients(uow.tx, uow.municipality), request["name"]
    if clients.named(name) is not None:
        raise ClientTaken
    secret = hash_of(uow, request["secret"])
    clients.put(MachineClient.begin(name, frozenset(request["scopes"]), feed, secret, uow.now))
    uow.access("SE-3", f"add_client:{name}")
    return {"id": f"{uow.municipality}.{name}"}
