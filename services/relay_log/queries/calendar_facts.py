"""The hours of a meeting, for the sender of calendar files, and nothing else (NO-1)."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import Reading
from services.kernel.errors import NotFound
from services.relay_log.storage.meetings import Meetings

CALLER = "notifications"


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """When the meeting begins and ends, and how often it was changed."""
    demand_service(reading.actor, CALLER)
    found = Meetings.of(reading).hours(request["meeting_id"])
    if found is None:
        raise NotFound
    reading.access("NO-1", "calendar_facts", found.case_id)
    return {
        "meeting_id": request["meeting_id"],
        "sequence": found.version,
        "starts_at": found.starts_at,
        "ends_at": found.ends_at,
    }
