"""Offers an outside system what has happened since a time: the granted events of the sources' history, in the order of
time. Each is decided when it is sent, as of that day, like any other.

What comes in meanwhile is held, and goes to the end when history is read: so the order of a case holds. How far it has
come is kept, so that a restart goes on there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.chassis.access import load_facts_of
from services.chassis.logging import fault
from services.chassis.rpc.calls import Calls
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Work
from services.contracts import bus, consent
from services.contracts.catalogue import EVENTS, STREAMS
from services.contracts.envelope import Event
from services.kernel.errors import Refusal
from services.kernel.facts import Facts
from services.notifications.egress.deciding import acts_for_owner
from services.notifications.egress.rows import Rows
from services.notifications.egress.subscriptions import Subscription, Subscriptions, of_row, positions, where
from services.notifications.egress.tables import subscriptions

PAGE = 50
"""Of each stream at a time: while they are offered, the inbox and all others wait for the database (CO-10)."""
ROUNDS = 80
LEASE = timedelta(seconds=60)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Way:
    """How far one stream is read: `after` is the position of the last page that is offered whole, `offered` are the
    ids of the page at hand that are."""

    after: int = 0
    offered: list[str] = field(default_factory=list)
    ended: bool = False


class CatchingUp:
    """Reads history for whoever catches up. `_windows` are the access windows last offered, so that a change of another
    service's alone is not (CO-8); they are forgotten at a restart, which costs a superfluous event at most."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], str] = {}

    def run(self, work: Work) -> None:
        """A number of pages for each; a source that does not answer is asked again in the next round."""
        with work.db.read() as conn:
            found = where(
                conn, subscriptions.c.catch_up_since.is_not(None), subscriptions.c.state == "active"
            )
        for row in found:
            try:
                for _ in range(ROUNDS):
                    if self._step(work, of_row(row), row.catch_up_since):
                        break
            except Exception as error:
                if isinstance(error, Refusal):
                    log.warning("catch_up_waits", component=row.recipient, code=error.code)
                else:
                    log.error("catch_up_failed", component=row.recipient, **fault(error))
                with work(row.municipality) as uow:
                    Subscriptions(uow.tx, row.municipality).release(
                        row.subscription_id, work.services.egress.name
                    )

    def _step(self, work: Work, subscription: Subscription, since: datetime) -> bool:
        """One page of each stream; whether there is no more to do now."""
        municipality, id = subscription.municipality, subscription.subscription_id
        with work(municipality) as uow:
            found = Subscriptions(uow.tx, municipality)
            row = found.row(id)
            if row is None or row.catch_up_since != since or row.state != "active":
                return True
            if not found.claim(id, work.services.egress.name, uow.now, uow.now + LEASE):
                return True
        ways = _ways(subscription, positions(row))
        pages = {stream: _page(work.rpc(municipality), stream, way) for stream, way in ways.items()}
        events = _in_order(ways, pages)
        with work(municipality) as uow:
            found = Subscriptions(uow.tx, municipality)
            row = found.row(id)
            if row is None or row.catch_up_since != since:
                return True
            rows, facts = Rows(uow.tx, subscription), _facts_of_windows(uow, events)
            for event in events:
                if (
                    event.type in subscription.events
                    and event.time >= since
                    and self._concerns(id, subscription, event, facts)
                ):
                    rows.offer(event, uow.now)
            ended = all(way.ended for way in ways.values())
            if ended:
                rows.move_to_end(rows.held())
                found.change(id, catch_up_since=None, catch_up_at=None)
                self._windows = {key: value for key, value in self._windows.items() if key[0] != id}
            else:
                found.change(id, catch_up_at={name: [way.after, way.offered] for name, way in ways.items()})
            found.release(id, work.services.egress.name)
        return ended

    def _concerns(
        self, id: str, subscription: Subscription, event: Event, facts: Mapping[str, Facts]
    ) -> bool:
        if event.type != consent.WindowsChanged.type:
            return True
        if acts_for_owner(subscription, facts.get(event.subject)):
            return True
        own = [each for each in event.data["windows"] if each["service_id"] == subscription.service_id]
        known, now = self._windows.get((id, event.subject), "[]"), json.dumps(own, sort_keys=True)
        self._windows[id, event.subject] = now
        return known != now


def _facts_of_windows(uow: UnitOfWork, events: Iterable[Event]) -> Mapping[str, Facts]:
    """The cases whose windows have changed, as they are now: which unit owns each."""
    cases = sorted({event.subject for event in events if event.type == consent.WindowsChanged.type})
    return load_facts_of(uow.conn, uow.municipality, cases, None, uow.now, uow.settings.service)


def _ways(subscription: Subscription, kept: Mapping[str, Any]) -> dict[str, Way]:
    streams = sorted({EVENTS[each].stream for each in subscription.events if each in EVENTS})
    return {stream: Way(*kept.get(stream, (0, []))) for stream in streams}


def _page(calls: Calls, stream: str, way: Way) -> tuple[list[Event], int, bool]:
    """The events of a page that are not offered yet, where the next one begins, and whether it is the last."""
    asked = {"stream": stream, "after": way.after, "limit": PAGE}
    answer = calls.call(bus.history(STREAMS[stream]), asked)
    events = [Event.from_dict(each) for each in answer["events"]]
    fresh = [event for event in events if event.id not in way.offered]
    return fresh, answer["next"], answer["next"] >= answer["last"]


def _in_order(ways: Mapping[str, Way], pages: Mapping[str, tuple[list[Event], int, bool]]) -> list[Event]:
    """What can be offered now, in the order of time: of no stream more than the others are known to have reached. The
    ways are moved on."""
    ends = [events[-1].time for events, _, last in pages.values() if events and not last]
    limit = min(ends, default=None)
    found: list[Event] = []
    for stream, (events, following, last) in pages.items():
        way = ways[stream]
        now = [event for event in events if limit is None or event.time <= limit]
        found += now
        if len(now) == len(events):
            way.after, way.offered, way.ended = following, [], last
        else:
            way.offered = [*way.offered, *(event.id for event in now)]
    return sorted(found, key=lambda event: event.time)
