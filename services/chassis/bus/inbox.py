"""The inbox: takes each event in exactly once and in order, in the transaction of its handler.

An event that comes too early, or whose handler fails, is parked with its subject; all other subjects go on.
When the database fails nothing is answered to the broker: the loop ends, and what it held comes again.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
import structlog
from amqp import Message

from services.chassis.bus import metrics, topology
from services.chassis.bus.connection import BusSettings, Loop, connected
from services.chassis.bus.inbox_rows import GAP, HANDLER_FAILED, InboxRows
from services.chassis.bus.tending import count_parked
from services.chassis.clock import Clock, SystemClock
from services.chassis.ids import new_id
from services.chassis.logging import fault
from services.chassis.storage import (
    AnyConnection,
    Database,
    DatabaseBusy,
    WriteTransaction,
    insert_ignore,
    upsert,
)
from services.contracts.envelope import EnvelopeError, Event

PREFETCH = 50
POLL_SECONDS = 0.5
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 300.0
MAX_TRIES = 12
"""Some 18 minutes of tries. Then an event is dead: it waits for a person, for its source's return, or for a start."""
AWAY_SECONDS = 60.0
RETRY_BATCH = 50

Handler = Callable[[Any, Event], None]
Outcome = Literal["handled", "handled_next", "old", "gap", "failed", "dead"]

log = structlog.get_logger(__name__)


