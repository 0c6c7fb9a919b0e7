"""Taking events in: each exactly once and in order, in the transaction of its handler.

Those that wait are taken together in one transaction, and one by one where that fails: then the event whose handler
fails is parked with its subject, and all other subjects go on. Knows no broker: the inbox gives it what the queue
holds, a repair or a bootstrap what a source remembers.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
import structlog

from services.chassis import quiet_faults, tracing
from services.chassis.bus import metrics
from services.chassis.bus.heartbeat import Heartbeat
from services.chassis.bus.inbox_rows import HANDLER_FAILED, NUMBER_TAKEN, InboxRows, Key
from services.chassis.clock import Clock
from services.chassis.logging import fault
from services.chassis.storage import Database, DatabaseBusy, WriteTransaction
from services.contracts.envelope import Event

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 300.0
MAX_TRIES = 12
"""Some 18 minutes of tries. Then an event is dead: it waits for a person, for its source's return, or for a start."""
AWAY_SECONDS = 60.0
BATCH_SECONDS = 0.05
"""After this long in one transaction the rest of the batch takes the next: on SQLite others wait for their turn."""
RETRY_BATCH = 50

Handler = Callable[[Any, Event], None]
Outcome = Literal["handled", "old", "gap", "failed", "dead"]

log = structlog.get_logger(__name__)


class DatabaseFailed(Exception):
    """The database did not answer; what was being done comes again."""


Arrival = Event | Heartbeat


@dataclass
class _Taken:
    """What became of a batch: how many of it were taken, what with, and what may be taken after it."""

    count: int = 0
    outcomes: list[tuple[Event, Outcome]] = field(default_factory=list)
    freed: list[Key] = field(default_factory=list)
    returned: bool = False


