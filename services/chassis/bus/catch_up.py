"""Catching up with the sources: whoever begins late reads their whole history, and whoever is there compares.

    no feed known      page through the source's history, and take it in: a late beginner ends where the others are
    a heartbeat came   it says how far the source's feed has gone; how far each subject has come up to there is asked
                       for and compared, and what did not come (the last event of a subject, too) is fetched

What has come is passed over by its number, so that nothing is handled twice by it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import structlog

from services.chassis.bus import metrics
from services.chassis.bus.connection import Loop
from services.chassis.bus.inbox_rows import InboxRows
from services.chassis.bus.intake import Intake
from services.chassis.bus.repair import Gap, Repair
from services.chassis.bus.topology import Catalogue
from services.chassis.logging import fault
from services.chassis.storage import Database
from services.contracts import bus
from services.contracts.base import Procedure
from services.contracts.envelope import Event
from services.kernel.errors import Refusal

POLL_SECONDS = 1.0
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
            for stream in self._hears:
                if stopping.is_set():
                    return
                try:
                    self.round(stream, stopping)
                except Refusal as error:  # the source is away: it is asked again in the next round
                    log.debug("source_not_asked", stream=stream, **fault(error))

    def round(self, stream: str, stopping: threading.Event | None = None) -> None:
        """Bring one stream up to its source's last word. Raises the source's Refusal, or Unavailable."""
        with self._db.read() as conn:
            state = self._rows.state_of(conn, stream)
        if not state.complete:
            self._begin(stream, state.read, stopping)
        elif state.told > state.read:
            self._compare(stream, state.read, state.told, stopping)

    def _begin(self, stream: str, after: int, stopping: threading.Event | None) -> None:
        source = self._catalogue.streams[stream]
        for page in pages(self._ask, source, stream, after):
            self._late.take(page.events)
            self._keep(stream, page.next, complete=page.ends)
            if page.events:
                log.info("history_read", stream=stream, sequence=page.next, count=len(page.events))
            if stopping is not None and stopping.is_set():
                return
        self._late.revive()  # what died for want of another stream's history gets its chance

    def _compare(self, stream: str, after: int, up_to: int, stopping: threading.Event | None) -> None:
        procedure = bus.heads(self._catalogue.streams[stream])
        while after < up_to and not (stopping is not None and stopping.is_set()):
            answer = self._ask(procedure, {"stream": stream, "after": after, "up_to": up_to})
            for gap in self._missing(stream, answer["heads"]):
                self._repair.fetch(gap)
            after = int(answer["next"])
            self._keep(stream, after, complete=True)

    def _keep(self, stream: str, position: int, *, complete: bool) -> None:
        with self._db.write() as tx:
            self._rows.read_up_to(tx, stream, position, complete=complete)

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


class Page:
    """One page of a feed: its events, the position after it, and whether it was the last."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.events = [Event.from_dict(each) for each in answer["events"]]
        self.next, self.last = int(answer["next"]), int(answer["last"])
        self.ends = self.next >= self.last


def pages(ask: AskSource, source: str, stream: str, after: int) -> Iterator[Page]:
    """The pages of a stream's feed from a position to its end. Raises the source's Refusal, or Unavailable."""
    while True:
        page = Page(ask(bus.history(source), {"stream": stream, "after": after, "limit": bus.PAGE}))
        yield page
        if page.ends:
            return
        after = page.next
