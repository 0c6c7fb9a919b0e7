"""Whether a record is as it was written: every line in its place, none changed, none gone, up to what was anchored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from services.chassis.access_record.anchors import unseal
from services.chassis.access_record.chain import Chain, Head
from services.chassis.keys import Keys
from services.chassis.storage import Database

PAGE = 1000

What = Literal[
    "changed", "missing", "cut_off", "rewritten", "beyond_the_head", "anchor_missing", "anchor_damaged"
]
"""What can be wrong: a line that is not as it was written (changed, swapped with another, put in between); lines that
are gone; an end that is gone, head and all; a chain that was linked anew after something in it was changed; lines after
the head; an anchor that its keeper no longer has, or that is none of this record's."""


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome: how many lines were followed, and the first fault with the position at which it shows."""

    lines: int
    fault: What | None = None
    position: int | None = None


def verify(
    db: Database,
    keys: Keys,
    chain: Chain,
    municipality: str,
    kept: Sequence[bytes],
    told: bytes | None = None,
    progress: Callable[[int, int], None] = lambda position, last: None,
) -> Found:
    """Follow the chain from its first line. `kept` are the sealed anchors that the keeper has, `told` the last one that
    the owner remembers to have told it. Lines added meanwhile are left for the next time; nobody is held up."""
    opened = [unseal(keys, chain, municipality, sealed) for sealed in kept]
    anchors = [anchor for anchor in opened if anchor is not None]
    if len(anchors) < len(opened):
        return Found(0, "anchor_damaged", opened.index(None))
    remembered = unseal(keys, chain, municipality, told) if told else None
    with db.read() as conn:
        head = chain.head(conn, municipality)
        last = conn.scalar(
            sa.select(sa.func.max(chain.lines.c.position)).where(chain.lines.c.municipality == municipality)
        )
    wanted = {anchor.position: anchor.hash for anchor in reversed(anchors)}
    sound, position, previous = 0, 0, chain.genesis(municipality)
    for row in _lines(db, chain, municipality, progress, head.position):
        position += 1
        if row.position != position:
            return Found(position - 1, "missing", position)
        previous = chain.link(previous, row._mapping)
        if previous != row.hash:
            return Found(position - 1, "changed", position)
        if wanted.get(position, previous) != previous:
            return Found(position - 1, "rewritten", sound + 1)
        if position in wanted:
            sound = position
    fault = _at_the_end(head, Head(position, previous), last or 0, anchors, remembered)
    return Found(position, *fault) if fault else Found(position)


def _at_the_end(
    head: Head, end: Head, last: int, anchors: Sequence[Head], told: Head | None
) -> tuple[What, int] | None:
    """What is wrong where the chain ends, if anything is."""
    anchored = max((anchor.position for anchor in anchors), default=0)
    if head.position > end.position:
        return "missing", end.position + 1
    if last > head.position:
        return "beyond_the_head", head.position + 1
    if anchored > end.position or (told is not None and told.position > end.position):
        return "cut_off", end.position + 1
    if head.hash != end.hash:
        return "changed", end.position
    if told is not None and told.position > anchored:
        return "anchor_missing", told.position
    return None


def _lines(
    db: Database, chain: Chain, municipality: str, progress: Callable[[int, int], None], last: int
) -> Iterator[Any]:
    """The lines up to `last` in order, page by page; between two pages others have their turn."""
    line = chain.lines.c
    page = (
        sa.select(chain.lines)
        .where(
            line.municipality == municipality,
            line.position > sa.bindparam("after"),
            line.position <= last,
        )
        .order_by(line.position)
        .limit(PAGE)
    )
    after = 0
    while True:
        with db.read() as conn:
            rows = conn.execute(page, {"after": after}).all()
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].position
        progress(after, last)
        time.sleep(0)
