"""The discussions that the asker's unit put, and those put to it (LV-12)."""

from typing import Any

from services.cases.storage import discussions, staff
from services.chassis.unit_of_work import Reading


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """Newest first, with their answers."""
    decision = staff.demand_at_work(reading)
    reading.access(decision.rule, "read_discussions")
    unit_id = reading.actor.unit_id or ""
    return {"items": discussions.of_unit(reading.conn, reading.keys, reading.municipality, unit_id)}
