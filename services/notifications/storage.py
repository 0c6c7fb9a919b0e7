"""Tables and repository of notifications: messages and what was tried outside. Ids, codes and times alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.access import access_tables
from services.chassis.access.projections import T as FACTS
from services.chassis.ids import new_id
from services.chassis.storage import (
    AnyConnection,
    UtcDateTime,
    chassis_tables,
    insert_ignore,
    new_metadata,
    upsert,
)
from services.kernel.calendar import local_date
from services.kernel.facts import Role
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.message import Message, Told

EMAIL = "email"

metadata = new_metadata()
chassis_tables(metadata)
access_tables(metadata)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("message_id", sa.String(64), primary_key=True),
    sa.Column("event_id", sa.String(64), nullable=False),
    sa.Column("person_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("case_id", sa.String(64)),
    sa.Column("item_id", sa.String(64)),
    sa.Column("by_person_id", sa.String(64)),
    sa.Column("topics", sa.String(200), nullable=False),
    sa.Column("starts_at", UtcDateTime),
    sa.Column("ends_at", UtcDateTime),
    sa.Column("third_person", sa.String(64)),
    sa.Column("read_at", UtcDateTime),
    sa.Column("traceparent", sa.String(64)),
    sa.UniqueConstraint("municipality", "event_id", "person_id", "kind", name="uq_messages_once"),
    sa.Index("ix_messages_of", "municipality", "person_id", "message_id"),
    sa.Index("ix_messages_unread", "municipality", "person_id", "read_at"),
    sa.Index("ix_messages_about", "municipality", "item_id"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("message_id", sa.String(64), primary_key=True),
    sa.Column("channel", sa.String(16), primary_key=True),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("at", UtcDateTime),
    sa.Column("next_try_at", UtcDateTime, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Index("ix_attempts_due", "outcome", "next_try_at"),
)

lane_lost = sa.Table(
    "lane_lost",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.String(64), primary_key=True),
    sa.Column("report_id", sa.String(64), primary_key=True),
)
"""PR-5: who may read a report of the lane no more, of those who had been told of it."""

third_person_marks = sa.Table(
    "third_person_marks",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("item_id", sa.String(64), primary_key=True),
    sa.Column("third_person", sa.String(64)),
)
"""GU-6: of an entry, goal or measure whose mark is another than when it was told: of whom it tells now who has not
agreed to show it; nobody: it may be shown. The others are as they were told."""

_TOLD = (
    "person_id", "kind", "at", "case_id", "item_id", "by_person_id", "starts_at", "ends_at", "third_person",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose e-mail waits, how often it was tried, and the trace of the event that told it."""

    municipality: str
    message: Message
    tries: int
    traceparent: str | None = None


