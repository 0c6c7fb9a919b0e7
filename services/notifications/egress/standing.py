"""How telling outside goes, for whoever asks about health or reads the metrics: counts alone, no recipient's name."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from prometheus_client import Gauge

from services.chassis.clock import Clock
from services.chassis.storage import Database, DatabaseBusy
from services.notifications.egress.tables import egress_rows, subscriptions

LATE = timedelta(minutes=10)

STATES = Gauge(
    "stafett_outside_subscriptions", "Subscriptions of outside systems, by how they stand", ["state"]
)
WAITING = Gauge("stafett_outside_waiting", "Events that wait to be told outside")

T = subscriptions.c


def counts(db: Database, now: datetime) -> dict[str, int]:
    """How many subscriptions are active, fail since some minutes, are disabled, or have lost events that their reader
    was not told of yet."""
    late = now - LATE
    conditions = {
        "active": T.state == "active",
        "failing": sa.and_(T.state == "active", T.failing_since <= late),
        "disabled": T.state == "disabled",
        "dropping": T.dropped_untold > 0,
    }
    found = sa.select(*(sa.func.count().filter(each).label(name) for name, each in conditions.items()))
    with db.read() as conn:
        return dict(conn.execute(found.select_from(subscriptions)).one()._mapping)


def all_well(db: Database, clock: Clock) -> bool:
    """Whether no outside system needs a person."""
    found = counts(db, clock.now())
    return not (found["failing"] or found["disabled"] or found["dropping"])


def watch(db: Database, clock: Clock) -> None:
    """From now on the metrics tell."""
    for state in ("active", "failing", "disabled", "dropping"):
        STATES.labels(state).set_function(_or_nan(partial(_count, db, clock, state)))
    WAITING.set_function(_or_nan(lambda: _waiting(db)))


def _count(db: Database, clock: Clock, state: str) -> int:
    return counts(db, clock.now())[state]


def _waiting(db: Database) -> int:
    told_later = sa.and_(
        T.municipality == egress_rows.c.municipality, T.subscription_id == egress_rows.c.subscription_id
    )
    found = sa.select(sa.func.count()).select_from(egress_rows.join(subscriptions, told_later))
    with db.read() as conn:
        return int(conn.scalar(found.where(T.way != "feed")) or 0)


def _or_nan(ask: Callable[[], int]) -> Callable[[], float]:
    """Not a number while the database does not answer."""

    def told() -> float:
        try:
            return ask()
        except (sa.exc.SQLAlchemyError, DatabaseBusy):
            return math.nan

    return told
