"""What a service answers of its own history: its outboxes are the memory of all that it has told.

A service that hears a stream may ask for its events: of one municipality, or (as the queue brings them) of all, when
it asks for itself without one. Nobody else is answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from services.chassis.bus.outbox import event_of
from services.chassis.storage import AnyConnection
from services.chassis.tables import ChassisTables
from services.contracts import bus
from services.contracts.envelope import EVERY_MUNICIPALITY, Event
from services.kernel.errors import Forbidden

if TYPE_CHECKING:
    from services.chassis.unit_of_work import Reading


def between(reading: Reading, tables: ChassisTables, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The stored events of one subject, in order, sent or not (contracts.bus.WantedEvents). Raises Forbidden."""
    outbox = _outbox(reading, tables, wanted["stream"])
    events = read_between(
        reading.conn,
        outbox,
        wanted["stream"],
        reading.municipality,
        wanted["subject"],
        wanted["first"],
        wanted["last"],
    )
    return {"events": [event.as_dict() for event in events]}


def page(reading: Reading, tables: ChassisTables, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a stream's feed (contracts.bus.WantedHistory). Raises Forbidden."""
    outbox = _outbox(reading, tables, wanted["stream"])
    events, next_, last = read_page(
        reading.conn, outbox, wanted["stream"], reading.municipality, wanted["after"], wanted["limit"]
    )
    return {"events": [event.as_dict() for event in events], "next": next_, "last": last}


def heads(reading: Reading, tables: ChassisTables, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """How far each subject has come between two positions (contracts.bus.WantedHeads). Raises Forbidden."""
    outbox = _outbox(reading, tables, wanted["stream"])
    end = min(
        wanted["up_to"], wanted["after"] + bus.HEADS_PAGE
    )  # positions are dense: no more rows than that
    rows = reading.conn.execute(
        sa.select(outbox.c.municipality, outbox.c.subject, sa.func.max(outbox.c.sequence).label("sequence"))
        .where(
            *_of(outbox, wanted["stream"], reading.municipality),
            outbox.c.position > wanted["after"],
            outbox.c.position <= end,
        )
        .group_by(outbox.c.municipality, outbox.c.subject)
    )
    return {"heads": [dict(row._mapping) for row in rows], "next": max(end, wanted["after"])}


def _outbox(reading: Reading, tables: ChassisTables, stream: str) -> sa.Table:
    """Where the stream's events stand. Raises Forbidden for people, and for a service that does not hear it (PR-5)."""
    hears = reading.catalogue.hears.get(reading.actor.service or "", frozenset())
    if reading.actor.capacity != "service" or stream not in hears:
        raise Forbidden("Only a service that hears the stream may ask for its events.")
    return tables.outbox_of(stream)


def read_between(
    conn: AnyConnection,
    outbox: sa.Table,
    stream: str,
    municipality: str,
    subject: str,
    first: int,
    last: int,
) -> list[Event]:
    """The events of one subject between two numbers, in order, sent or not; at most MOST_EVENTS."""
    rows = conn.execute(
        sa.select(outbox)
        .where(
            *_of(outbox, stream, municipality),
            outbox.c.subject == subject,
            outbox.c.sequence.between(first, last),
        )
        .order_by(outbox.c.sequence, outbox.c.row)
        .limit(bus.MOST_EVENTS)
    )
    return [event_of(row) for row in rows]


def read_page(
    conn: AnyConnection, outbox: sa.Table, stream: str, municipality: str, after: int, limit: int
) -> tuple[list[Event], int, int]:
    """The events of a stream after a position, in the order in which they were sent; the position after them, and the
    outbox' last one."""
    last = max(int(conn.scalar(sa.select(sa.func.max(outbox.c.position))) or 0), after)
    rows = conn.execute(
        sa.select(outbox)
        .where(*_of(outbox, stream, municipality), outbox.c.position > after)
        .order_by(outbox.c.position)
        .limit(limit)
    ).all()
    return [event_of(row) for row in rows], last if len(rows) < limit else rows[-1].position, last


def _of(outbox: sa.Table, stream: str, municipality: str) -> list[sa.ColumnElement[bool]]:
    """SE-7: of one municipality alone, unless it is asked for as the queue brings: of every one."""
    found = [outbox.c.stream == stream]
    if municipality != EVERY_MUNICIPALITY:
        found.append(outbox.c.municipality == municipality)
    return found
