"""The lane's own tables and access record; all that a report tells is one ciphertext under the report's own key."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
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
from services.chassis.storage import (
    AnyConnection,
    Database,
    UtcDateTime,
    WriteTransaction,
    heads_table,
    insert_ignore,
)
from services.kernel.lane import LaneNamedFact, ReportKind

RECEIVED, BEING_ASSESSED, ANSWERED = "received", "being_assessed", "answered"


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
    sa.Column("adults", sa.JSON, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("filed_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    _id("taken_by", optional=True),
    sa.Column("taken_at", UtcDateTime),
    sa.Column("identified", sa.LargeBinary),
    _id("identified_by", optional=True),
    sa.Column("identified_at", UtcDateTime),
    sa.Column("ask_again", sa.Boolean, nullable=False),
    sa.Column("ask_after", UtcDateTime),
    sa.Index("ix_lane_reports_reporter", "municipality", "reporter_person_id"),
    sa.Index("ix_lane_reports_child", "municipality", "child_index"),
)
"""`adults`: the lane's look-up values of those whom the register tied to the child when it was named. `identified`:
whom child protection found a report to be about that named nobody, or the register once it answered, as ciphertext;
what was reported stays as it is. `ask_again`: the register was silent when it was filed; not before `ask_after`."""

answers = sa.Table(
    "lane_answers",
    metadata,
    _id("municipality", key=True),
    _id("answer_id", key=True),
    _id("report_id"),
    _id("by_person_id"),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index("ix_lane_answers_report", "municipality", "report_id"),
)
"""What child protection let the reporter know: ciphertext under the report's key."""

drafts = sa.Table(
    "lane_drafts",
    metadata,
    _id("municipality", key=True),
    _id("person_id", key=True),
    _id("draft_id", optional=True),
    sa.Column("content", sa.LargeBinary),
    sa.Column("kept_at", UtcDateTime, nullable=False),
    _id("form", optional=True),
    _id("filed_form", optional=True),
)
"""What somebody has begun to write, one a person: ciphertext under a key of the draft's own; nothing once it is filed.
`form`: in which it is written; as long as it grows there, its key is the same. `filed_form`: the form whose report was
filed last: what comes late from it is not kept."""

spent_keys = sa.Table("lane_spent_keys", metadata, _id("municipality", key=True), _id("draft_id", key=True))
"""Drafts that are no more, whose keys are still to be destroyed (SE-6): noted with the change, so that whatever crashes
no key is left behind."""

DRAFTS_KEPT = timedelta(days=30)
"""After so long without a word more, what was begun is forgotten."""
_KEYS_AT_ONCE = 100

