"""A child's case for the pure tests of cases: short words for given and when."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.cases.domain.case import Case, FamilyAnswer, Move
from services.kernel.facts import Post
from services.kernel.policies import Policy

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TEACHER = Post("p-teacher", "unit-kindergarten", "service-kindergartens")
COLLEAGUE = Post("p-colleague", "unit-kindergarten", "service-kindergartens")
NURSE = Post("p-nurse", "unit-health-station", "service-health-station")
AGREED = FamilyAnswer("agreed")


@dataclass(frozen=True)
class Window:
    """A consent window of the whole story, unless told otherwise."""

    service_id: str
    valid_from: datetime = MONDAY - timedelta(days=1)
    valid_to: datetime | None = None


def concern(policy: Policy | None = None, at: datetime = MONDAY, talked: bool = True) -> Case:
    """A concern that the teacher registered; the talk with the family has been recorded, unless told otherwise."""
    case = Case.begin("case-1", "granli", "p-child", "child", TEACHER, at, policy or Policy())
    if talked:
        case.record_talk(at.date(), TEACHER.person_id, at)
    return case


def move(case: Case, to_level: int, *services: str, **options: Any) -> Move:
    """Move the case as its owner would: with consent for all services, a reason, and the teacher as holder."""
    options.setdefault("windows", [Window(service) for service in services])
    options.setdefault("appoint", TEACHER if case.holder is None else None)
    given: dict[str, Any] = {
        "policy": Policy(),
        "family": AGREED,
        "reason": "It is time",
        "by": TEACHER.person_id,
        "now": MONDAY,
        "against_suggestion_reason": "We know this family",
    }
    return case.move_level(to_level, services=services, **{**given, **options})


def at_level(level: int) -> Case:
    """An open case at a level, which it came to by moves that are allowed."""
    case = concern()
    for step in range(1, level + 1):
        move(case, step, *[f"service-{number}" for number in range(step if step > 1 else 0)])
    return case
