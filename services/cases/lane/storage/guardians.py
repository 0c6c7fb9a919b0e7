"""With whom reports were made: adults whom the register ties to a child, each under a look-up value of the lane's own
(PR-2). Of a protected report nothing is here: whoever looks finds the same, as fast, with it as without (PR-3)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.cases.domain.people import RegisteredGuardian
from services.cases.lane.domain import ChildInReport
from services.cases.lane.storage.reports import child_index
from services.cases.lane.storage.tables import guardians, reports
from services.chassis.keys import Keys
from services.chassis.storage import AnyConnection, WriteTransaction
from services.kernel.calendar import midnight
from services.kernel.facts import GuardianFact
from services.kernel.lane import ReportKind

_BEFORE_ALL = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Tied:
    """A tie as the register told it of a report's child. `child_index`: the lane's look-up value of the child."""

    child_index: str
    child_number: str
    child_birth_date: date
    name: str
    fact: GuardianFact


def keep(
    tx: WriteTransaction,
    keys: Keys,
    municipality: str,
    report_id: str,
    child: ChildInReport,
    told: Sequence[RegisteredGuardian],
    today: date,
) -> bool:
    """These are the guardians now, and no others; whether they or their ties were others before. `child`: with number
    and birth date."""
    mine = (guardians.c.municipality == municipality, guardians.c.report_id == report_id)
    adults = {child_index(keys, municipality, each.number): each for each in told}
    wanted = {index: _content(child, each) for index, each in adults.items()}
    stood = {row.guardian_index: _opened(keys, row) for row in tx.execute(sa.select(guardians).where(*mine))}
    if changed := stood != wanted:
        tx.execute(sa.delete(guardians).where(*mine))
        for index, content in wanted.items():
            tx.execute(
                guardians.insert(),
                {
                    "municipality": municipality,
                    "report_id": report_id,
                    "guardian_index": index,
                    "person_id": _person_id(keys, municipality, adults[index].number),
                    "content": keys.encrypt(
                        f"lane:{report_id}", municipality, f"guardian:{index}", json.dumps(content)
                    ),
                },
            )
    tx.execute(
        sa.update(reports)
        .where(reports.c.municipality == municipality, reports.c.report_id == report_id)
        .values(guardians_asked_on=today)
    )
    return changed


def municipalities(conn: AnyConnection) -> list[str]:
    """Where reports were made with guardians: for login alone, which looks in each under its own look-up value."""
    place = guardians.c.municipality
    return list(conn.execute(sa.select(place).distinct().order_by(place)).scalars())


def find(conn: AnyConnection, municipality: str, guardian_index: str) -> Any | None:
    """The first row of somebody by their look-up value: `person_id` is who they are while nothing else knows them."""
    found = sa.select(guardians).where(
        guardians.c.municipality == municipality, guardians.c.guardian_index == guardian_index
    )
    return conn.execute(found.order_by(guardians.c.report_id).limit(1)).first()


def index_of(conn: AnyConnection, municipality: str, person_id: str) -> str | None:
    """The look-up value of somebody whom the lane alone knows."""
    index: str | None = conn.scalar(
        sa.select(guardians.c.guardian_index)
        .where(guardians.c.municipality == municipality, guardians.c.person_id == person_id)
        .limit(1)
    )
    return index


def of_guardian(
    conn: AnyConnection, keys: Keys, municipality: str, guardian_index: str, person_id: str
) -> list[Tied]:
    """The ties of somebody who acts as `person_id`, deciphered, the latest report's last. What they open is decided by
    the caller."""
    found = (
        sa.select(guardians, reports.c.child_index)
        .join(
            reports,
            (reports.c.municipality == guardians.c.municipality)
            & (reports.c.report_id == guardians.c.report_id),
        )
        .where(
            guardians.c.municipality == municipality,
            guardians.c.guardian_index == guardian_index,
            reports.c.child_index.is_not(None),
        )
        .order_by(guardians.c.report_id)
    )
    return [_tied(_opened(keys, row), row.child_index, person_id) for row in conn.execute(found)]


def to_ask_about(conn: AnyConnection, today: date, at_most: int) -> list[Any]:
    """Reports of all municipalities about whose child's guardians the register was not asked today; the longest ago
    first."""
    asked = reports.c.guardians_asked_on
    due = sa.select(reports).where(
        reports.c.kind == ReportKind.WITH_GUARDIANS.value,
        reports.c.child_index.is_not(None),
        reports.c.ask_again.is_(False),
        asked.is_(None) | (asked < today),
    )
    return list(conn.execute(due.order_by(asked, reports.c.report_id).limit(at_most)).all())


def asked(tx: WriteTransaction, row: Any, today: date) -> None:
    """The register was asked about this report's child today, and told nothing; what stands stays."""
    tx.execute(
        sa.update(reports)
        .where(reports.c.municipality == row.municipality, reports.c.report_id == row.report_id)
        .values(guardians_asked_on=today)
    )


def _person_id(keys: Keys, municipality: str, number: str) -> str:
    """The same for the same person in every report of a municipality; unlike any look-up value of theirs."""
    return str(UUID(hex=keys.blind_index(municipality, "lane_person", number)[:32]))


def _content(child: ChildInReport, told: RegisteredGuardian) -> dict[str, Any]:
    return {
        "child_number": child.number,
        "child_birth_date": child.birth_date,
        "name": told.name,
        "relation": told.relation,
        "has_responsibility": told.has_responsibility,
        "verified": told.verified,
        "valid_from": told.valid_from.isoformat() if told.valid_from else None,
        "valid_to": told.valid_to.isoformat() if told.valid_to else None,
    }


def _opened(keys: Keys, row: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        keys.decrypt(f"lane:{row.report_id}", row.municipality, f"guardian:{row.guardian_index}", row.content)
    )
    return content


def _tied(told: dict[str, Any], child: str, person_id: str) -> Tied:
    begins, ends = told["valid_from"], told["valid_to"]
    fact = GuardianFact(
        person_id,
        told["relation"],
        told["has_responsibility"],
        told["verified"],
        midnight(date.fromisoformat(begins) if begins else _BEFORE_ALL),
        midnight(date.fromisoformat(ends)) if ends else None,
    )
    return Tied(child, told["child_number"], date.fromisoformat(told["child_birth_date"]), told["name"], fact)
