"""The limit: bare kombu on our topology, pipelined confirms, no database, no green threads.

`python -m tests.bench.bus.bare teller|hearer <amqp url>`
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from amqp import Channel, Message
from kombu import Connection

from services.chassis.bus import topology
from services.chassis.ids import new_id
from services.contracts.envelope import CONTENT_TYPE, Event
from tests.bench.bus.child import TYPE, Heard, obey, paced, subject_of
from tests.support.bus import CATALOGUE, THINGS

IN_FLIGHT = 3000
ANSWER_SECONDS = 10


class Teller:
    """Publishes as fast as confirms come, with so many in flight."""

    def __init__(self, connection: Connection, channel: Channel) -> None:
        self._connection, self._channel = connection, channel
        self._confirmed = self._tag = 0
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)

    def publish(self, count: int, seconds: float) -> dict[str, float]:
        messages = [message_of(n) for n in range(count)]
        begun = time.monotonic()
        for message in messages:
            self._send(message)
            while self._tag - self._confirmed >= IN_FLIGHT:
                self._connection.drain_events(timeout=ANSWER_SECONDS)
        while self._confirmed < self._tag and time.monotonic() < begun + seconds:
            self._connection.drain_events(timeout=ANSWER_SECONDS)
        return {"published": self._confirmed, "seconds": time.monotonic() - begun}

    def steady(self, first: int, rate: float, seconds: float) -> dict[str, Any]:
        told = []
        for n in paced(first, rate, seconds, self._pause):
            told.append([n, time.monotonic_ns()])
            self._send(message_of(n))
        return {"at": told}

    def _send(self, message: Message) -> None:
        self._tag += 1
        self._channel.basic_publish(message, topology.EVENTS_EXCHANGE, TYPE, mandatory=True)

    def _pause(self, seconds: float) -> None:
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=left)

    def _on_ack(self, tag: int, _multiple: bool) -> None:
        self._confirmed = max(self._confirmed, tag)


def message_of(n: int) -> Message:
    """The n-th event, as long as one of ours."""
    event = Event(
        new_id(), TYPE, "/granli/alpha", subject_of(n), datetime.now(UTC), "granli", THINGS, n,
        data={"thing_id": subject_of(n), "n": n},
    )  # fmt: skip
    return Message(
        event.to_json(), delivery_mode=2, message_id=event.id, type=TYPE, content_type=CONTENT_TYPE
    )


def hearer(connection: Connection, channel: Channel) -> None:
    heard = Heard()

    def take(message: Message) -> None:
        body = message.body
        heard.note(Event.from_json(body if isinstance(body, bytes) else body.encode()).data["n"])
        channel.basic_ack(message.delivery_tag)

    def pause(seconds: float) -> None:
        with suppress(TimeoutError):
            connection.drain_events(timeout=seconds)

    def drain(count: int, seconds: float) -> dict[str, float]:
        channel.basic_qos(0, IN_FLIGHT, False)
        channel.basic_consume("beta.inbox", callback=take)
        return heard.drained(count, seconds, pause)

    def collect(above: int, count: int, seconds: float) -> dict[str, Any]:
        return heard.collected(above, count, seconds, pause)

    obey({"drain": drain, "collect": collect})


def main(role: str, amqp_url: str, *_: str) -> None:
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        topology.declare(channel, CATALOGUE)
        if role == "teller":
            made = Teller(connection, channel)
            obey({"publish": made.publish, "steady": made.steady})
        else:
            hearer(connection, channel)


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)
