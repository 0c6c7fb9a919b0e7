"""What an operator sees of one service's bus and may do about it: counts, what waits or is dead, try again, let go.

Nothing here shows an event's data: ids, types, codes, counts and hashes alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from services.chassis.bus.inbox_rows import GAP
from services.chassis.storage import AnyConnection, Database, WriteTransaction, insert_ignore

State = Literal["waiting", "failing", "dead", "undecodable"]
MOST_LISTED = 1000


@dataclass(frozen=True)
class Standing:
    """How one service's bus stands. Ages are seconds; those of `streams` say how old the knowledge of each is."""

    unsent: int
    oldest_unsent: float
    waiting: int
    failing: int
    dead: int
    undecodable: int
    streams: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One event that waits, fails or is dead, or one body that could not be read (which has an id, a hash and an
    age alone). `sha256` is that of the event, or body, as it came."""

    id: str
    state: State
    at: str
    sha256: str
    type: str | None = None
    municipality: str | None = None
    stream: str | None = None
    subject: str | None = None
    sequence: int | None = None
    reason: str | None = None
    attempts: int | None = None
    retry_at: str | None = None
    position: int | None = None
    fields: list[str] = field(default_factory=list)


class NotNext(Exception):
    """An event can't be let go while an earlier one of its subject has not been handled."""


def count_parked(conn: AnyConnection, tables: Any, quiet: Collection[str] = ()) -> tuple[int, int]:
    """(parked, dead): how many events wait in the inbox, the dead among them, and how many are dead; without
    those of the `quiet` streams."""
    parked = tables.parked
    found = conn.execute(
        sa.select(sa.func.count().label("parked"), sa.func.count(parked.c.dead_at).label("dead"))
        .select_from(parked)
        .where(parked.c.stream.not_in(quiet))
    ).one()
    return int(found.parked), int(found.dead)


