"""An event as an outside system gets it: by queue, webhook and feed in the same words.

It is the event that was told inside, less what would say how much the receiver is not told of (CO-8, PR-3): stream,
number within it, and trace. In their place stand the recipient's name and a number of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.contracts.base import EventType, Message, code, many, nested, number, public_tree
from services.contracts.directory import Municipality
from services.contracts.envelope import Event

_BY_TOPIC = ("topics",)

EXCHANGE = "stafett.outside"
DROPPED_EXCHANGE = "stafett.outside_dropped"
DROPPED = "stafett.outside_dropped.v1"
"""Type of the notice to a recipient that its queue has dropped events (NOTICE)."""
QUEUE_MOST = 100_000
QUEUE_MILLISECONDS = 14 * 24 * 3600 * 1000
"""What a recipient's queue keeps: so many events, for so long."""
FEED = "/outside/v1/events"
FEED_DAYS = 90
"""What a feed keeps: each event for so long from when it was put there, read or not."""
INSIDE_ONLY = ("stream", "streamseq", "traceparent")


class DroppedData(Message):
    count = number(1, description="How many events were dropped")
    first_number = number(1, required=False, description="The lowest `recipientseq` among them")
    last_number = number(1, required=False, description="The highest")


class Me(Message):
    """Which program a token is of, and what it may."""

    client_id = code()
    municipality = code()
    scopes = many(code(), max_items=10)
    recipient = code(required=False, description="The outside system whose feed it reads")


class PublicCatalogue(Message):
    """The public services and units of one municipality, to be copied: no person, no policy. The trees have the shapes
    of services/directory/data."""

    municipality = nested(Municipality)
    version = number()
    services = public_tree()
    units = public_tree()


NOTICE = EventType(
    DROPPED,
    "outside",
    "recipient",
    DroppedData,
    "Your queue was full, or its events had waited too long: some were dropped. Ask for a catch-up.",
    {"count": 3, "first_number": 17, "last_number": 19},
    told="When there is room in your queue again.",
    outside="public",
)
"""What everyone whose way is a queue is told besides what they are granted. It is about the recipient alone, so it
stands in no stream and in no catalogue."""


def envelope(event: Event, recipient: str, sequence: int) -> dict[str, Any]:
    """The CloudEvent that `recipient` gets as its `sequence`th, counted from 1 without gaps over all event types."""
    told = {name: value for name, value in event.as_dict().items() if name not in INSIDE_ONLY}
    return {**told, "recipient": recipient, "recipientseq": sequence}


def routing_key(municipality: str, recipient: str, event_type: str) -> str:
    """The routing key on `stafett.outside`: `<municipality>.<recipient>.<service>.<event>.v<major>`."""
    return f"{municipality}.{recipient}.{event_type}"


def queue(municipality: str, recipient: str) -> str:
    """The name of the recipient's own queue."""
    return f"outside.{municipality}.{recipient}"


def queue_arguments(most: int, milliseconds: int) -> dict[str, Any]:
    """How the recipient's queue is declared: durable, the oldest dropped beyond `most` events or after a time; what is
    dropped goes to DROPPED_EXCHANGE, where it is counted."""
    return {
        "x-queue-type": "quorum",
        "x-max-length": most,
        "x-overflow": "drop-head",
        "x-message-ttl": milliseconds,
        "x-dead-letter-exchange": DROPPED_EXCHANGE,
    }


def may_leave(event_type: EventType) -> bool:
    """Whether events of this type can be granted to an outside system at all."""
    return event_type.outside is not None


@dataclass(frozen=True, slots=True)
class ToOthers:
    """What of an event's data is told to a system of any other service than the unit that owns the case, which is told
    all of it. `fields` are told as they are; of the lists in `narrowed` the entries that are its own: those of its
    service, or the topics that it may read. Nothing in both: such a system is not told of the event."""

    fields: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()


TO_OTHERS: Mapping[str, ToOthers] = {
    "cases.level_moved.v1": ToOthers(("case_id", "from_level", "to_level", "at"), ("service_ids",)),
    "cases.holder_changed.v1": ToOthers(("case_id", "holder_person_id", "holder_unit_id", "at", "how")),
    "cases.step_completed.v1": ToOthers(("case_id", "level", "step", "at")),
    "cases.case_closed.v1": ToOthers(("case_id", "from_level", "outcome", "at")),
    "consent.windows_changed.v1": ToOthers(("case_id", "at"), ("windows",)),
    "consent.request_settled.v1": ToOthers(),
    "relay_log.plan_changed.v1": ToOthers(
        ("case_id", "change", "goal_id", "measure_id", "topic", "responsible_person_id", "deadline", "by_person_id",
         "at")
    ),
    "relay_log.minutes_published.v1": ToOthers(
        ("case_id", "meeting_id", "next_meeting_on", "next_evaluation_on", "by_person_id", "at"), ("topics",)
    ),
    "relay_log.evaluation_set.v1": ToOthers(("case_id", "evaluate_on", "at")),
    "relay_log.entry_added.v1": ToOthers(("case_id", "entry_id", "kind", "topic", "by_person_id", "at")),
    "relay_log.report_made.v1": ToOthers(("case_id", "report_id", "at")),
}  # fmt: skip
"""Every event type that may leave and is about a case. What is not named here is not passed on (CO-8): who answered
what, which other services take part, why another service's access changed."""


def passed(
    event_type: EventType, data: Mapping[str, Any], *, own: bool, service_id: str, topics: frozenset[str]
) -> dict[str, Any] | None:
    """What of the data a system is told that acts for `service_id` and may read `topics`; None: nothing, not even that
    it happened. `own`: it acts for the unit that owns the case. What happened at level 0 is told to nobody (LV-17)."""
    if happened_at_level_0(data):
        return None
    if event_type.outside == "public" or own:
        return dict(data)
    allowed = TO_OTHERS[event_type.type]
    told = {name: data[name] for name in allowed.fields if name in data}
    for name in allowed.narrowed:
        told[name] = [each for each in data.get(name, ()) if _is_own(name, each, service_id, topics)]
    return told or None


def happened_at_level_0(data: Mapping[str, Any]) -> bool:
    """Whether it is a step of level 0, or the end of a case that never came further."""
    moved = "to_level" in data
    return data.get("level") == 0 or (data.get("from_level") == 0 and not moved)


def _is_own(name: str, entry: Any, service_id: str, topics: frozenset[str]) -> bool:
    if name in _BY_TOPIC:
        return entry in topics
    return bool((entry["service_id"] if isinstance(entry, Mapping) else entry) == service_id)
