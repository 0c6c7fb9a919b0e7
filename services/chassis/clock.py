"""The clock that services are given: nobody asks the machine for the time, so that tests can set it."""

import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

LARGEST_STEP = timedelta(days=3660)


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return datetime.now(UTC)


class SteppedClock:
    """The machine's clock, moved by as many seconds as a file says at this moment: for a sandbox whose day is moved.

    All processes that are given the same file step together, at once, while they run. No file: no step. What is no
    number of seconds, or more than LARGEST_STEP, moves nothing: the step before it stays.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: tuple[int, int, int] | None = None
        self._step = timedelta(0)

    def now(self) -> datetime:
        """The machine's time and the step."""
        return datetime.now(UTC) + self.step()

    def step(self) -> timedelta:
        """How far this clock is ahead of the machine's (behind it: negative)."""
        try:
            found = self._file.stat()
            seen = (found.st_mtime_ns, found.st_ino, found.st_size)
            if seen != self._read:
                self._step = _step(self._file.read_text("ascii", "replace"), self._step)
                self._read = seen
        except OSError:
            self._step, self._read = timedelta(0), None
        return self._step

    def set_step(self, step: timedelta) -> None:
        """Move every clock that reads this file; no reader ever sees half a number."""
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}.new")
        fresh.write_text(f"{step.total_seconds()}\n", "ascii")
        fresh.replace(self._file)


def _step(text: str, before: timedelta) -> timedelta:
    try:
        seconds = float(text)
    except ValueError:
        return before
    if not math.isfinite(seconds) or abs(seconds) > LARGEST_STEP.total_seconds():
        return before
    return timedelta(seconds=seconds)


def clock_of(clock_file: Path | None) -> Clock:
    """The clock of a process: the machine's, or the sandbox's that `clock_file` moves (Settings.clock_file)."""
    return SteppedClock(clock_file) if clock_file else SystemClock()


class SettableClock:
    """A clock that stands still until it is moved: for tests and simulations."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        if at is not None:
            self.set(at)

    def now(self) -> datetime:
        """The time that it was set to."""
        return self._at

    def set(self, at: datetime) -> None:
        """Move to `at` (aware)."""
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Move forward by a timedelta, or by its parts (`days=14`); answer the new time."""
        self._at += by if by is not None else timedelta(**parts)
        return self._at
