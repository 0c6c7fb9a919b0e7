"""The plan of a run: which faults come when, to whom, for how long. A seed gives the same plan every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from deploy.plan import SERVICES

PROCESSES = (*SERVICES, "gateway")
HEARERS = tuple(name for name in SERVICES if name != "directory")
BROKER, POSTGRESQL, CLOCK = "broker", "postgresql", "clock"
FIRST_AT = 5.0
"""Seconds before the first fault: queues must have stood for a while when the broker is killed (deploy/broker.py)."""
MOST_HOURS = 40.0
"""So far the clock is stepped in all: less than two days, after which keys of acts are forgotten."""


@dataclass(frozen=True)
class Fault:
    """One fault: it begins `at` seconds after the start, or as soon after that as `target` is whole; `seconds` is how
    long it lasts, or for a step of the clock how far it goes."""

    at: float
    kind: str
    target: str
    seconds: float = 0.0

    @property
    def needs(self) -> set[str]:
        """What must be whole before it can begin."""
        return (
            {self.target, BROKER} if self.kind in ("poison text", "poison event", "again") else {self.target}
        )

    def __str__(self) -> str:
        length = f"{self.seconds / 3600:+.2f} h" if self.kind == "step" else f"{self.seconds:.1f} s"
        return f"{self.kind:<12} {self.target:<14} {length if self.seconds else ''}".rstrip()


@dataclass(frozen=True)
class Shape:
    """How long and dense a run is: seconds of faults, and the seconds over which one round of all faults is spread."""

    seconds: float
    round_seconds: float
    behind_seconds: float
    """For how long a consumer is stopped."""
    players: int = 3


SMALL = Shape(seconds=60.0, round_seconds=52.0, behind_seconds=10.0)


def shape_of(minutes: float) -> Shape:
    """The shape of a run of so many minutes; below two it is the small one."""
    return SMALL if minutes < 2 else Shape(minutes * 60, 110.0, 60.0, players=5)


def engines_of(seed: int | str) -> dict[str, str]:
    """Which service is on which engine: three processes of six on each, by the seed."""
    names = list(PROCESSES)
    Random(f"{seed}:engines").shuffle(names)
    return {name: "postgresql" if index < 3 else "sqlite" for index, name in enumerate(names)}


def plan_of(seed: int | str, shape: Shape) -> list[Fault]:
    """Every fault of a round in an order of its own, round after round until the time is over."""
    random, faults, start, hours = Random(f"{seed}:plan"), [], FIRST_AT, 0.0
    while start < shape.seconds - 10:
        kinds = list(_round(random, engines_of(seed), shape))
        random.shuffle(kinds)
        gap = shape.round_seconds / len(kinds)
        for index, (kind, target, seconds) in enumerate(kinds):
            at = start + index * gap + random.uniform(0, gap)
            if kind == "step" and hours + max(seconds, 0) / 3600 > MOST_HOURS:
                continue
            hours += max(seconds, 0) / 3600 if kind == "step" else 0
            if at + (0 if kind == "step" else seconds) < shape.seconds:
                faults.append(Fault(round(at, 1), kind, target, round(seconds, 1)))
        start += shape.round_seconds
    return sorted(faults, key=lambda fault: fault.at)


def _round(random: Random, engines: dict[str, str], shape: Shape) -> Iterator[tuple[str, str, float]]:
    for name in PROCESSES:
        yield "kill", name, 0.0
    yield "kill", BROKER, random.uniform(0.5, 3)
    yield "restart", BROKER, 0.0
    yield "memory full", BROKER, random.uniform(3, 8)
    yield "disk full", BROKER, random.uniform(3, 8)
    yield random.choice(("restart", "crash")), POSTGRESQL, 0.0
    yield "lock", random.choice(_on(engines, "sqlite")), random.uniform(1, 9)
    yield "poison text", random.choice(HEARERS), 0.0
    yield "poison event", random.choice(HEARERS), 0.0
    yield "behind", random.choice(HEARERS), shape.behind_seconds
    yield "again", random.choice(("directory", "cases", "consent", "relay_log")), 0.0
    yield "step", CLOCK, random.uniform(1, 5) * 3600
    yield "step", CLOCK, -random.uniform(30, 300)


def _on(engines: dict[str, str], engine: str) -> Sequence[str]:
    return [name for name in PROCESSES if engines[name] == engine]
