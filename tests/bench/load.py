"""`python -m tests.bench.load <var> <rate> <seconds>`: so many events a second on the bus of a running suite.

Staff of a municipality that nobody else uses change their roles: real events, which all who decide take in."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from services.chassis.bus import outbox
from services.chassis.storage import Database
from services.contracts.directory import StaffChanged
from services.directory.service import DirectoryService
from tests.bench.bus.child import paced

PLACE, PEOPLE = "loadtown", 200
TOGETHER = 10
"""So many in a transaction: of a SQLite database others want their turn too."""


def main(var: str, rate: str, seconds: str) -> int:
    """Tells until the time is up; prints how many."""
    url = f"sqlite:///{Path(var) / 'db' / 'directory'}.sqlite3"
    db, told = Database(url, DirectoryService.metadata, "directory"), 0
    role = {
        "unit_id": "load-unit",
        "service_id": "load-service",
        "role": "employee",
        "valid_from": "2024-08-01",
    }
    for turn in paced(0, float(rate) / TOGETHER, float(seconds), time.sleep):
        with db.write() as tx:
            for n in range(turn * TOGETHER, (turn + 1) * TOGETHER):
                person = f"load-{n % PEOPLE}"
                data = {"person_id": person, "roles": [role]}
                outbox.append(tx, PLACE, StaffChanged, person, data, datetime.now(UTC))
        told += TOGETHER
    db.close()
    print(told)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
