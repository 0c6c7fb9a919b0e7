"""Where a change tells its event: a row in the same transaction, numbered within its stream and subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.bus.leadership import ring
from services.chassis.ids import new_id
from services.chassis.storage import WriteTransaction
from services.contracts.base import EventType, Message
from services.contracts.envelope import Event


class EventInvalid(ValueError):
    """Data that the event's schema refuses: a fault in the code that tells it. `faults` names the fields."""

    def __init__(self, event_type: str, faults: object) -> None:
        self.faults = faults
        super().__init__(f"{event_type}: {faults}")


Older = Sequence[tuple[EventType, Mapping[str, Any]]]
"""The same happening in the words of earlier versions of its type: (type, data), the newest of them first."""


def append(
    tx: WriteTransaction,
    municipality: str,
    event_type: EventType,
    subject: str,
    data: Mapping[str, Any],
    at: datetime,
    traceparent: str | None = None,
    older: Older = (),
) -> Event:
    """Tell that something happened to `subject`, in the transaction that makes it so.

    `data` may hold dates, instants and enums; they become the JSON values of the schema. The sequence is
    given under the lock of the (stream, subject) row, held until commit: others who tell of the same subject
    wait. What is told in `older` words too has the same number, and goes after it, so that whoever knows both
    takes the newest. The active relay, in whatever process, looks as soon as it is committed. Raises EventInvalid.
    """
    wire = _checked(event_type, data)
    event = Event(
        id=new_id(),
        type=event_type.type,
        source=f"/{municipality}/{event_type.service}",
        subject=subject,
        time=at.astimezone(UTC),
        municipality=municipality,
        stream=event_type.stream,
        sequence=_next_sequence(tx, municipality, event_type.stream, subject),
        traceparent=traceparent,
        data=wire,
    )
    _keep(tx, event)
    for earlier, words in older:
        if not _precedes(earlier, event_type):
            raise ValueError(f"{earlier.type} is no earlier version of {event_type.type}")
        _keep(tx, replace(event, id=new_id(), type=earlier.type, data=_checked(earlier, words)))
    ring(tx)
    return event


def _checked(event_type: EventType, data: Mapping[str, Any]) -> dict[str, Any]:
    wire: dict[str, Any] = _wire(data)
    try:
        _schema(event_type.schema).load(wire)
    except ValidationError as error:
        raise EventInvalid(event_type.type, error.messages) from error
    return wire


def _precedes(earlier: EventType, later: EventType) -> bool:
    (name, _, version), (later_name, _, later_version) = (
        each.type.rpartition(".v") for each in (earlier, later)
    )
    return (name, earlier.stream) == (later_name, later.stream) and int(version) < int(later_version)


def _keep(tx: WriteTransaction, event: Event) -> None:
    try:
        Event.from_json(event.to_json())  # one that can't be sent, or read, would stop all that come after it
    except ValueError as error:
        raise EventInvalid(event.type, str(error)) from error
    tx.execute(
        tx.chassis.outbox_of(event.stream).insert(),
        {
            "id": event.id,
            "municipality": event.municipality,
            "type": event.type,
            "stream": event.stream,
            "subject": event.subject,
            "sequence": event.sequence,
            "time": event.time,
            "traceparent": event.traceparent,
            "data": event.data,
        },
    )


def event_of(row: Any) -> Event:
    """The event that stands in an outbox row."""
    return Event(
        id=row.id,
        type=row.type,
        source=f"/{row.municipality}/{row.type.split('.', 1)[0]}",
        subject=row.subject,
        time=row.time,
        municipality=row.municipality,
        stream=row.stream,
        sequence=row.sequence,
        traceparent=row.traceparent,
        data=row.data,
    )


@cache
def _schema(kind: type[Message]) -> Message:
    return kind()


@cache
def _increment(table: sa.Table, dialect: str) -> sa.Executable:
    insert: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    statement: sa.Executable = insert.on_conflict_do_update(
        index_elements=["stream", "subject"], set_={"sequence": table.c.sequence + 1}
    ).returning(table.c.sequence, table.c.municipality)
    return statement


def _next_sequence(tx: WriteTransaction, municipality: str, stream: str, subject: str) -> int:
    row = {"stream": stream, "subject": subject, "municipality": municipality, "sequence": 1}
    given = tx.execute(_increment(tx.chassis.stream_sequences, tx.dialect.name), row).one()
    if given.municipality != municipality:
        raise ValueError(f"{stream}: the subject belongs to another municipality (SE-7)")
    sequence: int = given.sequence
    return sequence


def _wire(value: Any) -> Any:
    """JSON values: instants in UTC with Z, dates in ISO 8601, enums by value."""
    if isinstance(value, Mapping):
        return {str(key): _wire(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_wire(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value
