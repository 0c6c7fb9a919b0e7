"""An operator begins again with a webhook that was disabled."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.notifications.egress.operators import named
from services.notifications.egress.subscriptions import Subscriptions


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """From the first event that it did not get, by way of history. Raises NotFound."""
    subscription = named(uow, request["recipient"])
    id, found = subscription.subscription_id, Subscriptions(uow.tx, uow.municipality)
    since = found.undelivered_since(id)
    catching_up = {"catch_up_since": since, "catch_up_at": {}} if since is not None else {}
    if subscription.state != "active":
        found.change(
            id, state="active", reason=None, tries=0, failing_since=None, next_try_at=uow.now,
            undelivered_since=None, **catching_up,
        )  # fmt: skip
    uow.access("CO-8", f"resume:{subscription.recipient}")
    return {"id": id}
