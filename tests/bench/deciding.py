"""What one access decision costs (`kernel.access.decide`), for each act, over the facts of a full case.

The time is the processor's for this process alone, so that other work on the machine does not count."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from services.kernel.access import decide
from services.kernel.facts import Act, CareOrderFact, EmergencyFact, Facts, PersonWindowFact, Question
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    FATHER,
    HEAD,
    HEALTH,
    LAST_WEEK,
    MOTHER,
    NOW,
    NURSE,
    OTHER_PSYCHOLOGIST,
    PSYCHOLOGIST,
    PSYCHOLOGY_HEAD,
    STEPFATHER,
    TEACHER,
    brought_in,
    consented,
    facts,
    question,
)

TARGET_MICROSECONDS = 50.0
PEOPLE = (
    TEACHER,
    HEAD,
    PSYCHOLOGIST,
    PSYCHOLOGY_HEAD,
    OTHER_PSYCHOLOGIST,
    NURSE,
    MOTHER,
    FATHER,
    STEPFATHER,
    CHILD,
)
TOPICS = ("learning", "wellbeing", "attendance", "health", "home", "practical")


@dataclass(frozen=True)
class Cost:
    """Microseconds of one decision on an act: the median over who asks, and of the one for whom it takes longest."""

    act: str
    median: float
    worst: float


def full_case() -> Facts:
    """Two guardians, a stepfather who is named, four taking part from three units, windows to two services on every
    topic, an emergency, a care order that has ended."""
    ended = CareOrderFact("unit-protection", "caseworker", LAST_WEEK - timedelta(days=60), LAST_WEEK)
    return facts(
        participants=(
            brought_in(COLLEAGUE, may_write=True), brought_in(PSYCHOLOGIST, may_write=True),
            brought_in(OTHER_PSYCHOLOGIST), brought_in(NURSE),
        ),
        windows=tuple(
            consented(service, topic) for service in ("psychology", "health-station") for topic in TOPICS
        ),
        person_windows=tuple(
            PersonWindowFact(STEPFATHER, topic, LAST_WEEK, NOW + timedelta(days=90)) for topic in TOPICS
        ),
        emergencies=(EmergencyFact(NURSE, HEALTH, NOW, NOW + timedelta(minutes=60)),),
        care_orders=(ended,),
        subject_birth_date=date(2011, 3, 4),
    )  # fmt: skip


def costs(batches: int = 9, calls: int = 50) -> list[Cost]:
    """Every act, the dearest first."""
    world, found = full_case(), []
    for act in Act:
        of_people = [
            _microseconds(question(person, act, topic=topic, recorded_at=LAST_WEEK), world, batches, calls)
            for person in PEOPLE
            for topic in ("learning", None)
        ]
        found.append(Cost(act.value, round(statistics.median(of_people), 1), round(max(of_people), 1)))
    return sorted(found, key=lambda cost: -cost.worst)


def _microseconds(asked: Question, world: Facts, batches: int, calls: int) -> float:
    """Of one decision, the median of some batches."""
    taken = []
    for _ in range(batches):
        begun = time.process_time_ns()
        for _ in range(calls):
            decide(asked, world)
        taken.append((time.process_time_ns() - begun) / calls / 1000)
    return statistics.median(taken)


def result(batches: int = 9) -> dict[str, Any]:
    """What latest.json holds of it."""
    found = costs(batches)
    return {
        "median_us": round(statistics.median(cost.median for cost in found), 1),
        "worst_us": found[0].worst,
        "worst_act": found[0].act,
        "acts": [asdict(cost) for cost in found],
    }


def table(told: dict[str, Any]) -> str:
    """The line that a person reads."""
    reached = "reached" if told["worst_us"] < TARGET_MICROSECONDS else "NOT reached"
    return (
        f"one access decision: median act {told['median_us']:.1f} microseconds, slowest ({told['worst_act']}) "
        f"{told['worst_us']:.1f}; under {TARGET_MICROSECONDS:g}: {reached}"
    )
