"""Each event once, and no gap unseen: the part that every receiver needs, whichever way its events come.

Events come at least once, so what was handled is kept, in the transaction of what the handling changed. Here that is a
SQLite file, one for each subscription (HANDLED names it): two that shared it would take each other's events for
handled. In your system, let it be the database that `handle` writes to.
"""

import json
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]


class Once:
    """What has been handled, by the event's id, and the numbers that have come."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("CREATE TABLE IF NOT EXISTS handled (id TEXT PRIMARY KEY)")
        self._db.execute("CREATE TABLE IF NOT EXISTS numbers (number INTEGER PRIMARY KEY)")

    def take(self, event: Event, handle: Callable[[sqlite3.Connection, Event], None]) -> None:
        """Handle the event, unless it was. When this returns it may be acknowledged; when it raises it may not."""
        with self._db:
            self._db.execute("INSERT OR IGNORE INTO numbers VALUES (?)", [event["recipientseq"]])
            if self._db.execute("INSERT OR IGNORE INTO handled VALUES (?)", [event["id"]]).rowcount:
                handle(self._db, event)
        for first, last in self.missing():
            print(f"numbers {first} to {last} have not come", file=sys.stderr, flush=True)

    def missing(self) -> list[tuple[int, int]]:
        """The gaps in the numbers, each from its first to its last."""
        return self._db.execute(
            "SELECT number + 1, next - 1 FROM (SELECT number, LEAD(number) OVER (ORDER BY number) AS next FROM numbers)"
            " WHERE next > number + 1"
        ).fetchall()


def handle(_db: sqlite3.Connection, event: Event) -> None:
    """What your system does with an event: here it is printed. Pass over the types that you do not know."""
    print(json.dumps(event, ensure_ascii=False), flush=True)
