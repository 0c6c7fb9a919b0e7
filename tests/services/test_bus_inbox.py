"""The inbox against a real broker: once, in order, parked when it can't be, and nothing lost when the
database fails."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from kombu import Connection
from prometheus_client import generate_latest

from services.chassis.bus import metrics, topology
from services.chassis.bus.inbox import Inbox, Knowledge
from services.chassis.bus.intake import MAX_TRIES
from services.chassis.bus.relay import _heartbeat
from services.chassis.clock import SettableClock
from services.chassis.storage import Database, WriteTransaction
from services.contracts.envelope import Event
from tests.support.bus import (
    AT,
    CATALOGUE,
    THINGS,
    BusSettings,
    open_database,
    rows,
    see,
    seen,
    tell,
    wait_until,
)
from tests.support.databases import Databases


class Failing(Exception):
    """What a failing handler raises."""


class World:
    """Beta's inbox, and the events of alpha that come to it by hand or by the broker."""

    def __init__(self, db: Database, source: Database, url: str) -> None:
        self.db, self.source, self.url = db, source, url
        self.clock = SettableClock(AT)
        self.failing: set[int] = set()
        self.inbox = self.make_inbox()

    def make_inbox(self) -> Inbox:
        return Inbox(
            self.db,
            BusSettings(self.url),
            "beta",
            {"alpha.thing_changed.v1": self._handle},
            lambda tx, event: tx,
            seal=lambda body: b"sealed:" + body[::-1],
            clock=self.clock,
            catalogue=CATALOGUE,
        )

    def _handle(self, tx: WriteTransaction, event: Event) -> None:
        see(tx, event)
        if event.data["n"] in self.failing:
            raise Failing("Kari Nordmann must not stand in the log")

    def event(self, subject: str, n: int) -> Event:
        return tell(self.source, subject, n)

    def receive(self, *events: Event) -> None:
        for event in events:
            self.inbox.receive(event.to_json())

    def position(self, subject: str) -> int:
        with self.db.read() as conn:
            return self.inbox.position(conn, THINGS, subject)

    def parked(self) -> list[tuple[str, int, str, int]]:
        return sorted(
            (row.subject, row.sequence, row.reason, row.attempts) for row in rows(self.db, "parked")
        )

    def knowledge(self, *subjects: str | None) -> Knowledge:
        with self.db.read() as conn:
            return self.inbox.knowledge(conn, [(THINGS, subject) for subject in subjects])


@pytest.fixture
def world(databases: Databases, tmp_path: Any, amqp_url: str) -> Iterator[World]:
    db = open_database(databases.bus(), "beta")
    source = open_database(f"sqlite:///{tmp_path}/alpha.sqlite3", "alpha")
    world = World(db, source, amqp_url)
    yield world
    world.inbox.stop()
    db.close()
    source.close()


@pytest.fixture
def publish(amqp_url: str) -> Iterator[Callable[..., None]]:
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        topology.declare(channel, CATALOGUE)
        channel.queue_purge("beta.inbox")

        def send(*bodies: Event | bytes) -> None:
            for body in bodies:
                key = body.type if isinstance(body, Event) else "alpha.thing_changed.v1"
                connection.Producer(channel).publish(
                    body.to_json() if isinstance(body, Event) else body,
                    exchange=topology.EVENTS_EXCHANGE,
                    routing_key=key,
                    content_type="application/cloudevents+json",
                    content_encoding="binary",
                )

        yield send


def test_an_event_is_handled_once_however_often_it_comes(world: World) -> None:
    one, two = world.event("t1", 1), world.event("t1", 2)
    world.receive(one, one, two, one, two)
    assert seen(world.db) == [1, 2]
    assert world.position("t1") == 2
    assert len(rows(world.db, "inbox")) == 2
    assert world.parked() == []


