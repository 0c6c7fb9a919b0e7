"""Who keeps the care orders of a municipality (GU-4), and who reads a discussion (LV-12). Apart from the decision on
cases: an order is about a child, whether there is a case or not, and a discussion about nobody whom it names."""

from __future__ import annotations

from collections.abc import Container, Iterable
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
    decision: Decision, person_id: str, set_by: str, address_protected: bool, family: Container[str]
) -> bool:
    """PR-6: of a child whose address is protected, whoever set the order last and no colleague. GU-4: nobody keeps the
    order of a child of their own; `family` are all who are or were tied to it."""
    return decision.allowed and (not address_protected or person_id == set_by) and person_id not in family
