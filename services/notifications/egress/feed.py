"""The way by feed: what is granted stands in a row each, and is decided anew whenever it is read."""

from __future__ import annotations

from services.chassis.unit_of_work import UnitOfWork
from services.notifications.egress.rows import Rows
from services.notifications.egress.subscriptions import Subscription, Subscriptions
from services.notifications.egress.telling import Told, decide

ROUNDS, BATCH = 40, 100
"""How much is looked at for one page, however short it is: else a reader of short pages could count denials."""


def page(
    uow: UnitOfWork, subscription: Subscription, place: int | None, limit: int
) -> tuple[list[Told], int]:
    """What `read` tells after `place` (None: from the beginning), and the place from which to go on.

    A page without events leaves its reader where they were: else they would see that something was denied. What was
    denied after that place is kept with the subscription, so that it is not looked at again each time.
    """
    start = place or 0
    skipped = Subscriptions(uow.tx, subscription.municipality).skipped(subscription.subscription_id)
    begin = skipped[1] if place is not None and skipped[0] == start else start
    told, reached = read(uow, subscription, begin, limit)
    if told:
        return told, reached
    if place is not None and reached > begin:
        Subscriptions(uow.tx, subscription.municipality).change(
            subscription.subscription_id, skip_from=start, skip_to=reached
        )
    return [], start


def read(uow: UnitOfWork, subscription: Subscription, place: int, limit: int) -> tuple[list[Told], int]:
    """At most `limit` events that come after `place` and may be told now, and the place that was reached.

    No row is lost: with an older cursor it is decided again. While knowledge is too old (CO-9), the page ends before
    what rests on it. A case with a parked event goes to the end, from there on, and is met again.
    """
    rows = Rows(uow.tx, subscription)
    told: list[Told] = []
    for _ in range(ROUNDS):
        found = rows.after(place, BATCH)
        if not found:
            break
        decided = decide(uow, subscription, rows, found, limit - len(told))
        places = {row.event_id: row.place for row in found}
        if decided.stale is not None:
            told += [each for each in decided.yes if places[each.event_id] < places[decided.stale]]
            place = places[decided.stale] - 1
            break
        told += decided.yes
        place = places[decided.last] if decided.last else place
        for case_id, first in decided.doubtful.items():
            rows.move_case_to_end(case_id, places[first])
        if decided.doubtful or len(told) == limit:
            break
    return told, place
