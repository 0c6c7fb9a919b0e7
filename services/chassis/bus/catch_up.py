"""Catching up with the sources: whoever begins late reads their whole history, and whoever is there compares.

    a stream is new    page through the sources' history, and take it in as it happened: a late beginner ends where the
                       others are
    a heartbeat came   it says how far the source's feed has gone; how far each subject has come up to there is asked
                       for and compared, and what did not come (the last event of a subject, too) is fetched

What has come is passed over by its number, so that nothing is handled twice by it.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import structlog

from services.chassis.bus import metrics
from services.chassis.bus.connection import Loop
from services.chassis.bus.inbox_rows import InboxRows, StreamState
from services.chassis.bus.intake import Intake
from services.chassis.bus.repair import Gap, Repair
from services.chassis.bus.topology import Catalogue
from services.chassis.logging import fault
from services.chassis.storage import Database
from services.contracts import bus
from services.contracts.base import Procedure
from services.contracts.envelope import EnvelopeError, Event
from services.kernel.errors import Refusal

POLL_SECONDS = 1.0
BEGIN_SECONDS = 5.0
"""So long at a time history is read: then the streams that are not new are compared again, and stay known."""
_ASKED_AT_ONCE = 500

log = structlog.get_logger(__name__)

AskSource = Callable[[Procedure, Mapping[str, Any]], Mapping[str, Any]]
"""ask(procedure, request): what a source answers to this service as a whole. Raises its Refusal, or Unavailable."""


class CatchUp:
    """Keeps one service's inbox level with the feeds of its sources. `late` takes in what was told before the service
    was there; `repair` fetches what was lost."""

    def __init__(
        self,
        db: Database,
        service: str,
        catalogue: Catalogue,
        ask: AskSource,
        late: Intake,
        repair: Repair,
    ) -> None:
        self._db, self._service, self._catalogue = db, service, catalogue
        self._ask, self._late, self._repair = ask, late, repair
        self._hears = sorted(catalogue.hears.get(service, frozenset()))
        self._rows = InboxRows(db.chassis)
        self._loop = Loop(service, "catch_up", self._run)

    def start(self) -> None:
        """Start; a service that hears nothing has nothing to catch up with."""
        if self._hears:
            self._loop.start()

    def stop(self) -> None:
        """Stop after the page at hand; the next start goes on behind it."""
        self._loop.stop()

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.wait(POLL_SECONDS):
            try:
                self.round(stopping)
            except Refusal as error:  # a source is away: it is asked again in the next round
                log.debug("source_not_asked", **fault(error))
            except EnvelopeError as error:
                log.error("history_not_read", **fault(error))

    def round(self, stopping: threading.Event | None = None) -> None:
        """Bring each stream up to its source's last word: those that are here first, one by one, then for some seconds
        those that are new. Raises, when all others were tried, a source's Refusal, Unavailable, or EnvelopeError."""
        with self._db.read() as conn:
            states = {stream: self._rows.state_of(conn, stream) for stream in self._hears}
        fault: Refusal | EnvelopeError | None = None
        for stream, state in states.items():
            if state.complete and state.told > state.read:
                try:
                    self._compare(stream, state.read, state.told, stopping)
                except (Refusal, EnvelopeError) as error:
                    fault = error
        new = {stream: state.read for stream, state in states.items() if not state.complete}
        if new:
            self._begin(new, stopping)
        if fault is not None:
            raise fault

    def _begin(self, read: dict[str, int], stopping: threading.Event | None) -> None:
        """Take in the history of streams that are new here, from where each has been read, as it happened: what the
        handlers make of one stream's event rests on what others had told by then."""
        feeds = [self._feed(stream, at) for stream, at in read.items()]
        told = heapq.merge(*feeds, key=lambda pair: pair[0].id)  # ids are UUIDv7: they sort as they were made
        limit = time.monotonic() + BEGIN_SECONDS
        while batch := list(itertools.islice(told, bus.PAGE)):
            self._late.take([event for event, _ in batch])
            now = read | {event.stream: position for event, position in batch}
            if not self._keep(read, now, whole=False):
                return
            read = now
            log.info("history_read", count=len(batch))
            if time.monotonic() > limit or (stopping is not None and stopping.is_set()):
                return
        self._late.revive()  # what died for want of another stream's history gets its chance
        self._keep(read, read, whole=True)

    def _feed(self, stream: str, after: int) -> Iterator[tuple[Event, int]]:
        """The events of a stream after a position, each with the position up to which its page was read."""
        procedure = bus.history(self._catalogue.streams[stream])
        while True:
            answer = self._ask(procedure, {"stream": stream, "after": after, "limit": bus.PAGE})
            events = [Event.from_dict(each) for each in answer["events"]]
            for event in events[:-1]:
                yield event, after
            after = int(answer["next"])
            yield from ((event, after) for event in events[-1:])
            if after >= answer["last"]:
                return

    def _compare(self, stream: str, after: int, up_to: int, stopping: threading.Event | None) -> None:
        procedure = bus.heads(self._catalogue.streams[stream])
        while after < up_to and not (stopping is not None and stopping.is_set()):
            answer = self._ask(procedure, {"stream": stream, "after": after, "up_to": up_to})
            for gap in self._missing(stream, answer["heads"]):
                self._repair.fetch(gap)
            if self._missing(stream, answer["heads"]):  # named by the source, and not given: not known (CO-9)
                return
            position = int(answer["next"])
            with self._db.write() as tx:
                stands = StreamState(read=after, complete=True)
                if not self._rows.read_up_to(tx, stream, position, stands, complete=True):
                    return
            after = position

    def _keep(self, before: Mapping[str, int], now: Mapping[str, int], *, whole: bool) -> bool:
        """Whether all of it was kept: not what a source that was set back meanwhile has made untrue."""
        with self._db.write() as tx:
            kept = [
                self._rows.read_up_to(tx, stream, position, StreamState(read=before[stream]), complete=whole)
                for stream, position in now.items()
            ]
        return all(kept)

    def _missing(self, stream: str, heads: Sequence[Mapping[str, Any]]) -> list[Gap]:
        """What the source has told, and is neither handled nor parked here."""
        missing: list[Gap] = []
        with self._db.read() as conn:
            for first in range(0, len(heads), _ASKED_AT_ONCE):
                some = heads[first : first + _ASKED_AT_ONCE]
                come = self._rows.come(conn, stream, [head["subject"] for head in some])
                for head in some:
                    here = come.get(head["subject"], 0)
                    if here < head["sequence"]:
                        missing.append(
                            Gap(head["municipality"], stream, head["subject"], here + 1, head["sequence"])
                        )
        if missing and stream not in metrics.QUIET_STREAMS:
            log.warning("events_missing", stream=stream, count=len(missing))
        return missing