def test_an_event_that_comes_too_early_waits_for_the_one_before(world: World) -> None:
    one, two, three, other = (world.event(*each) for each in (("t1", 1), ("t1", 2), ("t1", 3), ("t2", 9)))
    world.receive(three, two, other)
    assert seen(world.db) == [9]
    assert world.parked() == [("t1", 2, "gap", 0), ("t1", 3, "gap", 0)]
    world.receive(one)
    assert seen(world.db, "t1") == [1, 2, 3]
    assert world.parked() == []


def test_a_failing_handler_parks_its_subject_alone_and_leaves_no_trace(world: World) -> None:
    world.failing = {1}
    one, two, other = world.event("t1", 1), world.event("t1", 2), world.event("t2", 9)
    world.receive(one, two, other)
    assert seen(world.db) == [9]
    assert world.parked() == [("t1", 1, "handler_failed", 1), ("t1", 2, "gap", 0)]
    assert world.position("t1") == 0


def test_a_parked_event_is_tried_again_when_its_time_has_come_and_frees_those_behind_it(world: World) -> None:
    world.failing = {1}
    world.receive(*(world.event("t1", n) for n in (1, 2, 3)))
    assert world.inbox.retry_due() == 0
    world.clock.advance(seconds=1)
    assert world.inbox.retry_due() == 1
    assert world.parked()[0] == ("t1", 1, "handler_failed", 2)
    world.clock.advance(seconds=1)
    assert world.inbox.retry_due() == 0, "the second wait is longer than the first"
    world.failing = set()
    world.clock.advance(seconds=1)
    assert world.inbox.retry_due() == 1
    assert seen(world.db) == [1, 2, 3]
    assert world.parked() == []


def until_dead(world: World, subject: str = "t1") -> None:
    """Let the first event of a subject fail until nobody tries it any more."""
    world.failing = {1}
    world.receive(*(world.event(subject, n) for n in (1, 2)))
    for _ in range(MAX_TRIES + 3):
        world.clock.advance(seconds=301)
        world.inbox.retry_due()


def dead(world: World) -> list[tuple[str, int, int]]:
    return [(row.subject, row.sequence, row.attempts) for row in rows(world.db, "parked") if row.dead_at]


