"""The table of events that can be told outside, in docs/integrators/events.md: `python -m services.contracts.pages`
writes it anew from the catalogue."""

from pathlib import Path

from services.contracts.base import EventType
from services.contracts.catalogue import EVENTS

PAGE = Path(__file__).parents[2] / "docs" / "integrators" / "events.md"

_HEAD = "| type | meaning, and when it is told | your service must be permitted to |\n| --- | --- | --- |\n"
_PERMITTED = {
    "public": "nothing: anyone may know",
    "case": "see the case",
    "consent": "read the case's consents",
    "plan": "read goals and measures of the topic",
    "item": "read the log's items of the topic",
    "view": "read the child's view of the topic",
}


def table() -> str:
    """A line for each event type that can be told outside."""
    leaving = [event for event in EVENTS.values() if event.outside is not None]
    return _HEAD + "".join(map(_line, sorted(leaving, key=lambda event: event.type)))


def with_table(page: str) -> str:
    """The page with the table as it must be now."""
    before, rest = page.split(_HEAD, 1)
    after = rest[rest.index("\n\n") + 1 :] if rest.startswith("|") else rest
    return before + table() + after


def _line(event: EventType) -> str:
    assert event.outside is not None
    return f"| `{event.type}` | {event.meaning} {event.told} | {_PERMITTED[event.outside]} |\n"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
