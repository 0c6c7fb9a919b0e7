"""Whoever begins late ends where the others are, and the loss of an event is noticed though none follows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.actor import Actor, service_actor
from services.chassis.app import App
from services.chassis.bus.inbox import Knowledge
from services.chassis.bus.intake import Handler
from services.chassis.bus.relay import _heartbeat
from services.chassis.bus.tending import Tending
from services.chassis.clock import SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.service import Service
from services.chassis.settings import Settings
from services.chassis.unit_of_work import UnitOfWork
from services.contracts import bus
from services.contracts.base import Procedure
from services.contracts.envelope import EVERY_MUNICIPALITY, EnvelopeError, Event
from services.kernel.errors import Forbidden, Unavailable
from tests.support.bus import (
    AT,
    CATALOGUE,
    LANE,
    MIGRATIONS,
    SECRET_TOLD,
    THING_CHANGED,
    THINGS,
    bus_metadata,
    rows,
    see,
    seen,
    tell,
)
from tests.support.databases import Databases


class Alpha(Service):
    """The source."""

    name = "alpha"
    metadata = bus_metadata()


HANDLED_AS_OF: list[datetime] = []


def handle(uow: UnitOfWork, event: Event) -> None:
    HANDLED_AS_OF.append(uow.now)
    see(uow.tx, event)


class Beta(Service):
    """Hears alpha."""

    name = "beta"
    metadata = bus_metadata()
    handlers: Mapping[str, Handler] = {THING_CHANGED.type: handle}


@dataclass
class World:
    """Alpha with its history, and services that hear it; they ask it here, without a broker between."""

    alpha: App
    open: Callable[[str], App]
    hear_lane_too: Callable[[], None]
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def ask(self, municipality: str, procedure: Procedure, request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(procedure.method)
        if self.down:
            raise Unavailable()
        return self.alpha.call(procedure, service_actor("beta", municipality), request)

    def tell(self, subject: str, *numbers: int, sent: bool = True) -> list[Event]:
        told = [tell(self.alpha.db, subject, n) for n in numbers]
        if sent:
            outbox = self.alpha.db.chassis.outbox
            with self.alpha.db.write() as tx:
                tx.execute(
                    outbox.update()
                    .where(outbox.c.sent_at.is_(None))
                    .values(sent_at=AT, position=outbox.c.row)
                )
        return told

    def beat(self, app: App, position: int, at: datetime = AT) -> None:
        app.inbox.receive(_heartbeat("alpha", THINGS, at, at, position).body)

    def history(self, actor: Actor, stream: str = THINGS, **request: Any) -> dict[str, Any]:
        return self.alpha.call(bus.history("alpha"), actor, {"stream": stream, "after": 0, **request})


@pytest.fixture
def world(databases: Databases, var_dir: Path) -> Iterator[World]:
    ensure_key_material(var_dir)
    opened: list[App] = []
    catalogues = [CATALOGUE]

    def hear_lane_too() -> None:
        catalogues.append(replace(CATALOGUE, hears={**CATALOGUE.hears, "beta": frozenset({THINGS, LANE})}))

    def open_app(kind: type[Service], name: str) -> App:
        app = App(
            kind,
            Settings(kind.name, var_dir, "amqp://127.0.0.1:1//", databases.bus()),
            clock=SettableClock(AT + timedelta(days=365)),
            migrations=MIGRATIONS,
            catalogue=catalogues[-1],
            ask_source=lambda *words: world.ask(*words),
        )
        app.setup()
        opened.append(app)
        return app

    world = World(open_app(Alpha, "alpha"), lambda name: open_app(Beta, name), hear_lane_too)
    yield world
    for app in opened:
        app.db.close()


def same(one: App, other: App, *names: str) -> None:
    for name in names:
        table = one.db.metadata.tables[name]
        left = [row._asdict() for row in rows(one.db, name)]
        right = [row._asdict() for row in rows(other.db, name)]
        for row in left + right:
            row.pop("row", None)
            row.pop("handled_at", None)
        order = [column.name for column in table.primary_key if column.name != "row"] or [
            "subject",
            "sequence",
        ]
        assert sorted(left, key=lambda r: [r[c] for c in order]) == sorted(
            right, key=lambda r: [r[c] for c in order]
        )


def test_a_service_that_begins_a_year_late_ends_where_one_is_that_was_there_from_the_first_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.contracts.bus.PAGE", 7)  # many pages, as a year has
    first = world.open("first")
    world.beat(first, 0)
    told = [world.tell(f"t{n % 5}", n)[0] for n in range(60)]
    first.inbox.receive(*(event.to_json() for event in told))
    late = world.open("late")
    HANDLED_AS_OF.clear()
    world.beat(late, 60)  # it hears of what is told from now on, and of nothing before
    assert seen(late.db) == []
    late.catch_up.round()
    assert seen(late.db) == list(range(60))
    assert set(HANDLED_AS_OF) == {AT}, "each was handled as of the day on which it was told"
    same(first, late, "seen", "inbox", "inbox_positions", "parked")
    [news] = world.tell("t1", 99)
    for app in (first, late):
        app.inbox.receive(news.to_json())
        assert seen(app.db)[-1] == 99


def test_reading_the_history_goes_on_where_it_was_stopped(world: World) -> None:
    world.tell("t1", *range(5))
    late = world.open("late")
    stop = threading.Event()
    stop.set()
    late.catch_up.round(stop)
    assert seen(late.db) == list(range(5))
    world.tell("t1", 5, 6)
    world.asked.clear()
    late.catch_up.round()
    assert seen(late.db) == list(range(7))
    assert world.asked == ["history"]


def test_what_comes_by_the_queue_meanwhile_is_handled_once(world: World) -> None:
    told = world.tell("t1", 1, 2, 3)
    late = world.open("late")
    late.inbox.receive(told[2].to_json())
    late.catch_up.round()
    assert seen(late.db) == [1, 2, 3]
    assert rows(late.db, "parked") == []


def test_the_loss_of_a_subjects_last_event_is_noticed_at_the_next_heartbeat(world: World) -> None:
    app = world.open("beta")
    world.beat(app, 0)
    one, _lost = world.tell("t1", 1, 2)
    app.inbox.receive(one.to_json())
    app.catch_up.round()
    assert seen(app.db) == [1], "nobody said yet that there is more"
    world.beat(app, 2)
    app.catch_up.round()
    assert seen(app.db) == [1, 2]
    world.asked.clear()
    world.beat(app, 2)
    app.catch_up.round()
    assert world.asked == [], "where nothing is new, nothing is asked"


def test_many_lost_events_are_all_fetched(world: World) -> None:
    app = world.open("beta")
    world.beat(app, 0)
    world.tell("t1", *range(bus.MOST_EVENTS * 2 + 5))
    world.tell("t2", 7)
    world.beat(app, bus.MOST_EVENTS * 2 + 6)
    app.catch_up.round()
    assert seen(app.db, "t1") == list(range(bus.MOST_EVENTS * 2 + 5))
    assert seen(app.db, "t2") == [7]


def test_what_is_parked_is_not_lost(world: World) -> None:
    app = world.open("beta")
    world.beat(app, 0)
    told = world.tell("t1", 1, 2)
    app.inbox.intake._handlers = {THING_CHANGED.type: lambda *_: 1 / 0}
    app.inbox.receive(told[0].to_json(), told[1].to_json())
    world.beat(app, 2)
    app.catch_up.round()
    assert world.asked == ["heads"]


def test_CO_9_knowledge_waits_until_what_a_heartbeat_names_is_known_to_have_come(world: World) -> None:
    app = world.open("beta")

    def known() -> Knowledge:
        with app.db.read() as conn:
            return app.inbox.knowledge(conn, [(THINGS, "t1")])

    world.beat(app, 0)
    assert known() == Knowledge(AT, False)
    world.tell("t1", 1)
    world.beat(app, 1, AT + timedelta(seconds=10))
    assert known() == Knowledge(AT, False), "the one event has not come: nobody knows what it says"
    world.down = True
    with pytest.raises(Unavailable):
        app.catch_up.round()
    assert known() == Knowledge(AT, False)
    world.down = False
    app.catch_up.round()
    assert known() == Knowledge(AT + timedelta(seconds=10), False)
    assert seen(app.db) == [1]


def test_CO_9_a_late_beginner_knows_nothing_before_it_has_read_all(world: World) -> None:
    world.tell("t1", 1, 2)
    app = world.open("late")
    world.beat(app, 2)
    with app.db.read() as conn:
        assert app.inbox.knowledge(conn, [(THINGS, "t1")]).as_of is None
    app.catch_up.round()
    with app.db.read() as conn:
        assert app.inbox.knowledge(conn, [(THINGS, "t1")]).as_of == AT


def test_CO_9_what_a_source_names_and_does_not_give_is_not_known(world: World) -> None:
    app = world.open("beta")
    world.beat(app, 0)
    world.tell("t1", 1)
    app.repair._ask = lambda *_: []
    world.beat(app, 1, AT + timedelta(seconds=10))
    for _ in range(2):
        app.catch_up.round()
        with app.db.read() as conn:
            assert app.inbox.knowledge(conn, [(THINGS, "t1")]).as_of == AT


def test_what_is_new_and_cannot_be_had_holds_up_nothing_that_is_here(world: World) -> None:
    world.hear_lane_too()
    app = world.open("beta")
    world.beat(app, 0)
    world.tell("t1", 1)
    world.beat(app, 1, AT + timedelta(seconds=10))
    ask = app.catch_up._ask
    app.catch_up._ask = lambda procedure, request: (
        {"events": [{}], "next": 1, "last": 1} if request["stream"] == LANE else ask(procedure, request)
    )
    with pytest.raises(EnvelopeError):
        app.catch_up.round()
    with app.db.read() as conn:
        assert app.inbox.knowledge(conn, [(THINGS, None)]).as_of == AT + timedelta(seconds=10)
    assert seen(app.db) == [1]


def test_while_history_is_read_what_is_here_stays_known(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.contracts.bus.PAGE", 2)
    monkeypatch.setattr("services.chassis.bus.catch_up.BEGIN_SECONDS", -1)
    world.tell("t1", *range(5))
    late = world.open("late")
    read = []
    while len(read) < 5:
        late.catch_up.round()
        read = seen(late.db)
    assert read == list(range(5))


def test_a_source_that_was_set_back_to_nothing_changes_nothing(world: World) -> None:
    app = world.open("beta")
    world.beat(app, 0)
    world.tell("t1", 1)
    app.inbox.receive(world.tell("t2", 2)[0].to_json())
    with world.alpha.db.write() as tx:
        tx.execute(sa.delete(world.alpha.db.chassis.outbox))
    world.beat(app, 2)
    app.catch_up.round()
    assert seen(app.db) == [2]


def test_CO_9_a_source_that_was_set_back_is_read_anew_and_what_it_tells_under_used_numbers_is_kept(
    world: World,
) -> None:
    """A source that came back from a backup has forgotten what others know, and gives its numbers again."""
    app, tables = world.open("beta"), world.alpha.db.chassis

    def known() -> Knowledge:
        with app.db.read() as conn:
            return app.inbox.knowledge(conn, [(THINGS, "t1")])

    world.beat(app, 0)
    app.inbox.receive(*(event.to_json() for event in world.tell("t1", 1, 2, 3)))
    world.beat(app, 3, AT + timedelta(seconds=10))
    app.catch_up.round()
    assert known() == Knowledge(AT + timedelta(seconds=10), False)
    with world.alpha.db.write() as tx:
        tx.execute(tables.outbox.delete().where(tables.outbox.c.sequence > 1))
        tx.execute(tables.stream_sequences.update().values(sequence=1))
    world.tell("t1", 9)
    [again] = world.tell("t2", 7)
    with world.alpha.db.write() as tx:  # after position 1 it goes on with 2
        for position, subject in ((2, "t1"), (3, "t2")):
            row = tables.outbox.update().where(
                tables.outbox.c.subject == subject, tables.outbox.c.position > 1
            )
            tx.execute(row.values(position=position))
    world.beat(app, 2, AT + timedelta(seconds=20))
    assert known().as_of is None
    app.catch_up.round()
    assert known() == Knowledge(AT + timedelta(seconds=20), True), "what t1's second event says is in doubt"
    [kept] = rows(app.db, "parked")
    assert (kept.reason, kept.event["data"]["n"], kept.dead_at is not None) == ("number_taken", 9, True)
    assert seen(app.db) == [1, 2, 3, 7]
    app.inbox.receive(again.to_json())
    app.inbox.intake.revive()
    app.inbox.retry_due()
    assert [row.reason for row in rows(app.db, "parked")] == ["number_taken"], "it waits for a person"
    tending = Tending(app.db)
    tending.discard(kept.event["id"])
    world.beat(app, 1, AT + timedelta(seconds=30))
    app.catch_up.round()
    assert known() == Knowledge(AT + timedelta(seconds=30), False)


def test_history_is_answered_by_pages_in_the_order_of_sending(world: World) -> None:
    told = [*world.tell("t1", 1, 2), *world.tell("t2", 3)]
    world.tell("t1", 4, sent=False)
    beta = service_actor("beta", EVERY_MUNICIPALITY)
    page = world.history(beta, limit=2)
    assert ([each["id"] for each in page["events"]], page["next"], page["last"]) == (
        [event.id for event in told[:2]],
        2,
        3,
    )
    page = world.history(beta, after=2)
    assert ([each["id"] for each in page["events"]], page["next"]) == ([told[2].id], 3)
    page = world.history(beta, after=3)
    assert (page["events"], page["next"], page["last"]) == ([], 3, 3)


def test_SE_7_history_is_of_the_callers_municipality_and_PR_5_for_who_hears_the_stream(world: World) -> None:
    world.tell("t1", 1)
    tell(world.alpha.db, "r1", 1, SECRET_TOLD)
    assert len(world.history(service_actor("beta", "granli"))["events"]) == 1
    assert world.history(service_actor("beta", "storvik"))["events"] == []
    for asker, stream in (
        (service_actor("beta", "granli"), LANE),
        (service_actor("delta", "granli"), THINGS),
    ):
        with pytest.raises(Forbidden):
            world.history(asker, stream)
        with pytest.raises(Forbidden):
            world.alpha.call(bus.heads("alpha"), asker, {"stream": stream, "after": 0, "up_to": 9})
    with pytest.raises(Forbidden):
        world.history(Actor("granli", "employee", "p1", "u1"))


def test_CO_9_a_source_that_is_set_back_while_it_is_compared_stays_unknown(world: World) -> None:
    app = world.open("beta")
    world.beat(app, 0)
    world.tell("t1", 1, 2, 3)
    world.beat(app, 3, AT + timedelta(seconds=10))

    def set_back_meanwhile(municipality: str, procedure: Procedure, request: Mapping[str, Any]) -> Any:
        answer = World.ask(world, municipality, procedure, request)
        if procedure.method == "heads":
            world.beat(app, 1, AT + timedelta(seconds=20))
        return answer

    world.ask = set_back_meanwhile  # type: ignore[method-assign]
    app.catch_up.round()
    with app.db.read() as conn:
        assert app.inbox.knowledge(conn, [(THINGS, "t1")]).as_of is None
