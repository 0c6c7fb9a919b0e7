"""Single facts that a service looks up in what the directory told: no case, no decision."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from services.chassis.access.projections import T
from services.chassis.prepared import Prepared
from services.chassis.storage import AnyConnection
from services.kernel.calendar import local_date
from services.kernel.facts import Post
from services.kernel.legal_basis import Basis
from services.kernel.policies import Policy, policy_on

_POLICIES: Any = Prepared(
    sa.select(T.policy.c.settings).where(T.policy.c.municipality == sa.bindparam("municipality"))
)


def policy_of(conn: AnyConnection, municipality: str, now: datetime) -> Policy:
    """The municipality's policy in force at `now`; the rulebook's defaults where none was published."""
    rows = _POLICIES.rows(conn, {"municipality": municipality})
    return policy_on(tuple(policy_in(row.settings) for row in rows), local_date(now))


def ground_version(conn: AnyConnection, municipality: str, ground: Basis, now: datetime) -> int | None:
    """CO-11: the version of the municipality's reference for a ground that is in force at `now`: the latest begun, the
    higher where two begin together. None where none was published."""
    kept = T.ground.c
    found = sa.select(kept.version).where(
        kept.municipality == municipality, kept.ground == ground.value, kept.valid_from <= local_date(now)
    )
    version: int | None = conn.scalar(found.order_by(kept.valid_from.desc(), kept.version.desc()).limit(1))
    return version


def service_of_unit(conn: AnyConnection, municipality: str, unit_id: str) -> str | None:
    """The service of an active unit; None when no such unit is known."""
    unit = T.unit.c
    found = sa.select(unit.service_id).where(
        unit.municipality == municipality, unit.unit_id == unit_id, unit.active.is_(True)
    )
    service_id: str | None = conn.scalar(found)
    return service_id


def municipalities(conn: AnyConnection) -> list[str]:
    """The municipalities of which a unit is known, sorted."""
    return sorted(conn.scalars(sa.select(T.unit.c.municipality).distinct()))


def active_services(conn: AnyConnection, municipality: str) -> set[str]:
    """The services that the municipality has now."""
    service = T.service.c
    found = sa.select(service.service_id).where(
        service.municipality == municipality, service.active.is_(True)
    )
    return set(conn.scalars(found))


def post_of(
    conn: AnyConnection, municipality: str, person_id: str | None, unit_id: str | None, now: datetime
) -> Post | None:
    """A person's work in a unit today; None when they have no role there (CO-10).

    Raises ValueError without a municipality (SE-7).
    """
    if not municipality:
        raise ValueError("no roles without a municipality (SE-7)")
    if not person_id or not unit_id:
        return None
    role, today = T.role.c, local_date(now)
    found = sa.select(role.service_id).where(
        role.municipality == municipality,
        role.person_id == person_id,
        role.unit_id == unit_id,
        role.valid_from <= today,
        role.valid_to.is_(None) | (role.valid_to > today),
    )
    service_id = conn.scalar(found.limit(1))
    return None if service_id is None else Post(person_id, unit_id, service_id)


@lru_cache(maxsize=256)
def policy_in(settings: str) -> Policy:
    """The policy that these settings, as they are kept, describe."""
    return Policy.from_dict(json.loads(settings))
