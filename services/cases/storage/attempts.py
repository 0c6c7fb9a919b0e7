"""How often somebody has tried something, counted in the access record: what is refused leaves no other trace."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from services.cases.storage.tables import metadata
from services.chassis.access_record import reader_index
from services.chassis.keys import Keys
from services.chassis.storage import AnyConnection

_RECORD = metadata.tables["access_record"].c


def attempts_without_case(
    conn: AnyConnection,
    keys: Keys,
    municipality: str,
    person_id: str,
    act: str,
    since: datetime,
    *,
    refused: bool = False,
) -> int:
    """How many lines of this act, that name no case, one person has made since then; `refused`: only refusals."""
    found = sa.select(sa.func.count()).where(
        _RECORD.municipality == municipality,
        _RECORD.case_id.is_(None),
        _RECORD.at > since,
        _RECORD.reader == reader_index(keys, municipality, person_id),
        _RECORD.act == act,
    )
    if refused:
        found = found.where(_RECORD.allowed.is_(False))
    return int(conn.scalar(found) or 0)
