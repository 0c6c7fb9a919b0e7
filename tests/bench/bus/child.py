"""What the tellers and hearers of all systems have in common: orders in, answers out, and a common clock.

The clock is the machine's monotonic one, which all processes share. Nothing here may be imported before green threads
are, where a system has them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

SUBJECTS = 100
TYPE = "alpha.thing_changed.v1"

Orders = dict[str, Callable[..., Any]]
"""What may be ordered: name to a function of the order's words, whose result is the answer."""


def subject_of(n: int) -> str:
    """The subject of the n-th event."""
    return f"t{n % SUBJECTS}"


def obey(orders: Orders) -> None:
    """Say that we are ready, then do what lines on standard input order until it ends or says stop."""
    answer({"ready": True})
    for order in _lines():
        name = order.pop("do")
        if name == "stop":
            return
        begun = time.process_time()
        result = orders[name](**order)
        answer({"cpu": time.process_time() - begun, **(result or {})})


def answer(told: dict[str, Any]) -> None:
    """Answer with one line."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _lines() -> Iterator[dict[str, Any]]:
    # Not by sys.stdin: it would stop all green threads of the process.
    left = b""
    while more := os.read(0, 65536):
        *whole, left = (left + more).split(b"\n")
        yield from map(json.loads, whole)


def paced(first: int, rate: float, seconds: float, pause: Callable[[float], None]) -> Iterator[int]:
    """Numbers from `first` on, so many a second for so long. After a delay it catches up."""
    begun = time.monotonic()
    for count in range(int(rate * seconds)):
        early = begun + count / rate - time.monotonic()
        if early > 0:
            pause(early)
        yield first + count


class Heard:
    """When each event was handled, by its number; the first time counts."""

    def __init__(self) -> None:
        self.at: dict[int, int] = {}

    def note(self, n: int) -> None:
        """The event is handled now."""
        self.at.setdefault(n, time.monotonic_ns())

    def drained(self, count: int, seconds: float, pause: Callable[[float], None]) -> dict[str, float]:
        """Wait until `count` are handled, at most so long: how many were, and the time from the first to the last."""
        self._await(count, seconds, pause)
        times = sorted(self.at.values())
        return {"handled": len(times), "seconds": (times[-1] - times[0]) / 1e9 if times else 0.0}

    def collected(
        self, above: int, count: int, seconds: float, pause: Callable[[float], None]
    ) -> dict[str, Any]:
        """Wait until `count` are handled in all; when each of those numbered above `above` was (nanoseconds)."""
        self._await(count, seconds, pause)
        return {"at": [[n, at] for n, at in self.at.items() if n > above]}

    def _await(self, count: int, seconds: float, pause: Callable[[float], None]) -> None:
        limit = time.monotonic() + seconds
        while len(self.at) < count and time.monotonic() < limit:
            pause(0.01)