class Messages:
    """The messages of one municipality (SE-7)."""

    def __init__(self, conn: AnyConnection, municipality: str) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality = conn, municipality

    def add(self, event_id: str, told: Told, now: datetime, traceparent: str | None = None) -> bool:
        """NO-2: put a message in its reader's inbox, and its e-mail in the queue, unless this event has told this
        person this before. Whether it was put there."""
        message_id = new_id()
        row = {
            "municipality": self._municipality,
            "message_id": message_id,
            "event_id": event_id,
            "topics": ",".join(told.topics),
            "traceparent": traceparent,
            **{name: getattr(told, name) for name in _TOLD},
        }
        if not insert_ignore(self._conn, messages, row):
            return False
        if KINDS[told.kind].mailed:
            self._conn.execute(
                sa.insert(attempts).values(
                    municipality=self._municipality, message_id=message_id, channel=EMAIL, outcome="waiting",
                    next_try_at=now, tries=0,
                )
            )  # fmt: skip
        return True

    def of(
        self, person_id: str, limit: int, *, before: str | None = None, unread: bool = False
    ) -> list[Message]:
        """A person's messages, newest first: at most `limit`, those older than the message `before`."""
        found = self._all_of(person_id).order_by(messages.c.message_id.desc()).limit(limit)
        if before is not None:
            found = found.where(messages.c.message_id < before)
        if unread:
            found = found.where(messages.c.read_at.is_(None))
        return [_message(row) for row in self._conn.execute(found)]

    def mark_read(self, person_id: str, message_ids: Sequence[str], now: datetime) -> None:
        """Those of these that are the person's own and unread are read now."""
        self._conn.execute(
            sa.update(messages)
            .where(
                messages.c.municipality == self._municipality,
                messages.c.person_id == person_id,
                messages.c.message_id.in_(message_ids),
                messages.c.read_at.is_(None),
            )
            .values(read_at=now)
        )

    def not_of(self, person_id: str, message_ids: Sequence[str]) -> frozenset[str]:
        """Those of these that are no messages of the person."""
        own = self._conn.scalars(
            sa.select(messages.c.message_id).where(
                messages.c.municipality == self._municipality,
                messages.c.person_id == person_id,
                messages.c.message_id.in_(message_ids),
            )
        )
        return frozenset(message_ids) - set(own)

    def who_asked(self, request_id: str) -> str | None:
        """Who asked for a consent, as those who were asked were told."""
        found: str | None = self._conn.scalar(
            sa.select(messages.c.by_person_id).where(
                messages.c.municipality == self._municipality,
                messages.c.item_id == request_id,
                messages.c.kind.in_(("consent_requested", "consent_requested_anew")),
            )
        )
        return found

    # -- what was tried outside --

    def attempts_of(self, message_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """What was tried for each of these messages, as contracts.notifications.Attempt."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._conn.execute(
            sa.select(attempts).where(
                attempts.c.municipality == self._municipality, attempts.c.message_id.in_(message_ids)
            )
        ):
            tried = {"channel": row.channel, "outcome": row.outcome, "at": row.at}
            found.setdefault(row.message_id, []).append(tried)
        return found

    def claim(self, message_id: str, now: datetime) -> bool:
        """NO-2: mark the e-mail's outcome as unknown, before the first word of it is said outside. Only who is
        answered True may send it, and what happens after that alone can make it known."""
        return self._change(message_id, "waiting", outcome="unknown", at=now, tries=attempts.c.tries + 1)

    def settle(self, message_id: str, outcome: str, now: datetime, *, was: str = "unknown") -> bool:
        """The outcome is known: sent, failed, not_allowed, no_address or too_late."""
        return self._change(message_id, was, outcome=outcome, at=now)

    def postpone(self, message_id: str, until: datetime, *, was: str = "waiting") -> bool:
        """Nothing went out: the e-mail waits on."""
        return self._change(message_id, was, outcome="waiting", next_try_at=until)

    def _change(self, message_id: str, was: str, **values: Any) -> bool:
        changed = self._conn.execute(
            sa.update(attempts)
            .where(
                attempts.c.municipality == self._municipality,
                attempts.c.message_id == message_id,
                attempts.c.channel == EMAIL,
                attempts.c.outcome == was,
            )
            .values(**values)
        )
        return bool(changed.rowcount)

    def _all_of(self, person_id: str) -> sa.Select[Any]:
        return sa.select(messages).where(
            messages.c.municipality == self._municipality, messages.c.person_id == person_id
        )


def due(conn: AnyConnection, now: datetime, limit: int) -> Iterator[Due]:
    """The e-mails that wait and whose time has come, longest waiting first, of all municipalities: for the sender."""
    same = sa.and_(
        messages.c.municipality == attempts.c.municipality, messages.c.message_id == attempts.c.message_id
    )
    found = (
        sa.select(messages, attempts.c.tries)
        .join(attempts, same)
        .where(attempts.c.outcome == "waiting", attempts.c.next_try_at <= now)
        .order_by(attempts.c.next_try_at, attempts.c.message_id)
        .limit(limit)
    )
    for row in conn.execute(found):
        yield Due(row.municipality, _message(row), row.tries, row.traceparent)


def lose(tx: AnyConnection, municipality: str, report_id: str, person_ids: Sequence[str]) -> None:
    """These are shown and sent nothing more of a report in the lane."""
    for person_id in person_ids:
        insert_ignore(
            tx, lane_lost, {"municipality": municipality, "person_id": person_id, "report_id": report_id}
        )


def regain(tx: AnyConnection, municipality: str, report_id: str, person_id: str) -> None:
    """Somebody was named anew as reader of a report."""
    tx.execute(
        sa.delete(lane_lost).where(
            lane_lost.c.municipality == municipality,
            lane_lost.c.person_id == person_id,
            lane_lost.c.report_id == report_id,
        )
    )


def lost_by(conn: AnyConnection, municipality: str, person_id: str) -> frozenset[str]:
    """The reports in the lane that somebody may read no more."""
    found = sa.select(lane_lost.c.report_id).where(
        lane_lost.c.municipality == municipality, lane_lost.c.person_id == person_id
    )
    return frozenset(conn.scalars(found))


def mark(tx: AnyConnection, municipality: str, item_id: str, third_person: str | None) -> None:
    """Keep of whom a thing tells from now on who has not agreed to show it (GU-6)."""
    key = {"municipality": municipality, "item_id": item_id}
    upsert(tx, third_person_marks, key, {"third_person": third_person})


def marks_of(conn: AnyConnection, municipality: str, item_ids: Collection[str]) -> dict[str, str | None]:
    """Those of these things whose mark has changed since they were told, with what it is now (GU-6)."""
    if not item_ids:
        return {}
    found = sa.select(third_person_marks.c.item_id, third_person_marks.c.third_person).where(
        third_person_marks.c.municipality == municipality, third_person_marks.c.item_id.in_(item_ids)
    )
    return {row.item_id: row.third_person for row in conn.execute(found)}


def roles_of(conn: AnyConnection, municipality: str, person_id: str, now: datetime) -> set[str]:
    """The roles that somebody has today, in whatever unit."""
    found = sa.select(FACTS.role.c.role).where(
        FACTS.role.c.person_id == person_id, *_today(municipality, now)
    )
    return set(conn.scalars(found))


def people_with_role(conn: AnyConnection, municipality: str, role: str, now: datetime) -> frozenset[str]:
    """Who has a role today, in whatever unit of the municipality."""
    found = sa.select(FACTS.role.c.person_id).where(FACTS.role.c.role == role, *_today(municipality, now))
    return frozenset(conn.scalars(found))


def leaders_of(conn: AnyConnection, municipality: str, unit_id: str, now: datetime) -> frozenset[str]:
    """Who leads a unit today."""
    role = FACTS.role.c
    led = (role.role == Role.LEADER, role.unit_id == unit_id)
    return frozenset(conn.scalars(sa.select(role.person_id).where(*led, *_today(municipality, now))))


def is_service(conn: AnyConnection, municipality: str, service_id: str) -> bool:
    """Whether it is an active service of the municipality."""
    service = FACTS.service.c
    found = sa.select(sa.literal(1)).where(
        service.municipality == municipality, service.service_id == service_id, service.active.is_(True)
    )
    return conn.scalar(found) is not None


def _today(municipality: str, now: datetime) -> tuple[Any, ...]:
    role, today = FACTS.role.c, local_date(now)
    ends = role.valid_to.is_(None) | (role.valid_to > today)
    return role.municipality == municipality, role.valid_from <= today, ends


def _message(row: Any) -> Message:
    topics = tuple(row.topics.split(",")) if row.topics else ()
    told = Told(topics=topics, **{name: getattr(row, name) for name in _TOLD})
    return Message(row.message_id, told, row.read_at)
