"""Comparing two services subject by subject: what one has told, and what the other has handled of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from services.chassis.storage import Database


@dataclass(frozen=True)
class Unlike:
    """A subject of which a service has not handled what its source has told (`missing`), or has parked it
    (`parked`), or of which it has handled more than the source knows (`ahead`: the source was set back)."""

    stream: str
    municipality: str
    subject: str
    told: int
    handled: int
    state: Literal["missing", "parked", "ahead"]


def unlike(source: Database, consumer: Database, stream: str, before: datetime) -> Iterator[Unlike]:
    """The subjects of a stream of which `consumer` does not stand where `source` had sent before an instant, subject
    by subject."""
    outbox, positions = source.chassis.outbox_of(stream), consumer.chassis.inbox_positions
    parked = consumer.chassis.parked
    with source.read() as conn:
        sent = sa.and_(outbox.c.stream == stream, outbox.c.sent_at < before)
        told = {
            row.subject: (row.municipality, row.sent or 0, row.all)
            for row in conn.execute(
                sa.select(
                    outbox.c.subject,
                    sa.func.max(outbox.c.municipality).label("municipality"),
                    sa.func.max(sa.case((sent, outbox.c.sequence))).label("sent"),
                    sa.func.max(outbox.c.sequence).label("all"),
                )
                .where(outbox.c.stream == stream)
                .group_by(outbox.c.subject)
            )
        }
    with consumer.read() as conn:
        handled = {
            row.subject: (row.municipality, row.sequence)
            for row in conn.execute(sa.select(positions).where(positions.c.stream == stream))
        }
        waiting = set(conn.scalars(sa.select(parked.c.subject).where(parked.c.stream == stream)))
    for subject in sorted(told.keys() | handled.keys()):
        municipality, sent_up_to, all_ = told.get(subject, ("", 0, 0))
        home, here = handled.get(subject, (municipality, 0))
        if here < sent_up_to:
            yield Unlike(
                stream, municipality, subject, sent_up_to, here, "parked" if subject in waiting else "missing"
            )
        elif here > all_:
            yield Unlike(stream, municipality or home, subject, all_, here, "ahead")
