"""What was opened in an emergency, and how often somebody tried (SE-3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.storage.attempts import attempts_without_case
from services.cases.storage.tables import cases, emergencies, metadata
from services.chassis.access_record import Line, read_line
from services.chassis.keys import KeyMissing, Keys
from services.chassis.storage import AnyConnection, WriteTransaction

ACT, END = "open_emergency", "end_emergency"
_RECORD = metadata.tables["access_record"].c


def running_case(conn: AnyConnection, municipality: str, child_id: str) -> Any:
    """The child's open case, of several the one that has come furthest; None when there is none."""
    found = (
        sa.select(cases.c.case_id, cases.c.owner_unit_id)
        .where(
            cases.c.municipality == municipality,
            cases.c.subject_person_id == child_id,
            cases.c.state == "open",
        )
        .order_by(cases.c.level.desc(), cases.c.registered_at.desc())
    )
    return conn.execute(found).first()


def attempts(conn: AnyConnection, keys: Keys, municipality: str, person_id: str, since: datetime) -> int:
    """How often one employee has asked since then, whatever came of it."""
    opened = sa.select(sa.func.count()).where(
        emergencies.c.municipality == municipality,
        emergencies.c.person_id == person_id,
        emergencies.c.valid_from > since,
    )
    failed = attempts_without_case(conn, keys, municipality, person_id, ACT, since)
    return failed + int(conn.scalar(opened) or 0)


def add(tx: WriteTransaction, keys: Keys, row: dict[str, Any], reason: str) -> None:
    """Keep one."""
    ciphertext = keys.encrypt(
        f"case:{row['case_id']}", row["municipality"], _field(row["emergency_id"]), reason
    )
    tx.execute(emergencies.insert(), {**row, "reason": ciphertext})


def one(conn: AnyConnection, municipality: str, emergency_id: str) -> Any:
    """The row of one; None when there is none."""
    this = (emergencies.c.municipality == municipality, emergencies.c.emergency_id == emergency_id)
    return conn.execute(sa.select(emergencies).where(*this)).first()


def end(tx: WriteTransaction, municipality: str, emergency_id: str, by_person_id: str, now: datetime) -> bool:
    """End one that still goes on; False when its time is over already, whoever was first."""
    found = sa.update(emergencies).where(
        emergencies.c.municipality == municipality,
        emergencies.c.emergency_id == emergency_id,
        emergencies.c.valid_to > now,
    )
    return bool(tx.execute(found.values(valid_to=now, ended_by_person_id=by_person_id)).rowcount)


def going_on(
    conn: AnyConnection, municipality: str, case_id: str, person_id: str, unit_id: str, now: datetime
) -> Any:
    """The row of the one by which an employee reads a case now; None when there is none."""
    found = sa.select(emergencies).where(
        emergencies.c.municipality == municipality,
        emergencies.c.case_id == case_id,
        emergencies.c.person_id == person_id,
        emergencies.c.unit_id == unit_id,
        emergencies.c.valid_to > now,
    )
    return conn.execute(found.order_by(emergencies.c.valid_to.desc())).first()


def newest(conn: AnyConnection, municipality: str, before: str | None, limit: int) -> Sequence[Any]:
    """Rows, newest first; `before`: those older than this one."""
    found = sa.select(emergencies).where(emergencies.c.municipality == municipality)
    if before is not None:
        found = found.where(emergencies.c.emergency_id < before)
    return conn.execute(found.order_by(emergencies.c.emergency_id.desc()).limit(limit)).all()


def reason_of(keys: Keys, row: Any) -> str | None:
    """What was stated; None when the case's key is gone."""
    try:
        return keys.decrypt(f"case:{row.case_id}", row.municipality, _field(row.emergency_id), row.reason)
    except KeyMissing:
        return None


def refused(conn: AnyConnection, keys: Keys, municipality: str, since: datetime) -> list[Line]:
    """The attempts since then that found no case."""
    found = sa.select(metadata.tables["access_record"]).where(
        _RECORD.municipality == municipality,
        _RECORD.case_id.is_(None),
        _RECORD.at > since,
        _RECORD.act == ACT,
        _RECORD.allowed.is_(False),
    )
    return [read_line(keys, row) for row in conn.execute(found)]


def _field(emergency_id: str) -> str:
    return f"cases.emergency|{emergency_id}"
