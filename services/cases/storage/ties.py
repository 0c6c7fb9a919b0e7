"""Parental responsibility: what the register told, the papers, and the ties that follow from both (GU-3)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.cases.domain import responsibility
from services.cases.domain.people import RegisteredGuardian, Source, Tie
from services.cases.domain.responsibility import Paper, Said, ToldTie
from services.cases.storage.tables import papers, register_told, ties
from services.chassis.keys import Keys
from services.chassis.sealed import About, Sealed
from services.chassis.storage import AnyConnection, WriteTransaction, upsert
from services.kernel.calendar import local_date
from services.kernel.facts import Act


def register_tells(
    tx: WriteTransaction,
    municipality: str,
    child_id: str,
    adults: Mapping[str, RegisteredGuardian],
    born: date,
    now: datetime,
) -> None:
    """Keep what the register says anew of a child's adults (by person id), and build the ties anew when it does."""
    rows = _told_rows(tx, municipality, child_id)
    latest = {row.guardian_id: row for row in rows}
    known = {
        adult: Said(row.relation, row.has_responsibility, row.verified, row.said_from, row.said_to)
        for adult, row in latest.items()
        if row.named
    }
    today = local_date(now)
    anew = responsibility.news(known, adults, today if rows else born, today)
    for number, tie in enumerate(anew, start=len(rows)):
        named = adults.get(tie.guardian_id)
        tx.execute(
            register_told.insert(),
            {
                "municipality": municipality,
                "child_id": child_id,
                "number": number,
                "guardian_id": tie.guardian_id,
                **_values(tie),
                "said_from": named.valid_from if named else None,
                "said_to": named.valid_to if named else None,
                "named": named is not None,
                "at": now,
            },
        )
    if anew:
        rebuild(tx, municipality, child_id)


def rebuild(tx: WriteTransaction, municipality: str, child_id: str) -> None:
    """The ties anew, from all that the register and the papers told."""
    told = [ToldTie(_tie(row), row.at) for row in _told_rows(tx, municipality, child_id)]
    found = responsibility.timeline(told, papers_of(tx.connection, municipality, child_id))
    key = {"municipality": municipality, "child_id": child_id}
    tx.execute(ties.delete().where(ties.c.municipality == municipality, ties.c.child_id == child_id))
    rows = [
        {**key, "number": number, "guardian_id": tie.guardian_id, **_values(tie), "source": tie.source}
        for number, tie in enumerate(found)
    ]
    if rows:
        tx.execute(ties.insert(), rows)


def papers_of(conn: AnyConnection, municipality: str, child_id: str) -> list[Paper]:
    """The papers about a child, oldest first; the reasons of those who verified their own are not read."""
    return [_paper(row) for row in _paper_rows(conn, municipality, child_id)]


def reasons(
    conn: AnyConnection, keys: Keys, municipality: str, case_id: str, child_id: str
) -> Sealed[dict[str, str]]:
    """By paper: why who registered it also verified it, for those who keep the family's papers."""
    rows = [row for row in _paper_rows(conn, municipality, child_id) if row.same_person_reason]

    owner = f"person:{child_id}"
    return Sealed(
        About(municipality, case_id, Act.KEEP_FAMILY),
        lambda: {
            row.paper_id: keys.decrypt(owner, municipality, _field(row.paper_id), row.same_person_reason)
            for row in rows
        },
    )


def _field(paper_id: str) -> str:
    return f"same_person_reason:{paper_id}"


def save_paper(tx: WriteTransaction, keys: Keys, municipality: str, paper: Paper) -> None:
    """Store a paper as it now is."""
    reason = paper.same_person_reason
    upsert(
        tx,
        papers,
        {"municipality": municipality, "paper_id": paper.paper_id},
        {
            "child_id": paper.child_id,
            "guardian_id": paper.tie.guardian_id,
            "kind": paper.kind,
            **_values(paper.tie),
            "recorded_by": paper.recorded_by,
            "recorded_at": paper.recorded_at,
            "state": paper.state,
            "decided_by": paper.decided_by,
            "decided_at": paper.decided_at,
            "same_person_reason": keys.encrypt(
                f"person:{paper.child_id}", municipality, _field(paper.paper_id), reason
            )
            if reason
            else None,
        },
    )


def tie_of(row: Any) -> Tie:
    """The tie in a row of `ties`."""
    return _tie(row, row.source)


def _told_rows(conn: AnyConnection, municipality: str, child_id: str) -> list[Any]:
    found = sa.select(register_told).where(
        register_told.c.municipality == municipality, register_told.c.child_id == child_id
    )
    return list(conn.execute(found.order_by(register_told.c.number)))


def _tie(row: Any, source: Source = "register") -> Tie:
    return Tie(
        row.guardian_id,
        row.relation,
        row.has_responsibility,
        row.verified,
        row.valid_from,
        row.valid_to,
        source,
    )


def _values(tie: Tie) -> dict[str, Any]:
    return {
        "relation": tie.relation,
        "has_responsibility": tie.has_responsibility,
        "verified": tie.verified,
        "valid_from": tie.valid_from,
        "valid_to": tie.valid_to,
    }


def _paper_rows(conn: AnyConnection, municipality: str, child_id: str) -> list[Any]:
    if not municipality:
        raise ValueError("no papers without a municipality (SE-7)")
    found = sa.select(papers).where(papers.c.municipality == municipality, papers.c.child_id == child_id)
    return list(conn.execute(found.order_by(papers.c.recorded_at, papers.c.paper_id)))


def _paper(row: Any) -> Paper:
    return Paper(
        paper_id=row.paper_id,
        child_id=row.child_id,
        kind=row.kind,
        tie=_tie(row, "paper"),
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
