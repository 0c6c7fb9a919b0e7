"""Publishing many messages at once, and knowing of each whether the broker has it.

py-amqp neither matches confirms to messages nor limits the wait for them, so tags are counted here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from amqp import Channel, Message

from services.chassis.bus.topology import EVENTS_EXCHANGE


@dataclass(frozen=True)
class Outgoing:
    """A message to publish: its routing key (also its type, where none is given), its id and its body."""

    key: str
    id: str
    body: bytes
    content_type: str
    type: str | None = None


class PublishFailed(Exception):
    """Not all were confirmed: the channel must be thrown away. `confirmed` holds the indices of those that
    were."""

    def __init__(self, reason: str, confirmed: set[int]) -> None:
        self.confirmed = confirmed
        super().__init__(reason)


class Publisher:
    """One channel in confirm mode, for one exchange. After a PublishFailed it is of no more use."""

    def __init__(self, channel: Channel, confirm_seconds: float, exchange: str = EVENTS_EXCHANGE) -> None:
        self._channel, self._exchange = channel, exchange
        self._seconds = confirm_seconds
        self._tag = 0
        self._open: dict[int, int] = {}
        self._ids: dict[str, int] = {}
        self._confirmed: set[int] = set()
        self._refused: dict[int, str] = {}
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish all in order, without waiting in between, then wait until each is confirmed.

        Raises PublishFailed when one is nacked, returned, or not answered in time, or the connection breaks.
        """
        self._confirmed, self._refused, self._open = set(), {}, {}
        self._ids = {message.id: index for index, message in enumerate(messages)}
        try:
            for index, message in enumerate(messages):
                self._tag += 1  # the broker counts publishes on a channel from 1; so do we
                self._open[self._tag] = index
                self._channel.basic_publish(
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
            self._await_confirms()
        except Exception as error:
            raise PublishFailed(type(error).__name__, self._certain()) from error
        if self._refused:
            raise PublishFailed(next(iter(self._refused.values())), self._certain())

    def _await_confirms(self) -> None:
        limit = time.monotonic() + self._seconds
        while self._open:
            left = limit - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._channel.connection.drain_events(timeout=left)

    def _certain(self) -> set[int]:
        return self._confirmed - self._refused.keys()

    def _settle(self, tag: int, multiple: bool) -> list[int]:
        tags = (
            [open_ for open_ in self._open if open_ <= tag]
            if multiple
            else [tag]
            if tag in self._open
            else []
        )
        return [self._open.pop(each) for each in tags]

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._confirmed.update(self._settle(tag, multiple))

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._refused.update(dict.fromkeys(self._settle(tag, multiple), "nacked"))

    def _on_return(self, _error: Exception, _exchange: str, _key: str, message: Message) -> None:
        # A returned message is also confirmed, after its return: the confirm alone says nothing.
        index = self._ids.get(message.properties.get("message_id", ""))
        if index is not None:
            self._refused[index] = "returned"
