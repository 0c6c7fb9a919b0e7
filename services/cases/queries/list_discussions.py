"""The discussions that the asker's unit put, and those put to it (LV-12)."""

from typing import Any

from services.cases.storage import discussions, grounds, people, staff
from services.chassis.unit_of_work import Reading


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """Newest first, with their answers; none that is about the asker's own family (SE-3)."""
    decision = staff.demand_at_work(reading)
    reading.access(decision.rule, "read_discussions")
    conn, keys, place, actor = reading.conn, reading.keys, reading.municipality, reading.actor
    reader = people.index_of(conn, place, actor.person_id or "")
    items = discussions.of_unit(conn, keys, place, actor.unit_id or "", reader)
    rests_on = grounds.of(conn, place, grounds.DISCUSSION, [each["discussion_id"] for each in items])
    return {"items": [each | rests_on.get(each["discussion_id"], grounds.NONE) for each in items]}
