"""An operator gives a webhook a new signing secret, or a feed a new token."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import InvalidInput
from services.notifications.egress import secrets
from services.notifications.egress.operators import named
from services.notifications.egress.subscriptions import Subscriptions


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """A webhook is signed with both secrets for a day; a feed's old token is void at once. Raises NotFound, or
    InvalidInput where the way has no secret of ours (a queue's password is the broker's)."""
    subscription, key = named(uow, request["recipient"]), request["key"]
    id, found = subscription.subscription_id, Subscriptions(uow.tx, uow.municipality)
    if subscription.way == "webhook" and secrets.is_signing_secret(key):
        found.change(
            id, secrets=secrets.seal_secrets(uow.keys, key, id, before=subscription.secrets, now=uow.now)
        )
    elif subscription.way == "feed" and secrets.is_token(key, uow.municipality):
        found.change(id, token_hash=secrets.token_hash(uow.keys, uow.municipality, key))
    else:
        raise InvalidInput(fields={"key": "not_for_this_way" if subscription.way == "queue" else "invalid"})
    uow.access("CO-8", f"rotate:{subscription.recipient}")
    return {"id": id}
