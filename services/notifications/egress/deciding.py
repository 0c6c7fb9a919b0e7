"""CO-8: whether an outside system may be told of an event now, and how much of it. Asked at each sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.chassis.access import load_facts_of
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.contracts import outside
from services.contracts.catalogue import EVENTS
from services.contracts.envelope import Event
from services.kernel.access import decide
from services.kernel.facts import Act, Audience, Capacity, Decision, Facts, Question
from services.kernel.parties import Party
from services.notifications.domain.answer import Answer
from services.notifications.egress.subscriptions import Subscription
from services.notifications.storage import marks_of

_OWN = f"allowed_as_{Party.OWN_SYSTEM}"
_MARK = frozenset({"third_person", "asked_person_id"})
_BY_TOPIC = frozenset({"plan", "item", "view"})
ACTS = {
    "case": Act.SEE_CASE,
    "consent": Act.READ_CONSENT,
    "plan": Act.READ_PLAN,
    "item": Act.READ_LOG_ITEM,
    "view": Act.READ_VIEW,
}
"""What each permission of contracts.base.Outside is, in the kernel's words; `public` needs none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the rule that gave it, what of the data is told, and whom the case is about. `parked`: it waits for
    an event of its case, and not for all knowledge (CO-9)."""

    answer: Answer
    rule: str
    data: dict[str, Any] | None = None
    subject_person_id: str | None = None
    parked: bool = False


def verdicts(
    context: Reading | UnitOfWork, subscription: Subscription, events: Sequence[Event]
) -> list[Verdict]:
    """One answer an event; the facts of all their cases are loaded at once."""
    cases = {event.data["case_id"] for event in events if "case_id" in event.data}
    facts = load_facts_of(
        context.conn, context.municipality, sorted(cases), None, context.now, context.settings.service
    )
    items = {item_id for event in events if (item_id := _item(event)) is not None}
    marks = marks_of(context.conn, context.municipality, items)
    return [
        verdict(subscription, _as_marked(event, marks), facts.get(event.data.get("case_id", "")), context.now)
        for event in events
    ]


def _item(event: Event) -> str | None:
    """What an event is about that may tell of a third person (GU-6)."""
    found: str | None = (
        event.data.get("entry_id") or event.data.get("measure_id") or event.data.get("goal_id")
    )
    return found


def _as_marked(event: Event, marks: Mapping[str, str | None]) -> Event:
    """GU-6: an event, told anew or late, with its item's mark as it is now; an agreed one is told without a mark."""
    item_id = _item(event)
    if item_id is None or item_id not in marks:
        return event
    data = {name: value for name, value in event.data.items() if name not in _MARK}
    waits_for = marks[item_id]
    return replace(event, data=data | ({"third_person": waits_for} if waits_for else {}))


def verdict(subscription: Subscription, event: Event, facts: Facts | None, now: datetime) -> Verdict:
    """The answer for one event. What has no permission in the published language is told to nobody (PR-5), and neither
    is what the subscription does not name."""
    if event.type == outside.DROPPED:
        return Verdict(Answer.YES, "CO-8", event.data)
    kind = EVENTS.get(event.type)
    if kind is None or kind.outside is None or event.type not in subscription.events:
        return Verdict(Answer.NO, "CO-8")
    if event.municipality != subscription.municipality:
        return Verdict(Answer.NO, "SE-7")
    if kind.outside == "public":
        return Verdict(Answer.YES, "DI-1", dict(event.data))
    if facts is None:
        return Verdict(Answer.NO, "SE-3")
    topics = _topics(event) if kind.outside in _BY_TOPIC else (None,)
    decisions = {
        topic: _decide(subscription, ACTS[kind.outside], topic, event, facts, now) for topic in topics
    }
    subject = facts.case.subject_person
    allowed = [topic for topic, decision in decisions.items() if decision.allowed]
    if not allowed:
        return _refused(decisions.values(), facts)
    first = decisions[allowed[0]]
    readable = frozenset(topic for topic in allowed if topic is not None)
    own = first.reason_code == _OWN
    data = outside.passed(kind, event.data, own=own, service_id=subscription.service_id, topics=readable)
    return Verdict(Answer.NO if data is None else Answer.YES, first.rule, data, subject)


def acts_for_owner(subscription: Subscription, facts: Facts | None) -> bool:
    """Whether the system acts for the unit that owns the case, by name (LG-1)."""
    return facts is not None and (subscription.service_id, subscription.unit_id) == (
        facts.case.owner_service,
        facts.case.owner_unit,
    )


def _decide(
    subscription: Subscription, act: Act, topic: str | None, event: Event, facts: Facts, now: datetime
) -> Decision:
    at = event.data.get("at")
    question = Question(
        municipality=subscription.municipality,
        person_id="",
        capacity=Capacity.SYSTEM,
        act=act,
        now=now,
        unit_id=subscription.unit_id,
        topic=topic,
        recorded_at=datetime.fromisoformat(at) if at else event.time,
        audience=Audience.OUTSIDE,
        service_id=subscription.service_id,
        third_person=event.data.get("third_person"),
    )
    return decide(question, facts)


def _topics(event: Event) -> tuple[str, ...]:
    found = event.data.get("topics") or ([event.data["topic"]] if event.data.get("topic") else [])
    return tuple(dict.fromkeys(found))


def _refused(decisions: Iterable[Decision], facts: Facts) -> Verdict:
    refused, subject = list(decisions), facts.case.subject_person
    if any(each.waits for each in refused):
        return Verdict(Answer.LATER, "CO-9", None, subject, facts.knowledge.parked)
    return Verdict(Answer.NO, refused[0].rule if refused else "CO-1", None, subject)
