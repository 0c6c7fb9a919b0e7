"""A projection is built anew beside the one in use, and put in its place without a gap."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.bus import generation as module
from services.chassis.bus.generation import (
    AlreadyBuilding,
    Difference,
    Generation,
    NotLevel,
    Projection,
    StoredHistory,
    Unbuildable,
)
from services.chassis.bus.intake import Intake
from services.chassis.bus.outbox import event_of
from services.chassis.bus.reconcile import unlike
from services.chassis.clock import SystemClock
from services.chassis.storage import Database, upsert
from services.contracts.envelope import Event
from tests.support.bus import AT, CATALOGUE, THING_CHANGED, THINGS, open_database, rows, tell
from tests.support.databases import Databases

LAST = sa.Table(
    "last_of_thing",
    sa.MetaData(),
    sa.Column("thing", sa.String(64), primary_key=True),
    sa.Column("n", sa.Integer),
)

BAD = 666


def remember(uow: Any, event: Event) -> None:
    if event.data["n"] == BAD:
        raise ValueError
    upsert(uow.tx, LAST, {"thing": event.subject}, {"n": event.data["n"]})


PROJECTION = Projection((LAST,), {THING_CHANGED.type: remember})


class World:
    """Alpha, which tells, and beta, which remembers the last number of each thing."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self.folder = folder
        self.alpha, self.beta = (open_database(databases.bus(), name) for name in ("alpha", "beta"))
        LAST.to_metadata(self.beta.metadata)
        with self.beta.write() as tx:
            LAST.create(tx.connection)
        self.intake = Intake(self.beta, "beta", PROJECTION.handlers, _Uow, SystemClock())

    def tell(self, subject: str, *numbers: int, handled: bool = True) -> None:
        told = [tell(self.alpha, subject, n) for n in numbers]
        outbox = self.alpha.chassis.outbox
        with self.alpha.write() as tx:
            unsent = outbox.update().where(outbox.c.sent_at.is_(None))
            tx.execute(unsent.values(sent_at=AT, position=outbox.c.row))
        if handled:
            self.intake.take(told)

    def begin(self, service: str = "beta", live: Database | None = None) -> Generation:
        history = StoredHistory(CATALOGUE, {"alpha": self.alpha}.__getitem__)
        return Generation(
            live or self.beta, self.folder, service, PROJECTION, history, SystemClock(), CATALOGUE
        )

    def remembered(self) -> dict[str, int]:
        return {row.thing: row.n for row in rows(self.beta, LAST.name)}

    def forget(self, thing: str) -> None:
        with self.beta.write() as tx:
            tx.execute(LAST.delete().where(LAST.c.thing == thing))


class _Uow:
    def __init__(self, tx: Any, _event: Event) -> None:
        self.tx = tx


