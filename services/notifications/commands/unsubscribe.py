"""An operator ends an outside system's subscription."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.notifications.egress.operators import named
from services.notifications.egress.subscriptions import Subscriptions


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Nothing more is told, and its token is void at once. Raises NotFound."""
    subscription = named(uow, request["recipient"])
    Subscriptions(uow.tx, uow.municipality).remove(subscription.subscription_id)
    uow.access("CO-8", f"unsubscribe:{subscription.recipient}")
    return {"id": subscription.subscription_id}
