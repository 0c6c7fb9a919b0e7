"""When each case is to be weighed anew, what was told of it last, and what has been told ahead of time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.access.projections import T as FACTS
from services.chassis.storage import AnyConnection, WriteTransaction, insert_ignore, upsert
from services.consent.storage.tables import published, told_ahead, weighings


class Weighings:
    """The weighings of the cases of one municipality (SE-7)."""

    def __init__(self, tx: WriteTransaction, municipality: str) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._tx, self._municipality = tx, municipality

    def digests(self, case_id: str) -> Any:
        """The digests of the windows as last published (`digest`, `persons_digest`), or None."""
        return self._tx.execute(
            sa.select(published).where(
                published.c.municipality == self._municipality, published.c.case_id == case_id
            )
        ).first()

    def keep_digests(self, case_id: str, digest: str, persons_digest: str) -> None:
        """Note the windows as they are published now."""
        digests = {"digest": digest, "persons_digest": persons_digest}
        upsert(self._tx, published, self._key(case_id), digests)

    def weigh_at(self, case_id: str, due: datetime | None) -> None:
        """The case is to be weighed at an instant; None: not before somebody acts."""
        upsert(self._tx, weighings, self._key(case_id), {"due_at": due})

    def weigh_all_at(self, at: datetime) -> None:
        """Every case is to be weighed at an instant, if not before."""
        due = weighings.c.due_at
        self._tx.execute(
            sa.update(weighings)
            .where(weighings.c.municipality == self._municipality, due.is_(None) | (due > at))
            .values(due_at=at)
        )

    def tell_once(self, case_id: str, what: str, of: str) -> bool:
        """Whether this has not been told ahead before; from now on it has."""
        return insert_ignore(self._tx, told_ahead, {**self._key(case_id), "what": what, "of": of})

    def policy_days(self) -> list[date]:
        """The days on which the municipality's versions of its policy begin."""
        policy = FACTS.policy.c
        found = sa.select(policy.valid_from).where(policy.municipality == self._municipality)
        return list(self._tx.scalars(found))

    def _key(self, case_id: str) -> dict[str, str]:
        return {"municipality": self._municipality, "case_id": case_id}


def due_cases(conn: AnyConnection, now: datetime) -> list[tuple[str, str]]:
    """(municipality, case_id) of what must be weighed by `now`, the longest due first: for the timer."""
    found = sa.select(weighings.c.municipality, weighings.c.case_id).where(weighings.c.due_at <= now)
    return [(row.municipality, row.case_id) for row in conn.execute(found.order_by(weighings.c.due_at))]