def test_an_event_that_always_fails_is_dead_after_so_many_tries_and_holds_up_its_subject_alone(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """And knowledge of that subject stays unsure (CO-9)."""
    until_dead(world)
    assert dead(world) == [("t1", 1, MAX_TRIES)]
    assert world.parked() == [("t1", 1, "handler_failed", MAX_TRIES), ("t1", 2, "gap", 0)]
    world.clock.advance(days=400)
    assert world.inbox.retry_due() == 0
    world.receive(world.event("t2", 9), world.event("t1", 3))
    assert seen(world.db) == [9]
    world.inbox.receive(_heartbeat("alpha", THINGS, AT, AT, 0).body)
    assert world.knowledge("t1").parked
    assert not world.knowledge("t2").parked
    assert not world.inbox.none_dead()
    out = capsys.readouterr().out
    assert out.count("event_dead") == 1
    assert "Nordmann" not in out


def test_a_dead_event_is_tried_once_after_a_start_and_is_dead_again_if_it_fails(world: World) -> None:
    until_dead(world)
    world.inbox.start()
    wait_until(lambda: dead(world) == [("t1", 1, MAX_TRIES + 1)])
    world.inbox.stop()
    world.failing = set()
    assert world.inbox.retry_due() == 0
    again = world.make_inbox()
    again.start()
    wait_until(lambda: seen(world.db) == [1, 2])
    again.stop()
    assert world.parked() == []


def test_dead_events_are_tried_once_when_a_source_comes_back(world: World) -> None:
    """What an event needed may have been on its way for longer than all its tries took."""
    world.inbox.receive(_heartbeat("alpha", THINGS, AT, AT, 0).body)
    until_dead(world)
    world.failing = set()
    world.inbox.receive(_heartbeat("alpha", THINGS, AT, AT + timedelta(seconds=10), 1).body)
    assert world.inbox.retry_due() == 0
    world.inbox.receive(_heartbeat("alpha", THINGS, AT, AT + timedelta(minutes=40), 1).body)
    assert world.inbox.retry_due() == 1
    assert seen(world.db) == [1, 2]


def test_parked_and_dead_events_stand_in_the_metrics_without_the_lanes(world: World) -> None:
    until_dead(world)
    lanes = replace(world.event("r1", 1), id="lane", stream="cases.lane")
    world.receive(lanes)
    world.inbox.start()
    wait_until(lambda: dead(world) == [("t1", 1, MAX_TRIES + 1)])
    told = generate_latest().decode()
    assert 'stafett_bus_parked{service="beta"} 2.0' in told
    assert 'stafett_bus_dead{service="beta"} 1.0' in told


def test_what_is_taken_in_of_the_lane_is_in_no_count(world: World) -> None:
    """PR-3: a number that grew would tell that somebody has just reported."""

    def counted() -> float:
        return sum(
            metric.value
            for metric in metrics.HANDLED.collect()[0].samples
            if metric.labels["service"] == "beta" and metric.name.endswith("_total")
        )

    before = counted()
    world.receive(replace(world.event("r1", 1), stream="cases.lane"))
    assert counted() == before
    world.receive(world.event("t1", 1))
    assert counted() == before + 1


def test_events_that_a_crash_left_waiting_behind_a_handled_one_are_found(world: World) -> None:
    one, two = world.event("t1", 1), world.event("t1", 2)
    world.receive(two)
    world.inbox.intake._take_together([one])  # and a crash before those behind it were released
    assert seen(world.db) == [1]
    assert world.inbox.retry_due() == 1
    assert seen(world.db) == [1, 2]


def test_an_event_without_a_handler_moves_the_position(world: World) -> None:
    one = replace(world.event("t1", 1), type="alpha.thing_gone.v1")
    world.receive(one, world.event("t1", 2))
    assert seen(world.db) == [2]
    assert world.position("t1") == 2


def test_another_version_of_a_handled_event_does_not_take_its_number(world: World) -> None:
    one = world.event("t1", 1)
    world.receive(replace(one, id="other", type="alpha.thing_changed.v2"), one)
    assert seen(world.db) == [1]


def test_what_cannot_be_read_is_kept_sealed_and_the_rest_goes_on(
    world: World, publish: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    bad = b'{"specversion":"1.0","name":"Kari Nordmann"}'
    publish(bad, bad, world.event("t1", 1))
    world.inbox.start()
    wait_until(lambda: seen(world.db) == [1])
    (kept,) = rows(world.db, "undecodable")
    assert kept.ciphertext == b"sealed:" + bad[::-1]
    assert kept.sha256 == hashlib.sha256(bad).hexdigest()
    assert "Nordmann" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        {"time": "0001-01-01T00:00:00+14:00"},
        {"time": "9999-12-31T23:59:59-14:00"},
        {"subject": "\ud800"},
        {"subject": "a\0b"},
        {"id": "a\0b"},
        {"streamseq": 9, "data": {"n": "1e400"}},
        *({"streamseq": 9, "data": {"n": '{"n":' * deep + "1" + "}" * deep}} for deep in (40, 900, 940)),
        {"type": "alpha.things.heartbeat.v1", "data": {"as_of": "9999-12-31T23:59:59-14:00"}},
    ],
    ids="-".join,
)
def test_what_can_be_read_and_not_kept_stops_nobody_else(world: World, words: dict[str, Any]) -> None:
    told = world.event("t9", 5)
    bad = json.dumps({**told.as_dict(), **words})
    if "n" in words.get("data", {}):  # json.dumps does not write what is meant here
        bad = bad.replace(json.dumps(words["data"]["n"]), words["data"]["n"])
    world.inbox.receive(bad.encode(), world.event("t1", 1).to_json())
    assert seen(world.db) == [1]
    assert len(rows(world.db, "undecodable")) == 1
    world.receive(told)
    assert seen(world.db) == [1, 5], "and what was meant is handled when it comes as it was told"


