"""The way by feed: what is granted stands in a row each, and is decided anew whenever it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Work
from services.contracts import outside
from services.notifications.egress.rows import Rows
from services.notifications.egress.subscriptions import Subscription, Subscriptions, of_row, where
from services.notifications.egress.tables import subscriptions
from services.notifications.egress.telling import ToldEvent, decide

ROUNDS, BATCH = 40, 100
"""How much is looked at for one page, however short it is: else a reader of short pages could count denials."""
KEPT = timedelta(days=outside.FEED_DAYS)
FORGET_ROUNDS, FORGET_BATCH = 20, 500


@dataclass(frozen=True, slots=True)
class Page:
    """What is told, the place from which to go on, and whether to do so at once: the page is full, or as much was
    looked at as one page may cost."""

    told: list[ToldEvent]
    place: int
    more: bool


def page(uow: UnitOfWork, subscription: Subscription, place: int | None, limit: int) -> Page:
    """What `read` tells after `place` (None: from the beginning).

    When there is nothing new its reader stays where they were: else they would see that something was denied. What was
    denied after that place is kept with the subscription, so that it is not looked at again each time.
    """
    found, start = Subscriptions(uow.tx, subscription.municipality), place or 0
    row = found.row(subscription.subscription_id)
    begin = row.skip_to if place is not None and row.skip_from == start else start
    answer = read(uow, subscription, begin, row.last_place, limit)
    if answer.told or answer.more:
        return answer
    if place is not None and answer.place > begin:
        found.change(subscription.subscription_id, skip_from=start, skip_to=answer.place)
    return Page([], start, more=False)


def read(uow: UnitOfWork, subscription: Subscription, place: int, last: int, limit: int) -> Page:
    """At most `limit` events that may be told now, of those that come after `place` and not after `last`.

    No row is lost: with an older cursor it is decided again. While knowledge is too old (CO-9), the page ends before
    what rests on it. A case with a parked event goes to the end, from there on, and is met again by a later page.
    """
    rows = Rows(uow.tx, subscription)
    told: list[ToldEvent] = []
    for _ in range(ROUNDS):
        found = rows.after(place, last, BATCH)
        if not found:
            return Page(told, place, more=False)
        decided = decide(uow, subscription, rows, found, limit - len(told))
        places = {row.event_id: row.place for row in found}
        reached = places[decided.last] if decided.last else place
        place = reached if decided.stale is None else places[decided.stale] - 1
        told += [each for each in decided.yes if places[each.event_id] <= place]
        for case_id, first in decided.doubtful.items():
            if places[first] <= place:
                rows.move_case_to_end(case_id, places[first])
        if decided.stale is not None:
            return Page(told, place, more=False)
        if len(told) == limit:
            return Page(told, place, more=True)
    return Page(told, place, more=bool(rows.after(place, last, 1)))


def forget_old(work: Work) -> None:
    """Delete what has stood in a feed for longer than KEPT, read or not, in small batches: a reader who comes later
    finds what is left, and asks for a catch-up. By queue and webhook nothing stays of what is settled; what waits does.
    """
    with work.db.read() as conn:
        found = where(conn, subscriptions.c.way == "feed")
    for subscription in map(of_row, found):
        for _ in range(FORGET_ROUNDS):
            with work(subscription.municipality) as uow:
                Subscriptions(uow.tx, subscription.municipality).locked(subscription.subscription_id)
                if not Rows(uow.tx, subscription).forget(uow.now - KEPT, FORGET_BATCH):
                    break
