"""What services ask of each other's history: each answers from its outboxes (services/chassis/bus/history.py)."""

from functools import cache

from services.contracts.base import (
    Message,
    Procedure,
    code,
    event_envelope,
    many,
    nested,
    number,
    opaque,
    query,
)

MOST_EVENTS = 100
PAGE = 500
HEADS_PAGE = 2000
EVENTS_BETWEEN, HISTORY, HEADS = "events_between", "history", "heads"


class WantedEvents(Message):
    """The events of one subject that the asker misses; it must hear their stream."""

    stream = code(description="Stream of the catalogue")
    subject = opaque(description="Id of what the events tell of")
    first = number(1, description="Number of the first event that is missing")
    last = number(1, description="Number of the last one; at most 100 are answered")


class FoundEvents(Message):
    """The events as they were told, in order. Fewer than asked for: there are no more within the numbers."""

    events = many(event_envelope(), max_items=MOST_EVENTS, description="CloudEvents, in structured mode")


class WantedHistory(Message):
    """A page of a stream's feed; the asker must hear the stream."""

    stream = code(description="Stream of the catalogue")
    after = number(description="Position after which to begin; 0 for the first page")
    limit = number(1, PAGE, load_default=PAGE, description="At most so many events")


class FoundHistory(Message):
    """Events that were sent, in the order in which they were. The page ends the feed when `next` is `last`."""

    events = many(event_envelope(), max_items=PAGE, description="CloudEvents, in structured mode")
    next = number(description="Position after which the next page begins")
    last = number(description="The feed's last position now")


class WantedHeads(Message):
    """How far each subject of a stream has come between two positions; the asker must hear the stream."""

    stream = code(description="Stream of the catalogue")
    after = number(description="Position after which to begin")
    up_to = number(description="Position at which to end")


class Head(Message):
    """The last event of one subject within a page of the feed."""

    municipality = opaque(description="Municipality of the subject")
    subject = opaque(description="Id of what the event tells of")
    sequence = number(1, description="Its number")


class FoundHeads(Message):
    """One head for each subject that was told of within the page. The answer is whole when `next` is `up_to`."""

    heads = nested(Head, many=True, max_items=HEADS_PAGE, description="In no order")
    next = number(description="Position after which the next page begins")


@cache
def events_between(service: str) -> Procedure:
    """The procedure with which `service` answers what stands between two numbers of one subject."""
    return query(
        f"{service}.{EVENTS_BETWEEN}",
        WantedEvents,
        FoundEvents,
        "The stored events of one subject between two numbers, for a service that hears their stream and "
        "has not received them.",
    )


@cache
def history(service: str) -> Procedure:
    """The procedure with which `service` answers a page of the feed of one of its streams."""
    return query(
        f"{service}.{HISTORY}",
        WantedHistory,
        FoundHistory,
        "The events of a stream from a position on, in the order in which they were sent, of the caller's "
        "municipality, or of all for a service that asks for itself: for whoever begins late or anew.",
    )


@cache
def heads(service: str) -> Procedure:
    """The procedure with which `service` answers how far each subject has come."""
    return query(
        f"{service}.{HEADS}",
        WantedHeads,
        FoundHeads,
        "How far each subject of a stream has come between two positions, for whoever hears it and compares.",
    )


ALL = (events_between, history, heads)
"""What every service answers of its history, each made for one service."""
