"""Who keeps the care orders of a municipality (GU-4), and who reads a discussion (LV-12). Apart from the decision on
cases: an order is about a child, whether there is a case or not, and a discussion about nobody whom it names."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from services.kernel.facts import Capacity, Decision, Role, RoleFact, in_force


def keeps_care_orders(
    capacity: Capacity, person_id: str, unit_id: str | None, roles: Iterable[RoleFact], now: datetime
) -> Decision:
    """GU-4: an employee who is child protection in the unit chosen, now, keeps that unit's orders; nobody else knows of
    any."""
    if capacity is Capacity.EMPLOYEE:
        for role in roles:
            here = role.person_id == person_id and role.unit_id == unit_id and in_force(role, now)
            if here and role.role is Role.CHILD_PROTECTION:
                return Decision(True, "GU-4", "allowed_as_child_protection", sees_thing=True)
    return Decision(False, "GU-4", "not_child_protection", sees_thing=False)


def confirms_care_orders(
    capacity: Capacity, person_id: str, unit_id: str | None, unit_roles: Sequence[RoleFact], now: datetime
) -> Decision:
    """GU-4: an order is confirmed by a second employee: child protection in the unit chosen, or who leads that unit, as
    long as it is one of child protection. `unit_roles`: all roles in the unit."""
    kept = keeps_care_orders(capacity, person_id, unit_id, unit_roles, now)
    if kept.allowed or capacity is not Capacity.EMPLOYEE:
        return kept
    here = [role for role in unit_roles if role.unit_id == unit_id and in_force(role, now)]
    leads = any(role.person_id == person_id and role.role is Role.LEADER for role in here)
    if leads and any(role.role is Role.CHILD_PROTECTION for role in here):
        return Decision(True, "GU-4", "allowed_as_unit_leader", sees_thing=True)
    return kept


def works_in(
    capacity: Capacity, person_id: str, unit_id: str | None, roles: Iterable[RoleFact], now: datetime
) -> Decision:
    """LV-12: a discussion is read and answered by those at work now in a unit that it was put to, or that put it."""
    here = capacity is Capacity.EMPLOYEE and any(
        role.person_id == person_id and role.unit_id == unit_id and in_force(role, now) for role in roles
    )
    if here:
        return Decision(True, "LV-12", "allowed_as_asked", sees_thing=True)
    return Decision(False, "LV-12", "not_asked", sees_thing=False)


def may_know_order(
    decision: Decision, person_id: str, set_by: str, apart: bool, family: Container[str]
) -> bool:
    """PR-6: of a child whose address is protected (`apart`), whoever set the order last and no colleague; GU-4: nor of
    one that is not confirmed. Nobody keeps the order of a child of their own; `family` are all who are or were tied to
    it."""
    return decision.allowed and (not apart or person_id == set_by) and person_id not in family
