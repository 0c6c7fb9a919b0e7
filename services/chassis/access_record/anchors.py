"""Where a record's head is kept by another service: only added to, and sealed, so that its keeper can't make one, nor
tell how long the record is or whether it moved (PR-3)."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from services.chassis.access_record.chain import Chain, Head
from services.chassis.keys import Keys, Undecipherable
from services.chassis.storage import AnyConnection
from services.chassis.tables import ChassisTables
from services.contracts.anchors import PAGE
from services.kernel.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from services.chassis.unit_of_work import Reading, UnitOfWork

_SHAPE = struct.Struct(">Q32s")
_PURPOSE = "access_record.anchor"


def seal(keys: Keys, chain: Chain, municipality: str, head: Head) -> bytes:
    """The head as its keeper is given it: always of one length."""
    return keys.seal_bytes(_PURPOSE, _SHAPE.pack(head.position, head.hash), f"{chain.name}|{municipality}")


def unseal(keys: Keys, chain: Chain, municipality: str, sealed: bytes) -> Head | None:
    """The head that was sealed; None for what this chain's owner never sealed."""
    try:
        return Head(*_SHAPE.unpack(keys.open_bytes(_PURPOSE, sealed, f"{chain.name}|{municipality}")))
    except (Undecipherable, struct.error):
        return None


def told(chain: Chain, sealed: bytes) -> dict[str, str]:
    """An anchor as it goes to the keeper (contracts.anchors.Anchor)."""
    return {"record": chain.record, "sealed": base64.b64encode(sealed).decode()}


def received(items: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """What the keeper answered."""
    return [base64.b64decode(item["sealed"]) for item in items]


def keep(uow: UnitOfWork, request: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what a service tells of its own records; raises NotFound for anybody else."""
    source = _source(uow)
    rows = [
        {
            "municipality": uow.municipality,
            "source": source,
            "record": anchor["record"],
            "sealed": _bytes(anchor["sealed"]),
            "kept_at": uow.now,
        }
        for anchor in request["anchors"]
    ]
    if rows:
        uow.tx.execute(uow.tx.chassis.access_anchors.insert(), rows)
    return {}


def kept(reading: Reading, tables: ChassisTables, request: Mapping[str, Any]) -> dict[str, Any]:
    """A page of what was kept of one record of the service that asks, oldest first; raises NotFound for anybody
    else."""
    rows = read_kept(
        reading.conn,
        tables,
        reading.municipality,
        _source(reading),
        request["record"],
        int(request["after"] or 0),
    )
    return {
        "items": [{"sealed": base64.b64encode(row.sealed).decode(), "kept_at": row.kept_at} for row in rows],
        "next": str(rows[-1].row) if len(rows) == PAGE else None,
    }


def read_kept(
    conn: AnyConnection, tables: ChassisTables, municipality: str, source: str, record: str, after: int = 0
) -> Sequence[Any]:
    """At most a page of kept rows after a row's number."""
    anchor = tables.access_anchors.c
    return conn.execute(
        sa.select(anchor.row, anchor.sealed, anchor.kept_at)
        .where(
            anchor.municipality == municipality,
            anchor.source == source,
            anchor.record == record,
            anchor.row > after,
        )
        .order_by(anchor.row)
        .limit(PAGE)
    ).all()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise InvalidInput(fields={"sealed": "not_base64"}) from None


def _source(work: UnitOfWork | Reading) -> str:
    if work.actor.capacity != "service" or not work.actor.service:
        raise NotFound
    return work.actor.service
