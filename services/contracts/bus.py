"""What services ask of each other's history: each answers from its outbox (services/chassis/bus/repair.py)."""

from functools import cache

from services.contracts.base import Message, Procedure, code, event_envelope, many, number, opaque, query

MOST_EVENTS = 100
EVENTS_BETWEEN = "events_between"


class WantedEvents(Message):
    """The events of one subject that the asker misses; it must hear their stream."""

    stream = code(description="Stream of the catalogue")
    subject = opaque(description="Id of what the events tell of")
    first = number(1, description="Number of the first event that is missing")
    last = number(1, description="Number of the last one; at most 100 are answered")


class FoundEvents(Message):
    """The events as they were told, in order. Fewer than asked for: there are no more within the numbers."""

    events = many(event_envelope(), max_items=MOST_EVENTS, description="CloudEvents, in structured mode")


@cache
def events_between(service: str) -> Procedure:
    """The procedure with which `service` answers from its history."""
    return query(
        f"{service}.{EVENTS_BETWEEN}",
        WantedEvents,
        FoundEvents,
        "The stored events of one subject between two numbers, for a service that hears their stream and "
        "has not received them.",
    )
