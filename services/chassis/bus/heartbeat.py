"""What a source says of itself every ten seconds: how far each of its streams has gone, and as of when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.contracts.envelope import EnvelopeError, Event


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Word of a source: all that was committed in `stream` before `as_of` has been sent before this (CO-9)."""

    stream: str
    as_of: datetime
    position: int

    @classmethod
    def of(cls, event: Event) -> Heartbeat:
        """What a heartbeat's envelope says; raises EnvelopeError."""
        try:
            as_of = datetime.fromisoformat(event.data["as_of"])
        except (KeyError, TypeError, ValueError) as error:
            raise EnvelopeError("not a heartbeat") from error
        if as_of.utcoffset() is None:
            raise EnvelopeError("as_of has no offset")
        return cls(event.stream, as_of, event.sequence)
