"""An event as an outside system gets it: by queue, webhook and feed in the same words.

It is the event that was told inside, less what would say how much the receiver is not told of (CO-8, PR-3): stream,
number within it, and trace. In their place stand the recipient's name and a number of its own.
"""

from typing import Any

from services.contracts.base import EventType
from services.contracts.envelope import Event

EXCHANGE = "stafett.outside"
FEED = "/outside/v1/events"
INSIDE_ONLY = ("stream", "streamseq", "traceparent")


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


def may_leave(event_type: EventType) -> bool:
    """Whether events of this type can be granted to an outside system at all."""
    return event_type.outside is not None
