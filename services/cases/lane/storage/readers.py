"""Whom the reporter or child protection named as readers of a report (PR-5)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.lane.storage.tables import readers
from services.chassis.storage import AnyConnection, WriteTransaction
from services.kernel.lane import LaneNamedFact


def named_rows(conn: AnyConnection, municipality: str, report_id: str) -> list[Any]:
    """Whom a report was opened to by name, and by whom; also those whose time is over."""
    found = sa.select(readers).where(readers.c.municipality == municipality, readers.c.report_id == report_id)
    return list(conn.execute(found.order_by(readers.c.valid_from, readers.c.person_id)).all())


def named_readers(conn: AnyConnection, municipality: str, report_id: str) -> tuple[LaneNamedFact, ...]:
    """The same as the kernel's facts."""
    found = named_rows(conn, municipality, report_id)
    return tuple(LaneNamedFact(row.person_id, row.valid_from, row.valid_to) for row in found)


def name_reader(tx: WriteTransaction, row: Any, fact: LaneNamedFact, by: str) -> None:
    """Open a report to somebody by name, from then to then; anew if they had been named before."""
    remove_row(tx, row, fact.person_id)
    tx.execute(
        readers.insert(),
        {
            "municipality": row.municipality,
            "report_id": row.report_id,
            "person_id": fact.person_id,
            "named_by": by,
            "valid_from": fact.valid_from,
            "valid_to": fact.valid_to,
        },
    )


def remove_row(tx: WriteTransaction, row: Any, person_id: str) -> None:
    """Forget that somebody was named; what they read stands in the access record."""
    tx.execute(
        sa.delete(readers).where(
            readers.c.municipality == row.municipality,
            readers.c.report_id == row.report_id,
            readers.c.person_id == person_id,
        )
    )


def end_reader(tx: WriteTransaction, row: Any, person_id: str, now: datetime) -> None:
    """From now on the name opens nothing."""
    tx.execute(
        sa.update(readers)
        .where(
            readers.c.municipality == row.municipality,
            readers.c.report_id == row.report_id,
            readers.c.person_id == person_id,
        )
        .values(valid_to=now)
    )
