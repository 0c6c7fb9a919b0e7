"""The operator lets outside systems in and out, beside services that run: what is shown once, and what the broker then
lets a system do. The private node's own users and permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from amqp import Message
from kombu import Connection
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker, ConnectionClosedByBroker

from deploy import engines
from deploy.broker import PrivateBroker
from deploy.ops.__main__ import main
from deploy.processes import StartFailed, free_port
from services.chassis.actor import Signer, service_actor
from services.chassis.bus import topology
from services.contracts import directory, notifications, outside
from tests.services.notifications_process import Running
from tests.support.bus import wait_until
from tests.support.databases import Databases

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
    databases: Databases, tmp_path: Path, amqp_url: str, broker: PrivateBroker,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Operator]:  # fmt: skip
    urls = databases.migrated("notifications"), databases.migrated("directory")
    outside_url = f"{amqp_url}-outside"
    with Running(tmp_path, amqp_url, *urls, free_port(), outside_url) as running:
        (running.var / "run").mkdir()
        (running.var / "broker").symlink_to(broker.base)
        engines.keep(running.var, {"STAFETT_AMQP_URL": amqp_url, "STAFETT_OUTSIDE_AMQP_URL": outside_url})
        for kind, id, data in (
            (directory.ServiceChanged, "service-1", {"service_id": "service-1", "kind": "universal"}),
            (directory.UnitChanged, "unit-1", {"unit_id": "unit-1", "service_id": "service-1"}),
        ):
            running.publish_twice(kind, id, **data, active=True)
        made = Operator(running, capsys)
        wait_until(lambda: made.run("subscribe", *WHO[:3], "probe", "--service", "service-1", "--unit", "unit-1",
                                    "--events", GRANTED, "--way", "feed")[0] == 0)  # fmt: skip
        made.one("unsubscribe", *WHO[:3], "probe")
        broker.put_vhost(outside_url.rpartition("/")[2])
        yield made
    broker.drop_vhost(outside_url)


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


def test_PR_3_a_system_can_not_see_how_our_queues_fill(operator: Operator) -> None:
    """PR-3, SE-7: whoever may enter a virtual host can ask how many messages stand in a queue of it, and how many read
    them, whatever they may read: so none of ours is there."""
    connection = pika.BlockingConnection(pika.URLParameters(operator.subscribe()["url"]))
    for queue in ("notifications.inbox", "directory.inbox", topology.DEAD, topology.UNROUTED):
        with pytest.raises(ChannelClosedByBroker) as refused:
            connection.channel().queue_declare(queue, passive=True)
        assert refused.value.reply_code == 404, refused.value
    with pytest.raises(ChannelClosedByBroker) as refused:
        connection.channel().exchange_declare(topology.EVENTS_EXCHANGE, passive=True)
    assert refused.value.reply_code == 404
    connection.close()
    with pytest.raises(AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(mine_in(operator.running.amqp_url, operator)))


def mine_in(url: str, operator: Operator) -> str:
    """The address of a system that tries its own password on another virtual host."""
    fresh: str = operator.one("rotate", *WHO)["url"]
    return f"{fresh.rpartition('/')[0]}/{url.rpartition('/')[2]}"


def test_a_system_can_not_use_up_the_broker(operator: Operator) -> None:
    address = pika.URLParameters(operator.subscribe()["url"])
    held: list[Any] = []
    with pytest.raises((AMQPConnectionError, ConnectionClosedByBroker)):
        held.extend(pika.BlockingConnection(address) for _ in range(40))
    with pytest.raises((AMQPConnectionError, ConnectionClosedByBroker)):
        for _ in range(100):
            held[0].channel()
    for each in held[1:]:
        each.close()


def test_what_an_earlier_system_left_is_not_for_its_namesake(operator: Operator, amqp_url: str) -> None:
    """The command broke off between the subscription's end and the queue's: the next of that name, perhaps of
    another service, gets an empty queue."""
    operator.subscribe()
    with Connection(f"{amqp_url}-outside") as connection:
        channel = connection.channel()
        key = outside.routing_key("granli", "skolesystem", GRANTED)
        channel.basic_publish(Message(b"{}"), outside.EXCHANGE, key)
        token = Signer(operator.running.var, "ops").mint(service_actor("ops", "granli"))
        operator.running.client.call(notifications.Unsubscribe, token, {"recipient": "skolesystem"})
        operator.subscribe("skolesystem", "--queue-most", "7")
        assert channel.basic_get("outside.granli.skolesystem") is None
        operator.running.client.call(notifications.Unsubscribe, token, {"recipient": "skolesystem"})
        assert operator.one("unsubscribe", *WHO)["ended"], "it goes on where it broke off"
        assert operator.run("unsubscribe", *WHO)[0] == 1


def test_a_subscription_without_its_place_on_the_broker_is_taken_back(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise StartFailed("rabbitmqctl eval did not end within 60 s")

    with monkeypatch.context() as patch:
        patch.setattr(PrivateBroker, "put_reader", fails)
        code, said = operator.run(
            "subscribe", *WHO, "--service", "service-1", "--events", GRANTED, "--way", "queue"
        )
    assert code == 1 and "did not end" in said["fault"]
    assert operator.run("subscribers")[1] == []
    assert operator.subscribe("skolesystem", "--queue-most", "7")["queue"] == "outside.granli.skolesystem"


@pytest.mark.parametrize(
    "words",
    [
        ["unsubscribe", *WHO[:3], "x" * 300],
        ["unsubscribe", *WHO[:3], 'a">>, halt(), <<"'],
        ["unsubscribe", *WHO[:3], "skolesystem\n"],
        ["unsubscribe", "--municipality", "x" * 300, *WHO[2:]],
        ["catch-up", *WHO, "--from", "0001-01-01"],
        ["catch-up", *WHO, "--from", "0001-01-01T00:00:00+14:00"],
        ["catch-up", *WHO, "--from", "yesterday"],
    ],
)
def test_what_is_no_name_and_no_day_is_a_call_not_understood(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as usage:
        main([*words, "--var", str(tmp_path)])
    assert usage.value.code == 2


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
                              "--events", f"{GRANTED},cases.lane_report_filed.v1")  # fmt: skip
    assert code == 1 and "service_id: not_known_here (nobody: " in said["fault"]
    assert "events: never_leaves (cases.lane_report_filed.v1: " in said["fault"], "not those that can be told"
    for act in (["unsubscribe"], ["rotate"], ["resume"], ["catch-up", "--from", "2026-11-01"]):
        code, said = operator.run(act[0], *WHO[:3], "nobody", *act[1:])
        assert code == 1 and "no subscription called nobody" in said["fault"]
    with pytest.raises(SystemExit) as usage:
        operator.run("subscribe", *WHO, "--service", "s", "--events", GRANTED, "--way", "webhook")
    assert usage.value.code == 2


def test_on_a_broker_that_is_not_ours_the_lines_to_run_are_told(operator: Operator) -> None:
    (operator.running.var / "broker").unlink()
    made = operator.subscribe()
    assert [line.split()[1] for line in made["run"]] == [
        "delete_user", "add_user", "set_permissions", "set_user_limits",
    ]  # fmt: skip
    assert made["run"][2].endswith("'^$' '^$' '^outside[.]granli[.]skolesystem$'")
    assert operator.one("unsubscribe", *WHO)["run"] == ["rabbitmqctl delete_user outside.granli.skolesystem"]
