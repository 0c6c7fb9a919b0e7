"""The relay log as a process on a real broker, on both engines: events in, RPC, events out, a withdrawal in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection

from deploy.processes import free_port, wait_until
from services.chassis.actor import Actor, Signer
from services.chassis.bus import topology
from services.chassis.clock import SystemClock
from services.chassis.keys import ensure_key_material
from services.chassis.rpc.client import RpcClient
from services.contracts.base import Procedure
from services.contracts.envelope import CONTENT_TYPE, Event
from services.kernel.errors import Refusal
from tests.services.relay_log_world import HEALTH, World
from tests.support.databases import Databases

ROOT = Path(__file__).resolve().parents[2]


class Running(World):
    """The service in a process of its own; the others are this test, at the broker."""

    def __init__(self, var: Path, amqp_url: str, database_url: str) -> None:
        super().__init__(SimpleNamespace(clock=SystemClock()))  # type: ignore[arg-type]
        ensure_key_material(var)
        self._signer = Signer(var, "gateway")
        self._log = var / "relay_log.log"
        self._seen: dict[str, int] = {}
        self._broker = Connection(amqp_url)
        self._channel = self._broker.channel()
        topology.declare(self._channel, topology.Catalogue.published())
        self._heard = self._channel.queue_declare("", exclusive=True).queue
        self._channel.queue_bind(self._heard, topology.EVENTS_EXCHANGE, "relay_log.participants_changed.v1")
        port = free_port()
        env = os.environ | {
            "STAFETT_VAR": str(var), "STAFETT_AMQP_URL": amqp_url, "STAFETT_RELAY_LOG_DATABASE_URL": database_url,
            "STAFETT_HEALTH_PORT": str(port), "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.chassis.run", "relay_log"], env=env, cwd=ROOT, stdout=output,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        wait_until(lambda: _ready(port), seconds=30, what="the relay log")
        self._client = RpcClient(amqp_url, var, "test")
        self._client.start()

    def stop(self) -> None:
        self._client.stop()
        self._broker.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)

    def deliver(self, told: Event) -> None:
        message = self._channel.prepare_message(told.to_json(), content_type=CONTENT_TYPE)
        self._channel.basic_publish(message, topology.EVENTS_EXCHANGE, told.type)
        if not told.type.endswith(topology.HEARTBEAT):
            self._seen[f"{told.stream}:{told.subject}"] = told.sequence

    def ask(self, procedure: Procedure, asker: Actor, request: dict[str, Any]) -> dict[str, Any]:
        return self._client.call(
            procedure, self._signer.mint(asker), request, at_least=self._seen, timeout=20
        )

    def next_told(self) -> Event:
        """The next change of participants that the relay log has sent."""
        found: list[Any] = []

        def come() -> bool:
            message = self._channel.basic_get(self._heard, no_ack=True)
            found.extend([message] if message is not None else [])
            return bool(found)

        wait_until(come, seconds=10, what="an event of the relay log")
        body = found[0].body
        return Event.from_json(body if isinstance(body, bytes) else body.encode())


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def running(amqp_url: str, databases: Databases, tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path, amqp_url, databases.migrated("relay_log"))
    yield made
    made.stop()


def test_from_the_first_event_to_a_withdrawal_in_time(running: Running) -> None:
    """CO-1, CO-10, LG-4, LV-8: what others tell opens the log, what the holder does is told, a withdrawal shuts it."""
    running.level_2()
    told = [running.next_told(), running.next_told()][-1]
    assert [each["person_id"] for each in told.data["participants"]] == ["psychologist", "nurse"]
    assert (told.subject, told.sequence) == (running.case_id, 2)

    month = running.clock.now().date() + timedelta(days=30)
    goal = running.goal("learning", "finds words for what is hard")
    running.measure(goal, "psychologist", deadline=month)
    meeting = running.meeting("teacher", "mother", "psychologist", topics=("learning",))
    running.minutes(meeting, "learning", next_meeting_on=month, next_evaluation_on=month)
    log = running.log("psychologist")
    assert [each["text"] for each in log["goals"]] == ["finds words for what is hard"]
    assert log["meetings"][0]["state"] == "held" and log["next_evaluation_on"] == month.isoformat()

    running.beat()
    running.share((HEALTH, "health"), reason="withdrawn")
    running._seen.clear()  # the reader has not heard of the withdrawal
    wait_until(lambda: _refused(running, "psychologist"), seconds=30, what="the withdrawal")
    assert running.log("mother")["goals"]


def _refused(running: Running, who: str) -> bool:
    try:
        running.log(who)
    except Refusal as refusal:
        return refusal.code == "not_found"
    return False
