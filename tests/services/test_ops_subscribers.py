"""The operator lets outside systems in and out, beside services that run: what is shown once, and what the broker then
lets a system do. The private node's own users and permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker

from deploy import engines
from deploy.broker import PrivateBroker
from deploy.ops.__main__ import main
from deploy.processes import free_port
from services.contracts import directory
from tests.services.notifications_process import Running
from tests.support.bus import wait_until

GRANTED = "directory.unit_changed.v1"
WHO = ["--municipality", "granli", "--recipient", "skolesystem"]


class Operator:
    """Somebody who types commands beside a suite that runs."""

    def __init__(self, running: Running, capsys: pytest.CaptureFixture[str]) -> None:
        self.running, self._capsys = running, capsys

    def run(self, *words: str) -> tuple[int, Any]:
        """(exit code, what was printed as JSON)."""
        self._capsys.readouterr()
        code = main([*words, "--json", "--var", str(self.running.var)])
        said = self._capsys.readouterr()
        return code, json.loads(said.out or said.err)

    def one(self, *words: str) -> dict[str, Any]:
        code, rows = self.run(*words)
        assert code == 0, rows
        return dict(rows[0])

    def subscribe(self, recipient: str = "skolesystem", *more: str, way: str = "queue") -> dict[str, Any]:
        return self.one(
            "subscribe", "--municipality", "granli", "--recipient", recipient, "--service", "service-1",
            "--events", GRANTED, "--way", way, *more,
        )  # fmt: skip

    def log(self) -> list[str]:
        lines = (self.running.var / "log" / "ops.log").read_text().splitlines()
        return [json.loads(line)["act"] for line in lines]


@pytest.fixture
def operator(
    make_database: Callable[[str], str], tmp_path: Path, amqp_url: str, broker: PrivateBroker,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Operator]:  # fmt: skip
    urls = make_database("notifications"), make_database("directory")
    with Running(tmp_path, amqp_url, *urls, free_port()) as running:
        (running.var / "run").mkdir()
        (running.var / "broker").symlink_to(broker.base)
        engines.keep(running.var, {"STAFETT_AMQP_URL": amqp_url})
        for kind, id, data in (
            (directory.ServiceChanged, "service-1", {"service_id": "service-1", "kind": "universal"}),
            (directory.UnitChanged, "unit-1", {"unit_id": "unit-1", "service_id": "service-1"}),
        ):
            running.publish_twice(kind, id, **data, active=True)
        made = Operator(running, capsys)
        wait_until(lambda: made.run("subscribe", *WHO[:3], "probe", "--service", "service-1", "--unit", "unit-1",
                                    "--events", GRANTED, "--way", "feed")[0] == 0)  # fmt: skip
        made.one("unsubscribe", *WHO[:3], "probe")
        yield made


def change_unit(running: Running, id: str) -> None:
    running.publish_twice(directory.UnitChanged, id, unit_id=id, service_id="service-1", active=True)


def test_a_system_reads_its_own_queue_and_can_do_nothing_else(operator: Operator) -> None:
    """SE-7, CO-8: with the address that it was given, on a real broker."""
    mine, other = operator.subscribe(), operator.subscribe("annet")
    change_unit(operator.running, "unit-2")
    connection = pika.BlockingConnection(pika.URLParameters(mine["url"]))
    bodies: list[dict[str, Any]] = []

    def read() -> bool:
        channel = connection.channel()
        _, _, body = channel.basic_get(mine["queue"], auto_ack=True)
        bodies.extend([json.loads(body)] if body else [])
        channel.close()
        return bool(bodies)

    wait_until(read)
    assert (bodies[0]["type"], bodies[0]["recipient"], bodies[0]["recipientseq"]) == (
        GRANTED,
        "skolesystem",
        1,
    )
    assert bodies[0]["data"]["unit_id"] == "unit-2"
    forbidden: list[Callable[[Any], Any]] = [
        lambda channel: channel.basic_get(other["queue"]),
        lambda channel: channel.basic_get("notifications.inbox"),
        lambda channel: channel.queue_declare("my-own", durable=True),
        lambda channel: channel.queue_declare("", exclusive=True),
        lambda channel: channel.queue_bind(mine["queue"], "stafett.events", "#"),
        lambda channel: channel.queue_bind(mine["queue"], "stafett.outside", "#"),
        lambda channel: channel.queue_purge(other["queue"]),
        lambda channel: channel.queue_delete(mine["queue"]),
        lambda channel: channel.exchange_declare("mine"),
        lambda channel: publish(channel, "stafett.events"),
        lambda channel: publish(channel, ""),
    ]
    for act in forbidden:
        with pytest.raises(ChannelClosedByBroker) as refused:
            act(connection.channel())
        assert refused.value.reply_code == 403, refused.value
    connection.close()


def publish(channel: Any, exchange: str) -> None:
    channel.confirm_delivery()
    channel.basic_publish(exchange, "cases.case_closed.v1", b"{}")


def test_whoever_is_let_out_is_out_at_once(operator: Operator) -> None:
    made = operator.subscribe()
    connection = pika.BlockingConnection(pika.URLParameters(made["url"]))
    assert operator.one("unsubscribe", *WHO)["ended"]

    def closed() -> bool:
        try:
            connection.process_data_events(0.05)
        except AMQPConnectionError:
            return True
        return False

    wait_until(closed)
    with pytest.raises(AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(made["url"]))
    assert operator.run("subscribers")[1] == []
    again = operator.subscribe()
    fresh = operator.one("rotate", *WHO)
    with pytest.raises(AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(again["url"]))
    pika.BlockingConnection(pika.URLParameters(fresh["url"])).close()
    assert operator.log()[-4:] == ["subscribe", "unsubscribe", "subscribe", "rotate"]


def test_each_way_has_its_secret_and_the_list_shows_none(operator: Operator) -> None:
    hook = operator.subscribe("krok", "--url", "https://receiver.example/hook", way="webhook")
    feed = operator.subscribe("strom", way="feed")
    queue = operator.subscribe()
    assert hook["secret"].startswith("whsec_") and feed["token"].startswith("granli.")
    assert feed["address"].endswith("/outside/v1/events")
    code, listed = operator.run("subscribers", "--municipality", "granli")
    assert (code, [row["recipient"] for row in listed]) == (0, ["krok", "skolesystem", "strom"])
    said = json.dumps(listed) + (operator.running.var / "log" / "ops.log").read_text()
    for secret in (hook["secret"], feed["token"], queue["url"], "receiver.example"):
        assert secret not in said
    assert operator.one("rotate", *WHO[:3], "krok")["secret"] != hook["secret"]


def test_what_can_not_be_is_said_and_leaves_nothing(operator: Operator) -> None:
    operator.subscribe()
    code, said = operator.run(
        "subscribe", *WHO, "--service", "service-1", "--events", GRANTED, "--way", "queue"
    )
    assert code == 1 and "of that name" in said["fault"]
    code, said = operator.run("subscribe", *WHO[:3], "x", "--service", "nobody", "--way", "queue",
                              "--events", "cases.lane_report_filed.v1")  # fmt: skip
    assert code == 1 and "service_id: not_known_here" in said["fault"] and "never_leaves" in said["fault"]
    assert operator.run("unsubscribe", *WHO[:3], "nobody")[0] == 1
    with pytest.raises(SystemExit) as usage:
        operator.run("subscribe", *WHO, "--service", "s", "--events", GRANTED, "--way", "webhook")
    assert usage.value.code == 2


def test_on_a_broker_that_is_not_ours_the_lines_to_run_are_told(operator: Operator) -> None:
    (operator.running.var / "broker").unlink()
    made = operator.subscribe()
    assert [line.split()[1] for line in made["run"]] == ["delete_user", "add_user", "set_permissions"]
    assert made["run"][2].endswith("'^$' '^$' '^outside[.]granli[.]skolesystem$'")
    assert operator.one("unsubscribe", *WHO)["run"] == ["rabbitmqctl delete_user outside.granli.skolesystem"]