def test_a_failing_handler_says_nothing_of_its_data_in_the_log(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.failing = {1}
    world.receive(world.event("t1", 1))
    out = capsys.readouterr().out
    assert "event_parked" in out
    assert "Nordmann" not in out


def test_events_come_through_the_broker_in_order_and_are_acknowledged(
    world: World, publish: Callable[..., None], amqp_url: str
) -> None:
    publish(*(world.event(f"t{n % 3}", n) for n in range(90)))
    world.inbox.start()
    wait_until(lambda: len(seen(world.db)) == 90)
    assert seen(world.db) == list(range(90))
    world.inbox.stop()
    with Connection(amqp_url) as connection:
        left = connection.channel().queue_declare("beta.inbox", passive=True).message_count
    assert left == 0


def test_when_the_database_fails_consuming_stops_and_nothing_is_lost_or_dead_lettered(
    world: World, publish: Callable[..., None], monkeypatch: pytest.MonkeyPatch, amqp_url: str
) -> None:
    down = threading.Event()
    refused: list[int] = []
    write = Database.write

    @contextmanager
    def failing_write(self: Database) -> Iterator[WriteTransaction]:
        if down.is_set() and self is world.db:
            refused.append(1)
            raise sa.exc.OperationalError("no", None, Exception(), connection_invalidated=True)
        with write(self) as tx:
            yield tx

    monkeypatch.setattr(Database, "write", failing_write)
    world.inbox.start()
    publish(world.event("t1", 1))
    wait_until(lambda: seen(world.db) == [1])
    down.set()
    publish(*(world.event("t1", n) for n in (2, 3, 4)))
    wait_until(lambda: len(refused) >= 3)
    assert rows(world.db, "parked") == []
    down.clear()
    wait_until(lambda: seen(world.db) == [1, 2, 3, 4])
    with Connection(amqp_url) as connection:
        assert connection.channel().queue_declare(topology.DEAD, passive=True).message_count == 0


def test_waiting_for_an_event_ends_when_it_is_handled_or_time_is_out(world: World) -> None:
    one = world.event("t1", 1)
    assert not world.inbox.wait_for(THINGS, "t1", 1, 0.05)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(world.inbox.wait_for(THINGS, "t1", 1, 10)))
    waiting.start()
    world.receive(one)
    waiting.join(5)
    assert answers == [True]


def test_knowledge_is_as_old_as_the_last_heartbeat_and_unsure_while_an_event_is_parked(world: World) -> None:
    """CO-9."""
    assert world.knowledge("t1") == Knowledge(None, False)
    world.inbox.receive(_heartbeat("alpha", THINGS, AT, AT - timedelta(seconds=3), 0).body)
    assert world.knowledge("t1") == Knowledge(AT - timedelta(seconds=3), False)
    world.event("t1", 1)
    world.receive(world.event("t1", 2))
    assert world.knowledge("t1").parked
    assert not world.knowledge("t2").parked
    assert world.knowledge(None).parked


def test_a_heartbeat_that_cannot_be_read_is_kept_as_undecodable(world: World) -> None:
    beat = Event.from_json(_heartbeat("alpha", THINGS, AT, AT, 0).body)
    world.receive(replace(beat, data={"as_of": "yesterday"}))
    assert len(rows(world.db, "undecodable")) == 1


def test_of_two_instances_one_takes_events_in_and_the_other_follows(
    world: World, publish: Callable[..., None]
) -> None:
    second = world.make_inbox()
    world.inbox.start()
    second.start()
    publish(*(world.event("t1", n) for n in range(20)))
    wait_until(lambda: len(seen(world.db)) == 20)
    world.inbox.stop()
    publish(*(world.event("t1", n) for n in range(20, 40)))
    wait_until(lambda: len(seen(world.db)) == 40)
    second.stop()
    assert seen(world.db) == list(range(40))
