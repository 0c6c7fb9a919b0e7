"""Who outside is told of what: the subscriptions of one municipality, and those that something waits for."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.storage import AnyConnection
from services.notifications.egress.tables import egress_rows, subscriptions

T = subscriptions.c


@dataclass(frozen=True, slots=True)
class Subscription:
    """An outside system: the service that it acts for (and the unit of it, if one), what it is granted, and how it is
    told. `url` and `secrets` are sealed."""

    municipality: str
    subscription_id: str
    recipient: str
    service_id: str
    unit_id: str | None
    events: frozenset[str]
    way: str
    allow_private: bool
    state: str
    tries: int
    catching_up: bool
    url: bytes | None
    secrets: bytes | None


class Subscriptions:
    """The subscriptions of one municipality (SE-7)."""

    def __init__(self, conn: AnyConnection, municipality: str) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality = conn, municipality

    def add(
        self, new: Subscription, now: datetime, *, token_hash: str | None = None, queue_most: int = 0
    ) -> None:
        """Begin one; raises IntegrityError when another bears its name."""
        self._conn.execute(
            sa.insert(subscriptions).values(
                municipality=self._municipality, subscription_id=new.subscription_id, recipient=new.recipient,
                service_id=new.service_id, unit_id=new.unit_id, events=",".join(sorted(new.events)), way=new.way,
                allow_private=new.allow_private, url=new.url, secrets=new.secrets, token_hash=token_hash,
                created_at=now, last_place=0, last_number=0, state="active", tries=0, next_try_at=now, dropped=0,
                dropped_untold=0, queue_most=queue_most,
            )
        )  # fmt: skip

    def remove(self, subscription_id: str) -> None:
        """End one, and forget what waits for it."""
        for table in (egress_rows, subscriptions):
            self._conn.execute(
                sa.delete(table).where(
                    table.c.municipality == self._municipality, table.c.subscription_id == subscription_id
                )
            )

    def all(self) -> list[Any]:
        """Every row, by name."""
        return list(self._conn.execute(self._select().order_by(T.recipient)))

    def named(self, recipient: str) -> Subscription | None:
        """The one of an outside system."""
        return self._one(T.recipient == recipient)

    def of_token(self, token_hash: str) -> Subscription | None:
        """The one whose feed is read with a token; locked, so that what is told to it is told in order."""
        return self._one(T.token_hash == token_hash, lock=True)

    def locked(self, subscription_id: str) -> Subscription | None:
        """One by its id, under its lock until commit; None when it was ended."""
        return self._one(T.subscription_id == subscription_id, lock=True)

    def row(self, subscription_id: str) -> Any:
        """All of one, under its lock until commit; None when it was ended."""
        return self._conn.execute(
            self._select().where(T.subscription_id == subscription_id).with_for_update()
        ).first()

    def granted(self, event_type: str) -> list[Subscription]:
        """The active ones that are granted an event type."""
        found = self._conn.execute(self._select().where(T.state == "active").order_by(T.subscription_id))
        return [each for each in map(_subscription, found) if event_type in each.events]

    def change(self, subscription_id: str, **values: Any) -> bool:
        """Give it these values; whether it is there."""
        changed = self._conn.execute(
            sa.update(subscriptions)
            .where(T.municipality == self._municipality, T.subscription_id == subscription_id)
            .values(**values)
        )
        return bool(changed.rowcount)

    def next(self, subscription_id: str, counter: str, by: int = 1) -> tuple[int, bool] | None:
        """Count `last_place` or `last_number` on, under the row's lock until commit: the new count, and whether it is
        catching up. None when the subscription was ended."""
        column = T[counter]
        found = self._conn.execute(
            sa.update(subscriptions)
            .where(T.municipality == self._municipality, T.subscription_id == subscription_id)
            .values({counter: column + by})
            .returning(column, T.catch_up_since)
        ).first()
        return None if found is None else (found[0], found[1] is not None)

    def count_loss(self, subscription_id: str, count: int, first: int | None, last: int | None) -> None:
        """Its full queue has dropped `count` events, numbered from `first` to `last`."""
        row = self._conn.execute(
            self._select().where(T.subscription_id == subscription_id).with_for_update()
        ).one()
        numbers = [each for each in (row.dropped_first, first) if each is not None]
        lasts = [each for each in (row.dropped_last, last) if each is not None]
        self.change(
            subscription_id, dropped=row.dropped + count, dropped_untold=row.dropped_untold + count,
            dropped_first=min(numbers, default=None), dropped_last=max(lasts, default=None),
        )  # fmt: skip

    def take_loss(self, subscription_id: str) -> tuple[int, int | None, int | None] | None:
        """(count, first, last) of what was dropped and not told yet; from now on it is. None: nothing is."""
        row = self._conn.execute(
            self._select().where(T.subscription_id == subscription_id).with_for_update()
        ).first()
        if row is None or not row.dropped_untold:
            return None
        self.change(subscription_id, dropped_untold=0, dropped_first=None, dropped_last=None)
        return row.dropped_untold, row.dropped_first, row.dropped_last

    def undelivered_since(self, subscription_id: str) -> datetime | None:
        """When the first event happened that it did not get before it was disabled."""
        found: datetime | None = self._conn.scalar(
            sa.select(T.undelivered_since).where(
                T.municipality == self._municipality, T.subscription_id == subscription_id
            )
        )
        return found

    def claim(self, subscription_id: str, by: str, now: datetime, until: datetime) -> bool:
        """Take the right to tell it, until then: of several processes one does, and another when that one is gone."""
        free = T.leased_until.is_(None) | (T.leased_until <= now) | (T.leased_by == by)
        changed = self._conn.execute(
            sa.update(subscriptions)
            .where(T.municipality == self._municipality, T.subscription_id == subscription_id, free)
            .values(leased_by=by, leased_until=until)
        )
        return bool(changed.rowcount)

    def release(self, subscription_id: str, by: str) -> None:
        """Give the right back."""
        self._conn.execute(
            sa.update(subscriptions)
            .where(
                T.municipality == self._municipality,
                T.subscription_id == subscription_id,
                T.leased_by == by,
            )
            .values(leased_by=None, leased_until=None)
        )

    def _select(self) -> sa.Select[Any]:
        return sa.select(subscriptions).where(T.municipality == self._municipality)

    def _one(self, condition: Any, *, lock: bool = False) -> Subscription | None:
        statement = self._select().where(condition)
        row = self._conn.execute(statement.with_for_update() if lock else statement).first()
        return _subscription(row) if row else None


def due(conn: AnyConnection, ways: Collection[str], now: datetime) -> list[Subscription]:
    """The active subscriptions of all municipalities that something waits for whose time has come: for the senders."""
    rows = egress_rows.c
    waits = (
        sa.exists()
        .where(
            rows.municipality == T.municipality,
            rows.subscription_id == T.subscription_id,
            rows.held.is_(False),
            rows.next_try_at <= now,
        )
        .correlate(subscriptions)
    )
    free = T.leased_until.is_(None) | (T.leased_until <= now)
    found = sa.select(subscriptions).where(
        T.way.in_(ways), T.state == "active", T.next_try_at <= now, free, waits
    )
    return [_subscription(row) for row in conn.execute(found)]


def where(conn: AnyConnection, *conditions: Any) -> list[Any]:
    """The rows of all municipalities that fulfil these conditions: for timers and for whoever asks about health."""
    return list(conn.execute(sa.select(subscriptions).where(*conditions)))


def positions(row: Any) -> dict[str, Any]:
    """How far a catch-up has come, by stream."""
    found = row.catch_up_at or {}
    return json.loads(found) if isinstance(found, str) else dict(found)


def _subscription(row: Any) -> Subscription:
    return Subscription(
        row.municipality, row.subscription_id, row.recipient, row.service_id, row.unit_id,
        frozenset(row.events.split(",")), row.way, row.allow_private, row.state, row.tries,
        row.catch_up_since is not None, row.url, row.secrets,
    )  # fmt: skip


of_row = _subscription
