"""What is still to be told to one outside system, in the order in which it came."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.storage import AnyConnection, insert_ignore
from services.contracts.envelope import Event
from services.notifications.egress.subscriptions import Subscription, Subscriptions
from services.notifications.egress.tables import egress_rows

R = egress_rows.c


class Rows:
    """The rows of one subscription."""

    def __init__(self, conn: AnyConnection, subscription: Subscription) -> None:
        self._conn, self._subscription = conn, subscription
        self._subscriptions = Subscriptions(conn, subscription.municipality)

    def offer(self, event: Event, now: datetime, *, as_it_comes: bool = False) -> bool:
        """Put an event at the end, unless it waits there already; whether it was put there. `as_it_comes`: while
        history is read, it is held until that is done."""
        found = self._subscriptions.next(self._subscription.subscription_id, "last_place")
        if found is None:
            return False
        place, catching_up = found
        row = {
            **self._key, "event_id": event.id, "place": place, "case_id": event.data.get("case_id"),
            "event": event.as_dict(),
            "happened_at": event.time, "next_try_at": now, "held": as_it_comes and catching_up,
        }  # fmt: skip
        return insert_ignore(self._conn, egress_rows, row)

    def waiting(self, now: datetime, limit: int) -> list[Any]:
        """What is to be decided and told next, in order: first what was about to be told before. What waits for
        knowledge of its case holds up the later events of that case, and no others."""
        earlier = egress_rows.alias()
        held_up = sa.exists().where(
            earlier.c.municipality == R.municipality,
            earlier.c.subscription_id == R.subscription_id,
            earlier.c.case_id == R.case_id,
            earlier.c.place < R.place,
            earlier.c.next_try_at > now,
        )
        found = (
            self._select()
            .where(R.held.is_(False), R.next_try_at <= now, ~held_up)
            .order_by(R.number.is_(None), R.number, R.place)
            .limit(limit)
        )
        return list(self._conn.execute(found))

    def after(self, place: int, last: int, limit: int) -> list[Any]:
        """The rows from the one after `place` on up to `last`, told or not: for the feed."""
        found = self._select().where(R.held.is_(False), R.place > place, R.place <= last)
        return list(self._conn.execute(found.order_by(R.place).limit(limit)))

    def number(self, event_ids: Sequence[str]) -> dict[str, int]:
        """Give these events the recipient's next numbers, in this order: they are about to be told."""
        if not event_ids:
            return {}
        found = self._subscriptions.next(self._subscription.subscription_id, "last_number", by=len(event_ids))
        assert found is not None, "numbered under the subscription's lock"
        numbers = dict(zip(event_ids, range(found[0] - len(event_ids) + 1, found[0] + 1), strict=True))
        self._conn.execute(
            sa.update(egress_rows)
            .where(*self._mine(), R.event_id == sa.bindparam("this"))
            .values(number=sa.bindparam("its_number")),
            [{"this": event_id, "its_number": number} for event_id, number in numbers.items()],
        )
        return numbers

    def postpone(self, event_id: str, until: datetime) -> None:
        """It waits for knowledge of its case (CO-9)."""
        self._change(event_id, next_try_at=until)

    def settle(self, event_ids: Collection[str]) -> None:
        """These were told, or may not be: nothing of them stays."""
        if event_ids:
            self._conn.execute(sa.delete(egress_rows).where(*self._mine(), R.event_id.in_(event_ids)))

    def forget(self, before: datetime, limit: int) -> bool:
        """Delete those of the first `limit` rows whose time to be told (see LATER) came before then; whether that was
        all of them, so that more may follow."""
        first = sa.select(R.event_id, R.next_try_at).where(*self._mine(), R.held.is_(False))
        found = self._conn.execute(first.order_by(R.place).limit(limit))
        old = [row.event_id for row in found if row.next_try_at < before]
        self.settle(old)
        return len(old) == limit

    def clear(self) -> datetime | None:
        """Let all go that waits; when the first of it happened."""
        first: datetime | None = self._conn.scalar(
            sa.select(sa.func.min(R.happened_at, type_=R.happened_at.type)).where(*self._mine())
        )
        self._conn.execute(sa.delete(egress_rows).where(*self._mine()))
        return first

    def move_to_end(self, event_ids: Sequence[str]) -> None:
        """These come after all others, in the order given."""
        for event_id in event_ids:
            found = self._subscriptions.next(self._subscription.subscription_id, "last_place")
            if found is not None:
                self._change(event_id, place=found[0], held=False)

    def move_case_to_end(self, case_id: str, place: int) -> None:
        """What is of this case, from `place` on, comes after all others, in its order."""
        found = sa.select(R.event_id).where(*self._mine(), R.case_id == case_id, R.place >= place)
        self.move_to_end(list(self._conn.scalars(found.order_by(R.place))))

    def held(self) -> list[str]:
        """The events that came in while history was read, in order."""
        found = sa.select(R.event_id).where(*self._mine(), R.held.is_(True)).order_by(R.place)
        return list(self._conn.scalars(found))

    def count(self) -> tuple[int, datetime | None]:
        """How many wait to be told, and when the first of them happened."""
        found = sa.select(sa.func.count(), sa.func.min(R.happened_at, type_=R.happened_at.type)).where(
            *self._mine()
        )
        if self._subscription.way == "feed":
            found = found.where(R.number.is_(None))
        count, first = self._conn.execute(found).one()
        return count, first

    @property
    def _key(self) -> dict[str, str]:
        return {
            "municipality": self._subscription.municipality,
            "subscription_id": self._subscription.subscription_id,
        }

    def _mine(self) -> tuple[Any, ...]:
        return tuple(R[name] == value for name, value in self._key.items())

    def _select(self) -> sa.Select[Any]:
        return sa.select(egress_rows).where(*self._mine())

    def _change(self, event_id: str, **values: Any) -> None:
        self._conn.execute(
            sa.update(egress_rows).where(*self._mine(), R.event_id == event_id).values(**values)
        )


LATER = timedelta(seconds=5)
"""How long what waits for knowledge of its case is left alone."""
