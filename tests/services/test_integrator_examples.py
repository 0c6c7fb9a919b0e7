"""The examples of docs/integrators, run as they stand: each event once, gaps seen, strangers refused.

What Stafett sends is laid into the queue by hand here; tests/journeys runs them against the whole suite.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pika
import pytest
import requests
from standardwebhooks.webhooks import Webhook

from deploy.processes import free_port
from deploy.steps import ROOT
from services.contracts import outside
from services.contracts.catalogue import EVENTS
from services.contracts.envelope import CONTENT_TYPE
from services.contracts.examples import MUNICIPALITY, RECIPIENT, example_of
from tests.support.bus import wait_until
from tests.support.outsider import (
    QUEUE_READERS,
    Outsider,
    install_node_reader,
    queue_reader,
    webhook_receiver,
)

QUEUE = outside.queue(MUNICIPALITY, RECIPIENT)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def told(number: int, event_type: str = "cases.case_closed.v1") -> dict[str, Any]:
    """The event with this number, as Stafett sends it."""
    event = replace(example_of(EVENTS[event_type]), id=f"event-{number}")
    return outside.envelope(event, RECIPIENT, number)


class Stafett:
    """The side of the queue that puts in."""

    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._channel.exchange_declare(outside.EXCHANGE, "topic", durable=True)
        self._channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        self._channel.queue_bind(QUEUE, outside.EXCHANGE, f"{MUNICIPALITY}.{RECIPIENT}.#")
        self._channel.queue_purge(QUEUE)
        self._channel.confirm_delivery()

    def send(self, *numbers: int) -> None:
        for number in numbers:
            event = told(number)
            self._channel.basic_publish(
                outside.EXCHANGE,
                outside.routing_key(MUNICIPALITY, RECIPIENT, event["type"]),
                json.dumps(event).encode(),
                pika.BasicProperties(content_type=CONTENT_TYPE, delivery_mode=2, message_id=event["id"]),
            )

    def left(self) -> int:
        """How many events nobody has taken and acknowledged."""
        return int(self._channel.queue_declare(QUEUE, passive=True).method.message_count)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def stafett(amqp_url: str) -> Iterator[Stafett]:
    sender = Stafett(amqp_url)
    yield sender
    sender.close()


@pytest.fixture(scope="module")
def node_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_node_reader(tmp_path_factory.mktemp("reader"))


@pytest.fixture(params=QUEUE_READERS)
def reader(
    request: pytest.FixtureRequest, amqp_url: str, tmp_path: Path, node_home: Path
) -> Callable[[], Outsider]:
    return lambda: queue_reader(request.param, tmp_path, amqp_url, QUEUE, node_home)


def test_a_reader_handles_each_event_once_and_says_which_numbers_have_not_come(
    stafett: Stafett, reader: Callable[[], Outsider]
) -> None:
    stafett.send(1, 2, 2, 3, 1, 5)
    with reader() as one:
        wait_until(lambda: one.numbers == [1, 2, 3, 5] and one.warnings)
        assert one.warnings[0] == "numbers 4 to 4 have not come"
        assert one.events[0] == told(1)
        wait_until(lambda: stafett.left() == 0)
    stafett.send(5, 4, 6)
    with reader() as again:
        wait_until(lambda: again.numbers == [4, 6])
        wait_until(lambda: stafett.left() == 0)
        assert again.running


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[Outsider, str]]:
    port = free_port()
    with webhook_receiver(tmp_path, port, SECRET) as running:
        address = f"http://127.0.0.1:{port}/"
        wait_until(lambda: answers(address))
        yield running, address


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code > 0
    except requests.ConnectionError:
        return False


def post(address: str, event: dict[str, Any], secret: str = SECRET, at: datetime | None = None) -> int:
    body, at = json.dumps(event), at or datetime.now(UTC)
    headers = {
        "webhook-id": event["id"],
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event["id"], at, body),
        "content-type": CONTENT_TYPE,
    }
    return requests.post(address, body.encode(), headers=headers, timeout=5).status_code


def test_a_webhook_is_handled_once_and_only_when_it_is_signed(receiver: tuple[Outsider, str]) -> None:
    running, address = receiver
    assert [post(address, told(1)), post(address, told(1)), post(address, told(2))] == [204, 204, 204]
    other = "whsec_" + "Y29tcGxldGVseSBvdGhlciBzZWNyZXQ="
    assert post(address, told(3), secret=other) == 401
    assert post(address, told(3), at=datetime(2026, 1, 1, tzinfo=UTC)) == 401
    assert requests.post(address, b"{}", timeout=5).status_code == 401
    assert requests.post(address, b"x" * 200_000, timeout=5).status_code == 413
    assert post(address, told(3)) == 204
    wait_until(lambda: running.numbers == [1, 2, 3])


def test_the_lock_file_names_no_place_to_fetch_from() -> None:
    lock = (ROOT / "docs/integrators/examples/node/package-lock.json").read_text()
    assert "resolved" not in lock and "://" not in lock and "integrity" in lock
