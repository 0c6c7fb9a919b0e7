"""Gaps: what stands in the source's outbox and never came is asked for and taken in, once and in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.processes import free_port
from services.chassis.actor import Actor, service_actor
from services.chassis.app import App
from services.chassis.bus import outbox
from services.chassis.bus.inbox import Inbox
from services.chassis.bus.repair import GAP_SECONDS, Gap, Repair
from services.chassis.clock import SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.service import Service
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.contracts import bus
from services.contracts.envelope import Event
from services.kernel.errors import Forbidden, InvalidInput, Unavailable
from tests.services import rpc_toy as toy
from tests.support.bus import (
    AT,
    CATALOGUE,
    LANE,
    MIGRATIONS,
    SECRET_TOLD,
    THINGS,
    BusSettings,
    bus_metadata,
    open_database,
    rows,
    see,
    seen,
    tell,
    wait_until,
)
from tests.support.databases import Databases

BETWEEN = bus.events_between("alpha")


class Alpha(Service):
    """The source."""

    name = "alpha"
    metadata = bus_metadata()


@dataclass
class World:
    """Alpha with its history, and beta, which asks it without a broker between them."""

    alpha: App
    db: Database
    clock: SettableClock
    asked: list[Gap]
    down: bool = False

    def __post_init__(self) -> None:
        self.inbox = Inbox(
            self.db,
            BusSettings("amqp://127.0.0.1:1//"),
            "beta",
            {"alpha.thing_changed.v1": see},
            lambda tx, event: tx,
            seal=bytes,
            clock=self.clock,
            catalogue=CATALOGUE,
        )
        take = self.inbox.intake.take
        self.repair = Repair(self.db, "beta", self.clock, CATALOGUE, self.ask, take)

    def ask(self, source: str, gap: Gap) -> list[Mapping[str, Any]]:
        assert source == "alpha"
        self.asked.append(gap)
        if self.down:
            raise Unavailable()
        return self.between(gap.stream, gap.subject, gap.first, gap.last)

    def between(
        self, stream: str, subject: str, first: int, last: int, actor: Actor | None = None
    ) -> list[Mapping[str, Any]]:
        wanted = {"stream": stream, "subject": subject, "first": first, "last": last}
        answer = self.alpha.call(BETWEEN, actor or service_actor("beta", "granli"), wanted)
        found: list[Mapping[str, Any]] = answer["events"]
        return found

    def tell(self, subject: str, n: int) -> Event:
        """An event that alpha tells, and believes to have sent."""
        event = tell(self.alpha.db, subject, n)
        with self.alpha.db.write() as tx:
            outbox = self.alpha.db.chassis.outbox
            last = tx.scalar(sa.select(sa.func.coalesce(sa.func.max(outbox.c.position), 0)))
            sent = outbox.update().where(outbox.c.id == event.id)
            tx.execute(sent.values(sent_at=self.clock.now(), position=last + 1))
        return event

    def receive(self, *events: Event) -> None:
        for event in events:
            self.inbox.receive(event.to_json())


@pytest.fixture
def world(databases: Databases, var_dir: Path) -> Iterator[World]:
    ensure_key_material(var_dir)
    settings = Settings("alpha", var_dir, "amqp://127.0.0.1:1//", databases.bus())
    alpha = App(Alpha, settings, clock=SettableClock(AT), migrations=MIGRATIONS, catalogue=CATALOGUE)
    alpha.setup()
    world = World(alpha, open_database(databases.bus(), "beta"), SettableClock(AT), [])
    yield world
    world.db.close()
    alpha.db.close()


def test_events_that_were_marked_as_sent_and_never_came_are_fetched_and_taken_in_order(world: World) -> None:
    told = [world.tell("t1", n) for n in range(1, 7)]
    world.receive(told[0], told[3], told[5])
    assert world.repair.mend() == 0, "they may still be on their way"
    world.clock.advance(seconds=GAP_SECONDS)
    assert world.repair.mend() == 2
    assert world.repair.mend() == 1
    assert seen(world.db) == [1, 2, 3, 4, 5, 6]
    assert rows(world.db, "parked") == []
    assert world.asked == [Gap("granli", THINGS, "t1", 2, 3), Gap("granli", THINGS, "t1", 5, 5)]
    world.receive(*told)  # all of it comes after all
    assert seen(world.db) == [1, 2, 3, 4, 5, 6]
    assert world.repair.mend() == 0


def test_what_waits_behind_an_event_that_fails_is_no_gap(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(world.inbox.intake, "_handlers", {"alpha.thing_changed.v1": fail})
    world.receive(*(world.tell("t1", n) for n in (1, 2, 3)))
    world.clock.advance(seconds=60)
    assert world.repair.mend() == 0
    assert world.asked == []


def test_a_source_that_is_down_is_asked_again_after_a_growing_pause(world: World) -> None:
    told = [world.tell("t1", n) for n in (1, 2)]
    world.receive(told[1])
    world.clock.advance(seconds=GAP_SECONDS)
    world.down = True
    for _ in range(3):
        world.repair.mend()
    assert len(world.asked) == 1
    world.clock.advance(seconds=5)
    world.repair.mend()
    world.clock.advance(seconds=5)
    world.repair.mend()
    assert len(world.asked) == 2, "the second pause is longer than the first"
    world.down = False
    world.clock.advance(seconds=5)
    assert world.repair.mend() == 1
    assert seen(world.db) == [1, 2]


def test_what_the_source_does_not_know_stays_parked_and_is_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.tell("t1", 1)
    two = world.tell("t1", 2)
    with world.alpha.db.write() as tx:
        tx.execute(world.alpha.db.chassis.outbox.delete())
    world.receive(two)
    world.clock.advance(seconds=GAP_SECONDS)
    assert world.repair.mend() == 0
    assert len(rows(world.db, "parked")) == 1
    assert "event_gap_unknown_to_source" in capsys.readouterr().out


def test_only_what_was_asked_for_is_taken(world: World) -> None:
    one, two = world.tell("t1", 1), world.tell("t1", 2)
    other = world.tell("t2", 7)
    world.receive(two)
    world.clock.advance(seconds=GAP_SECONDS)
    take = world.inbox.intake.take
    liar = Repair(world.db, "beta", world.clock, CATALOGUE, lambda *_: [other.as_dict(), one.as_dict()], take)
    assert liar.mend() == 1
    assert seen(world.db) == [1, 2]


def test_only_a_service_that_hears_the_stream_is_answered(world: World) -> None:
    """PR-5: the lane's events go to who hears them alone."""
    tell(world.alpha.db, "t1", 1)
    tell(world.alpha.db, "r1", 1, SECRET_TOLD)
    assert len(world.between(THINGS, "t1", 1, 9)) == 1
    assert len(world.between(LANE, "r1", 1, 9, service_actor("gamma", "granli"))) == 1
    with pytest.raises(Forbidden):
        world.between(LANE, "r1", 1, 9)
    with pytest.raises(Forbidden):
        world.between(THINGS, "t1", 1, 9, service_actor("gamma", "granli"))
    with pytest.raises(Forbidden):
        world.between(THINGS, "t1", 1, 9, Actor("granli", "employee", person_id="p1", unit_id="u1"))
    with pytest.raises(Forbidden):
        world.between(THINGS, "t1", 1, 9, Actor("granli", "employee", person_id="p1", service="beta"))
    with pytest.raises(Forbidden):
        world.between("alpha.unknown", "t1", 1, 9)
    with pytest.raises(InvalidInput):
        world.between(THINGS, "t1", 0, 9)


