"""The same Idempotency-Key twice happens once: a row in the transaction of the command holds the key and the answer.

Answers of commands are ids and versions, so they are kept in clear; of the request a keyed hash alone is kept. Those of
the lane lie in a table of their own: beside others they would tell who had reported, and when (PR-5).
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis import metrics
from services.chassis.keys import Keys
from services.chassis.storage import AnyConnection, WriteTransaction, insert_ignore
from services.chassis.tables import ChassisTables
from services.kernel.errors import InvalidInput, Refusal, Unavailable

KEPT = timedelta(days=2)
_MAX_KEY = 128


class KeyReused(Refusal):
    """The key was used before, with another request."""

    code, status = "idempotency_key_reused", 422
    detail = "This Idempotency-Key was already used with another request."


class RequestInProgress(Unavailable):
    """The same request, with the same key, has been begun and not been answered yet."""

    code, detail = "request_in_progress", "The same request is being handled now. Try again in a moment."


class _Raced(Exception):
    """Another transaction took the key first."""


class Once:
    """One command under one key: look for its stored answer, claim the key first thing, keep the answer last."""

    Raced = _Raced

    def __init__(
        self,
        keys: Keys,
        tables: ChassisTables,
        municipality: str,
        caller: str,
        procedure: str,
        key: str,
        body: Any,
    ) -> None:
        if not 0 < len(key) <= _MAX_KEY or not key.isprintable():
            raise InvalidInput(fields={"idempotency_key": "out_of_range"})
        quiet = procedure in metrics.QUIET_PROCEDURES
        self._table = tables.quiet_idempotency if quiet else tables.idempotency
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
        self._hash = keys.blind_index(municipality, "idempotency", f"{procedure}\x1f{canonical}")
        self._row = {
            "municipality": municipality,
            "person": keys.blind_index(municipality, "caller", caller),
            "procedure": procedure,
            "key": key,
        }

    def stored(self, conn: AnyConnection) -> dict[str, Any] | None:
        """The answer given before, or None; raises KeyReused if it was given to another request."""
        row = conn.execute(
            sa.select(self._table.c.body_hash, self._table.c.answer).where(*self._where())
        ).one_or_none()
        if row is None:
            return None
        if row.body_hash != self._hash:
            raise KeyReused()
        answer: dict[str, Any] = row.answer
        return answer

    def claim(self, tx: WriteTransaction, at: datetime) -> None:
        """Take the key; raises Raced when another transaction has taken it (on PostgreSQL: once that has committed)."""
        if not insert_ignore(tx, self._table, {**self._row, "body_hash": self._hash, "answer": {}, "at": at}):
            raise _Raced

    def keep(self, tx: WriteTransaction, answer: Mapping[str, Any]) -> None:
        """Store the answer."""
        tx.execute(sa.update(self._table).where(*self._where()).values(answer=dict(answer)))

    def _where(self) -> list[sa.ColumnElement[bool]]:
        return [self._table.c[name] == value for name, value in self._row.items()]


def forget(tx: WriteTransaction, now: datetime) -> int:
    """Delete keys older than KEPT; answer how many."""
    tables = (tx.chassis.idempotency, tx.chassis.quiet_idempotency)
    return sum(tx.execute(sa.delete(table).where(table.c.at < now - KEPT)).rowcount for table in tables)
