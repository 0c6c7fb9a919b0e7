"""An outside system's place on the broker: its queue, and a user that may read that queue and nothing else.

RabbitMQ lets whoever may enter a virtual host ask how many messages stand in any queue there, so the queues of outside
systems have one of their own (PR-3, SE-7). On the suite's private node it and the users are made here; on another
broker, whose administrator we are not, the lines to run are told.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from amqp.exceptions import AMQPError, NotFound
from kombu.connection import Connection
from kombu.exceptions import KombuError

from deploy.broker import READER_LIMITS, PrivateBroker
from deploy.ops.desk import NO_BROKER, Desk, Fault
from deploy.processes import StartFailed
from services.chassis.bus import topology
from services.contracts import outside

_BROKER_SECONDS = 5


class BrokerUsers:
    """The users and queues of outside systems, on the broker of one suite."""

    def __init__(self, desk: Desk) -> None:
        if desk.engines.outside_amqp_url is None:
            raise Fault(NO_BROKER.format(desk.var))
        self._url = desk.engines.outside_amqp_url
        self._node = PrivateBroker.attached(desk.var / "broker", self._url)
        self._desk = desk

    def enter(self) -> None:
        """See that the virtual host is there and answers. Raises Fault."""
        if self._node is not None:
            with _told():
                self._node.put_vhost(self._vhost)
        with self._channel() as channel:
            topology.declare_outside(channel)

    def make_queue(self, municipality: str, recipient: str, most: int) -> str:
        """The recipient's queue, made if it is not there; its name. Raises Fault."""
        with self._channel() as channel:
            return topology.declare_recipient(
                channel, municipality, recipient, most, outside.QUEUE_MILLISECONDS
            )

    def make_user(self, municipality: str, recipient: str) -> dict[str, Any]:
        """The recipient's user with a new password: `url` with both, to be shown once; `run` holds the lines for
        whoever administers the broker, where we do not."""
        if self._url == self._desk.engines.amqp_url:
            self._desk.say(
                "outside systems share our own virtual host, and can see how many messages stand in its queues: "
                "set STAFETT_OUTSIDE_AMQP_URL"
            )
        queue = outside.queue(municipality, recipient)
        password = secrets.token_hex(24)  # no word that a command line could take for an option
        if self._node is not None:
            with _told():
                self._node.put_reader(queue, password, self._vhost, queue)
        pattern = "^" + queue.replace(".", "[.]") + "$"
        lines = [
            f"rabbitmqctl delete_user {queue}  # where there is one already",
            f"rabbitmqctl add_user {queue} {shlex.quote(password)}",
            f"rabbitmqctl set_permissions -p {shlex.quote(self._vhost)} {queue} '^$' '^$' '{pattern}'",
            f"rabbitmqctl set_user_limits {queue} {shlex.quote(READER_LIMITS)}",
        ]
        return {
            "queue": queue,
            "user": queue,
            "url": self._url_of(queue, password),
            "run": [] if self._node is not None else lines,
        }

    def remove(self, municipality: str, recipient: str) -> tuple[bool, list[str]]:
        """The user, with its connections, and the queue, with what stands in it, go. Whether there was anything, as far
        as can be seen; the lines for whoever administers the broker. Raises Fault."""
        queue, user_was_there = outside.queue(municipality, recipient), False
        if self._node is not None:
            with _told():
                user_was_there = self._node.drop_user(queue)
        queue_was_there = self.remove_queue(municipality, recipient)
        lines = [f"rabbitmqctl delete_user {queue}"] if self._node is None else []
        return user_was_there or queue_was_there, lines

    def remove_queue(self, municipality: str, recipient: str) -> bool:
        """Delete the queue, with what stands in it; whether it was there. Raises Fault."""
        queue = outside.queue(municipality, recipient)
        with self._channel() as channel:
            try:
                channel.queue_declare(queue, passive=True)
            except NotFound:
                return False
            channel.queue_delete(queue)
        return True

    @property
    def _vhost(self) -> str:
        return unquote(urlsplit(self._url).path.removeprefix("/")) or "/"

    def _url_of(self, user: str, password: str) -> str:
        parts = urlsplit(self._url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{host}{parts.path}"

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        try:
            with Connection(self._url, connect_timeout=_BROKER_SECONDS) as connection:
                connection.connect()
                yield connection.channel()
        except (AMQPError, KombuError, OSError) as error:
            raise Fault(f"the broker did not do it ({type(error).__name__})") from None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except StartFailed as error:
        raise Fault(f"the broker's user could not be changed: {error}") from None
