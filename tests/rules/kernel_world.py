"""A small world for the kernel's tests: one kindergarten child, the unit that owns the case, two services
beside, a family."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.kernel.access import decide
from services.kernel.facts import (
    Act,
    Capacity,
    CaseFacts,
    Decision,
    Facts,
    GuardianFact,
    Holder,
    Knowledge,
    ParticipantFact,
    Question,
    Role,
    RoleFact,
    WindowFact,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
LAST_WEEK = NOW - timedelta(days=7)
TOWN = "granli"

KINDERGARTEN, PSYCHOLOGY, HEALTH = "unit-kindergarten", "unit-psychology", "unit-health"
UNITS = {KINDERGARTEN: "kindergarten", PSYCHOLOGY: "psychology", HEALTH: "health-station"}

TEACHER, HEAD, COLLEAGUE = "teacher", "head", "colleague"
PSYCHOLOGIST, PSYCHOLOGY_HEAD, OTHER_PSYCHOLOGIST = "psychologist", "psychology-head", "other-psychologist"
NURSE, COORDINATOR = "nurse", "coordinator"
MOTHER, FATHER, STEPFATHER, CHILD = "mother", "father", "stepfather", "child"

STAFF = {
    TEACHER: (KINDERGARTEN, Role.EMPLOYEE),
    HEAD: (KINDERGARTEN, Role.LEADER),
    COLLEAGUE: (KINDERGARTEN, Role.EMPLOYEE),
    PSYCHOLOGIST: (PSYCHOLOGY, Role.EMPLOYEE),
    PSYCHOLOGY_HEAD: (PSYCHOLOGY, Role.LEADER),
    OTHER_PSYCHOLOGIST: (PSYCHOLOGY, Role.EMPLOYEE),
    NURSE: (HEALTH, Role.EMPLOYEE),
    COORDINATOR: (KINDERGARTEN, Role.COORDINATOR),
}
INSIDE = (TEACHER, HEAD)
THIRD = (PSYCHOLOGIST, PSYCHOLOGY_HEAD)
FAMILY = (MOTHER, FATHER)

ROLES = tuple(RoleFact(person, unit, UNITS[unit], role, LONG_AGO) for person, (unit, role) in STAFF.items())
GUARDIANS = (
    GuardianFact(MOTHER, "mother", responsibility=True, verified=True, valid_from=LONG_AGO),
    GuardianFact(FATHER, "father", responsibility=True, verified=True, valid_from=LONG_AGO),
    GuardianFact(STEPFATHER, "parent", responsibility=False, verified=True, valid_from=LONG_AGO),
)

LEVEL_0 = CaseFacts("case", TOWN, KINDERGARTEN, "kindergarten", TEACHER, CHILD, level=0)
LEVEL_1 = replace(LEVEL_0, level=1, talk_recorded=True, holder=Holder(TEACHER, KINDERGARTEN))
LEVEL_2 = replace(LEVEL_1, level=2)


def facts(case: CaseFacts = LEVEL_2, **changes: Any) -> Facts:
    """A child of four, everybody employed, both parents responsible, knowledge fresh; nothing consented,
    nobody brought in."""
    given: dict[str, Any] = {
        "case": case,
        "subject_birth_date": date(2022, 3, 4),
        "knowledge": Knowledge(as_of=NOW),
        "guardians": GUARDIANS,
        "roles": ROLES,
    }
    return Facts(**(given | changes))


def brought_in(person: str, may_write: bool = False) -> ParticipantFact:
    unit, _ = STAFF[person]
    return ParticipantFact(person, unit, UNITS[unit], LAST_WEEK, may_write=may_write)


def consented(
    service: str = "psychology", topic: str = "learning", since: datetime = LAST_WEEK
) -> WindowFact:
    return WindowFact(service, topic, since, NOW + timedelta(days=90))


def shared(case: CaseFacts = LEVEL_2, **changes: Any) -> Facts:
    """The psychologist is brought in and consent opens learning to that service."""
    given: dict[str, Any] = {"participants": (brought_in(PSYCHOLOGIST),), "windows": (consented(),)}
    return facts(case, **(given | changes))


def born_years_ago(years: int, days: int = 0) -> date:
    """The birth date of somebody who turned `years` that many days before NOW's day."""
    day = NOW.date() - timedelta(days=days)
    return day.replace(year=day.year - years)


def question(person: str, act: Act, **changes: Any) -> Question:
    """Staff ask for their own unit, parents as guardians, the child as itself."""
    if person in STAFF:
        capacity, unit = Capacity.EMPLOYEE, STAFF[person][0]
    else:
        capacity, unit = (Capacity.SELF if person == CHILD else Capacity.GUARDIAN), None
    given: dict[str, Any] = {
        "municipality": TOWN,
        "person_id": person,
        "capacity": capacity,
        "act": act,
        "now": NOW,
        "unit_id": unit,
    }
    return Question(**(given | changes))


def ask(world: Facts, person: str, act: Act, topic: str | None = None, **changes: Any) -> Decision:
    return decide(question(person, act, topic=topic, **changes), world)
