"""What the repositories share: one municipality's rows, the case's key, sealed records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Self

import sqlalchemy as sa

from services.chassis.keys import Keys, OwnersKey, owner_of
from services.chassis.prepared import Prepared
from services.chassis.sealed import About, Sealed
from services.chassis.storage import AnyConnection
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.kernel.facts import Act

Record = dict[str, Any]
"""What is read: the values of a contract's shape by name."""

PLACE: Any = sa.bindparam("municipality")
CASE: Any = sa.bindparam("case_id")


def rows_of_case(table: sa.Table, *order: Any) -> Prepared:
    """The statement that reads all rows of a case; made once."""
    return Prepared(
        sa.select(table).where(table.c.municipality == PLACE, table.c.case_id == CASE).order_by(*order)
    )


def picking(*names: str) -> Callable[[Any], Record]:
    """What makes a record of these columns of a row."""
    values = attrgetter(*names)
    return lambda row: dict(zip(names, values(row), strict=True))


def _of(field: str, row_id: str) -> str:
    return f"relay_log.{field}:{row_id}"


class Store:
    """The base of the repositories: one municipality's (SE-7)."""

    def __init__(self, conn: AnyConnection, municipality: str, keys: Keys) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality, self._keys = conn, municipality, keys
        self._found_keys: dict[str, OwnersKey] = {}

    @classmethod
    def of(cls, work: Reading | UnitOfWork) -> Self:
        """The repository for a piece of work."""
        return cls(work.conn, work.municipality, work.keys)

    def _rows(self, statement: Prepared, case_id: str) -> Sequence[Any]:
        return statement.rows(self._conn, self._of(case_id))

    def _of(self, case_id: str) -> dict[str, str]:
        return {"municipality": self._municipality, "case_id": case_id}

    def _row(self, table: sa.Table, key: str, value: str, *, lock: bool = False) -> Any:
        found = sa.select(table).where(table.c.municipality == self._municipality, table.c[key] == value)
        return self._conn.execute(found.with_for_update() if lock else found).first()

    def _insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._conn.execute(
                sa.insert(table), [{"municipality": self._municipality, **row} for row in rows]
            )

    def _update(self, table: sa.Table, key: str, value: str, values: Mapping[str, Any]) -> None:
        which = (table.c.municipality == self._municipality) & (table.c[key] == value)
        self._conn.execute(sa.update(table).where(which).values(**values))

    def _encrypt(self, case_id: str, field: str, row_id: str, text: str) -> bytes:
        """Ciphertext that opens in no other field, and in no other row of the case."""
        return self._keys.encrypt(owner_of("case", case_id), self._municipality, _of(field, row_id), text)

    def _decrypt(self, case_id: str, field: str, row_id: str, ciphertext: bytes) -> str:
        key = self._found_keys.get(case_id)
        if key is None:
            key = self._found_keys[case_id] = self._keys.of(owner_of("case", case_id), self._municipality)
        return key.decrypt(_of(field, row_id), ciphertext)

    def _seal(
        self, act: Act, row: Any, read: Callable[[], Record], recorded_at: datetime | None = None, **more: Any
    ) -> Sealed[Record]:
        """A record to be read by `act`, of the row's topic and of the time given."""
        return Sealed(About(self._municipality, row.case_id, act, row.topic, recorded_at, **more), read)
