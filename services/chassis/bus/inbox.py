"""The inbox of a service: what its queue holds goes to the intake (intake.py), and is acknowledged after the commit.

When the database fails nothing is answered to the broker: the loop ends, and what it held comes again.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from amqp import Message
from kombu.connection import Connection

from services.chassis.bus import metrics, topology, watch
from services.chassis.bus.connection import BusSettings, Loop, connected
from services.chassis.bus.heartbeat import Heartbeat
from services.chassis.bus.intake import (
    FIRST_RETRY_SECONDS,
    Arrival,
    DatabaseFailed,
    Handler,
    Intake,
)
from services.chassis.bus.tending import count_parked
from services.chassis.clock import Clock, SystemClock
from services.chassis.ids import new_id
from services.chassis.storage import (
    AnyConnection,
    Database,
    WriteTransaction,
    insert_ignore,
)
from services.contracts.envelope import EnvelopeError, Event

PREFETCH, BATCH = 1000, 200
POLL_SECONDS = 0.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Knowledge:
    """How much is known of some streams: all that was committed before `as_of` has come (None: nothing was
    heard yet), and whether an event that was asked about is `parked` (CO-9)."""

    as_of: datetime | None
    parked: bool


class Inbox:
    """The inbox of one service.

    `handlers` maps an event's type to fn(uow, event); `make_uow(tx, event)` makes what they are given. `seal`
    encrypts what can't be read, so that it can be kept.
    """

    def __init__(
        self,
        db: Database,
        settings: BusSettings,
        service: str,
        handlers: Mapping[str, Handler],
        make_uow: Callable[[WriteTransaction, Event], Any],
        *,
        seal: Callable[[bytes], bytes],
        clock: Clock | None = None,
        catalogue: topology.Catalogue | None = None,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
    ) -> None:
        self._db, self._url, self._service = db, settings.amqp_url, service
        self._seal = seal
        self._clock = clock or SystemClock()
        self._catalogue = catalogue or topology.Catalogue.published()
        self._hears = self._catalogue.hears.get(service, frozenset())
        self._tables = db.chassis
        self.intake = Intake(
            db,
            service,
            handlers,
            make_uow,
            self._clock,
            first_retry_seconds=first_retry_seconds,
            on_taken=self._tell_news,
        )
        self._news = threading.Condition()
        self._news_count = 0
        self._consuming = Loop(service, "inbox", self._consume)
        self._retrying = Loop(service, "retry", self._retry)

    def start(self) -> None:
        """Start taking events in; a service that hears nothing has nothing to start."""
        if self._hears:
            self.intake.revive()
            watch.standing(self._db, self._service, self._hears, self._clock)
            self._consuming.start()
            self._retrying.start()

    def stop(self) -> None:
        """Stop; what was not answered comes again."""
        self._retrying.ask_to_stop()
        self._consuming.stop()
        self._retrying.stop()

    # -- what is known --

    def position(self, conn: AnyConnection, stream: str, subject: str) -> int:
        """The last sequence of (stream, subject) that is known here; 0 for none. Of an own stream: the last
        told."""
        table = self._tables.stream_sequences if self._owns(stream) else self._tables.inbox_positions
        found = conn.scalar(
            sa.select(table.c.sequence).where(table.c.stream == stream, table.c.subject == subject)
        )
        return int(found or 0)

    def wait_for(self, stream: str, subject: str, sequence: int, timeout_s: float) -> bool:
        """Wait until `sequence` of (stream, subject) is known here; False when time ran out."""
        return self.wait_for_all({(stream, subject): sequence}, timeout_s)

    def wait_for_all(self, wanted: Mapping[tuple[str, str], int], timeout_s: float) -> bool:
        """Wait until all of {(stream, subject): sequence} are known here; False when time ran out."""
        limit = time.monotonic() + timeout_s
        while True:
            seen = self._news_count
            with self._db.read() as conn:
                if not self._behind(conn, wanted):
                    return True
            left = limit - time.monotonic()
            if left <= 0:
                return False
            with self._news:
                if self._news_count == seen:
                    self._news.wait(min(left, 0.1))  # another process may be the one that takes events in

    def _behind(self, conn: AnyConnection, wanted: Mapping[tuple[str, str], int]) -> bool:
        for table, own in ((self._tables.stream_sequences, True), (self._tables.inbox_positions, False)):
            keys = [key for key in wanted if self._owns(key[0]) == own]
            if not keys:
                continue
            found = sa.select(table.c.stream, table.c.subject, table.c.sequence).where(
                sa.tuple_(table.c.stream, table.c.subject).in_(keys)
            )
            known = {(row.stream, row.subject): row.sequence for row in conn.execute(found)}
            if any(known.get(key, 0) < wanted[key] for key in keys):
                return True
        return False

    def knowledge(self, conn: AnyConnection, streams_subjects: Sequence[tuple[str, str | None]]) -> Knowledge:
        """How old the knowledge of these streams is, and whether an event of these subjects (None: of any
        subject of the stream) is parked. Own streams are always known."""
        heard = [(stream, subject) for stream, subject in streams_subjects if not self._owns(stream)]
        if not heard:
            return Knowledge(self._clock.now(), False)
        streams = {stream for stream, _ in heard}
        state, parked = self._tables.stream_state, self._tables.parked
        known = sa.select(state.c.as_of).where(state.c.stream.in_(streams), state.c.as_of.is_not(None))
        times = list(conn.scalars(known))
        asked = [
            (parked.c.stream == stream) if subject is None else
            sa.and_(parked.c.stream == stream, parked.c.subject == subject)
            for stream, subject in heard
        ]  # fmt: skip
        is_parked = conn.scalar(sa.select(sa.literal(1)).where(sa.exists().where(sa.or_(*asked)))) is not None
        return Knowledge(min(times) if len(times) == len(streams) else None, is_parked)

    def none_dead(self) -> bool:
        """Whether no event waits for a person; for whoever asks about health."""
        with self._db.read() as conn:
            return count_parked(conn, self._tables, metrics.QUIET_STREAMS)[1] == 0

    def _owns(self, stream: str) -> bool:
        return self._catalogue.streams.get(stream) == self._service

    # -- from the broker --

    def _consume(self, stopping: threading.Event) -> None:
        if not self._db.answers():
            raise DatabaseFailed
        with connected(self._url, self._service, "inbox") as connection:
            channel = connection.channel()
            topology.declare(channel, self._catalogue)
            channel.basic_qos(0, PREFETCH, False)
            held: list[Message] = []
            channel.basic_consume(topology.inbox_queue(self._service), callback=held.append)
            checked = time.monotonic()
            while not stopping.is_set():
                self._gather(connection, held)
                if held:
                    self.receive(*(_body(message) for message in held))
                    channel.basic_ack(held[-1].delivery_tag, multiple=True)
                    held.clear()
                if time.monotonic() - checked > 1:
                    connection.heartbeat_check()
                    checked = time.monotonic()

    @staticmethod
    def _gather(connection: Connection, held: list[Message]) -> None:
        """Wait for a message, and take with it those that are here already."""
        timeout = POLL_SECONDS
        with suppress(TimeoutError):
            while len(held) < BATCH:
                connection.drain_events(timeout=timeout)
                timeout = 0

    def receive(self, *bodies: bytes) -> None:
        """Take in these messages, in order; when this returns they may be acknowledged. Raises when the database
        fails."""
        read = (self._read(body) for body in bodies)
        self.intake.take([arrival for arrival in read if arrival is not None])

    def _read(self, body: bytes) -> Arrival | None:
        """What a body says; one that can't be read is kept sealed, and is None here."""
        try:
            event = Event.from_json(body)
            return Heartbeat.of(event) if event.type.endswith(topology.HEARTBEAT) else event
        except EnvelopeError:
            self._keep_undecodable(body)
            return None

    def _keep_undecodable(self, body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()
        row = {
            "id": new_id(),
            "sha256": digest,
            "ciphertext": self._seal(body),
            "received_at": self._clock.now(),
        }
        with self._db.write() as tx:
            insert_ignore(tx, self._tables.undecodable, row)
        log.error("event_undecodable", event_id=row["id"], hash=digest)
        metrics.HANDLED.labels(self._service, "undecodable").inc()

    def retry_due(self) -> int:
        """Try the parked events again whose time, or turn, has come; their number."""
        return self.intake.retry_due()

    def _retry(self, stopping: threading.Event) -> None:
        while not stopping.wait(POLL_SECONDS):
            self.retry_due()

    def _tell_news(self) -> None:
        with self._news:
            self._news_count += 1
            self._news.notify_all()


def _body(message: Message) -> bytes:
    body = message.body
    return body if isinstance(body, bytes) else str(body).encode()
