"""The lane's own tables and access record; all that a report tells is one ciphertext under the report's own key."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.lane.domain import ChildInReport, Report
from services.cases.storage.tables import metadata
from services.chassis.access import municipalities
from services.chassis.access_record import Chain
from services.chassis.actor import Actor
from services.chassis.ids import new_id
from services.chassis.keys import Keys
from services.chassis.settings import Settings
from services.chassis.storage import AnyConnection, Database, UtcDateTime, WriteTransaction, heads_table
from services.kernel.lane import LaneNamedFact, ReportKind


def _id(name: str, *, key: bool = False, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), primary_key=key, nullable=optional)


reports = sa.Table(
    "lane_reports",
    metadata,
    _id("municipality", key=True),
    _id("report_id", key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    _id("reporter_person_id"),
    _id("child_index", optional=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("filed_at", UtcDateTime, nullable=False),
    sa.Index("ix_lane_reports_reporter", "municipality", "reporter_person_id"),
    sa.Index("ix_lane_reports_child", "municipality", "child_index"),
)

readers = sa.Table(
    "lane_readers",
    metadata,
    _id("municipality", key=True),
    _id("report_id", key=True),
    _id("person_id", key=True),
    sa.Column("valid_from", UtcDateTime, nullable=False),
    sa.Column("valid_to", UtcDateTime),
)
"""Whom the reporter or child protection named as readers (PR-5)."""

access_record = sa.Table(
    "lane_access",
    metadata,
    _id("id", key=True),
    _id("municipality"),
    sa.Column("at", UtcDateTime, nullable=False),
    _id("person_id", optional=True),
    sa.Column("capacity", sa.String(32), nullable=False),
    _id("unit_id", optional=True),
    sa.Column("act", sa.String(64), nullable=False),
    sa.Column("rule", sa.String(32), nullable=False),
    _id("report_id", optional=True),
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("municipality", "position", name="uq_lane_access_position"),
    sa.Index("ix_lane_access_report", "municipality", "report_id", "at"),
)
"""Who filed and read reports: never in the ordinary access record, which the family reads (SE-2, PR-3)."""

CHAIN = Chain("cases/lane", access_record, heads_table(metadata, "lane_access_heads"), municipalities)
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


def child_index(keys: Keys, municipality: str, number: str) -> str:
    """The lane's own look-up value of a child's number: unlike the one by which ordinary persons are found."""
    return keys.blind_index(municipality, "lane_child", number)


def add(tx: WriteTransaction, keys: Keys, report: Report) -> None:
    """Store a report."""
    told = {
        "suspicion": report.suspicion,
        "child": asdict(report.child),
        "text": report.text,
        "guardians_informed": report.guardians_informed,
        "guardians_informed_reason": report.guardians_informed_reason,
        "police_contacted": report.police_contacted,
    }
    number = report.child.number
    tx.execute(
        reports.insert(),
        {
            "municipality": report.municipality,
            "report_id": report.report_id,
            "kind": report.kind.value,
            "reporter_person_id": report.reporter_person_id,
            "child_index": child_index(keys, report.municipality, number) if number else None,
            "content": keys.encrypt(
                f"lane:{report.report_id}", report.municipality, "report", json.dumps(told)
            ),
            "filed_at": report.filed_at,
        },
    )


def rows(
    conn: AnyConnection,
    municipality: str,
    *,
    report_id: str | None = None,
    concerning: tuple[str, Sequence[str]] | None = None,
) -> list[Any]:
    """Undeciphered reports, newest first: one, all of the municipality, or those `concerning` (person, child indices):
    filed by the person, open to them by name, or about one of the children. Decide on each before it is read."""
    if not municipality:
        raise ValueError("no reports without a municipality (SE-7)")
    found = sa.select(reports).where(reports.c.municipality == municipality)
    if report_id is not None:
        found = found.where(reports.c.report_id == report_id)
    if concerning is not None:
        person_id, children = concerning
        named = sa.select(readers.c.report_id).where(
            readers.c.municipality == municipality, readers.c.person_id == person_id
        )
        found = found.where(
            (reports.c.reporter_person_id == person_id)
            | reports.c.report_id.in_(named)
            | reports.c.child_index.in_(children)
        )
    return list(conn.execute(found.order_by(reports.c.report_id.desc())).all())


def named_readers(conn: AnyConnection, municipality: str, report_id: str) -> tuple[LaneNamedFact, ...]:
    """Whom a report was opened to by name."""
    found = sa.select(readers).where(readers.c.municipality == municipality, readers.c.report_id == report_id)
    return tuple(LaneNamedFact(row.person_id, row.valid_from, row.valid_to) for row in conn.execute(found))


def read(keys: Keys, row: Any) -> Report:
    """A row deciphered. Who may read it has been decided by the caller."""
    told = json.loads(keys.decrypt(f"lane:{row.report_id}", row.municipality, "report", row.content))
    return Report(
        report_id=row.report_id,
        municipality=row.municipality,
        kind=ReportKind(row.kind),
        suspicion=told["suspicion"],
        child=ChildInReport(**told["child"]),
        text=told["text"],
        guardians_informed=told["guardians_informed"],
        guardians_informed_reason=told["guardians_informed_reason"],
        police_contacted=told["police_contacted"],
        reporter_person_id=row.reporter_person_id,
        filed_at=row.filed_at,
    )
