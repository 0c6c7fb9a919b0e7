"""The relay: sends what stands unsent in the outbox, in order per subject, and marks it once the broker has
it.

It asks for unsent rows, never for rows after the last one: ids become visible out of order. A crash between
confirm and mark sends again; inboxes know an event by its id.
"""

from __future__ import annotations

import fcntl
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from kombu.connection import Connection

from services.chassis.bus import metrics, topology
from services.chassis.bus.connection import BusSettings, Loop, connected
from services.chassis.bus.outbox import event_of
from services.chassis.bus.publisher import Outgoing, Publisher, PublishFailed
from services.chassis.clock import Clock
from services.chassis.ids import new_id
from services.chassis.storage import Database, DatabaseBusy
from services.contracts.envelope import CONTENT_TYPE, EVERY_MUNICIPALITY, Event

BATCH = 500
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 10.0
LATE_SECONDS = 60.0
CONFIRM_SECONDS = 5.0
_LEADER_LOCK = 0x57AFE11

log = structlog.get_logger(__name__)


class Relay:
    """The relay of one database; of several processes on that database one is active, the others wait for
    its end.

    `sent` counts what this one has sent, `active` says whether it is the one.
    """

    def __init__(
        self,
        db: Database,
        settings: BusSettings,
        service: str,
        clock: Clock,
        *,
        catalogue: topology.Catalogue | None = None,
        confirm_seconds: float = CONFIRM_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self.sent = 0
        self.active = False
        self._db, self._url, self._service, self._clock = db, settings.amqp_url, service, clock
        self._catalogue = catalogue or topology.Catalogue.published()
        self._confirm_seconds, self._heartbeat_seconds = confirm_seconds, heartbeat_seconds
        self._wake = threading.Event()
        self._loop = Loop(service, "relay", self._run)

    def start(self) -> None:
        """Start sending, in a thread of its own; from now on the metrics tell how long the oldest event has waited."""
        metrics.UNSENT_AGE.labels(self._service).set_function(self._waited)
        self._loop.start()

    def stop(self) -> None:
        """Stop after the batch at hand; what is unsent stays for the next start."""
        self._loop.ask_to_stop()
        self._wake.set()
        self._loop.stop()

    def wake(self) -> None:
        """There is something to send: to be called after a commit."""
        self._wake.set()

    def oldest_unsent_age(self, conn: Any) -> float:
        """Seconds since the oldest unsent event was told; 0 when all are sent."""
        times = [
            conn.scalar(sa.select(sa.func.min(t.c.time, type_=t.c.time.type)).where(t.c.sent_at.is_(None)))
            for t in self._db.chassis.outboxes.values()
        ]
        oldest: datetime | None = min((at for at in times if at is not None), default=None)
        return max(0.0, (self._clock.now() - oldest).total_seconds()) if oldest else 0.0

    def keeps_up(self) -> bool:
        """Whether nothing has waited long to be sent; for whoever asks about health."""
        with self._db.read() as conn:
            return self.oldest_unsent_age(conn) < LATE_SECONDS

    def _waited(self) -> float:
        """For whoever reads the metrics; not a number while the database does not answer."""
        try:
            with self._db.read() as conn:
                return self.oldest_unsent_age(conn)
        except (sa.exc.SQLAlchemyError, DatabaseBusy):
            return math.nan

    def _run(self, stopping: threading.Event) -> None:
        with self._leadership(stopping) as still_leading:
            if stopping.is_set():
                return
            with connected(self._url, self._service, "relay") as connection:
                self.active = True
                try:
                    self._serve(connection, stopping, still_leading)
                finally:
                    self.active = False

    def _serve(self, connection: Connection, stopping: threading.Event, still_leading: Any) -> None:
        channel = connection.channel()
        topology.declare(channel, self._catalogue)
        publisher = Publisher(channel, self._confirm_seconds)
        beat_at = time.monotonic()
        while not stopping.is_set():
            self._wake.clear()
            still_leading()
            sent = sum(self._send_batch(publisher, outbox) for outbox in self._db.chassis.outboxes.values())
            if time.monotonic() >= beat_at:
                self._beat(publisher)
                beat_at = time.monotonic() + self._heartbeat_seconds
            _listen(connection)
            if not sent and not stopping.is_set():
                self._wake.wait(POLL_SECONDS)

    def _send_batch(self, publisher: Publisher, outbox: sa.Table) -> int:
        """Send up to BATCH unsent rows; the number sent and marked."""
        with self._db.read() as conn:
            rows = conn.execute(
                sa.select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.row).limit(BATCH)
            ).all()
        if not rows:
            return 0
        try:
            publisher.publish([_outgoing(event_of(row)) for row in rows])
        except PublishFailed as failure:
            metrics.UNCONFIRMED.labels(self._service).inc(len(rows) - len(failure.confirmed))
            self._mark(outbox, _in_order(rows, failure.confirmed))
            raise
        self._mark(outbox, rows)
        return len(rows)

    def _mark(self, outbox: sa.Table, rows: Sequence[Any]) -> None:
        if not rows:
            return
        with self._db.write() as tx:
            last = tx.scalar(sa.select(sa.func.coalesce(sa.func.max(outbox.c.position), 0)))
            tx.execute(
                outbox.update()
                .where(outbox.c.row == sa.bindparam("this"), outbox.c.sent_at.is_(None))
                .values(sent_at=sa.bindparam("at"), position=sa.bindparam("at_position")),
                [
                    {"this": row.row, "at": self._clock.now(), "at_position": position}
                    for position, row in enumerate(rows, last + 1)
                ],
            )
        self.sent += len(rows)
        told = [row for row in rows if row.stream not in metrics.QUIET_STREAMS]
        metrics.SENT.labels(self._service).inc(len(told))

    def _beat(self, publisher: Publisher) -> None:
        """Tell of each stream how old the knowledge is that all its sent events give (CO-9)."""
        beats: list[Outgoing] = []
        for stream in self._catalogue.streams_of(self._service):
            if not self._catalogue.heard(stream):
                continue
            outbox = self._db.chassis.outbox_of(stream)
            now = self._clock.now()  # before the look: what was committed before it is seen by it
            with self._db.read() as conn:
                unsent = conn.scalar(
                    sa.select(outbox.c.time).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.row).limit(1)
                )
                position = conn.scalar(sa.select(sa.func.max(outbox.c.position))) or 0
            as_of = min(now, unsent) if unsent else now
            beats.append(_heartbeat(self._service, stream, now, as_of, position))
        publisher.publish(beats)

    @contextmanager
    def _leadership(self, stopping: threading.Event) -> Iterator[Any]:
        """Wait until this process is the one whose relay is active; gives a function that raises when it no
        more is."""
        if self._db.path is not None:
            with self._db.path.with_name(self._db.path.name + ".relay.lock").open("w") as file:
                while not stopping.is_set():
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        stopping.wait(POLL_SECONDS)
                yield lambda: None
            return
        with self._db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.detach()  # the lock belongs to the session: it must end with this connection
            while not stopping.is_set() and not conn.scalar(
                sa.select(sa.func.pg_try_advisory_lock(_LEADER_LOCK))
            ):
                stopping.wait(POLL_SECONDS)
            yield lambda: conn.scalar(sa.select(1))


