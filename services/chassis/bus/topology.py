"""Exchanges, queues and bindings, made from the catalogue; every process declares all of them when it
connects."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from amqp import Channel

from services.contracts import outside
from services.contracts.base import EventType

EVENTS_EXCHANGE = "stafett.events"
UNROUTED = "stafett.unrouted"
DEAD = "stafett.dead"
HEARTBEAT = ".heartbeat.v1"

# Crashes alone must never dead-letter good events: five kills of a consumer count five deliveries of all it
# held.
DELIVERY_LIMIT = 100_000


@dataclass(frozen=True)
class Catalogue:
    """The part of the published language that the bus is made from: events by type, the owner of each
    stream, and the streams that each service hears."""

    events: Mapping[str, EventType]
    streams: Mapping[str, str]
    hears: Mapping[str, AbstractSet[str]]

    @classmethod
    def published(cls) -> Catalogue:
        """Stafett's own."""
        from services.contracts import catalogue

        return cls(catalogue.EVENTS, catalogue.STREAMS, catalogue.HEARS)

    def streams_of(self, service: str) -> list[str]:
        """The streams that `service` owns."""
        return sorted(stream for stream, owner in self.streams.items() if owner == service)

    def heard(self, stream: str) -> bool:
        """Whether anybody hears `stream`."""
        return any(stream in streams for streams in self.hears.values())

    def routing_keys(self, service: str) -> list[str]:
        """What the inbox of `service` is bound to: every event of the streams it hears, and their
        heartbeats."""
        streams = self.hears.get(service, frozenset())
        types = [event.type for event in self.events.values() if event.stream in streams]
        return sorted(types + [heartbeat_type(stream) for stream in streams])


def heartbeat_type(stream: str) -> str:
    """Type and routing key of a stream's heartbeat: one a stream, so that a stream shows only to who hears
    it."""
    return stream + HEARTBEAT


def inbox_queue(service: str) -> str:
    """The name of a service's inbox queue."""
    return f"{service}.inbox"


def inbox_arguments() -> dict[str, Any]:
    """A queue that loses nothing. Without reject-publish, dead-lettering silently becomes at-most-once."""
    return {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-overflow": "reject-publish",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-strategy": "at-least-once",
    }


def declare(channel: Channel, catalogue: Catalogue) -> None:
    """Declare all that the bus needs; it may stand there already."""
    for name in (UNROUTED, DEAD):
        channel.exchange_declare(name, "fanout", durable=True, auto_delete=False)
        channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(name, name)
    channel.exchange_declare(
        EVENTS_EXCHANGE, "topic", durable=True, auto_delete=False, arguments={"alternate-exchange": UNROUTED}
    )
    for service in catalogue.hears:
        keys = catalogue.routing_keys(service)
        if not keys:
            continue
        channel.queue_declare(
            inbox_queue(service), durable=True, auto_delete=False, arguments=inbox_arguments()
        )
        for key in keys:
            channel.queue_bind(inbox_queue(service), EVENTS_EXCHANGE, key)


def declare_outside(channel: Channel) -> None:
    """Declare the exchange for what leaves the house, and the place of what recipients' full queues drop."""
    channel.exchange_declare(outside.EXCHANGE, "topic", durable=True, auto_delete=False)
    name = outside.DROPPED_EXCHANGE
    channel.exchange_declare(name, "fanout", durable=True, auto_delete=False)
    channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(name, name)


def declare_recipient(
    channel: Channel, municipality: str, recipient: str, most: int, milliseconds: int
) -> str:
    """Declare an outside system's own queue, bound to what is told to it alone; its name."""
    name = outside.queue(municipality, recipient)
    arguments = outside.queue_arguments(most, milliseconds)
    channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
    channel.queue_bind(name, outside.EXCHANGE, f"{municipality}.{recipient}.#")
    return name
