"""A generation built from history: how long from nothing to the swap, on PostgreSQL, in one process as the operator's.

`python -m tests.bench.bus.history <teller's database url> <hearer's> <folder> <events>`; the answer is a line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.chassis.bus.generation import Generation, Projection, StoredHistory
from services.chassis.clock import SystemClock
from services.chassis.storage import Database, upsert
from services.contracts.envelope import Event
from tests.support.bus import CATALOGUE, THING_CHANGED, open_database

EVENTS_A_SUBJECT = 100
# As if each had been told and sent: making a million by `outbox.append` would take longer than what is measured.
FILL = sa.text(
    "INSERT INTO outbox (id, municipality, type, stream, subject, sequence, time, data, sent_at, position) "
    "SELECT 'e' || n, 'granli', :type, 'alpha.things', 't' || n / :each, n % :each + 1, now(), "
    "json_build_object('thing_id', 't' || n / :each, 'n', n), now(), n + 1 FROM generate_series(0, :count - 1) n"
)
LAST = sa.Table(
    "last_of_thing",
    sa.MetaData(),
    sa.Column("thing", sa.String(64), primary_key=True),
    sa.Column("n", sa.Integer),
)


def remember(uow: Any, event: Event) -> None:
    upsert(uow.tx, LAST, {"thing": event.subject}, {"n": event.data["n"]})


def fill(db: Database, count: int) -> None:
    """Let `count` events have been told and sent."""
    with db.write() as tx:
        tx.execute(sa.text("SET LOCAL statement_timeout = 0"))
        tx.execute(FILL, {"type": THING_CHANGED.type, "each": EVENTS_A_SUBJECT, "count": count})


def main(told_url: str, heard_url: str, folder: Path, count: int) -> None:
    alpha, beta = open_database(told_url, "alpha"), open_database(heard_url, "beta")
    fill(alpha, count)
    LAST.to_metadata(beta.metadata)
    with beta.write() as tx:
        LAST.create(tx.connection)
    history = StoredHistory(CATALOGUE, {"alpha": alpha}.__getitem__)
    projection = Projection((LAST,), {THING_CHANGED.type: remember})
    begun = time.monotonic()
    new = Generation(beta, folder, "beta", projection, history, SystemClock(), CATALOGUE)
    new.build()
    rows = new.swap()
    print(json.dumps({"events": count, "rows": sum(rows.values()), "seconds": time.monotonic() - begun}))
    new.discard()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