class DatabaseFailed(Exception):
    """The database did not answer; what was being done comes again."""


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
        self._handlers, self._make_uow, self._seal = handlers, make_uow, seal
        self._clock = clock or SystemClock()
        self._catalogue = catalogue or topology.Catalogue.published()
        self._hears = self._catalogue.hears.get(service, frozenset())
        self._tables = db.chassis
        self._rows = InboxRows(db.chassis)
        self._first_retry_seconds = first_retry_seconds
        self._to_revive = threading.Event()
        self._news = threading.Condition()
        self._news_count = 0
        self._consuming = Loop(service, "inbox", self._consume)
        self._retrying = Loop(service, "retry", self._retry)

    def start(self) -> None:
        """Start taking events in; a service that hears nothing has nothing to start."""
        if self._hears:
            self._to_revive.set()
            metrics.PARKED.labels(self._service).set_function(lambda: self._told()[0])
            metrics.DEAD_EVENTS.labels(self._service).set_function(lambda: self._told()[1])
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
        times = list(conn.scalars(sa.select(state.c.as_of).where(state.c.stream.in_(streams))))
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

    def _told(self) -> tuple[float, float]:
        """(parked, dead) for whoever reads the metrics; not numbers while the database does not answer."""
        try:
            with self._db.read() as conn:
                return count_parked(conn, self._tables, metrics.QUIET_STREAMS)
        except (sa.exc.SQLAlchemyError, DatabaseBusy):
            return math.nan, math.nan

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

            def take(message: Message) -> None:
                body = message.body
                self.receive(body if isinstance(body, bytes) else str(body).encode())
                channel.basic_ack(message.delivery_tag)

            channel.basic_consume(topology.inbox_queue(self._service), callback=take)
            checked = time.monotonic()
            while not stopping.is_set():
                with suppress(TimeoutError):
                    connection.drain_events(timeout=POLL_SECONDS)
                if time.monotonic() - checked > 1:
                    connection.heartbeat_check()
                    checked = time.monotonic()

    def receive(self, body: bytes) -> None:
        """Take in one message; when this returns it may be acknowledged. Raises when the database fails."""
        try:
            event = Event.from_json(body)
            if event.type.endswith(topology.HEARTBEAT):
                self._on_heartbeat(event)
                return
        except EnvelopeError:
            self._keep_undecodable(body)
            return
        self.take_with_followers(event)

    def _on_heartbeat(self, event: Event) -> None:
        try:
            as_of = datetime.fromisoformat(event.data["as_of"])
            offset = as_of.utcoffset()
        except (KeyError, TypeError, ValueError) as error:
            raise EnvelopeError("not a heartbeat") from error
        if offset is None:
            raise EnvelopeError("as_of has no offset")
        values = {"source": event.service, "as_of": as_of, "position": event.sequence}
        state = self._tables.stream_state
        with self._db.write() as tx:
            before = tx.scalar(sa.select(state.c.as_of).where(state.c.stream == event.stream))
            upsert(tx, state, {"stream": event.stream}, values)
        if before is not None and (as_of - before).total_seconds() > AWAY_SECONDS:
            self._to_revive.set()  # the source was away: what died for want of its events gets its chance
        self._tell_news()

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

    # -- one event --

    def _take(self, event: Event) -> Outcome:
        """Handle, pass over or park one event, in one transaction (two when its handler fails)."""
        try:
            with self._db.write() as tx:
                outcome = self._take_in(tx, event)
        except DatabaseBusy as error:
            raise DatabaseFailed from error
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated:
                raise DatabaseFailed from error
            outcome = self._park_failed(event, error)
        except Exception as error:
            outcome = self._park_failed(event, error)
        if event.stream not in metrics.QUIET_STREAMS:
            metrics.HANDLED.labels(self._service, outcome.partition("_")[0]).inc()
        if outcome.startswith("handled"):
            self._tell_news()
        return outcome

    def _take_in(self, tx: WriteTransaction, event: Event) -> Outcome:
        position = self._rows.lock_position(tx, event)
        if event.sequence <= position or self._is_other_version(event):
            self._rows.unpark(tx, event)
            return "old"
        if event.sequence > position + 1:
            self._rows.park(tx, event, GAP, attempts=0, retry_at=None, at=self._clock.now())
            return "gap"
        handler = self._handlers.get(event.type)
        if handler is not None:
            handler(self._make_uow(tx, event), event)
        return "handled_next" if self._rows.handled(tx, event, self._clock.now()) else "handled"

    def _is_other_version(self, event: Event) -> bool:
        """Whether it is another version of an event that is handled here: both bear the same number."""
        if event.type in self._handlers:
            return False
        name = event.type.rpartition(".")[0] + ".v"
        return any(handled.startswith(name) for handled in self._handlers)

    # -- parked events --

    def _park_failed(self, event: Event, error: Exception) -> Outcome:
        """Its handler failed, and was rolled back: keep the event, and try again later. If this fails too,
        it is the database that fails."""
        with self._db.write() as tx:
            attempts = 1 + self._rows.attempts(tx, event)
            now = self._clock.now()
            dead = attempts >= MAX_TRIES
            retry_at = None if dead else now + timedelta(seconds=self._delay(attempts))
            self._rows.park(tx, event, HANDLER_FAILED, attempts, retry_at, now, now if dead else None)
            self._rows.ensure_position(tx, event)
        log.error(
            "event_dead" if dead else "event_parked",
            event_id=event.id,
            event_type=event.type,
            stream=event.stream,
            sequence=event.sequence,
            attempt=attempts,
            **fault(error),
        )
        return "dead" if dead else "failed"

    def _delay(self, attempts: int) -> float:
        """Seconds until the next try after so many."""
        return min(LAST_RETRY_SECONDS, self._first_retry_seconds * 2.0 ** min(attempts - 1, 20))

    def take_with_followers(self, event: Event) -> None:
        """Take one event in, and then the parked ones of its subject whose turn has come, in order."""
        following: Event | None = event
        while following is not None and self._take(following) == "handled_next":
            with self._db.read() as conn:
                following = self._rows.next_waiting(conn, following)

    def _retry(self, stopping: threading.Event) -> None:
        while not stopping.wait(POLL_SECONDS):
            self.retry_due()

    def retry_due(self) -> int:
        """Try the parked events again whose time, or turn, has come; their number. After a start, and when a
        source has come back, the dead ones are among them, once."""
        if self._to_revive.is_set():
            self._to_revive.clear()
            self._revive()
        with self._db.read() as conn:
            events = self._rows.due(conn, self._clock.now(), RETRY_BATCH)
        for event in events:
            self.take_with_followers(event)
        return len(events)

    def _revive(self) -> None:
        try:
            with self._db.write() as tx:
                revived = self._rows.revive(tx, self._clock.now())
        except (sa.exc.SQLAlchemyError, DatabaseBusy):
            self._to_revive.set()
            raise
        if revived:
            log.info("events_revived", count=revived)

    def _tell_news(self) -> None:
        with self._news:
            self._news_count += 1
            self._news.notify_all()
