"""Repair of gaps: what stands in a source's outbox and never came is asked for, and taken in as if it had come.

What every service answers to the question stands in history.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from services.chassis import quiet_faults
from services.chassis.bus import metrics
from services.chassis.bus.connection import Loop
from services.chassis.bus.topology import Catalogue
from services.chassis.clock import Clock
from services.chassis.logging import fault
from services.chassis.storage import Database
from services.chassis.tables import UtcDateTime
from services.contracts.bus import MOST_EVENTS
from services.contracts.envelope import EnvelopeError, Event
from services.kernel.errors import Refusal

if TYPE_CHECKING:
    pass

GAP_SECONDS = 5.0
POLL_SECONDS = 1.0
LAST_PAUSE_SECONDS = 300.0
_LOOKED_AT, _ASKED_AT_ONCE = 500, 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Gap:
    """Events `first` to `last` of a subject, which did not come although later ones did."""

    municipality: str
    stream: str
    subject: str
    first: int
    last: int

    def holds(self, event: Event) -> bool:
        """Whether `event` is one of those that are missing."""
        return (
            (event.municipality, event.stream, event.subject)
            == (self.municipality, self.stream, self.subject)
        ) and self.first <= event.sequence <= self.last


Ask = Callable[[str, Gap], Sequence[Mapping[str, Any]]]
"""ask(source service, gap): the events that the source has of it. Raises the Refusal that it gave, or Unavailable."""


class Repair:
    """Fills the gaps of one service's inbox that have stood for some seconds. What is found goes through `take`,
    the way of every event, so that one which comes after all is passed over."""

    def __init__(
        self,
        db: Database,
        service: str,
        clock: Clock,
        catalogue: Catalogue,
        ask: Ask,
        take: Callable[[Sequence[Event]], None],
    ) -> None:
        self._db, self._service, self._clock, self._catalogue = db, service, clock, catalogue
        self._ask, self._take = ask, take
        self._pauses: dict[tuple[str, str], tuple[float, datetime]] = {}
        self._loop = Loop(service, "repair", self._run)

    def start(self) -> None:
        """Start looking; a service that hears nothing has nothing to look for."""
        if self._catalogue.hears.get(self._service):
            self._loop.start()

    def stop(self) -> None:
        """Stop after the gap at hand."""
        self._loop.stop()

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.wait(POLL_SECONDS):
            self.mend(stopping)

    def mend(self, stopping: threading.Event | None = None) -> int:
        """Ask for what is missing and take it in; the number of events that were found."""
        found = 0
        gaps = self.gaps()
        open_ = {(gap.stream, gap.subject) for gap in gaps}
        self._pauses = {key: pause for key, pause in self._pauses.items() if key in open_}
        due = [gap for gap in gaps if self._is_due(gap)]
        for gap in due[:_ASKED_AT_ONCE]:
            if stopping is not None and stopping.is_set():
                break
            found += self._fill(gap)
        return found

    def gaps(self) -> list[Gap]:
        """The gaps that have stood for GAP_SECONDS, the oldest first. What waits behind an event that failed
        is not missing anything."""
        parked, positions = self._db.chassis.parked, self._db.chassis.inbox_positions
        first_here = sa.func.min(parked.c.sequence)
        since = sa.func.min(parked.c.parked_at, type_=UtcDateTime())
        statement = (
            sa.select(
                positions.c.municipality,
                positions.c.stream,
                positions.c.subject,
                positions.c.sequence,
                first_here.label("first_here"),
            )
            .join(
                parked,
                sa.and_(
                    positions.c.stream == parked.c.stream,
                    positions.c.subject == parked.c.subject,
                    positions.c.sequence < parked.c.sequence,
                ),
            )
            .group_by(positions.c.stream, positions.c.subject)
            .having(
                first_here > positions.c.sequence + 1,
                since <= self._clock.now() - timedelta(seconds=GAP_SECONDS),
            )
            .order_by(since)
            .limit(_LOOKED_AT)
        )
        with self._db.read() as conn:
            return [
                Gap(row.municipality, row.stream, row.subject, row.sequence + 1, row.first_here - 1)
                for row in conn.execute(statement)
            ]

    def _fill(self, gap: Gap) -> int:
        try:
            found = self.fetch(gap)
        except (Refusal, EnvelopeError) as error:
            if gap.stream in metrics.QUIET_STREAMS:  # PR-3
                quiet_faults.keep(self._db, "fill_gap", error, self._clock.now(), gap.municipality)
            else:
                log.warning("event_gap_not_filled", stream=gap.stream, sequence=gap.first, **fault(error))
            found = 0
        if not found:
            self._pause(gap)
        return found

    def fetch(self, gap: Gap) -> int:
        """Ask the source for these events and take them in; the number that it has. Raises its Refusal, Unavailable,
        or EnvelopeError."""
        found = 0
        while gap.first <= gap.last:
            answer = self._ask(self._catalogue.streams.get(gap.stream, ""), gap)
            events = [event for event in map(Event.from_dict, answer) if gap.holds(event)]
            if not events:
                break
            self._take(events)
            found += len(events)
            last = events[-1].sequence
            cut = (
                len(answer) >= MOST_EVENTS and last > gap.first
            )  # another version may bear the last one's number
            gap = replace(gap, first=last if cut else last + 1)
        if gap.stream in metrics.QUIET_STREAMS:
            return found
        if found == 0:
            log.error("event_gap_unknown_to_source", stream=gap.stream, sequence=gap.first)
            return 0
        metrics.REPAIRED.labels(self._service).inc(found)
        log.warning("event_gap_filled", stream=gap.stream, sequence=gap.first, count=found)
        return found

    def _is_due(self, gap: Gap) -> bool:
        pause = self._pauses.get((gap.stream, gap.subject))
        return pause is None or pause[1] <= self._clock.now()

    def _pause(self, gap: Gap) -> None:
        key = (gap.stream, gap.subject)
        before, _ = self._pauses.get(key, (GAP_SECONDS / 2, None))
        seconds = min(LAST_PAUSE_SECONDS, before * 2)
        self._pauses[key] = (seconds, self._clock.now() + timedelta(seconds=seconds))
