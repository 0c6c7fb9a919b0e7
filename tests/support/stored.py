"""What a suite on SQLite has stored, counted from outside: so that a test can say that nothing was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from tests.journeys.people import until

# Rows that come without anybody's act, or with every reading.
_OF_ITSELF = frozenset(
    {
        "access_record",
        "access_heads",
        "access_anchors",
        "access_checks",
        "stream_state",
        "inbox",
        "inbox_positions",
        "parked",
    }
)


def connect(var: Path, service: str) -> sqlite3.Connection:
    """The database of one service, to be read only; wrap it in `closing`."""
    conn = sqlite3.connect(f"file:{var}/db/{service}.sqlite3?mode=ro", uri=True)
    conn.row_factory = sqlite3.Row
    return conn


def counts(var: Path, services: Iterable[str] = ("cases", "consent", "relay_log")) -> dict[str, int]:
    """How many rows each table of the services has."""
    found: dict[str, int] = {}
    for service in services:
        with closing(connect(var, service)) as conn:
            names = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in sorted(set(names) - _OF_ITSELF):
                found[f"{service}.{name}"] = conn.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
    return found


def unsent(var: Path, service: str) -> int:
    """How many events of a service the broker has not confirmed."""
    with closing(connect(var, service)) as conn:
        outboxes = ["outbox", "lane_outbox"] if service == "cases" else ["outbox"]
        waiting = [f"SELECT count(*) FROM {name} WHERE sent_at IS NULL" for name in outboxes]
        return sum(conn.execute(statement).fetchone()[0] for statement in waiting)


def settled(var: Path) -> dict[str, int]:
    """The counts, once nothing is under way any more: two looks in a row show the same, and all events are sent."""
    last: list[dict[str, int]] = [{}]

    def quiet() -> bool:
        before, last[0] = last[0], counts(var)
        return before == last[0] and not any(unsent(var, name) for name in ("cases", "consent", "relay_log"))

    until(quiet, 10, "nothing is under way any more")
    return last[0]
