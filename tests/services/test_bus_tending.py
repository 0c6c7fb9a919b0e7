"""What an operator sees of the bus and may do about it, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import pytest

from services.chassis.bus.inbox import Inbox
from services.chassis.bus.intake import MAX_TRIES
from services.chassis.bus.relay import _heartbeat
from services.chassis.bus.tending import NotNext, Standing, Tending
from services.chassis.clock import SettableClock
from services.chassis.storage import Database, WriteTransaction
from services.contracts.envelope import Event
from tests.support.bus import (
    AT,
    CATALOGUE,
    SECRET_TOLD,
    THINGS,
    BusSettings,
    open_database,
    rows,
    see,
    seen,
    tell,
)
from tests.support.databases import Databases


class World:
    """Beta, whose handler fails at some numbers, and the history of alpha that comes to it by hand."""

    def __init__(self, db: Database, source: Database) -> None:
        self.db, self.source, self.clock = db, source, SettableClock(AT)
        self.failing: set[int] = set()
        self.inbox = Inbox(
            db,
            BusSettings("amqp://127.0.0.1:1//"),
            "beta",
            {"alpha.thing_changed.v1": self._handle},
            lambda tx, event: tx,
            seal=bytes,
            clock=self.clock,
            catalogue=CATALOGUE,
        )
        self.tending = Tending(db)

    def _handle(self, tx: WriteTransaction, event: Event) -> None:
        if event.data["n"] in self.failing:
            raise RuntimeError
        see(tx, event)

    def receive(self, *events: Event) -> list[str]:
        for event in events:
            self.inbox.receive(event.to_json())
        return [event.id for event in events]

    def make_dead(self, subject: str) -> list[str]:
        """Three events of a subject: the first dead, the others behind it."""
        self.failing = {1}
        ids = self.receive(*(tell(self.source, subject, n) for n in (1, 2, 3)))
        for _ in range(MAX_TRIES):
            self.clock.advance(seconds=301)
            self.inbox.retry_due()
        return ids

    def states(self) -> list[tuple[str | None, int | None, str]]:
        return [(each.subject, each.sequence, each.state) for each in self.tending.entries()]


@pytest.fixture
def world(databases: Databases) -> Iterator[World]:
    world = World(open_database(databases.bus(), "beta"), open_database(databases.bus(), "alpha"))
    yield world
    world.db.close()
    world.source.close()


def test_the_standing_counts_all_and_tells_ages(world: World) -> None:
    tell(world.source, "t9", 1)
    tell(world.source, "r1", 1, SECRET_TOLD, at=AT - timedelta(seconds=30))
    assert Tending(world.source).standing(AT + timedelta(seconds=5)) == Standing(2, 35.0, 0, 0, 0, 0, {})
    world.inbox.receive(_heartbeat("alpha", THINGS, AT, AT, 0).body)
    world.make_dead("t1")
    world.failing = {7}
    world.receive(tell(world.source, "t2", 7))
    world.inbox.receive(b"not an event")
    now = AT + timedelta(minutes=2)
    assert world.tending.standing(now) == Standing(0, 0.0, 2, 1, 1, 1, {THINGS: 120.0})


def test_a_list_tells_what_it_is_and_nothing_of_what_it_says(world: World) -> None:
    first, *_ = world.make_dead("t1")
    world.inbox.receive(b'{"name": "Kari Nordmann"}')
    assert world.states() == [
        ("t1", 1, "dead"),
        ("t1", 2, "waiting"),
        ("t1", 3, "waiting"),
        (None, None, "undecodable"),
    ]
    [dead] = world.tending.entries("dead")
    assert (dead.id, dead.type, dead.reason, dead.attempts) == (
        first,
        "alpha.thing_changed.v1",
        "handler_failed",
        MAX_TRIES,
    )
    assert (dead.position, dead.fields, len(dead.sha256)) == (0, ["n", "thing_id"], 64)
    assert "Nordmann" not in json.dumps([asdict(each) for each in world.tending.entries()])
    assert world.tending.entries(ids=[first]) == [dead]
    assert [each.sequence for each in world.tending.entries("waiting", limit=1)] == [2]
    assert [each.state for each in world.tending.entries("undecodable")] == ["undecodable"]
    assert world.tending.entries(ids=["nothing"]) == []


def test_a_dead_event_that_is_to_be_tried_again_has_all_its_tries_and_frees_those_behind_it(
    world: World,
) -> None:
    first, second, _ = world.make_dead("t1")
    assert [each.id for each in world.tending.retry([second], world.clock.now())] == [], (
        "it waits for the first"
    )
    assert [each.id for each in world.tending.retry([first], world.clock.now())] == [first]
    assert world.inbox.retry_due() == 1
    [row] = [row for row in rows(world.db, "parked") if row.sequence == 1]
    assert (row.attempts, row.dead_at) == (1, None)
    world.failing = set()
    world.tending.retry([first], world.clock.now())
    world.inbox.retry_due()
    assert seen(world.db) == [1, 2, 3]
    assert world.states() == []


def test_what_is_let_go_is_passed_over_and_its_subject_goes_on(world: World) -> None:
    first, _second, third = world.make_dead("t1")
    with pytest.raises(NotNext):
        world.tending.discard(third)
    assert len(world.states()) == 3
    entry = world.tending.discard(first)
    assert entry and entry.id == first
    world.inbox.retry_due()
    assert seen(world.db) == [2, 3]
    assert world.states() == []
    assert world.tending.discard(first) is None
    world.receive(tell(world.source, "t1", 4))
    assert seen(world.db) == [2, 3, 4]


def test_an_unreadable_body_is_let_go_by_its_id(world: World) -> None:
    world.inbox.receive(b"not an event")
    [entry] = world.tending.entries("undecodable")
    assert world.tending.discard(entry.id) == entry
    assert rows(world.db, "undecodable") == []
