"""The rows that an inbox keeps of its events: what was handled, how far each subject has come, and what is
parked.

The statements of every event's way are made once: making them anew costs more than executing them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.storage import AnyConnection, ChassisTables, WriteTransaction, insert_ignore, upsert
from services.contracts.envelope import Event

GENERATION = 1
GAP = "gap"
HANDLER_FAILED = "handler_failed"


class InboxRows:
    """The inbox's rows in one database."""

    def __init__(self, tables: ChassisTables) -> None:
        self._tables = tables
        positions, parked = tables.inbox_positions, tables.parked
        self._locks = {}
        for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert)):
            # An update that changes nothing: it makes the row, locks it, and answers where it stands, in one
            # step.
            fresh: Any = insert(positions)
            self._locks[name] = fresh.on_conflict_do_update(
                index_elements=["stream", "subject"], set_={"sequence": positions.c.sequence}
            ).returning(positions.c.sequence, positions.c.municipality)
        self._handled = tables.inbox.insert()
        self._move = (
            positions.update()
            .where(
                positions.c.stream == bindparam("the_stream"), positions.c.subject == bindparam("the_subject")
            )
            .values(sequence=bindparam("the_sequence"))
        )
        self._waiting = sa.select(parked.c.sequence).where(
            parked.c.stream == bindparam("the_stream"),
            parked.c.subject == bindparam("the_subject"),
            parked.c.sequence.between(bindparam("first"), bindparam("last")),
        )

    def lock_position(self, tx: WriteTransaction, event: Event) -> int:
        """Where the event's subject stands, locked until commit; 0 if nothing of it was handled.

        Raises ValueError when the subject is known of another municipality (SE-7).
        """
        key = {
            "stream": event.stream,
            "subject": event.subject,
            "municipality": event.municipality,
            "sequence": 0,
        }
        found = tx.execute(self._locks[tx.dialect.name], key).one()
        if found.municipality != event.municipality:
            raise ValueError(f"{event.stream}: the subject belongs to another municipality (SE-7)")
        return int(found.sequence)

    def ensure_position(self, tx: WriteTransaction, event: Event) -> None:
        """The subject stands somewhere, if only at 0: whoever looks for parked events looks from there."""
        key = {"stream": event.stream, "subject": event.subject}
        insert_ignore(
            tx, self._tables.inbox_positions, {**key, "municipality": event.municipality, "sequence": 0}
        )

    def handled(self, tx: WriteTransaction, event: Event, at: datetime) -> bool:
        """The event is handled, and its subject stands at it. Whether the next one of its subject waits
        parked."""
        row = {"stream": event.stream, "subject": event.subject, "sequence": event.sequence}
        tx.execute(self._handled, {**row, "event_id": event.id, "generation": GENERATION, "handled_at": at})
        key = {"the_stream": event.stream, "the_subject": event.subject}
        tx.execute(self._move, {**key, "the_sequence": event.sequence})
        waiting = set(tx.scalars(self._waiting, {**key, "first": event.sequence, "last": event.sequence + 1}))
        if event.sequence in waiting:
            self.unpark(tx, event)
        return event.sequence + 1 in waiting

    def park(
        self,
        tx: WriteTransaction,
        event: Event,
        reason: str,
        attempts: int,
        retry_at: datetime | None,
        at: datetime,
        dead_at: datetime | None = None,
    ) -> None:
        """Keep an event that can't be handled now; it waits for `retry_at`, or else for its turn. With `dead_at`
        it stands on the dead list, and is not tried by itself."""
        upsert(
            tx,
            self._tables.parked,
            {"stream": event.stream, "subject": event.subject, "sequence": event.sequence},
            {
                "municipality": event.municipality,
                "event": event.as_dict(),
                "reason": reason,
                "attempts": attempts,
                "retry_at": retry_at,
                "parked_at": at,
                "dead_at": dead_at,
            },
        )

    def unpark(self, tx: WriteTransaction, event: Event) -> None:
        """The event waits no longer."""
        tx.execute(self._tables.parked.delete().where(*self._this(event)))

    def attempts(self, tx: WriteTransaction, event: Event) -> int:
        """How often the event's handler has failed."""
        return int(tx.scalar(sa.select(self._tables.parked.c.attempts).where(*self._this(event))) or 0)

    def next_waiting(self, conn: AnyConnection, event: Event) -> Event | None:
        """The event that is parked right after this one, if its own handler has not failed."""
        parked = self._tables.parked
        body = conn.scalar(
            sa.select(parked.c.event).where(
                parked.c.stream == event.stream,
                parked.c.subject == event.subject,
                parked.c.sequence == event.sequence + 1,
                parked.c.reason == GAP,
            )
        )
        return Event.from_dict(body) if body is not None else None

    def due(self, conn: AnyConnection, now: datetime, limit: int) -> list[Event]:
        """The parked events whose turn it is and whose time has come, the longest untried first."""
        parked, positions = self._tables.parked, self._tables.inbox_positions
        same = sa.and_(positions.c.stream == parked.c.stream, positions.c.subject == parked.c.subject)
        statement = (
            sa.select(parked.c.event)
            .join(positions, same)
            .where(
                parked.c.sequence <= positions.c.sequence + 1,
                parked.c.dead_at.is_(None),
                sa.or_(parked.c.retry_at.is_(None), parked.c.retry_at <= now),
            )
            .order_by(parked.c.parked_at)
            .limit(limit)
        )
        return [Event.from_dict(body) for body in conn.scalars(statement)]

    def revive(self, tx: WriteTransaction, now: datetime) -> int:
        """The dead events are due again. They keep their attempts: one that fails again is dead at once."""
        parked = self._tables.parked
        dead = parked.update().where(parked.c.dead_at.is_not(None))
        return tx.execute(dead.values(dead_at=None, retry_at=now)).rowcount

    def _this(self, event: Event) -> tuple[Any, ...]:
        parked = self._tables.parked
        return (
            parked.c.stream == event.stream,
            parked.c.subject == event.subject,
            parked.c.sequence == event.sequence,
        )
