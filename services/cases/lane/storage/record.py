"""The lane's own access record: who filed and read reports, and who tried to (SE-1, PR-3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.lane.storage.tables import access_heads, access_record
from services.cases.storage.tables import metadata
from services.chassis.access import municipalities
from services.chassis.access_record import Chain
from services.chassis.actor import Actor
from services.chassis.ids import new_id
from services.chassis.settings import Settings
from services.chassis.storage import AnyConnection, Database, WriteTransaction

CHAIN = Chain("cases/lane", access_record, access_heads, municipalities)
"""The lane's own chain (SE-1), anchored at fixed times whether it has moved or not: nobody outside learns that it has
(PR-3)."""


class LaneRecord:
    """The lane's access record as queries write it: durable before the answer leaves (SE-1)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database: Database | None = None

    def write(self, lines: Sequence[dict[str, Any]]) -> None:
        """Add lines made by `line`, in a transaction of their own."""
        if not lines:
            return
        if self._database is None:
            self._database = Database(self._settings.database_url, metadata, self._settings.service)
        with self._database.write() as tx:
            note(tx, lines)

    def close(self) -> None:
        """Close its connections."""
        if self._database is not None:
            self._database.close()


def line(
    actor: Actor,
    municipality: str,
    now: datetime,
    act: str,
    rule: str,
    report_id: str | None,
    allowed: bool = True,
) -> dict[str, Any]:
    """A line of the lane's access record."""
    return {
        "id": new_id(),
        "municipality": municipality,
        "at": now,
        "person_id": actor.person_id,
        "capacity": actor.capacity,
        "unit_id": actor.unit_id,
        "act": act,
        "rule": rule,
        "report_id": report_id,
        "allowed": allowed,
    }


def note(tx: WriteTransaction, lines: Sequence[dict[str, Any]]) -> None:
    """Add lines to the lane's access record."""
    CHAIN.append(tx, lines)


def lines_of(conn: AnyConnection, municipality: str, report_id: str) -> list[Any]:
    """The lane's access record of one report, newest first."""
    found = sa.select(access_record).where(
        access_record.c.municipality == municipality, access_record.c.report_id == report_id
    )
    return list(conn.execute(found.order_by(access_record.c.id.desc())).all())
