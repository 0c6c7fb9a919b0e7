"""The relay: sends what stands unsent in the outbox, in order per subject, and marks it once the broker has
it.

It asks for unsent rows, never for rows after the last one: ids become visible out of order. Up to IN_FLIGHT rows are on
their way at once (ADR 0024). A crash between confirm and mark sends again; inboxes know an event by its number.
"""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog
from kombu.connection import Connection

from services.chassis.bus import metrics, topology, watch
from services.chassis.bus.connection import BusSettings, Loop, connected
from services.chassis.bus.leadership import Lead, leading
from services.chassis.bus.outbox import event_of
from services.chassis.bus.outbox_rows import OutboxRows
from services.chassis.bus.publisher import Outgoing, Publisher, PublishFailed
from services.chassis.clock import Clock
from services.chassis.ids import new_id
from services.chassis.storage import Database, DatabaseBusy
from services.contracts.envelope import CONTENT_TYPE, EVERY_MUNICIPALITY, Event

BATCH = 500
"""Rows that are read, and published, before the other threads of the process have their turn."""
IN_FLIGHT = 3000
MARK_SECONDS = 0.05
"""The pause between two transactions that mark few rows: at 200 events a second each would have one of its own."""
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
        self._lead: Lead | None = None
        self._loop = Loop(service, "relay", self._run)

    def start(self) -> None:
        """Start sending, in a thread of its own; from now on the metrics tell how long the oldest event has waited."""
        metrics.UNSENT_AGE.labels(self._service).set_function(self._waited)
        self._loop.start()

    def stop(self) -> None:
        """Stop when what was published is confirmed; what is unsent stays for the next start."""
        self._loop.ask_to_stop()
        self.wake()
        self._loop.stop()

    def wake(self) -> None:
        """Look now. `outbox.append` sees to it after its commit."""
        lead = self._lead
        if lead is not None:
            lead.ring()

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
        with leading(self._db, stopping) as lead:
            if lead is None:
                return
            self._lead, self._db.wake_sender = lead, self.wake
            try:
                with connected(self._url, self._service, "relay") as connection:
                    self.active = True
                    self._serve(connection, lead, stopping)
            finally:
                self.active, self._lead, self._db.wake_sender = False, None, None

    def _serve(self, connection: Connection, lead: Lead, stopping: threading.Event) -> None:
        """Send until `stopping`, or until something fails; in both cases what the broker has is marked."""
        channel = connection.channel()
        topology.declare(channel, self._catalogue)
        publisher = Publisher(channel, self._confirm_seconds)
        sendings = [_Sending(rows) for rows in self._rows.values()]
        try:
            self._send(publisher, sendings, lead, stopping)
            publisher.flush()
        except PublishFailed:
            for each in sendings:
                confirmed = {index for index, flying in enumerate(each.flying) if publisher.has(flying.tag)}
                metrics.UNCONFIRMED.labels(self._service).inc(len(each.flying) - len(confirmed))
                self._mark(each.rows, _in_order([flying.row for flying in each.flying], confirmed))
            raise
        self._mark_confirmed(publisher, sendings)

    def _send(
        self, publisher: Publisher, sendings: Sequence[_Sending], lead: Lead, stopping: threading.Event
    ) -> None:
        """Look, publish, listen, mark, over and over; none of these waits until the others have come to an end."""
        look_at = beat_at = mark_at = time.monotonic()
        while not stopping.is_set():
            now = time.monotonic()
            if lead.rang() or now >= look_at:
                more = [each.send(publisher, lead) for each in sendings]
                look_at = now if any(more) else now + self._poll_seconds
            if now >= beat_at:
                behind = self._beat(publisher)
                watch.strays(publisher.channel)
                beat_at = now + (self._poll_seconds if behind else self._heartbeat_seconds)
            publisher.listen()
            confirmed = max(each.confirmed(publisher) for each in sendings)
            if confirmed >= BATCH or (confirmed and now >= mark_at):
                self._mark_confirmed(publisher, sendings)
                mark_at = now + MARK_SECONDS
                continue
            until = [beat_at]
            if confirmed:
                until.append(mark_at)
            if all(each.has_room for each in sendings):
                until.append(look_at)
            if publisher.deadline is not None:
                until.append(publisher.deadline)
            lead.wait(min(until) - time.monotonic(), publisher.wire)

    def _mark_confirmed(self, publisher: Publisher, sendings: Sequence[_Sending]) -> None:
        for each in sendings:
            count = each.confirmed(publisher)
            flying = list(islice(each.flying, count))
            self._mark(each.rows, [one.row for one in flying])
            each.forget(count)
            for began_ns, some in groupby(flying, lambda one: one.began_ns):
                watch.published([one.row for one in some], began_ns)

    def _mark(self, outbox: OutboxRows, rows: Sequence[Any]) -> None:
        if not rows:
            return
        with self._db.write() as tx:
            outbox.mark(tx, [row.row for row in rows], self._clock.now())
        self.sent += len(rows)
        told = [row for row in rows if row.stream not in metrics.QUIET_STREAMS]
        metrics.SENT.labels(self._service).inc(len(told))

    def _beat(self, publisher: Publisher) -> bool:
        """Tell of each stream how old the knowledge is that all its sent events give (CO-9). Whether that is old by
        what had waited long to be sent, as after a stop: then it is told anew as soon as that has gone."""
        behind = False
        for stream in self._catalogue.streams_of(self._service):
            if not self._catalogue.heard(stream):
                continue
            rows = self._rows[self._db.chassis.outbox_of(stream).name]
            now = self._clock.now()  # before the look: what was committed before it is seen by it
            with self._db.read() as conn:
                unsent, position = rows.oldest_unsent(conn), rows.last_position(conn)
            if (
                unsent and unsent > self._clock.now()
            ):  # the clock was set back since: nobody can say how old it is
                continue
            as_of = min(now, unsent) if unsent else now
            behind = behind or (now - as_of).total_seconds() > self._heartbeat_seconds
            publisher.send([_heartbeat(self._service, stream, now, as_of, position)])
        return behind


class _Flying(NamedTuple):
    """A row that was published, under this tag, and is not marked yet."""

    tag: int
    row: Any
    began_ns: int


class _Sending:
    """One outbox: what of it is on its way, in the order in which it was published."""

    def __init__(self, rows: OutboxRows) -> None:
        self.rows = rows
        self.flying: deque[_Flying] = deque()

    @property
    def has_room(self) -> bool:
        """Whether another batch may be published before something of this one is marked."""
        return IN_FLIGHT - len(self.flying) >= BATCH

    def send(self, publisher: Publisher, lead: Lead) -> bool:
        """Publish a batch of what is unsent, if there is room; whether there may be more."""
        if not self.has_room:
            return True
        with lead.look() as conn:
            found = self.rows.unsent(conn, BATCH, [flying.row.row for flying in self.flying])
        began_ns = time.time_ns()
        tags = publisher.send([_outgoing(event_of(row)) for row in found])
        self.flying.extend(_Flying(tag, row, began_ns) for tag, row in zip(tags, found, strict=True))
        return len(found) == BATCH

    def confirmed(self, publisher: Publisher) -> int:
        """How many of the first ones the broker has confirmed, up to one that it has not."""
        return bisect_right(self.flying, publisher.settled, key=lambda flying: flying.tag)

    def forget(self, count: int) -> None:
        """So many of the first ones are marked."""
        for _ in range(count):
            self.flying.popleft()


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