class Intake:
    """Takes events into one database. `handlers` maps an event's type to fn(uow, event); `make_uow(tx, event)` makes
    what they are given; `on_taken` is called after each commit that handled something."""

    def __init__(
        self,
        db: Database,
        service: str,
        handlers: Mapping[str, Handler],
        make_uow: Callable[[WriteTransaction, Event], Any],
        clock: Clock,
        *,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
        batch_seconds: float = BATCH_SECONDS,
        on_taken: Callable[[], None] = lambda: None,
    ) -> None:
        self._db, self._service, self._clock = db, service, clock
        self._handlers, self._make_uow = handlers, make_uow
        known = Counter(map(_versionless, handlers))
        self._versioned = set(known)
        self._in_several = {name for name, count in known.items() if count > 1}
        self._rows = InboxRows(db.chassis)
        self._first_retry_seconds, self._batch_seconds = first_retry_seconds, batch_seconds
        self._on_taken = on_taken
        self._to_revive = threading.Event()

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """Take all of these in, in order, with what waits behind them; when this returns they may be forgotten.

        Raises DatabaseFailed, after which any part of them may be taken: what comes again is passed over.
        """
        waiting, freed = list(arrivals), dict[Key, None]()
        while waiting or freed:
            if not waiting:
                key, _ = freed.popitem()
                waiting = list(self._waiting(key))
                continue
            try:
                taken = self._take_together(waiting)
            except DatabaseFailed:
                raise
            except Exception:
                if len(waiting) > 1:  # together it is not to be: one of them fails, and the others go on
                    for each in waiting:
                        self.take([each])
                    waiting = []
                    continue
                raise
            waiting = waiting[taken.count :]
            self._tell(taken)
            freed |= dict.fromkeys(taken.freed)

    def retry_due(self) -> int:
        """Try the parked events again whose time, or turn, has come; their number. After `revive` the dead ones are
        among them, once."""
        if self._to_revive.is_set():
            self._revive()
        with self._db.read() as conn:
            events = self._rows.due(conn, self._clock.now(), RETRY_BATCH)
        for event in events:
            self.take([event])
        return len(events)

    def revive(self) -> None:
        """Let the dead be tried once more at the next `retry_due`."""
        self._to_revive.set()

    # -- a batch --

    def _take_together(self, arrivals: Sequence[Arrival]) -> _Taken:
        """One transaction for as many of these as there is time for, at least one."""
        try:
            with self._db.write() as tx:
                return self._take_in(tx, arrivals)
        except DatabaseBusy as error:
            raise DatabaseFailed from error
        except Exception as error:
            if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
                raise DatabaseFailed from error
            if len(arrivals) == 1 and isinstance(arrivals[0], Event):
                return self._park_failed(arrivals[0], error)
            raise

    def _take_in(self, tx: WriteTransaction, arrivals: Sequence[Arrival]) -> _Taken:
        now, limit = self._clock.now(), time.monotonic() + self._batch_seconds
        events = [each for each in arrivals if isinstance(each, Event)]
        positions = self._rows.lock_positions(tx, events) if events else {}
        taken, beats = _Taken(), dict[str, Heartbeat]()
        handled: list[Event] = []
        early: list[Event] = []
        for arrival in arrivals:
            if taken.count and time.monotonic() > limit:
                break
            taken.count += 1
            if isinstance(arrival, Heartbeat):
                beats[arrival.stream] = arrival.heard_at(now)
                continue
            outcome = self._take_one(tx, arrival, positions)
            taken.outcomes.append((arrival, outcome))
            if outcome != "old":
                (handled if outcome == "handled" else early).append(arrival)
        self._rows.handled(tx, handled, now)
        for event in early:
            self._rows.park_early(tx, event, now)
        self._keep_taken_numbers(tx, taken, now)
        done = [event for event, outcome in taken.outcomes if outcome != "gap"]
        taken.freed = self._rows.release(
            tx, {(e.stream, e.subject): positions[e.stream, e.subject] for e in done}
        )
        if beats:
            taken.returned = self._rows.heard(tx, list(beats.values()), AWAY_SECONDS)
        return taken

    def _keep_taken_numbers(self, tx: WriteTransaction, taken: _Taken, now: datetime) -> None:
        """What bears a number under which another event was handled is no double: its source was set back, and has
        told anew from there. It is kept as dead, and its subject in doubt (CO-9), until somebody has looked."""
        passed = [
            event
            for event, outcome in taken.outcomes
            if outcome == "old"
            and event.type in self._handlers
            and _versionless(event.type) not in self._in_several
        ]
        for event in self._rows.never_handled(tx, passed):
            self._rows.park(tx, event, NUMBER_TAKEN, 0, None, now, now)
            if event.stream not in metrics.QUIET_STREAMS:
                log.error(
                    "event_number_taken", event_id=event.id, stream=event.stream, sequence=event.sequence
                )

    def _take_one(self, tx: WriteTransaction, event: Event, positions: dict[Key, int]) -> Outcome:
        key = (event.stream, event.subject)
        if event.sequence <= positions[key] or self._is_other_version(tx, event):
            return "old"
        if event.sequence > positions[key] + 1:
            return "gap"
        handler = self._handlers.get(event.type)
        if handler is not None:
            handler(self._make_uow(tx, event), event)
        positions[key] = event.sequence
        return "handled"

    def _is_other_version(self, tx: WriteTransaction, event: Event) -> bool:
        """Whether another version of it is the one to be handled here: both bear the same number. Of several that are
        known it is the first to come, which waits parked if it could not be handled at once."""
        if event.type not in self._handlers:
            return _versionless(event.type) in self._versioned
        return _versionless(event.type) in self._in_several and self._rows.parked_as(tx, event) not in (
            None,
            event.type,
        )

    def _waiting(self, key: Key) -> list[Event]:
        """The parked events of a subject whose turn has come, in order."""
        with self._db.read() as conn:
            return self._rows.waiting(conn, key, RETRY_BATCH)

    def _tell(self, taken: _Taken) -> None:
        counts = Counter(
            outcome for event, outcome in taken.outcomes if event.stream not in metrics.QUIET_STREAMS
        )
        for outcome, count in counts.items():
            metrics.HANDLED.labels(self._service, outcome).inc(count)
        if taken.returned:
            self.revive()  # the source was away: what died for want of its events gets its chance
        if taken.returned or any(outcome == "handled" for _, outcome in taken.outcomes):
            self._on_taken()

    # -- events whose handler fails --

    def _park_failed(self, event: Event, error: Exception) -> _Taken:
        """Its handler failed, and was rolled back: keep the event, and try again later. If this fails too,
        it is the database that fails."""
        with self._db.write() as tx:
            if (
                self._rows.lock_position(tx, event) >= event.sequence
            ):  # another thread has handled it meanwhile
                return _Taken(1, [(event, "old")])
            attempts = 1 + self._rows.attempts(tx, event)
            now = self._clock.now()
            dead = attempts >= MAX_TRIES
            retry_at = None if dead else now + timedelta(seconds=self._delay(attempts))
            self._rows.park(tx, event, HANDLER_FAILED, attempts, retry_at, now, now if dead else None)
        if event.stream in metrics.QUIET_STREAMS:  # PR-3: not even that there was one
            quiet_faults.keep(self._db, event.type, error, now, event.municipality)
            return _Taken(1, [(event, "dead" if dead else "failed")])
        log.error(
            "event_dead" if dead else "event_parked",
            trace_id=tracing.trace_id_in(event.traceparent),
            event_id=event.id,
            event_type=event.type,
            stream=event.stream,
            sequence=event.sequence,
            attempt=attempts,
            **fault(error),
        )
        return _Taken(1, [(event, "dead" if dead else "failed")])

    def _delay(self, attempts: int) -> float:
        """Seconds until the next try after so many."""
        return min(LAST_RETRY_SECONDS, self._first_retry_seconds * 2.0 ** min(attempts - 1, 20))

    def _revive(self) -> None:
        self._to_revive.clear()
        try:
            with self._db.write() as tx:
                revived = self._rows.revive(tx, self._clock.now())
        except (sa.exc.SQLAlchemyError, DatabaseBusy):
            self._to_revive.set()
            raise
        if revived:
            log.info("events_revived", count=revived)


def _versionless(event_type: str) -> str:
    return event_type.rpartition(".")[0]
