"""The main job as it was played through a suite: what each step took, and where the suite keeps what it was told."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.journeys.main_job import MainJob
from tests.support.suite import Suite


@dataclass
class Played:
    """`job` holds the ids of the story; `steps` are (what, seconds); `broken` is what went wrong, if anything did."""

    suite: Suite
    job: MainJob
    steps: list[tuple[str, float]] = field(default_factory=list)
    broken: Exception | None = None


def play(suite: Suite) -> Played:
    """Play all seven steps. A broken promise is kept for its test to raise; others can use what was told until then."""
    steps: list[tuple[str, float]] = []
    job = MainJob(suite.url, suite.standins_url, lambda what, seconds: steps.append((what, seconds)))
    played = Played(suite, job, steps)
    try:
        job.play()
    except Exception as broken:
        played.broken = broken
    return played
