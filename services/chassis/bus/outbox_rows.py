"""The rows of one outbox as the relay sees them: what is unsent, and marking what the broker has.

The statements are made once: making them anew costs more than executing them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from services.chassis.storage import AnyConnection, WriteTransaction
from services.chassis.tables import UtcDateTime


class MarkedByAnother(Exception):
    """Rows that were to be marked as sent were marked already: another process sends from this outbox too."""


class OutboxRows:
    """The rows of one outbox table."""

    def __init__(self, table: sa.Table) -> None:
        self._last_position = sa.select(sa.func.coalesce(sa.func.max(table.c.position), 0))
        self._unsent = {name: _unsent(table, name) for name in ("sqlite", "postgresql")}
        self._oldest = sa.select(table.c.time).where(table.c.sent_at.is_(None)).order_by(table.c.row).limit(1)
        self._mark = {name: _mark(table, name) for name in ("sqlite", "postgresql")}

    def unsent(self, conn: AnyConnection, at_most: int, besides: Sequence[int] = ()) -> Sequence[Any]:
        """Rows that are not marked as sent, `besides` those on their way, in the order in which those of a subject
        were told."""
        words = {"at_most": at_most, "these": _numbers(conn, besides)}
        return conn.execute(self._unsent[conn.dialect.name], words).all()

    def oldest_unsent(self, conn: AnyConnection) -> datetime | None:
        """When the first event that is not marked as sent was told; None when all are."""
        told: datetime | None = conn.scalar(self._oldest)
        return told

    def last_position(self, conn: AnyConnection) -> int:
        """The position of the row that was marked last; 0 when none was."""
        return int(conn.scalar(self._last_position) or 0)

    def mark(self, tx: WriteTransaction, rows: Sequence[int], at: datetime) -> None:
        """Mark `rows` as sent, and give them the next positions in this order. Raises MarkedByAnother."""
        words = {"these": _numbers(tx, rows), "at": at, "last": self.last_position(tx)}
        if tx.execute(self._mark[tx.dialect.name], words).rowcount != len(rows):
            raise MarkedByAnother


def _numbers(conn: AnyConnection, rows: Sequence[int]) -> Any:
    return json.dumps(rows) if conn.dialect.name == "sqlite" else list(rows)


def _unsent(table: sa.Table, dialect: str) -> sa.Select[Any]:
    these, _ = _these(dialect)
    # "Not one of none" is true on both engines, and none of the numbers is null.
    return (
        sa.select(table)
        .where(table.c.sent_at.is_(None), table.c.row.not_in(sa.select(these)))
        .order_by(table.c.row)
        .limit(sa.bindparam("at_most"))
    )


def _mark(table: sa.Table, dialect: str) -> sa.Update:
    """One statement for all rows: a row for each costs three times as much on PostgreSQL."""
    these, place = _these(dialect)
    return (
        table.update()
        .where(table.c.row == these, table.c.sent_at.is_(None))
        .values(
            sent_at=sa.bindparam("at", type_=UtcDateTime()),
            position=sa.bindparam("last", type_=sa.BigInteger) + place,
        )
    )


def _these(dialect: str) -> tuple[Any, Any]:
    """The numbers given as `these`, and the place of each among them, from 1."""
    if dialect == "sqlite":
        given: Any = sa.func.json_each(sa.bindparam("these")).table_valued("key", "value", name="these")
        return given.c.value, given.c.key + 1
    array = sa.bindparam("these", type_=ARRAY(sa.BigInteger))
    given = sa.func.unnest(array).table_valued("value", with_ordinality="place", name="these")
    given = given.render_derived()
    return given.c.value, given.c.place
