"""The rows that an inbox keeps of its events: what was handled, how far each subject has come, and what is
parked.

The statements of every event's way are made once: making them anew costs more than executing them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.bus.heartbeat import Heartbeat
from services.chassis.storage import AnyConnection, ChassisTables, WriteTransaction, insert_ignore, upsert
from services.contracts.envelope import Event

GAP = "gap"
HANDLER_FAILED = "handler_failed"
NUMBER_TAKEN = "number_taken"

log = structlog.get_logger(__name__)

Key = tuple[str, str]
"""A stream and a subject in it."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """`told`: the position that the source named last. `read`: up to where the feed was read or compared here;
    `complete`: from its beginning on."""

    told: int = 0
    read: int = 0
    complete: bool = False


class InboxRows:
    """The inbox's rows in one database."""

    def __init__(self, tables: ChassisTables) -> None:
        self._tables = tables
        positions = tables.inbox_positions
        self._locks, self._moves = {}, {}
        for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert)):
            fresh: Any = insert(positions)
            # An update that changes nothing: it makes the row, locks it, and answers where it stands, in one
            # step.
            self._locks[name] = fresh.on_conflict_do_update(
                index_elements=["stream", "subject"], set_={"sequence": positions.c.sequence}
            ).returning(
                positions.c.stream, positions.c.subject, positions.c.sequence, positions.c.municipality
            )
            self._moves[name] = fresh.on_conflict_do_update(
                index_elements=["stream", "subject"], set_={"sequence": fresh.excluded.sequence}
            )
        self._handled = tables.inbox.insert()

    def lock_positions(self, tx: WriteTransaction, events: Sequence[Event]) -> dict[Key, int]:
        """Where the subjects of these events stand, locked until commit; 0 where nothing was handled.

        All lock in one order, so that two who take events in do not wait for each other. Raises ValueError when a
        subject is known of another municipality (SE-7).
        """
        firsts = {(event.stream, event.subject): _position(event, 0) for event in events}
        keys = [firsts[key] for key in sorted(firsts)]
        found = tx.execute(self._locks[tx.dialect.name], keys).all()
        homes = {(row.stream, row.subject): row.municipality for row in found}
        if any(event.municipality != homes[event.stream, event.subject] for event in events):
            raise ValueError("a subject belongs to another municipality (SE-7)")
        return {(row.stream, row.subject): int(row.sequence) for row in found}

    def lock_position(self, tx: WriteTransaction, event: Event) -> int:
        """Where the event's subject stands, if only at 0 (whoever looks for parked events looks from there), locked
        until commit, of whatever municipality."""
        positions = self._tables.inbox_positions
        insert_ignore(tx, positions, _position(event, 0))
        here = sa.select(positions.c.sequence).where(
            positions.c.stream == event.stream, positions.c.subject == event.subject
        )
        return int(tx.scalar(here.with_for_update()))

    def handled(self, tx: WriteTransaction, events: Sequence[Event], at: datetime) -> None:
        """These events are handled, in this order, and their subjects stand at the last of them."""
        if not events:
            return
        rows = [
            {
                "event_id": event.id,
                "stream": event.stream,
                "subject": event.subject,
                "sequence": event.sequence,
                "handled_at": at,
            }
            for event in events
        ]
        tx.execute(self._handled, rows)
        moves = {(event.stream, event.subject): _position(event, event.sequence) for event in events}
        tx.execute(self._moves[tx.dialect.name], list(moves.values()))

    def never_handled(self, tx: WriteTransaction, events: Sequence[Event]) -> list[Event]:
        """Those of these events that were not handled here, by their ids."""
        if not events:
            return []
        ids, known = [event.id for event in events], self._tables.inbox.c.event_id
        handled = set(tx.scalars(sa.select(known).where(known.in_(ids))))
        return [event for event in events if event.id not in handled]

    def release(self, tx: WriteTransaction, positions: Mapping[Key, int]) -> list[Key]:
        """Forget what is parked of these subjects up to where they stand now; the subjects of which the next event
        waits parked."""
        if not positions:
            return []
        parked, at = self._tables.parked, self._tables.inbox_positions
        same = sa.and_(at.c.stream == parked.c.stream, at.c.subject == parked.c.subject)
        found = tx.execute(
            sa.select(parked.c.stream, parked.c.subject, parked.c.sequence)
            .join(at, same)
            .where(
                parked.c.sequence <= at.c.sequence + 1,
                parked.c.reason != NUMBER_TAKEN,
                sa.tuple_(parked.c.stream, parked.c.subject).in_(list(positions)),
            )
        ).all()
        past = [row for row in found if row.sequence <= positions[row.stream, row.subject]]
        for row in past:
            tx.execute(
                parked.delete().where(
                    parked.c.stream == row.stream,
                    parked.c.subject == row.subject,
                    parked.c.sequence == row.sequence,
                )
            )
        return [
            (row.stream, row.subject)
            for row in found
            if row.sequence == positions[row.stream, row.subject] + 1
        ]

    def heard(self, tx: WriteTransaction, beats: Sequence[Heartbeat], away_seconds: float) -> bool:
        """Keep what these sources say of their streams; whether one of them was silent for so long before. What is
        not read or compared up to the position that they name does not count as known yet (CO-9)."""
        states = self._tables.stream_state
        asked = sa.select(states.c.stream, states.c.told_as_of, states.c.told_position).where(
            states.c.stream.in_([beat.stream for beat in beats])
        )
        rows = tx.execute(asked).all()
        before = {row.stream: row.told_as_of for row in rows}
        named = {row.stream: row.told_position for row in rows}
        for beat in beats:
            insert_ignore(tx, states, {"stream": beat.stream})
            told = before.get(beat.stream)
            if told is not None and told < beat.as_of and beat.position < named[beat.stream]:
                self._begin_anew(tx, beat.stream)
            tx.execute(
                states.update()
                .where(states.c.stream == beat.stream)
                .values(
                    told_as_of=beat.as_of,
                    told_position=beat.position,
                    complete=sa.or_(states.c.complete, sa.literal(beat.position == 0)),
                    as_of=sa.case(
                        (states.c.read_position >= beat.position, beat.as_of), else_=states.c.as_of
                    ),
                )
            )
        return any(
            told is not None and (beat.as_of - told).total_seconds() > away_seconds
            for beat in beats
            for told in [before.get(beat.stream)]
        )

    def _begin_anew(self, tx: WriteTransaction, stream: str) -> None:
        """The source was set back, to a backup: nothing of it is known before its whole feed was read again (CO-9)."""
        states = self._tables.stream_state
        anew = states.update().where(states.c.stream == stream)
        tx.execute(anew.values(read_position=0, complete=False, as_of=None))
        log.error("source_set_back", stream=stream)

    def read_up_to(
        self, tx: WriteTransaction, stream: str, position: int, before: StreamState, *, complete: bool
    ) -> bool:
        """The stream's feed has been read, or compared, from where it stood before up to here; what its source has told
        of this is known now. False, and nothing is kept, when it does not stand there any more: it was begun anew."""
        states = self._tables.stream_state
        insert_ignore(tx, states, {"stream": stream})
        all_read = sa.and_(
            sa.literal(complete), states.c.told_as_of.is_not(None), states.c.told_position <= position
        )
        kept = tx.execute(
            states.update()
            .where(
                states.c.stream == stream,
                states.c.read_position == before.read,
                states.c.complete == before.complete,
            )
            .values(
                read_position=position,
                complete=complete,
                as_of=sa.case((all_read, states.c.told_as_of), else_=states.c.as_of),
            )
        )
        return kept.rowcount == 1

    def state_of(self, conn: AnyConnection, stream: str) -> StreamState:
        """How far the stream's feed has gone, as its source told, and how far it has been read here."""
        states = self._tables.stream_state
        row = conn.execute(sa.select(states).where(states.c.stream == stream)).one_or_none()
        return StreamState(row.told_position, row.read_position, row.complete) if row else StreamState()

    def come(self, conn: AnyConnection, stream: str, subjects: Sequence[str]) -> dict[str, int]:
        """How far each subject has come without a gap, what waits parked among it; absent: nothing has."""
        positions, parked = self._tables.inbox_positions, self._tables.parked
        at = sa.select(positions.c.subject, positions.c.sequence).where(
            positions.c.stream == stream, positions.c.subject.in_(subjects)
        )
        come = {row.subject: int(row.sequence) for row in conn.execute(at)}
        waiting = (
            sa.select(parked.c.subject, parked.c.sequence)
            .where(parked.c.stream == stream, parked.c.subject.in_(subjects))
            .order_by(parked.c.sequence)
        )
        for row in conn.execute(waiting):
            if row.sequence == come.get(row.subject, 0) + 1:
                come[row.subject] = int(row.sequence)
        return come

    def park_early(self, tx: WriteTransaction, event: Event, at: datetime) -> None:
        """Keep an event that came before its turn, unless one with its number is kept already."""
        row = _parked(event, GAP, attempts=0, retry_at=None, at=at)
        insert_ignore(tx, self._tables.parked, {**_turn(event), **row})

    def parked_as(self, tx: WriteTransaction, event: Event) -> str | None:
        """The type under which what bears the event's number is parked; None when nothing is."""
        kept = tx.scalar(sa.select(self._tables.parked.c.event).where(*self._this(event)))
        return str(kept["type"]) if kept else None

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
        row = _parked(event, reason, attempts, retry_at, at, dead_at)
        upsert(tx, self._tables.parked, _turn(event), row)

    def attempts(self, tx: WriteTransaction, event: Event) -> int:
        """How often the event's handler has failed."""
        return int(tx.scalar(sa.select(self._tables.parked.c.attempts).where(*self._this(event))) or 0)

    def waiting(self, conn: AnyConnection, key: Key, limit: int) -> list[Event]:
        """The parked events of a subject whose turn has come, without a gap, up to one whose own handler failed."""
        parked, positions = self._tables.parked, self._tables.inbox_positions
        stream, subject = key
        position = conn.scalar(
            sa.select(positions.c.sequence).where(
                positions.c.stream == stream, positions.c.subject == subject
            )
        )
        found = conn.execute(
            sa.select(parked.c.sequence, parked.c.reason, parked.c.event)
            .where(
                parked.c.stream == stream,
                parked.c.subject == subject,
                parked.c.sequence > int(position or 0),
            )
            .order_by(parked.c.sequence)
            .limit(limit)
        )
        events = []
        for expected, row in enumerate(found, int(position or 0) + 1):
            if row.sequence != expected or row.reason != GAP:
                break
            events.append(Event.from_dict(row.event))
        return events

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


def _position(event: Event, sequence: int) -> dict[str, Any]:
    return {
        "stream": event.stream,
        "subject": event.subject,
        "municipality": event.municipality,
        "sequence": sequence,
    }


def _turn(event: Event) -> dict[str, Any]:
    return {"stream": event.stream, "subject": event.subject, "sequence": event.sequence}


def _parked(
    event: Event,
    reason: str,
    attempts: int,
    retry_at: datetime | None,
    at: datetime,
    dead_at: datetime | None = None,
) -> dict[str, Any]:
    return {
        "municipality": event.municipality,
        "event": event.as_dict(),
        "reason": reason,
        "attempts": attempts,
        "retry_at": retry_at,
        "parked_at": at,
        "dead_at": dead_at,
    }