class Tending:
    """The bus of the service whose database `db` is; it may be running, stopped or dead."""

    def __init__(self, db: Database) -> None:
        self._db, self._tables = db, db.chassis

    def standing(self, now: datetime) -> Standing:
        """Counts and ages at `now`."""
        parked, state = self._tables.parked, self._tables.stream_state
        unsent = 0
        times: list[datetime] = []
        with self._db.read() as conn:
            for outbox in self._tables.outboxes.values():
                not_sent = outbox.c.sent_at.is_(None)
                count = int(conn.scalar(_count(outbox, not_sent)) or 0)
                oldest = conn.scalar(
                    sa.select(sa.func.min(outbox.c.time, type_=outbox.c.time.type)).where(not_sent)
                )
                unsent += count
                times += [oldest] if oldest else []
            all_, dead = count_parked(conn, self._tables)
            waiting = int(
                conn.scalar(_count(parked, parked.c.reason == GAP, parked.c.dead_at.is_(None))) or 0
            )
            undecodable = int(conn.scalar(_count(self._tables.undecodable)) or 0)
            ages = {
                row.stream: (now - row.as_of).total_seconds()
                for row in conn.execute(sa.select(state.c.stream, state.c.as_of).order_by(state.c.stream))
                if row.as_of is not None
            }
        oldest_unsent = max(((now - at).total_seconds() for at in times), default=0.0)
        return Standing(
            unsent, max(0.0, oldest_unsent), waiting, all_ - dead - waiting, dead, undecodable, ages
        )

    def entries(
        self, *states: State, ids: Collection[str] = (), limit: int | None = MOST_LISTED
    ) -> list[Entry]:
        """What is in one of these states (none named: in any), or has one of the `ids`; the first in turn first."""
        with self._db.read() as conn:
            found = self._parked(conn, states, ids, limit)
            if not states or "undecodable" in states:
                found += self._undecodable(conn, ids, limit)
        return found

    def retry(self, ids: Collection[str], now: datetime) -> list[Entry]:
        """Let events that fail or are dead (of these `ids`; none: all) be tried anew, from the first try on, now.

        Those that wait for their turn are left as they are. Answers those that will be tried.
        """
        parked = self._tables.parked
        with self._db.write() as tx:
            chosen = self._parked(tx, ("failing", "dead"), ids, None)
            for entry in chosen:
                again = parked.update().where(*self._is(entry))
                tx.execute(again.values(attempts=0, retry_at=now, dead_at=None))
        return chosen

    def discard(self, id: str) -> Entry | None:
        """Let one event or unreadable body go for good; None if there is none with that id.

        Its subject goes on with the event after it. Raises NotNext if an earlier event is missing or parked: that
        one comes first.
        """
        with self._db.write() as tx:
            for entry in self._undecodable(tx, [id], None):
                tx.execute(self._tables.undecodable.delete().where(self._tables.undecodable.c.id == entry.id))
                return entry
            for entry in self._parked(tx, (), [id], None):
                self._let_go(tx, entry)
                return entry
        return None

    def _let_go(self, tx: WriteTransaction, entry: Entry) -> None:
        positions = self._tables.inbox_positions
        where = (positions.c.stream == entry.stream, positions.c.subject == entry.subject)
        position = tx.scalar(sa.select(positions.c.sequence).where(*where).with_for_update())
        assert entry.sequence is not None
        if entry.sequence > (position or 0) + 1:
            raise NotNext(entry.id)
        if entry.sequence == (position or 0) + 1:
            tx.execute(positions.update().where(*where).values(sequence=entry.sequence))
        tx.execute(self._tables.parked.delete().where(*self._is(entry)))
        done = {"event_id": entry.id, "stream": entry.stream, "subject": entry.subject,
                "sequence": entry.sequence, "handled_at": datetime.fromisoformat(entry.at)}  # fmt: skip
        insert_ignore(tx, self._tables.inbox, done)  # when it comes again it is known

    def _is(self, entry: Entry) -> tuple[Any, ...]:
        parked = self._tables.parked
        return (
            parked.c.stream == entry.stream,
            parked.c.subject == entry.subject,
            parked.c.sequence == entry.sequence,
        )

    def _parked(
        self, conn: AnyConnection, states: Collection[State], ids: Collection[str], limit: int | None
    ) -> list[Entry]:
        parked, positions = self._tables.parked, self._tables.inbox_positions
        alive = parked.c.dead_at.is_(None)
        of_state: dict[State, Any] = {
            "waiting": sa.and_(alive, parked.c.reason == GAP),
            "failing": sa.and_(alive, parked.c.reason != GAP),
            "dead": ~alive,
        }
        same = sa.and_(positions.c.stream == parked.c.stream, positions.c.subject == parked.c.subject)
        statement = (
            sa.select(parked, positions.c.sequence.label("position"))
            .outerjoin(positions, same)
            .order_by(parked.c.stream, parked.c.subject, parked.c.sequence)
            .limit(limit)
        )
        if states:
            wanted = [condition for state, condition in of_state.items() if state in states]
            statement = statement.where(sa.or_(sa.false(), *wanted))
        if ids:
            statement = statement.where(parked.c.event["id"].as_string().in_(ids))
        return [_entry_of(row) for row in conn.execute(statement)]

    def _undecodable(self, conn: AnyConnection, ids: Collection[str], limit: int | None) -> list[Entry]:
        table = self._tables.undecodable
        statement = sa.select(table.c.id, table.c.sha256, table.c.received_at).order_by(table.c.received_at)
        statement = statement.where(table.c.id.in_(ids)) if ids else statement.limit(limit)
        return [
            Entry(row.id, "undecodable", row.received_at.isoformat(), row.sha256)
            for row in conn.execute(statement)
        ]


def _count(table: sa.Table, *conditions: Any) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(table).where(*conditions)


def _entry_of(row: Any) -> Entry:
    state: State = "dead" if row.dead_at else "waiting" if row.reason == GAP else "failing"
    content = json.dumps(row.event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Entry(
        id=row.event["id"],
        state=state,
        at=(row.dead_at or row.parked_at).isoformat(),
        sha256=hashlib.sha256(content).hexdigest(),
        type=row.event["type"],
        municipality=row.municipality,
        stream=row.stream,
        subject=row.subject,
        sequence=row.sequence,
        reason=row.reason,
        attempts=row.attempts,
        retry_at=row.retry_at.isoformat() if row.retry_at else None,
        position=row.position,
        fields=sorted(row.event["data"]),
    )
