"""At an event: a row for each outside system that is granted its type. Whether it is told is decided at sending."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.chassis.access import load_facts
from services.chassis.unit_of_work import Handler, UnitOfWork
from services.contracts import consent
from services.contracts.catalogue import EVENTS
from services.contracts.envelope import Event
from services.kernel.facts import Facts
from services.notifications.egress.deciding import acts_for_owner
from services.notifications.egress.rows import Rows
from services.notifications.egress.subscriptions import Subscription, Subscriptions


def offer(uow: UnitOfWork, event: Event) -> None:
    """Write the rows, in the inbox's transaction. It runs before the facts change, so that a change of access windows
    is offered to the services whose own have changed, and to no other."""
    for subscription in Subscriptions(uow.tx, event.municipality).granted(event.type):
        if concerns(uow, subscription, event):
            Rows(uow.tx, subscription).offer(event, uow.now, as_it_comes=True)


def concerns(uow: UnitOfWork, subscription: Subscription, event: Event) -> bool:
    """Whether an event could tell this system anything: that another service's windows changed is not for it (CO-8)."""
    if event.type != consent.WindowsChanged.type:
        return True
    facts = load_facts(uow.tx, event.municipality, event.data["case_id"], None, uow.now, uow.settings.service)
    return acts_for_owner(subscription, facts) or _own_windows(event, subscription) != _known(
        facts, subscription
    )


def _own_windows(event: Event, subscription: Subscription) -> set[Any]:
    return {
        (each["topic"], _instant(each["valid_from"]), _instant(each.get("valid_to")))
        for each in event.data["windows"]
        if each["service_id"] == subscription.service_id
    }


def _known(facts: Facts | None, subscription: Subscription) -> set[Any]:
    return {
        (each.topic, each.valid_from, each.valid_to)
        for each in (facts.windows if facts else ())
        if each.service_id == subscription.service_id
    }


def _instant(text: str | None) -> Any:
    return datetime.fromisoformat(text) if text else None


HANDLERS: dict[str, Handler] = {kind.type: offer for kind in EVENTS.values() if kind.outside is not None}
"""The lane's events, those of persons and of staff are not among them: they are told to no outside system."""
