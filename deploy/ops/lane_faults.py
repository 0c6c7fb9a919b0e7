"""What failed in the protected lane: lane-faults. No log and no metric tells of it (PR-3), so somebody has to look. It
reads databases alone, and works beside a suite that runs or is stopped."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from deploy.engines import GATEWAY
from deploy.ops.desk import Command, Desk, Fault, Rows
from deploy.ops.text import words
from services.chassis import quiet_faults
from services.chassis.clock import SystemClock
from services.contracts.catalogue import SERVICES

_DAYS = 30


def lane_faults(desk: Desk, days: int) -> Rows:
    """What failed how often, the exception's type and its place in the code; a `fault` of each database that does not
    answer."""
    then = SystemClock().now() - timedelta(days=days)
    rows: Rows = []
    for service in (GATEWAY, *SERVICES):
        try:
            with desk.database(service) as db, db.read() as conn:
                rows += [_told(service, row) for row in quiet_faults.since(conn, db.metadata, then)]
        except Fault as fault:
            rows.append({"service": service, "fault": str(fault)})
    return rows


def _told(service: str, row: Any) -> dict[str, Any]:
    return {
        "service": service,
        "what": row.what,
        "municipality": row.municipality or None,
        "times": row.times,
        "first_at": row.first_at.isoformat(),
        "last_at": row.last_at.isoformat(),
        "error_type": row.error_type,
        "where": row.place,
    }


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--days", type=int, default=_DAYS, help=f"that came within so many days (default: {_DAYS})"
    )


COMMANDS = (
    Command(
        "lane-faults",
        "Tell what failed in the protected lane, of which no log tells: codes and places in the code alone; exit code "
        "1 when something did.",
        _arguments,
        lambda desk, asked: lane_faults(desk, asked.days),
        words,
        wrong=bool,
    ),
)
