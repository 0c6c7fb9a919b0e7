"""A small world for the bus: service alpha tells of things (and of secrets, in a lane), service beta hears
of things."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from amqp import Message as AmqpMessage
from kombu import Connection

from services.chassis.bus import outbox, topology
from services.chassis.bus.topology import Catalogue
from services.chassis.storage import (
    Database,
    WriteTransaction,
    chassis_tables,
    new_metadata,
)
from services.contracts.base import EventType, Message, number, opaque
from services.contracts.envelope import CONTENT_TYPE, Event

THINGS, LANE = "alpha.things", "alpha.lane"


class ThingData(Message):
    thing_id = opaque()
    n = number()


THING_CHANGED = EventType("alpha.thing_changed.v1", THINGS, "thing", ThingData, "A thing changed.")
THING_GONE = EventType("alpha.thing_gone.v1", THINGS, "thing", ThingData, "A thing went.")
SECRET_TOLD = EventType("alpha.secret_told.v1", LANE, "secret", ThingData, "A secret was told.")
CATALOGUE = Catalogue(
    events={each.type: each for each in (THING_CHANGED, THING_GONE, SECRET_TOLD)},
    streams={THINGS: "alpha", LANE: "alpha"},
    hears={"alpha": frozenset(), "beta": frozenset({THINGS}), "gamma": frozenset({LANE})},
)
AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class BusSettings:
    """As much of the settings as the bus reads."""

    amqp_url: str


MIGRATIONS = Path(__file__).parent / "bus_migrations"


def bus_metadata() -> sa.MetaData:
    """The chassis tables, a lane's outbox, and `seen`, in which handlers write."""
    metadata = new_metadata()
    chassis_tables(metadata, own_outbox={LANE: "lane_outbox"})
    sa.Table(
        "seen",
        metadata,
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(64)),
        sa.Column("sequence", sa.Integer),
        sa.Column("n", sa.Integer),
    )
    return metadata


def open_database(url: str, service: str) -> Database:
    """A migrated database with those tables."""
    database = Database(url, bus_metadata(), service, MIGRATIONS)
    database.migrate()
    return database


def tell(db: Database, subject: str, n: int, kind: EventType = THING_CHANGED, **options: Any) -> Event:
    """Tell one event of `subject` in a transaction of its own."""
    with db.write() as tx:
        return outbox.append(
            tx, "granli", kind, subject, {"thing_id": subject, "n": n}, options.get("at", AT)
        )


def see(tx: WriteTransaction, event: Event) -> None:
    """A handler that writes down what it was given."""
    row = {"subject": event.subject, "sequence": event.sequence, "n": event.data["n"]}
    tx.execute(tx.metadata.tables["seen"].insert(), row)


def seen(db: Database, subject: str | None = None) -> list[int]:
    """The n of all events that were handled, in the order in which they were."""
    table = db.metadata.tables["seen"]
    statement = sa.select(table.c.n).order_by(table.c.row)
    with db.read() as conn:
        return list(
            conn.scalars(statement if subject is None else statement.where(table.c.subject == subject))
        )


def rows(db: Database, name: str) -> list[Any]:
    """All rows of a table."""
    with db.read() as conn:
        return list(conn.execute(sa.select(db.metadata.tables[name])).all())


def wait_until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition holds; fails when it does not in time."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "the condition did not come to hold in time"
        threading.Event().wait(0.02)


def arrived(connection: Connection, queue: str) -> tuple[list[Event], list[Event]]:
    """The events and the heartbeats that lie in a queue; they are taken out."""
    events: list[Event] = []
    beats: list[Event] = []

    def take(message: AmqpMessage) -> None:
        event = Event.from_json(message.body if isinstance(message.body, bytes) else message.body.encode())
        assert message.properties["message_id"] == event.id
        assert message.properties["type"] == event.type
        assert message.properties["content_type"] == CONTENT_TYPE
        (beats if event.type.endswith(topology.HEARTBEAT) else events).append(event)

    with connection.channel() as channel:
        count = channel.queue_declare(queue, passive=True).message_count
        tag = channel.basic_consume(queue, callback=take, no_ack=True)
        while len(events) + len(beats) < count:
            connection.drain_events(timeout=10)
        channel.basic_cancel(tag)
    return events, beats


class Wire:
    """A wire to the broker that can be silenced: connections stay open, and nothing comes back any more."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.silent = threading.Event()
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                far = socket.create_connection(self._to)
                threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not (back and self.silent.is_set()):
                    target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
