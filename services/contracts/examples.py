"""A whole event of each type, as it travels: made up, with no name and no number of anybody."""

from dataclasses import replace
from datetime import UTC, datetime

from services.contracts import outside
from services.contracts.base import EventType
from services.contracts.envelope import Event

MUNICIPALITY = "granli"
RECIPIENT = "skolesystem"

_ID = "01981c6e-0000-7000-8000-0000000000e1"
_AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def example_of(event: EventType) -> Event:
    """The event as its service would tell it, first of its subject."""
    return Event(
        id=_ID,
        type=event.type,
        source=f"/{MUNICIPALITY}/{event.service}",
        subject=_subject(event),
        time=_AT,
        municipality=MUNICIPALITY,
        stream=event.stream,
        sequence=1,
        traceparent=_TRACE,
        data=dict(event.example),
    )


def notice_example() -> Event:
    """The notice that a queue has dropped events."""
    source = f"/{MUNICIPALITY}/notifications"
    return replace(example_of(outside.NOTICE), source=source, subject=RECIPIENT)


def _subject(event: EventType) -> str:
    """The id that the data bears, or that of a thing which is one of a kind in its municipality."""
    named = event.example.get(f"{event.subject}_id")
    if named is not None:
        return str(named)
    return ".".join(filter(None, (MUNICIPALITY, event.subject, event.example.get(event.subject))))
