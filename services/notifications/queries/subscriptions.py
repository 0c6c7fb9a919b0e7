"""How the outside systems of a municipality stand, for an operator."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import Reading
from services.notifications.egress.operators import OPERATOR
from services.notifications.egress.rows import Rows
from services.notifications.egress.subscriptions import Subscriptions, of_row

_SAME = (
    "recipient", "subscription_id", "service_id", "unit_id", "way", "state", "reason", "created_at", "last_number",
    "failing_since", "dropped", "allow_private",
)  # fmt: skip


def run(reading: Reading) -> dict[str, Any]:
    """Each by name, with what waits. Raises Forbidden."""
    demand_service(reading.actor, OPERATOR)
    return {
        "items": [_state(reading, row) for row in Subscriptions(reading.conn, reading.municipality).all()]
    }


def _state(reading: Reading, row: Any) -> dict[str, Any]:
    waiting, oldest = Rows(reading.conn, of_row(row)).count()
    return {
        **{name: getattr(row, name) for name in _SAME},
        "events": row.events.split(","),
        "waiting": waiting,
        "oldest_waiting": oldest,
        "catching_up": row.catch_up_since is not None,
        "next_try_at": row.next_try_at if row.tries else None,
    }
