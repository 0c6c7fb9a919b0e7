"""The programs that may log in: for the operator a list, for the gateway whether one is in force now."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.directory.domain.machine_client import ClientNotValid
from services.directory.storage import MachineClients

OPERATOR, DOOR = "ops", "gateway"
_SECRET = "directory.machine_client"
"""What the hash is of."""


def hash_of(context: Reading | UnitOfWork, secret: str) -> str:
    """What is kept of a secret. It was drawn by chance and is long, so that a keyed hash hides it for good; in another
    municipality it is another (SE-7)."""
    return context.keys.blind_index(context.municipality, _SECRET, secret)


def run(reading: Reading) -> dict[str, Any]:
    """All of the municipality's, without their secrets."""
    demand_service(reading.actor, OPERATOR)
    return {
        "items": [
            {
                "name": each.name,
                "scopes": sorted(each.scopes),
                "recipient": each.recipient,
                "made_at": each.made_at,
                "secret_made_at": each.secret_made_at,
                "old_secret_until": each.old_secret_until
                if each.oldest_generation(reading.now) < each.generation
                else None,
            }
            for each in MachineClients(reading.conn, reading.municipality).all()
        ]
    }


def check(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """What the client may now. Raises ClientNotValid, the same for all that is not right."""
    demand_service(reading.actor, DOOR)
    found = MachineClients(reading.conn, reading.municipality).named(request["name"])
    if found is None:
        raise ClientNotValid
    generation: int | None = found.generation
    if request["secret"] is not None:
        generation = found.generation_of(hash_of(reading, request["secret"]), reading.now)
    if generation is None:
        raise ClientNotValid
    return {
        "scopes": sorted(found.scopes),
        "recipient": found.recipient,
        "subscription_id": found.subscription_id,
        "generation": generation,
        "oldest_generation": found.oldest_generation(reading.now),
    }
