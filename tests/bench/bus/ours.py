"""Ours: an event is appended in a transaction, sent by the Relay, and taken in by the Inbox in its handler's.

`python -m tests.bench.bus.ours teller|hearer <amqp url> <database url> [record]`
"""

import os

os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402
import time  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from typing import Any  # noqa: E402

from services.chassis.bus import outbox  # noqa: E402
from services.chassis.bus.inbox import Inbox  # noqa: E402
from services.chassis.bus.relay import Relay  # noqa: E402
from services.chassis.clock import SystemClock  # noqa: E402
from services.chassis.storage import Database, WriteTransaction, upsert  # noqa: E402
from services.contracts.envelope import Event  # noqa: E402
from tests.bench.bus.child import SUBJECTS, Heard, obey, paced, subject_of  # noqa: E402
from tests.support.bus import CATALOGUE, THING_CHANGED, BusSettings, open_database, see  # noqa: E402

A_TRANSACTION = 500


def append(tx: WriteTransaction, n: int) -> None:
    subject = subject_of(n)
    data = {"thing_id": subject, "n": n}
    outbox.append(tx, "granli", THING_CHANGED, subject, data, datetime.now(UTC))


def teller(db: Database, amqp_url: str) -> None:
    """Its relay is started by the first order, so that it finds all of `publish` waiting."""
    relay = Relay(db, BusSettings(amqp_url), "alpha", SystemClock(), catalogue=CATALOGUE)

    def fill(count: int) -> None:
        for first in range(0, count, A_TRANSACTION):
            with db.write() as tx:
                for n in range(first, min(first + A_TRANSACTION, count)):
                    append(tx, n)

    def publish(count: int, seconds: float) -> dict[str, float]:
        relay.start()
        limit = time.monotonic() + seconds
        while not relay.active:
            time.sleep(0.001)
        begun = time.monotonic()
        while relay.sent < count and time.monotonic() < limit:
            time.sleep(0.005)
        return {"published": relay.sent, "seconds": time.monotonic() - begun}

    def steady(first: int, rate: float, seconds: float) -> dict[str, Any]:
        if not relay.active:
            relay.start()
        told = []
        for n in paced(first, rate, seconds, time.sleep):
            with db.write() as tx:
                append(tx, n)
            told.append([n, time.monotonic_ns()])
        return {"at": told}

    obey({"fill": fill, "publish": publish, "steady": steady})
    relay.stop()


def hearer(db: Database, amqp_url: str, record: bool) -> None:
    heard = Heard()
    things = db.metadata.tables["seen"]

    def handle(tx: WriteTransaction, event: Event) -> None:
        n = event.data["n"]
        if record:
            see(tx, event)
        else:
            upsert(tx, things, {"row": 1 + n % SUBJECTS}, {"subject": event.subject, "n": n})
        tx.after_commit(lambda: heard.note(n))

    inbox = Inbox(
        db, BusSettings(amqp_url), "beta", {THING_CHANGED.type: handle}, lambda tx, _event: tx, seal=bytes,
        catalogue=CATALOGUE,
    )  # fmt: skip

    def drain(count: int, seconds: float) -> dict[str, float]:
        inbox.start()
        return heard.drained(count, seconds, time.sleep)

    def collect(above: int, count: int, seconds: float) -> dict[str, Any]:
        return heard.collected(above, count, seconds, time.sleep)

    obey({"drain": drain, "collect": collect})
    inbox.stop()


def main(role: str, amqp_url: str, database_url: str, *words: str) -> None:
    db = open_database(database_url, "alpha" if role == "teller" else "beta")
    if role == "teller":
        teller(db, amqp_url)
    else:
        hearer(db, amqp_url, "record" in words)
    db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # no goodbye to the broker is measured
