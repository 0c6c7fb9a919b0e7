"""How long answers take, before and after reports: less must show than between two measurements of the same."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.journeys.people import Person

ROUNDS = 25


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one address: the medians of two measurements before any report and of one after, and what the
    middle half of single answers before any report spreads over."""

    address: str
    before: float
    again: float
    after: float
    spread: float

    @property
    def difference(self) -> float:
        """By how much the median after reports lies outside the two before."""
        low, high = sorted((self.before, self.again))
        return max(0.0, self.after - high, low - self.after)

    def __str__(self) -> str:
        return (
            f"{self.address}: {self.before:.1f}, again {self.again:.1f}, after reports {self.after:.1f} ms;"
            f" difference {self.difference:.1f}, spread of the same {self.spread:.1f} ms"
        )


def measured(person: Person, addresses: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of each answer, the addresses in turn, so that what else the machine does falls on all alike."""
    taken: dict[str, list[float]] = {address: [] for address in addresses}
    for _ in range(ROUNDS):
        for address in addresses:
            begun = time.perf_counter()
            person.http.get(f"{person.url}{address}", timeout=20, allow_redirects=False)
            taken[address].append((time.perf_counter() - begun) * 1000)
    return taken


def compared(
    before: dict[str, list[float]], again: dict[str, list[float]], after: Sequence[dict[str, list[float]]]
) -> list[Timing]:
    """The measurements, address by address. Of those after reports the one that differs least: what reports cost would
    show in each of them, what else the machine does at the time does not."""
    return [
        min(
            (
                Timing(
                    address,
                    statistics.median(before[address]),
                    statistics.median(again[address]),
                    statistics.median(each[address]),
                    _spread([*before[address], *again[address]]),
                )
                for each in after
            ),
            key=lambda timing: timing.difference,
        )
        for address in before
    ]


def _spread(values: Sequence[float]) -> float:
    quarter, _, three_quarters = statistics.quantiles(values, n=4)
    return three_quarters - quarter
