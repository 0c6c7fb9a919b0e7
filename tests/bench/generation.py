"""How long a new generation takes: what consent remembers of others, built from the history of a large municipality.

`python -m tests.bench.generation --events 1000000 --engine postgresql`. The history is of cases that are raised, talked
over, moved, handed over, shared and joined, as the published examples of their events say it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")

from services.chassis.access import PROJECTION, access_tables
from services.chassis.bus.generation import Generation, StoredHistory
from services.chassis.bus.topology import Catalogue
from services.chassis.clock import SystemClock
from services.chassis.ids import new_id
from services.chassis.storage import Database, chassis_tables, new_metadata
from services.contracts import cases
from services.contracts.catalogue import EVENTS
from tests.support.postgres import PrivatePostgres

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
OWNERS = ("cases", "consent", "relay_log", "directory")
STORY = (
    "cases.concern_raised.v1",
    "cases.talk_recorded.v1",
    "cases.level_moved.v1",
    "cases.holder_changed.v1",
    "consent.windows_changed.v1",
    "cases.level_moved.v1",
    "relay_log.participants_changed.v1",
    "cases.handover_proposed.v1",
    "cases.handover_answered.v1",
    "cases.holder_changed.v1",
    "consent.windows_changed.v1",
    "relay_log.participants_changed.v1",
)
_CHUNK = 5000


@dataclass(frozen=True)
class Result:
    """What one build took. `swap_seconds` is for how long the service's writes were held."""

    engine: str
    events: int
    build_seconds: float
    swap_seconds: float
    rows: int

    @property
    def per_second(self) -> float:
        """Events a second, the swap counted in."""
        return self.events / (self.build_seconds + self.swap_seconds)


def _open(url: str, service: str) -> Database:
    metadata = new_metadata()
    chassis_tables(metadata, own_outbox={cases.LANE: "lane_outbox"} if service == "cases" else {})
    access_tables(metadata)
    database = Database(url, metadata, service)
    with database.write() as tx:
        metadata.create_all(tx.connection)
    return database


def _history(events: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """(owner, outbox row), in the order in which they would be told."""
    sequences: dict[tuple[str, str], int] = {}
    positions = dict.fromkeys(OWNERS, 0)
    for number in range(events):
        case_number, step = divmod(number, len(STORY))
        kind = EVENTS[STORY[step]]
        case_id = f"case-{case_number}"
        key = (kind.stream, case_id)
        sequences[key] = sequences.get(key, 0) + 1
        positions[kind.service] += 1
        yield kind.service, {
            "id": new_id(), "municipality": "granli", "type": kind.type, "stream": kind.stream, "subject": case_id,
            "sequence": sequences[key], "time": AT, "data": {**kind.example, "case_id": case_id},
            "sent_at": AT, "position": positions[kind.service],
        }  # fmt: skip


def _fill(databases: dict[str, Database], events: int) -> None:
    history = _history(events)
    while chunk := list(islice(history, _CHUNK)):
        for owner, database in databases.items():
            rows = [row for service, row in chunk if service == owner]
            if rows:
                with database.write() as tx:
                    tx.execute(database.chassis.outbox.insert(), rows)
    with databases["consent"].write() as tx:
        outbox, sequences = databases["consent"].chassis.outbox, databases["consent"].chassis.stream_sequences
        told = tx.execute(
            outbox.select().with_only_columns(outbox.c.stream, outbox.c.subject, outbox.c.sequence)
        )
        last = {(row.stream, row.subject): row.sequence for row in told}
        tx.execute(
            sequences.insert(),
            [
                {"stream": stream, "subject": subject, "municipality": "granli", "sequence": sequence}
                for (stream, subject), sequence in last.items()
            ],
        )


def measure(engine: str, events: int, say: Any = lambda line: None) -> Result:
    """Fill the owners' outboxes with `events` events, and build consent's memory of them anew."""
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="stafett-bench-")))
        cluster = PrivatePostgres() if engine == "postgresql" else None
        if cluster is not None:
            cluster.start()
            open_.callback(cluster.stop)
        databases = {
            owner: _open(cluster.fresh_database(owner) if cluster else f"sqlite:///{folder}/{owner}", owner)
            for owner in OWNERS
        }
        for database in databases.values():
            open_.callback(database.close)
        _fill(databases, events)
        say(f"{events} events stand in the outboxes ({engine})")
        catalogue = Catalogue.published()
        generation = Generation(
            databases["consent"],
            folder,
            "consent",
            PROJECTION,
            StoredHistory(catalogue, databases.__getitem__),
            SystemClock(),
            catalogue,
        )
        began = time.perf_counter()
        told = [began]

        def progress(stream: str, position: int, last: int) -> None:
            if time.perf_counter() - told[0] > 10 or position >= last:
                told[0] = time.perf_counter()
                say(f"  {stream}: {position} of {last}, {told[0] - began:.0f} s")

        assert generation.build(progress)
        built = time.perf_counter()
        rows = generation.swap()
        swapped = time.perf_counter()
        generation.discard()
    assert rows["facts_case"] == -(-events // len(STORY)), "each case is remembered once"
    return Result(engine, events, built - began, swapped - built, sum(rows.values()))


def main() -> int:
    """Measure, and print the results: as text, or as JSON for whoever puts them in a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.generation", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    results = [
        measure(engine, asked.events, lambda text: print(text, file=sys.stderr, flush=True))
        for engine in asked.engine or ("postgresql", "sqlite")
    ]
    if asked.json:
        print(json.dumps([asdict(each) | {"per_second": each.per_second} for each in results]))
    else:
        for each in results:
            print(
                f"{each.engine}: {each.events} events, {each.per_second:.0f} a second; {each.rows} rows swapped in, "
                f"writes held for {each.swap_seconds:.1f} s"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
