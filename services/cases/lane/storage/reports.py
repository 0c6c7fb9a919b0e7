"""Reports: as they were filed, and what became of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.lane.domain import ChildInReport, Report
from services.cases.lane.storage.tables import readers, reports
from services.chassis.keys import Keys
from services.chassis.storage import AnyConnection, WriteTransaction
from services.kernel.lane import ReportKind

RECEIVED, BEING_ASSESSED, ANSWERED = "received", "being_assessed", "answered"


def child_index(keys: Keys, municipality: str, number: str) -> str:
    """The lane's own look-up value of a number: unlike the one by which ordinary persons are found."""
    return keys.blind_index(municipality, "lane_child", number)


def add(tx: WriteTransaction, keys: Keys, report: Report, adults: Sequence[str], *, ask_again: bool) -> None:
    """Store a report; `adults`: the numbers of those whom the register ties to the child; `ask_again`: whether it is
    still to be asked."""
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
            "adults": [child_index(keys, report.municipality, each) for each in adults],
            "content": keys.encrypt(
                f"lane:{report.report_id}", report.municipality, "report", json.dumps(told)
            ),
            "filed_at": report.filed_at,
            "state": RECEIVED,
            "ask_again": ask_again,
        },
    )


def rows(
    conn: AnyConnection,
    municipality: str,
    *,
    report_id: str | None = None,
    tied_to: str | None = None,
    filed_by: str | None = None,
    with_guardians_of: Sequence[str] | None = None,
    state: str | None = None,
) -> list[Any]:
    """Undeciphered reports of the municipality, newest first, narrowed by each word that is given: one by its id; those
    that a person filed or is named for; those that a person filed; those made with the guardians of children (by their
    look-up values: no protected one is even looked at); those in a state. Decide on each before it is read."""
    if not municipality:
        raise ValueError("no reports without a municipality (SE-7)")
    found = sa.select(reports).where(reports.c.municipality == municipality)
    if report_id is not None:
        found = found.where(reports.c.report_id == report_id)
    if tied_to is not None:
        named = sa.select(readers.c.report_id).where(
            readers.c.municipality == municipality, readers.c.person_id == tied_to
        )
        found = found.where((reports.c.reporter_person_id == tied_to) | reports.c.report_id.in_(named))
    if filed_by is not None:
        found = found.where(reports.c.reporter_person_id == filed_by)
    if with_guardians_of is not None:
        shown = ReportKind.WITH_GUARDIANS.value
        found = found.where(reports.c.kind == shown, reports.c.child_index.in_(with_guardians_of))
    if state is not None:
        found = found.where(reports.c.state == state)
    return list(conn.execute(found.order_by(reports.c.report_id.desc())).all())


def take(tx: WriteTransaction, municipality: str, report_id: str, person_id: str, now: datetime) -> bool:
    """Note who of child protection assesses the report; False when it had been taken already."""
    done = tx.execute(
        sa.update(reports)
        .where(
            reports.c.municipality == municipality,
            reports.c.report_id == report_id,
            reports.c.state == RECEIVED,
        )
        .values(state=BEING_ASSESSED, taken_by=person_id, taken_at=now)
    )
    return bool(done.rowcount)


def identify(
    tx: WriteTransaction,
    keys: Keys,
    row: Any,
    child: ChildInReport,
    adults: Sequence[str],
    by: str,
    now: datetime,
) -> bool:
    """Note whom a report that gave no name is about; False when that is known already. `adults`: the numbers of those
    whom the register ties to the child."""
    assert child.number is not None
    told = json.dumps({"number": child.number, "name": child.name, "birth_date": child.birth_date})
    done = tx.execute(
        sa.update(reports)
        .where(
            reports.c.municipality == row.municipality,
            reports.c.report_id == row.report_id,
            reports.c.identified.is_(None),
        )
        .values(
            child_index=child_index(keys, row.municipality, child.number),
            adults=[child_index(keys, row.municipality, each) for each in adults],
            identified=keys.encrypt(f"lane:{row.report_id}", row.municipality, "child", told),
            identified_by=by,
            identified_at=now,
            ask_again=False,
        )
    )
    return bool(done.rowcount)


def unasked(conn: AnyConnection, now: datetime, at_most: int) -> list[Any]:
    """The oldest reports of all municipalities about whose child the register is to be asked now."""
    due = sa.select(reports).where(
        reports.c.ask_again, reports.c.ask_after.is_(None) | (reports.c.ask_after <= now)
    )
    return list(conn.execute(due.order_by(reports.c.report_id).limit(at_most)).all())


def ask_later(tx: WriteTransaction, row: Any, after: datetime) -> None:
    """The register is not asked about this report's child before then."""
    tx.execute(
        sa.update(reports)
        .where(reports.c.municipality == row.municipality, reports.c.report_id == row.report_id)
        .values(ask_after=after)
    )


def asked(
    tx: WriteTransaction,
    keys: Keys,
    row: Any,
    child: ChildInReport | None,
    adults: Sequence[str],
    now: datetime,
) -> None:
    """Keep what the register told of a report's child, None: that it knows nobody by the number. Whoever was known to
    be tied to the child stays so."""
    values: dict[str, Any] = {"ask_again": False}
    if child is not None:
        told = json.dumps({"number": child.number, "name": child.name, "birth_date": child.birth_date})
        values |= {
            "adults": sorted({*row.adults, *(child_index(keys, row.municipality, each) for each in adults)}),
            "identified": keys.encrypt(f"lane:{row.report_id}", row.municipality, "child", told),
            "identified_at": now,
        }
    tx.execute(
        sa.update(reports)
        .where(
            reports.c.municipality == row.municipality,
            reports.c.report_id == row.report_id,
            reports.c.ask_again,
        )
        .values(values)
    )


def release(tx: WriteTransaction, row: Any) -> None:
    """Nobody holds the report any more."""
    tx.execute(
        sa.update(reports)
        .where(
            reports.c.municipality == row.municipality,
            reports.c.report_id == row.report_id,
            reports.c.state == BEING_ASSESSED,
        )
        .values(state=RECEIVED, taken_by=None, taken_at=None)
    )


def read(keys: Keys, row: Any, *, whole: bool) -> Report:
    """A row deciphered: `whole`, or only as it was reported, without which child was found to be meant. Who may read
    it has been decided by the caller."""
    told = json.loads(keys.decrypt(f"lane:{row.report_id}", row.municipality, "report", row.content))
    return Report(
        report_id=row.report_id,
        municipality=row.municipality,
        kind=ReportKind(row.kind),
        suspicion=told["suspicion"],
        child=replace(ChildInReport(**told["child"]), **(_identified(keys, row) if whole else {})),
        text=told["text"],
        guardians_informed=told["guardians_informed"],
        guardians_informed_reason=told["guardians_informed_reason"],
        police_contacted=told["police_contacted"],
        reporter_person_id=row.reporter_person_id,
        filed_at=row.filed_at,
    )


def _identified(keys: Keys, row: Any) -> dict[str, Any]:
    """Whom child protection found it to be about; nothing where that was not asked."""
    if row.identified is None:
        return {}
    found: dict[str, Any] = json.loads(
        keys.decrypt(f"lane:{row.report_id}", row.municipality, "child", row.identified)
    )
    return found
