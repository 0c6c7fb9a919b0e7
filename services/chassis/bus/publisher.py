"""Publishing many messages without waiting in between, and knowing of each whether the broker has it.

py-amqp neither matches confirms to messages nor limits the wait for them, so tags are counted here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from amqp import Channel, Message

from services.chassis.bus import frames
from services.chassis.bus.topology import EVENTS_EXCHANGE


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish: its routing key (also its type, where none is given), its id and its body."""

    key: str
    id: str
    body: bytes
    content_type: str
    type: str | None = None


class PublishFailed(Exception):
    """A message was nacked, returned or not confirmed in time, or the connection broke: the channel must be thrown
    away. What is confirmed, `Publisher.has` still tells; of `Publisher.publish`, `confirmed` holds the indices."""

    def __init__(self, reason: str, confirmed: set[int] | None = None) -> None:
        self.confirmed = confirmed or set()
        super().__init__(reason)


class Publisher:
    """One channel in confirm mode, for one exchange. After a PublishFailed it is of no more use."""

    def __init__(self, channel: Channel, confirm_seconds: float, exchange: str = EVENTS_EXCHANGE) -> None:
        self.channel, self._exchange = channel, exchange
        self._seconds = confirm_seconds
        self._tag = 0
        self._open: dict[int, tuple[str, float]] = {}
        self._tags: dict[str, int] = {}
        self._refused: dict[int, str] = {}
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[int]:
        """Publish all in order, without waiting; their tags, by which `has` tells of each whether it is confirmed.
        Raises PublishFailed."""
        now, first = time.monotonic(), self._tag + 1
        for message in messages:
            self._tag += 1  # the broker counts publishes on a channel from 1; so do we
            self._open[self._tag] = (message.id, now)
            self._tags[message.id] = self._tag
        try:
            self._write(messages)
        except Exception as error:
            raise PublishFailed(type(error).__name__) from error
        return range(first, self._tag + 1)

    def _write(self, messages: Sequence[Outgoing]) -> None:
        """Small messages leave together; one that needs several frames goes py-amqp's way, in its turn."""
        connection = self.channel.connection
        together: list[bytes] = []
        for message in messages:
            if frames.fits(message.body, connection.frame_max):
                together.append(self._framed(message))
                continue
            connection.transport.write(b"".join(together))
            together.clear()
            self.channel.basic_publish(
                Message(
                    message.body,
                    delivery_mode=2,
                    message_id=message.id,
                    type=message.type or message.key,
                    content_type=message.content_type,
                ),
                exchange=self._exchange,
                routing_key=message.key,
                mandatory=True,
            )
        connection.transport.write(b"".join(together))

    def _framed(self, message: Outgoing) -> bytes:
        channel: int = self.channel.channel_id
        return frames.publish(
            channel, self._exchange, message.key, message.id, message.type or message.key, message.content_type,
            message.body,
        )  # fmt: skip

    @property
    def wire(self) -> Any:
        """The socket, which can be read when the broker has said something."""
        return self.channel.connection.sock

    @property
    def settled(self) -> int:
        """All tags up to this one are confirmed."""
        return min(next(iter(self._open), self._tag + 1), *self._refused, self._tag + 1) - 1

    @property
    def deadline(self) -> float | None:
        """When, by time.monotonic, the first message that is not confirmed has waited too long."""
        return next((at + self._seconds for _, at in self._open.values()), None)

    def has(self, tag: int) -> bool:
        """Whether the broker has said that it has this message."""
        return tag not in self._open and tag not in self._refused

    def listen(self) -> None:
        """Take in what the broker has said, without waiting, and say that we live. Raises PublishFailed."""
        self._take_in(0)
        if self._refused:
            raise PublishFailed(next(iter(self._refused.values())))
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise PublishFailed("TimeoutError")

    def flush(self) -> None:
        """Wait until the broker has answered for each, then raise PublishFailed if one was refused or not answered."""
        while self.deadline is not None and (left := self.deadline - time.monotonic()) > 0:
            self._take_in(left)
        self.listen()

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish all in order, then wait until each is confirmed. Raises PublishFailed."""
        first = self._tag + 1
        try:
            self.send(messages)
            self.flush()
        except PublishFailed as failure:
            failure.confirmed = {n for n in range(len(messages)) if self.has(first + n)}
            raise

    def _take_in(self, seconds: float) -> None:
        try:
            with suppress(TimeoutError):
                self.channel.connection.drain_events(timeout=seconds)
                while True:  # and what has come with it
                    self.channel.connection.drain_events(timeout=0)
            self.channel.connection.heartbeat_tick()
        except Exception as error:
            raise PublishFailed(type(error).__name__) from error

    def _settle(self, tag: int, multiple: bool) -> list[int]:
        """The open tags that an answer settles; the oldest stand first."""
        tags = [tag] if tag in self._open else []
        if multiple:
            tags = []
            for each in self._open:
                if each > tag:
                    break
                tags.append(each)
        for each in tags:
            id, _ = self._open.pop(each)
            self._tags.pop(id, None)
        return tags

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._refused.update(dict.fromkeys(self._settle(tag, multiple), "nacked"))

    def _on_return(self, _error: Exception, _exchange: str, _key: str, message: Message) -> None:
        # A returned message is also confirmed, after its return: the confirm alone says nothing.
        tag = self._tags.get(message.properties.get("message_id", ""))
        if tag is not None:
            self._refused[tag] = "returned"
