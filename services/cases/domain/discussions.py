"""Who is told that advice is asked of their unit (LV-12)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from services.kernel.facts import Role, RoleFact, in_force

ANSWERS_FOR_IT = frozenset({Role.LEADER, Role.CHILD_PROTECTION})


def to_be_told(
    roles: Iterable[RoleFact], unit_ids: Sequence[str], now: datetime, without: Container[str]
) -> list[str]:
    """In each unit those who answer for it: its leaders, and who works there in child protection. Where that is nobody,
    everyone at work there, so that no question lies unseen. Nobody `without`: those whom it is about."""
    told: set[str] = set()
    at_work = [role for role in roles if in_force(role, now) and role.person_id not in without]
    for unit_id in unit_ids:
        here = [role for role in at_work if role.unit_id == unit_id]
        told.update(role.person_id for role in ([r for r in here if r.role in ANSWERS_FOR_IT] or here))
    return sorted(told)