readers = sa.Table(
    "lane_readers",
    metadata,
    _id("municipality", key=True),
    _id("report_id", key=True),
    _id("person_id", key=True),
    _id("named_by", optional=True),
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


def named_rows(conn: AnyConnection, municipality: str, report_id: str) -> list[Any]:
    """Whom a report was opened to by name, and by whom; also those whose time is over."""
    found = sa.select(readers).where(readers.c.municipality == municipality, readers.c.report_id == report_id)
    return list(conn.execute(found.order_by(readers.c.valid_from, readers.c.person_id)).all())


def named_readers(conn: AnyConnection, municipality: str, report_id: str) -> tuple[LaneNamedFact, ...]:
    """The same as the kernel's facts."""
    found = named_rows(conn, municipality, report_id)
    return tuple(LaneNamedFact(row.person_id, row.valid_from, row.valid_to) for row in found)


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


def answer(tx: WriteTransaction, keys: Keys, row: Any, text: str, by: str, now: datetime) -> None:
    """Keep what child protection lets the reporter know; the report is answered then."""
    answer_id = new_id()
    tx.execute(
        answers.insert(),
        {
            "municipality": row.municipality,
            "answer_id": answer_id,
            "report_id": row.report_id,
            "by_person_id": by,
            "at": now,
            "content": keys.encrypt(f"lane:{row.report_id}", row.municipality, f"answer:{answer_id}", text),
        },
    )
    tx.execute(
        sa.update(reports)
        .where(reports.c.municipality == row.municipality, reports.c.report_id == row.report_id)
        .values(state=ANSWERED)
    )


def answers_of(conn: AnyConnection, keys: Keys, row: Any) -> list[dict[str, Any]]:
    """The answers to a report, deciphered, the oldest first. Who may read them has been decided by the caller."""
    found = (
        sa.select(answers)
        .where(answers.c.municipality == row.municipality, answers.c.report_id == row.report_id)
        .order_by(answers.c.answer_id)
    )
    owner = f"lane:{row.report_id}"
    return [
        {
            "text": keys.decrypt(owner, each.municipality, f"answer:{each.answer_id}", each.content),
            "by_person_id": each.by_person_id,
            "at": each.at,
        }
        for each in conn.execute(found)
    ]


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


def lines_of(conn: AnyConnection, municipality: str, report_id: str) -> list[Any]:
    """The lane's access record of one report, newest first."""
    found = sa.select(access_record).where(
        access_record.c.municipality == municipality, access_record.c.report_id == report_id
    )
    return list(conn.execute(found.order_by(access_record.c.id.desc())).all())


def draft_of(
    conn: AnyConnection, keys: Keys, municipality: str, person_id: str
) -> tuple[dict[str, Any], datetime] | None:
    """What the person has begun to write, and when it was kept."""
    found = sa.select(drafts).where(drafts.c.municipality == municipality, drafts.c.person_id == person_id)
    row = conn.execute(found).first()
    if row is None or row.content is None:
        return None
    told: dict[str, Any] = json.loads(
        keys.decrypt(f"lane:{row.draft_id}", municipality, "draft", row.content)
    )
    return told, row.kept_at


def keep_draft(
    tx: WriteTransaction, keys: Keys, municipality: str, person_id: str, told: dict[str, Any], now: datetime
) -> None:
    """Keep what the person has begun to write in the place of what was kept before, unless it comes late from a form
    whose report is filed."""
    row, form = _locked_draft(tx, municipality, person_id, now), told["form_key"]
    if form and form == row.filed_form:
        return
    grows = row.draft_id is not None and form is not None and form == row.form
    draft_id = row.draft_id if grows else new_id()
    content = keys.encrypt(f"lane:{draft_id}", municipality, "draft", json.dumps(told))
    _change_draft(tx, row, now, {"draft_id": draft_id, "content": content, "form": form})


def file_draft(
    tx: WriteTransaction, municipality: str, person_id: str, form: str | None, now: datetime
) -> None:
    """The report is filed: forget what was begun, and keep nothing more that was written in this form."""
    row = _locked_draft(tx, municipality, person_id, now)
    _change_draft(tx, row, now, {**_NO_DRAFT, **({"filed_form": form} if form else {})})


def drop_draft(tx: WriteTransaction, municipality: str, person_id: str, now: datetime) -> None:
    """Forget what the person has begun to write."""
    _change_draft(tx, _locked_draft(tx, municipality, person_id, now), now, _NO_DRAFT)


def forget_old_drafts(tx: WriteTransaction, now: datetime) -> None:
    """Forget what nobody has gone on with, of all municipalities."""
    old = drafts.c.kept_at < now - DRAFTS_KEPT
    for row in tx.execute(sa.select(drafts).where(old).with_for_update()).all():
        _change_draft(tx, row, now, _NO_DRAFT)
        tx.execute(sa.delete(drafts).where(*_of(row)))


def destroy_spent_keys(tx: WriteTransaction, keys: Keys) -> None:
    """Destroy the keys of the drafts that are no more. If the transaction fails then, it is done once more."""
    for row in tx.execute(sa.select(spent_keys).limit(_KEYS_AT_ONCE)).all():
        keys.destroy(f"lane:{row.draft_id}", row.municipality)
        tx.execute(
            sa.delete(spent_keys).where(
                spent_keys.c.municipality == row.municipality, spent_keys.c.draft_id == row.draft_id
            )
        )


_NO_DRAFT = {"draft_id": None, "content": None, "form": None}


def _locked_draft(tx: WriteTransaction, municipality: str, person_id: str, now: datetime) -> Any:
    """The person's row, made now if there is none: under its lock, so that two at once come one after the other."""
    insert_ignore(tx, drafts, {"municipality": municipality, "person_id": person_id, "kept_at": now})
    mine = sa.select(drafts).where(drafts.c.municipality == municipality, drafts.c.person_id == person_id)
    return tx.execute(mine.with_for_update()).one()


def _change_draft(tx: WriteTransaction, row: Any, now: datetime, values: dict[str, Any]) -> None:
    """Change a row that is locked. The key of a draft that stood there and does no more is spent."""
    if row.draft_id is not None and row.draft_id != values["draft_id"]:
        tx.execute(spent_keys.insert(), {"municipality": row.municipality, "draft_id": row.draft_id})
    tx.execute(sa.update(drafts).where(*_of(row)).values(kept_at=now, **values))


def _of(row: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return drafts.c.municipality == row.municipality, drafts.c.person_id == row.person_id


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
