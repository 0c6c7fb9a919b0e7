"""The clock that services are given: nobody asks the machine for the time, so that tests can set it."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


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
