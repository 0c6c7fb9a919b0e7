"""What is the same for every way outside: decide and number in one transaction, and only then tell.

A number is given when an event is about to be told, and stays its own; so numbers are without gaps, but where an event
was tried, perhaps in vain, and may not be told any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import Counter

from services.chassis.service import Work
from services.chassis.unit_of_work import UnitOfWork
from services.contracts import outside
from services.contracts.envelope import Event
from services.notifications.domain.answer import Answer
from services.notifications.egress.deciding import Verdict, verdicts
from services.notifications.egress.rows import LATER, Rows
from services.notifications.egress.subscriptions import Subscription, Subscriptions

TOLD = Counter(
    "stafett_outside_total", "Events told outside, or tried to be, by way and outcome", ["way", "outcome"]
)


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event that may be told now: its number, the CloudEvent as the recipient gets it, and the trace it is of."""

    event_id: str
    type: str
    number: int
    body: dict[str, Any]
    traceparent: str | None = None

    def to_json(self) -> bytes:
        """The body that travels."""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def prepare(work: Work, subscription: Subscription, limit: int) -> tuple[list[ToldEvent], int]:
    """What of the next `limit` events may be told now, decided, numbered and recorded (CO-8, SE-1); and how many were
    looked at. What may not be told is forgotten; what can't be said yet waits."""
    with work(subscription.municipality) as uow:
        subscriptions = Subscriptions(uow.tx, subscription.municipality)
        current = subscriptions.locked(subscription.subscription_id)
        if current is None or current.state != "active":
            return [], 0
        rows = Rows(uow.tx, current)
        found = rows.waiting(uow.now, limit)
        told = decide(uow, current, rows, found)
        answered = {each.event_id for each in told.yes}
        rows.settle([row.event_id for row in found if row.event_id not in answered | told.later])
        return told.yes, len(found)


@dataclass(slots=True)
class Decided:
    """What may be told, in order; what waits (CO-9): all of it, the first that waits for newer knowledge, and of each
    case that waits for an event of its own the first one; the last that was looked at."""

    yes: list[ToldEvent] = field(default_factory=list)
    later: set[str] = field(default_factory=set)
    stale: str | None = None
    doubtful: dict[str, str] = field(default_factory=dict)
    last: str | None = None


def decide(
    uow: UnitOfWork, subscription: Subscription, rows: Rows, found: Sequence[Any], most: int | None = None
) -> Decided:
    """Decide these rows until `most` may be told, number those, note it in the access record, and let the rest wait
    behind the first of its case that waits."""
    decided = Decided()
    allowed: list[tuple[Any, Event, Verdict]] = []
    waiting: set[str] = set()
    events = [Event.from_dict(row.event) for row in found]
    for row, event, verdict in zip(found, events, verdicts(uow, subscription, events), strict=True):
        if len(allowed) == most:
            break
        decided.last = row.event_id
        if row.case_id in waiting:
            decided.later.add(row.event_id)
        elif verdict.answer is Answer.LATER:
            rows.postpone(row.event_id, uow.now + LATER)
            waiting.add(row.case_id)
            decided.later.add(row.event_id)
            if verdict.parked:
                decided.doubtful[row.case_id] = row.event_id
            elif decided.stale is None:
                decided.stale = row.event_id
        elif verdict.answer is Answer.YES:
            allowed.append((row, event, verdict))
    numbers = rows.number([row.event_id for row, _, _ in allowed if row.number is None])
    decided.yes = [
        _tell(uow, subscription, row, event, verdict, row.number or numbers[row.event_id])
        for row, event, verdict in allowed
    ]
    return decided


def _tell(
    uow: UnitOfWork, subscription: Subscription, row: Any, event: Event, verdict: Verdict, number: int
) -> ToldEvent:
    if row.number is None or subscription.way == "feed":
        uow.access(verdict.rule, f"outside:{subscription.recipient}", row.case_id, verdict.subject_person_id)
    body = outside.envelope(event, subscription.recipient, number) | {"data": verdict.data}
    return ToldEvent(event.id, event.type, number, body, event.traceparent)