def _listen(connection: Connection) -> None:
    """Read what the broker has said unasked (its heartbeats, a close), and say that we live."""
    with suppress(TimeoutError):
        connection.drain_events(timeout=0)
    connection.heartbeat_check()


def _in_order(rows: Sequence[Any], confirmed: set[int]) -> list[Any]:
    """The confirmed rows, less those of a subject that come after one that was not confirmed."""
    broken: set[tuple[str, str]] = set()
    sent: list[Any] = []
    for index, row in enumerate(rows):
        if index not in confirmed:
            broken.add((row.stream, row.subject))
        elif (row.stream, row.subject) not in broken:
            sent.append(row)
    return sent


def _outgoing(event: Event) -> Outgoing:
    return Outgoing(event.type, event.id, event.to_json(), CONTENT_TYPE)


def _heartbeat(service: str, stream: str, now: datetime, as_of: datetime, position: int) -> Outgoing:
    return _outgoing(
        Event(
            id=new_id(),
            type=topology.heartbeat_type(stream),
            source=f"/{EVERY_MUNICIPALITY}/{service}",
            subject=stream,
            time=now,
            municipality=EVERY_MUNICIPALITY,
            stream=stream,
            sequence=position,
            data={"stream": stream, "as_of": as_of.isoformat().replace("+00:00", "Z"), "position": position},
        )
    )
