"""A record in which each line bears the hash of itself and of all before it (SE-1): one chain a municipality.

The hash is over what the table holds, ciphertext included, so that whoever verifies needs no key, and a key that is
destroyed later breaks nothing. A line's place is given with its chain's head: one row, which writers take in turn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from services.chassis.prepared import PreparedChange
from services.chassis.storage import AnyConnection, Database, WriteTransaction, insert_ignore

_FORMAT = "stafett access chain 1"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """How long a chain is, and the hash of its last line (of an empty one: of its name)."""

    position: int
    hash: bytes


class Chain:
    """One record of a service: `lines` with the columns municipality, position and hash, and `heads` with one row for
    each municipality. Stateless but for the last heads that it wrote to each database, as a guess that saves a read.

    `name` is "<service>/<record>". `steady_in`: the municipalities in which its head is anchored at fixed times, moved
    or not; None: where it has lines, when it has moved.
    """

    def __init__(
        self,
        name: str,
        lines: sa.Table,
        heads: sa.Table,
        steady_in: Callable[[AnyConnection], Iterable[str]] | None = None,
    ) -> None:
        self.name, self.lines, self.heads, self._steady = name, lines, heads, steady_in
        self._hashed = tuple(column.name for column in lines.columns if column.name != "hash")
        self._guesses: WeakKeyDictionary[Database, dict[str, Head]] = WeakKeyDictionary()
        head = heads.c
        self._move = PreparedChange(
            heads.update()
            .where(
                head.municipality == sa.bindparam("of"),
                head.position == sa.bindparam("was"),
                head.hash == sa.bindparam("was_hash"),
            )
            .values(position=sa.bindparam("now"), hash=sa.bindparam("now_hash"))
        )
        self._add = PreparedChange(lines.insert())
        self._found = sa.select(head.position, head.hash).where(head.municipality == sa.bindparam("of"))
        self._locked = self._found.with_for_update()

    @property
    def record(self) -> str:
        """Its name among the records of its service."""
        return self.name.partition("/")[2]

    @property
    def steady(self) -> bool:
        """Whether its head is anchored at fixed times, moved or not."""
        return self._steady is not None

    def anchored_in(self, conn: AnyConnection) -> list[str]:
        """The municipalities in which it has a head to anchor, sorted."""
        if self._steady is not None:
            return sorted(self._steady(conn))
        return sorted(conn.scalars(sa.select(self.heads.c.municipality)))

    def append(self, tx: WriteTransaction, rows: Sequence[Row]) -> None:
        """Add rows, which lack position and hash, at the end of their municipalities' chains. Whoever else adds to
        them waits until `tx` ends, so do it last."""
        for municipality in sorted({row["municipality"] for row in rows}):
            self._append(tx, municipality, [row for row in rows if row["municipality"] == municipality])

    def head(self, conn: AnyConnection, municipality: str) -> Head:
        """The head as it stands; of a chain without lines its beginning."""
        found = conn.execute(self._found, {"of": municipality}).one_or_none()
        return Head(found.position, found.hash) if found else Head(0, self.genesis(municipality))

    def genesis(self, municipality: str) -> bytes:
        """What the first line follows: no line of another record or municipality fits there."""
        return hashlib.sha256(f"{_FORMAT}|{self.name}|{municipality}".encode()).digest()

    def link(self, previous: bytes, row: Mapping[str, Any]) -> bytes:
        """The hash of a line after `previous`."""
        line = json.dumps([_plain(row[name]) for name in self._hashed], separators=(",", ":"))
        return hashlib.sha256(previous + line.encode()).digest()

    def _append(self, tx: WriteTransaction, municipality: str, rows: list[Row]) -> None:
        guesses = self._guesses.setdefault(tx.database, {})
        guess = guesses.get(municipality)
        ended = self._linked(guess, rows) if guess else None
        if guess is None or ended is None or not self._moved(tx, municipality, guess, ended):
            head = self._lock(tx, municipality)
            ended = self._linked(head, rows)
            self._moved(tx, municipality, head, ended)
        for row in rows:
            self._add.run(tx, row)
        tx.after_commit(partial(guesses.__setitem__, municipality, ended))

    def _linked(self, head: Head, rows: list[Row]) -> Head:
        """Give the rows their places and hashes after `head`; the head that they end with."""
        position, last = head.position, head.hash
        for row in rows:
            position += 1
            row["position"] = position
            last = row["hash"] = self.link(last, row)
        return Head(position, last)

    def _moved(self, tx: WriteTransaction, municipality: str, was: Head, now: Head) -> bool:
        """Whether the head stood where it was thought to, and now stands further on."""
        return self._move.run(tx, {
            "of": municipality, "was": was.position, "was_hash": was.hash, "now": now.position, "now_hash": now.hash,
        }) == 1  # fmt: skip

    def _lock(self, tx: WriteTransaction, municipality: str) -> Head:
        """The head, in nobody else's hands until `tx` ends; made at the first line."""
        found = tx.execute(self._locked, {"of": municipality}).one_or_none()
        if found is None:
            insert_ignore(tx, self.heads, {
                "municipality": municipality, "position": 0, "hash": self.genesis(municipality),
            })  # fmt: skip
            found = tx.execute(self._locked, {"of": municipality}).one()
        return Head(found.position, found.hash)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
