"""An operator has an outside system offered anew what has happened since a time."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.notifications.egress.operators import named
from services.notifications.egress.subscriptions import Subscriptions


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """The events of history are read in the background, and each is decided as of today. Raises NotFound."""
    subscription = named(uow, request["recipient"])
    Subscriptions(uow.tx, uow.municipality).change(
        subscription.subscription_id, catch_up_since=request["since"], catch_up_at={}
    )
    uow.access("CO-8", f"catch_up:{subscription.recipient}")
    return {"id": subscription.subscription_id}
