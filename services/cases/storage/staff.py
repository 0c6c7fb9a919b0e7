"""Who works where, as the directory told it: read from the facts that the access decision rests on."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.domain.errors import NotFound
from services.cases.storage.tables import metadata
from services.chassis.access import access_tables
from services.chassis.storage import AnyConnection
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.kernel.calendar import midnight
from services.kernel.care import confirms_care_orders, keeps_care_orders, works_in
from services.kernel.facts import Capacity, Decision, Post, Role, RoleFact, in_force

_ROLES = access_tables(metadata).role


def roles_of(conn: AnyConnection, municipality: str, person_id: str | None) -> tuple[RoleFact, ...]:
    """All roles of a person, past ones too."""
    if not municipality:
        raise ValueError("no roles without a municipality (SE-7)")
    found = sa.select(_ROLES).where(
        _ROLES.c.municipality == municipality, _ROLES.c.person_id == (person_id or "")
    )
    return tuple(_role(row) for row in conn.execute(found))


def _role(row: Any) -> RoleFact:
    return RoleFact(
        row.person_id,
        row.unit_id,
        row.service_id,
        Role(row.role),
        midnight(row.valid_from),
        midnight(row.valid_to) if row.valid_to else None,
    )


def leader_of(
    conn: AnyConnection, municipality: str, unit_id: str, now: datetime, without: Container[str] = ()
) -> Post | None:
    """Who leads a unit now, but those `without`: of several the first by id; None when nobody does."""
    if not municipality:
        raise ValueError("no roles without a municipality (SE-7)")
    found = sa.select(_ROLES).where(
        _ROLES.c.municipality == municipality, _ROLES.c.unit_id == unit_id, _ROLES.c.role == Role.LEADER.value
    )
    for row in conn.execute(found.order_by(_ROLES.c.person_id)):
        role = _role(row)
        if in_force(role, now) and role.person_id not in without:
            return Post(role.person_id, role.unit_id, role.service_id)
    return None


def roles_in(conn: AnyConnection, municipality: str, unit_ids: Sequence[str]) -> tuple[RoleFact, ...]:
    """All roles in some units, past ones too, in a steady order."""
    if not municipality:
        raise ValueError("no roles without a municipality (SE-7)")
    found = sa.select(_ROLES).where(_ROLES.c.municipality == municipality, _ROLES.c.unit_id.in_(unit_ids))
    return tuple(_role(row) for row in conn.execute(found.order_by(_ROLES.c.unit_id, _ROLES.c.person_id)))


def overseers(conn: AnyConnection, municipality: str, unit_id: str, now: datetime) -> frozenset[str]:
    """Who leads a unit now, and who coordinates in the municipality."""
    if not municipality:
        raise ValueError("no roles without a municipality (SE-7)")
    led = sa.and_(_ROLES.c.unit_id == unit_id, _ROLES.c.role == Role.LEADER.value)
    found = sa.select(_ROLES).where(
        _ROLES.c.municipality == municipality, led | (_ROLES.c.role == Role.COORDINATOR.value)
    )
    return frozenset(role.person_id for role in map(_role, conn.execute(found)) if in_force(role, now))


def kind_of(conn: AnyConnection, municipality: str, service_id: str) -> str | None:
    """The kind of a service (DI-2); None when it is not known here."""
    service = access_tables(metadata).service.c
    kind: str | None = conn.scalar(
        sa.select(service.kind).where(service.municipality == municipality, service.service_id == service_id)
    )
    return kind


def demand_at_work(work: Reading | UnitOfWork) -> Decision:
    """The decision that lets an employee at work read and answer their unit's discussions (LV-12)."""
    actor = work.actor
    roles = roles_of(work.conn, work.municipality, actor.person_id)
    decision = works_in(Capacity(actor.capacity), actor.person_id or "", actor.unit_id, roles, work.now)
    if not decision.allowed:
        work.access(decision.rule, "read_discussions", allowed=False)
        raise NotFound
    return decision


def demand_keeper(work: Reading | UnitOfWork) -> Decision:
    """The decision that lets child protection keep its unit's care orders (GU-4); to others there are none (404)."""
    actor = work.actor
    roles = roles_of(work.conn, work.municipality, actor.person_id)
    decision = keeps_care_orders(
        Capacity(actor.capacity), actor.person_id or "", actor.unit_id, roles, work.now
    )
    return _demanded(work, decision)


def demand_confirmer(work: Reading | UnitOfWork) -> Decision:
    """The decision that lets a second employee of the unit confirm its care orders (GU-4); to others there are none."""
    actor = work.actor
    roles = roles_in(work.conn, work.municipality, [actor.unit_id or ""])
    decision = confirms_care_orders(
        Capacity(actor.capacity), actor.person_id or "", actor.unit_id, roles, work.now
    )
    return _demanded(work, decision)


def confirmers(conn: AnyConnection, municipality: str, unit_id: str, now: datetime) -> frozenset[str]:
    """Who can confirm a care order that was registered in a unit (GU-4)."""
    roles = roles_in(conn, municipality, [unit_id])
    return frozenset(
        role.person_id
        for role in roles
        if confirms_care_orders(Capacity.EMPLOYEE, role.person_id, unit_id, roles, now).allowed
    )


def _demanded(work: Reading | UnitOfWork, decision: Decision) -> Decision:
    if not decision.allowed:
        work.access(decision.rule, "keep_care_order", allowed=False)
        raise NotFound
    return decision
