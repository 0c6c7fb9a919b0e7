"""The coordinator sees what was opened in an emergency, and who tried in vain how often (SE-3); nothing of the case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.cases.storage import emergencies, grounds
from services.chassis import access
from services.chassis.access_record import Line
from services.chassis.unit_of_work import Reading
from services.kernel.parties import of_family

_SHOWN = (
    "emergency_id", "person_id", "unit_id", "owner_unit_id", "reason_code", "valid_from", "valid_to",
    "ended_by_person_id",
)  # fmt: skip
_REFUSED_OF = timedelta(days=30)


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """A page, newest first, less what is about the coordinator's own family: a colleague oversees that. It is noted in
    the access record of each case; raises CoordinatorOnly for anybody else."""
    access.demand_coordinator(reading)
    limit, first = request["limit"], request["cursor"] is None
    rows = _overseen(reading, request["cursor"], limit + 1)
    page = rows[:limit]
    for row in page:
        reading.access("SE-3", "read_emergency", row.case_id)
    lines = _lines(reading) if first else []
    rests_on = grounds.of(
        reading.conn, reading.municipality, grounds.EMERGENCY, [row.emergency_id for row in page]
    )
    return {
        "items": [
            {
                **{name: getattr(row, name) for name in _SHOWN},
                "reason": emergencies.reason_of(reading.keys, row),
                **rests_on.get(row.emergency_id, grounds.NONE),
            }
            for row in page
        ],
        "next_cursor": page[-1].emergency_id if len(rows) > limit else None,
        "refused": _counted(lines),
    }


def _overseen(reading: Reading, cursor: str | None, wanted: int) -> list[Any]:
    """The newest `wanted` after `cursor` that are not about the coordinator's own family: a shorter page, or a cursor
    that none of its rows bears, would tell that there is one."""
    found: list[Any] = []
    while len(found) < wanted:
        rows = emergencies.newest(reading.conn, reading.municipality, cursor, wanted)
        own = _of_own_family(reading, sorted({row.case_id for row in rows}))
        found += [row for row in rows if row.case_id not in own]
        if len(rows) < wanted:
            break
        cursor = rows[-1].emergency_id
    return found[:wanted]


def _of_own_family(reading: Reading, case_ids: Sequence[str]) -> frozenset[str]:
    me = reading.actor.person_id or ""
    cases = access.of_many(reading, case_ids)
    return frozenset(each.case_id for each in cases if each.facts is not None and of_family(me, each.facts))


def _lines(reading: Reading) -> list[Line]:
    return emergencies.refused(reading.conn, reading.keys, reading.municipality, reading.now - _REFUSED_OF)


def _counted(lines: list[Line]) -> list[dict[str, Any]]:
    found: dict[tuple[str | None, str | None], list[Line]] = {}
    for line in lines:
        found.setdefault((line.person_id, line.unit_id), []).append(line)
    counted: list[dict[str, Any]] = [
        {"person_id": who, "unit_id": unit, "attempts": len(of), "last_at": max(line.at for line in of)}
        for (who, unit), of in found.items()
    ]
    return sorted(counted, key=lambda each: (-each["attempts"], each["person_id"] or ""))[:500]
