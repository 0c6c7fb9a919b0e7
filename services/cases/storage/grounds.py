"""On what each sharing rests that no consent in Stafett opened (CO-11): a record of its own beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from services.cases.storage.tables import sharing_grounds
from services.chassis import access
from services.chassis.storage import AnyConnection
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.legal_basis import Basis

EMERGENCY, CARE_ORDER, DISCUSSION = "emergency", "care_order", "discussion"
NONE: dict[str, Any] = {"ground": None, "ground_version": None}


def keep(uow: UnitOfWork, about: str, about_id: str, ground: Basis) -> None:
    """Keep the ground of one sharing, with the version of the municipality's reference that is in force now."""
    uow.tx.execute(
        sharing_grounds.insert(),
        {
            "municipality": uow.municipality,
            "about": about,
            "about_id": about_id,
            "ground": ground.value,
            "ground_version": access.ground_version(uow.tx, uow.municipality, ground, uow.now),
            "by_person_id": uow.actor.person_id or "",
            "at": uow.now,
        },
    )


def of(
    conn: AnyConnection, municipality: str, about: str, about_ids: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """By id: on what each of these rests. What has no ground of its own is left out."""
    kept = sharing_grounds.c
    found = sa.select(sharing_grounds).where(
        kept.municipality == municipality, kept.about == about, kept.about_id.in_(list(about_ids))
    )
    return {
        row.about_id: {"ground": row.ground, "ground_version": row.ground_version}
        for row in conn.execute(found)
    }