def test_events_of_another_municipality_are_not_answered(world: World) -> None:
    """SE-7."""
    tell(world.alpha.db, "t1", 1)
    assert world.between(THINGS, "t1", 1, 9, service_actor("beta", "storvik")) == []


def test_not_more_are_answered_at_once_than_fit(world: World) -> None:
    for n in range(1, bus.MOST_EVENTS + 3):
        tell(world.alpha.db, "t1", n)
    found = world.between(THINGS, "t1", 1, 10_000)
    assert [each["streamseq"] for each in found] == list(range(1, bus.MOST_EVENTS + 1))


# ------------------------------------------------------------ over the broker


class Listener(Service):
    """A service that hears the toy; it bears a name for which there is a key."""

    name = "notifications"
    metadata = toy.metadata
    handlers = {}


def test_over_the_broker_a_running_service_fetches_what_another_has_lost(
    var_dir: Path, amqp_url: str
) -> None:
    process = toy.spawn(var_dir, amqp_url, free_port(), var_dir / "toy.log")
    app = App(
        Listener,
        Settings("notifications", var_dir, amqp_url, f"sqlite:///{var_dir}/listener.sqlite3"),
        clock=SettableClock(AT),
        migrations=toy.migrations_in(var_dir),
        catalogue=toy.CATALOGUE,
    )
    source = Database(f"sqlite:///{var_dir}/db/toy.sqlite3", toy.metadata, "toy")
    try:
        app.setup()
        wait_until(lambda: "ready" in (var_dir / "toy.log").read_text())
        with source.write() as tx:
            told = [outbox.append(tx, "granli", toy.ADDED, "t1", {"id": "t1"}, AT) for _ in range(2)]
            tx.execute(
                source.chassis.outbox.update().values(sent_at=AT, position=source.chassis.outbox.c.row)
            )
        app.inbox.receive(told[1].to_json())
        app.clock.advance(seconds=GAP_SECONDS)  # type: ignore[attr-defined]
        app.rpc.start()
        wait_until(app.rpc.connected)
        assert app.repair.gaps() == [Gap("granli", "toy.things", "t1", 1, 1)]
        assert app._ask_for_gap("toy", app.repair.gaps()[0]) == [told[0].as_dict()]
        app.repair.start()
        wait_until(lambda: rows(app.db, "parked") == [] and len(rows(app.db, "inbox")) == 2)
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(10)
        app.repair.stop()
        app.rpc.stop()
        app.db.close()
        source.close()
