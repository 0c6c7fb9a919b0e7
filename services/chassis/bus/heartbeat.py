"""What a source says of itself every ten seconds: how far each of its streams has gone, and as of when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.contracts.envelope import Event, instant


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Word of a source: all that was committed in `stream` before `as_of` has been sent before this (CO-9)."""

    stream: str
    as_of: datetime
    position: int

    @classmethod
    def of(cls, event: Event) -> Heartbeat:
        """What a heartbeat's envelope says; raises EnvelopeError."""
        return cls(event.stream, instant(event.data.get("as_of"), "as_of"), event.sequence)

    def heard_at(self, now: datetime) -> Heartbeat:
        """The same, vouching for nothing later than `now`: of a source whose clock is ahead, knowledge would be fresh
        long after its last word."""
        return self if self.as_of <= now else replace(self, as_of=now)