@pytest.fixture
def world(databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(module, "PAGE", 10)
    monkeypatch.setattr(module, "_LEVEL_WITHIN", 0.3)
    world = World(databases, tmp_path)
    yield world
    world.alpha.close()
    world.beta.close()


def test_what_was_lost_or_altered_is_shown_and_is_right_again_after_the_swap(world: World) -> None:
    for n in range(25):
        world.tell(f"t{n % 4}", n)
    world.forget("t1")
    upsert_wrong = {"thing": "t2"}
    with world.beta.write() as tx:
        upsert(tx, LAST, upsert_wrong, {"n": 999})
    before = rows(world.beta, "inbox_positions")
    new = world.begin()
    seen: list[tuple[int, int]] = []
    assert new.build(lambda _stream, position, last: seen.append((position, last)))
    assert seen == [(10, 25), (20, 25), (25, 25)]
    assert sorted(new.differences(), key=str) == sorted(
        [
            Difference(LAST.name, "t1", "new"),
            Difference(LAST.name, "t2", "new"),
            Difference(LAST.name, "t2", "old"),
        ],
        key=str,
    )
    assert world.remembered() == {"t0": 24, "t2": 999, "t3": 23}, "looking changes nothing"
    assert new.swap() == {LAST.name: 4}
    assert world.remembered() == {"t0": 24, "t1": 21, "t2": 22, "t3": 23}
    assert rows(world.beta, "inbox_positions") == before
    new.discard()


def test_a_build_that_was_stopped_goes_on_where_it_was(world: World) -> None:
    world.tell("t1", *range(25))
    stopping = threading.Event()
    first = world.begin()
    assert not first.build(lambda *_: stopping.set(), stopping)
    first.close()
    pages: list[int] = []
    second = world.begin()
    assert second.build(lambda _stream, position, _last: pages.append(position))
    assert pages == [20, 25]
    assert second.differences() == []
    second.discard()
    third = world.begin()
    pages.clear()
    assert third.build(lambda _stream, position, _last: pages.append(position))
    assert pages == [10, 20, 25], "what was let go of is begun anew"
    third.discard()


def test_what_the_service_handled_since_the_build_is_in_what_is_put_in_place(world: World) -> None:
    world.tell("t1", 1)
    new = world.begin()
    new.build()
    world.tell("t1", *range(2, 300))
    world.tell("t2", 7)
    new.swap()
    assert world.remembered() == {"t1": 299, "t2": 7}
    new.discard()


def test_what_the_service_has_not_handled_yet_it_handles_after_the_swap(world: World) -> None:
    world.tell("t1", 1)
    world.tell("t1", 2, handled=False)
    new = world.begin()
    new.build()
    new.swap()
    assert world.remembered() == {"t1": 2}
    with world.alpha.read() as conn:
        late = conn.execute(sa.select(world.alpha.chassis.outbox).order_by(sa.desc("row"))).first()
    assert late is not None
    world.intake.take([event_of(late)])
    assert world.remembered() == {"t1": 2}
    assert [row.sequence for row in rows(world.beta, "inbox_positions")] == [2]
    new.discard()


def test_of_two_who_build_at_once_one_is_refused(world: World) -> None:
    world.tell("t1", 1)
    first = world.begin()
    with pytest.raises(AlreadyBuilding):
        world.begin()
    first.build()
    first.swap()
    first.discard()
    world.begin().discard()


def test_what_other_handlers_have_built_is_not_gone_on_with(world: World) -> None:
    world.tell("t1", *range(5))
    old = world.begin()
    assert old.build()
    old.close()
    for file in world.folder.glob("*.made_by"):
        file.write_text("other handlers")
    new = world.begin()
    pages: list[int] = []
    assert new.build(lambda _stream, position, _last: pages.append(position))
    assert pages == [5]
    new.discard()


def test_what_is_told_and_not_sent_for_long_does_not_hold_the_service_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Own events that wait for the broker are read before the service's tables are held, not while they are."""
    LAST.to_metadata(world.alpha.metadata)
    with world.alpha.write() as tx:
        LAST.create(tx.connection)
    for n in range(30):
        tell(world.alpha, f"t{n}", n)
    monkeypatch.setattr(module, "_LEVEL_WITHIN", -1)  # no time for anything
    new = world.begin("alpha", world.alpha)
    new.build()
    assert new.swap() == {LAST.name: 30}
    new.discard()


def test_a_service_that_does_not_let_go_is_waited_for_no_longer_than_a_lock_may_take(
    world: World, engine_name: str
) -> None:
    if engine_name == "sqlite":
        return  # its write transactions wait for their turn, and are busy after that
    world.tell("t1", 1)
    new = world.begin()
    new.build()
    with world.beta.write() as tx:
        tx.execute(world.beta.chassis.inbox_positions.update().values(sequence=1))
        with pytest.raises(NotLevel):
            new.swap()
    assert new.swap() == {LAST.name: 1}
    new.discard()


def test_when_the_history_lacks_what_was_handled_nothing_is_swapped(world: World) -> None:
    world.tell("t1", 1, 2)
    outbox = world.alpha.chassis.outbox
    with world.alpha.write() as tx:
        tx.execute(outbox.delete().where(outbox.c.sequence == 2))
    new = world.begin()
    new.build()
    with pytest.raises(NotLevel):
        new.swap()
    assert world.remembered() == {"t1": 2}
    new.discard()


def test_events_that_cannot_be_handled_are_named_and_nothing_is_swapped(world: World) -> None:
    world.tell("t1", 1)
    world.tell("t2", BAD)
    new = world.begin()
    new.build()
    with pytest.raises(Unbuildable) as refused:
        new.swap()
    [parked] = rows(world.beta, "parked")
    assert refused.value.ids == [parked.event["id"]]
    assert world.remembered() == {"t1": 1}
    new.discard()


def test_a_service_builds_what_it_remembers_of_its_own_events_too(world: World) -> None:
    LAST.to_metadata(world.alpha.metadata)
    with world.alpha.write() as tx:
        LAST.create(tx.connection)
    world.tell("t1", 1, 2)
    tell(world.alpha, "t2", 5)  # told, and not sent yet: its owner knows it already
    new = world.begin("alpha", world.alpha)
    new.build()
    assert new.swap() == {LAST.name: 2}
    assert {row.thing: row.n for row in rows(world.alpha, LAST.name)} == {"t1": 2, "t2": 5}
    new.discard()


def test_while_events_keep_coming_the_swap_loses_none(world: World) -> None:
    world.tell("t0", *range(50))
    stop = threading.Event()
    count = 0

    def go_on() -> None:
        nonlocal count
        while not stop.is_set():
            count += 1
            world.tell(f"t{count % 5}", 1000 + count)

    telling = threading.Thread(target=go_on)
    telling.start()
    try:
        for _ in range(3):
            new = world.begin()
            new.build()
            new.swap()
            new.discard()
    finally:
        stop.set()
        telling.join()
    final = world.begin()
    final.build()
    assert final.differences() == []
    final.discard()
    assert rows(world.beta, "parked") == []


def test_reconcile_tells_what_is_missing_parked_or_ahead(world: World) -> None:
    world.tell("t1", 1)
    world.tell("t1", 2, handled=False)
    world.tell("t2", BAD)
    world.tell("t3", 1)
    outbox = world.alpha.chassis.outbox
    with world.alpha.write() as tx:
        tx.execute(outbox.delete().where(outbox.c.subject == "t3"))
    tell(world.alpha, "t4", 1)  # not sent yet: nobody can have it
    found = list(unlike(world.alpha, world.beta, THINGS, SystemClock().now()))
    assert [(each.subject, each.told, each.handled, each.state) for each in found] == [
        ("t1", 2, 1, "missing"),
        ("t2", 1, 0, "parked"),
        ("t3", 0, 1, "ahead"),
    ]
    assert {each.municipality for each in found} == {"granli"}
