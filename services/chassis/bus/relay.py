"""The relay: sends what stands unsent in the outbox, in order per subject, and marks it once the broker has
it.

It asks for unsent rows, never for rows after the last one: ids become visible out of order. A crash between
confirm and mark sends again; inboxes know an event by its id.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from kombu.connection import Connection

from services.chassis.bus import metrics, topology, watch
from services.chassis.bus.connection import BusSettings, Loop, connected
from services.chassis.bus.leadership import Bell, leading
from services.chassis.bus.outbox import event_of
from services.chassis.bus.outbox_rows import OutboxRows
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
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.sent = 0
        self.active = False
        self._db, self._url, self._service, self._clock = db, settings.amqp_url, service, clock
        self._catalogue = catalogue or topology.Catalogue.published()
        self._confirm_seconds, self._heartbeat_seconds = confirm_seconds, heartbeat_seconds
        self._poll_seconds = poll_seconds
        self._rows = {name: OutboxRows(table) for name, table in db.chassis.outboxes.items()}
        self._bell: Bell | None = None
        self._loop = Loop(service, "relay", self._run)

    def start(self) -> None:
        """Start sending, in a thread of its own; from now on the metrics tell how long the oldest event has waited."""
        metrics.UNSENT_AGE.labels(self._service).set_function(self._waited)
        self._loop.start()

    def stop(self) -> None:
        """Stop after the batch at hand; what is unsent stays for the next start."""
        self._loop.ask_to_stop()
        self.wake()
        self._loop.stop()

    def wake(self) -> None:
        """Look now. `outbox.append` sees to it after its commit."""
        bell = self._bell
        if bell is not None:
            bell.ring()

    def oldest_unsent_age(self, conn: Any) -> float:
        """Seconds since the oldest unsent event was told; 0 when all are sent."""
        times = [rows.oldest_unsent(conn) for rows in self._rows.values()]
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
        with leading(self._db, stopping) as bell:
            if bell is None:
                return
            self._bell, self._db.wake_sender = bell, self.wake
            try:
                with connected(self._url, self._service, "relay") as connection:
                    self.active = True
                    self._serve(connection, stopping, bell)
            finally:
                self.active, self._bell, self._db.wake_sender = False, None, None

    def _serve(self, connection: Connection, stopping: threading.Event, bell: Bell) -> None:
        channel = connection.channel()
        topology.declare(channel, self._catalogue)
        publisher = Publisher(channel, self._confirm_seconds)
        beat_at = time.monotonic()
        while not stopping.is_set():
            bell.hush()
            sent = sum(self._send_batch(publisher, outbox) for outbox in self._db.chassis.outboxes.values())
            if time.monotonic() >= beat_at:
                self._beat(publisher)
                watch.strays(channel)
                beat_at = time.monotonic() + self._heartbeat_seconds
            _listen(connection)
            if not sent and not stopping.is_set():
                bell.wait(self._poll_seconds)

    def _send_batch(self, publisher: Publisher, outbox: sa.Table) -> int:
        """Send up to BATCH unsent rows; the number sent and marked."""
        with self._db.read() as conn:
            rows = self._rows[outbox.name].unsent(conn, BATCH)
        if not rows:
            return 0
        began_ns = time.time_ns()
        try:
            publisher.publish([_outgoing(event_of(row)) for row in rows])
        except PublishFailed as failure:
            metrics.UNCONFIRMED.labels(self._service).inc(len(rows) - len(failure.confirmed))
            self._mark(outbox, _in_order(rows, failure.confirmed))
            raise
        self._mark(outbox, rows)
        watch.published(rows, began_ns)
        return len(rows)

    def _mark(self, outbox: sa.Table, rows: Sequence[Any]) -> None:
        if not rows:
            return
        with self._db.write() as tx:
            self._rows[outbox.name].mark(tx, [row.row for row in rows], self._clock.now())
        self.sent += len(rows)
        told = [row for row in rows if row.stream not in metrics.QUIET_STREAMS]
        metrics.SENT.labels(self._service).inc(len(told))

    def _beat(self, publisher: Publisher) -> None:
        """Tell of each stream how old the knowledge is that all its sent events give (CO-9)."""
        beats: list[Outgoing] = []
        for stream in self._catalogue.streams_of(self._service):
            if not self._catalogue.heard(stream):
                continue
            rows = self._rows[self._db.chassis.outbox_of(stream).name]
            now = self._clock.now()  # before the look: what was committed before it is seen by it
            with self._db.read() as conn:
                unsent, position = rows.oldest_unsent(conn), rows.last_position(conn)
            as_of = min(now, unsent) if unsent else now
            beats.append(_heartbeat(self._service, stream, now, as_of, position))
        publisher.publish(beats)


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
