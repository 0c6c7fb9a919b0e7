"""What we write to the broker is, byte for byte, what py-amqp would have written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from amqp import Connection, Message
from amqp.method_framing import frame_writer
from kombu import Connection as Kombu

from services.chassis.bus import frames
from services.chassis.bus.topology import EVENTS_EXCHANGE
from services.contracts.envelope import CONTENT_TYPE

KEY = "alpha.thing_changed.v1"


class Wire:
    """What is written here is kept, and goes nowhere."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += bytes(data)


@pytest.fixture(scope="module")
def connection(amqp_url: str) -> Iterator[Connection]:
    with Kombu(amqp_url) as connection:
        connection.connect()
        yield connection.connection


@pytest.mark.parametrize("body", [b"{}", '{"a": "blåbær"}'.encode(), b"x" * 70_000])
@pytest.mark.parametrize("id", ["0199-abc", "ø" * 30, ""])
def test_a_publish_is_written_as_py_amqp_writes_it(connection: Connection, body: bytes, id: str) -> None:
    channel, wire, before = connection.channel(), Wire(), connection.frame_writer
    message = Message(body, delivery_mode=2, message_id=id, type="a.type", content_type=CONTENT_TYPE)
    connection.frame_writer = frame_writer(connection, wire)
    try:
        channel.basic_publish(message, exchange=EVENTS_EXCHANGE, routing_key=KEY, mandatory=True)
    finally:
        connection.frame_writer = before
    assert frames.fits(body, connection.frame_max)
    ours = frames.publish(channel.channel_id, EVENTS_EXCHANGE, KEY, id, "a.type", CONTENT_TYPE, body)
    assert wire.written == ours


def test_a_body_that_needs_several_frames_is_known() -> None:
    assert frames.fits(b"x" * 992, 1000)
    assert not frames.fits(b"x" * 993, 1000)


def test_a_text_that_amqp_can_not_hold_is_refused() -> None:
    with pytest.raises(ValueError):
        frames.publish(1, EVENTS_EXCHANGE, "k", "x" * 256, "t", CONTENT_TYPE, b"{}")
