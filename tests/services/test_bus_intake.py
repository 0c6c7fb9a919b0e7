"""Events that wait are taken in together, and whatever their order, doubles and failures, each is handled once and in
its turn."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.chassis import quiet_faults
from services.chassis.bus.heartbeat import Heartbeat
from services.chassis.bus.intake import RETRY_BATCH, Arrival, Intake
from services.chassis.bus.repair import Gap, Repair
from services.chassis.clock import SettableClock
from services.chassis.ids import new_id
from services.chassis.storage import Database, WriteTransaction
from services.contracts.envelope import Event
from services.kernel.errors import Unavailable
from tests.support.bus import AT, CATALOGUE, THING_CHANGED, THINGS, open_database, rows, see, seen
from tests.support.databases import Databases


class World:
    """Beta's intake, with a handler that fails for the numbers in `failing`."""

    def __init__(self, db: Database) -> None:
        self.db, self.clock, self.failing = db, SettableClock(AT), set[int]()
        self.commits = 0
        sa.event.listen(db.engine, "commit", self._count)
        self.intake = Intake(
            db, "beta", {THING_CHANGED.type: self._handle}, lambda tx, _event: tx, self.clock
        )

    def _count(self, connection: sa.Connection) -> None:
        self.commits += bool(connection.get_execution_options().get("stafett_write"))

    def _handle(self, tx: WriteTransaction, event: Event) -> None:
        see(tx, event)
        if event.data["n"] in self.failing:
            raise RuntimeError


def event(subject: str, sequence: int, n: int | None = None) -> Event:
    return Event(
        id=new_id(),
        type=THING_CHANGED.type,
        source="/granli/alpha",
        subject=subject,
        time=AT,
        municipality="granli",
        stream=THINGS,
        sequence=sequence,
        data={"thing_id": subject, "n": sequence if n is None else n},
    )


@pytest.fixture
def world(bus_url: str) -> Iterator[World]:
    world = World(open_database(bus_url, "beta"))
    yield world
    world.db.close()


def test_events_that_wait_are_taken_in_one_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.intake._batch_seconds = 60
    world.intake.take([event(f"t{n % 7}", n // 7 + 1, n) for n in range(70)])
    assert seen(world.db) == list(range(70))
    assert world.commits == 1
    assert len(rows(world.db, "inbox")) == 70
    assert {row.sequence for row in rows(world.db, "inbox_positions")} == {10}


def test_PR_3_nothing_is_logged_of_an_event_of_the_lane_that_fails(world: World) -> None:
    """PR-3: not that there is one, when its handler fails, its number was taken or its gap can't be filled: operators
    read by a command of their own what failed. Of another stream's event there is a line each."""
    world.failing.add(7)

    def silent(source: str, gap: Gap) -> list[Mapping[str, Any]]:
        raise Unavailable

    told = []
    for stream, subject in (("cases.lane", "r1"), (THINGS, "t1")):
        first, failing = (replace(event(subject, n, n), stream=stream) for n in (1, 7))
        with capture_logs() as lines:
            world.intake.take([first, replace(first, id=new_id())])
            world.intake.take([replace(failing, sequence=2)])
            repair = Repair(world.db, "beta", world.clock, CATALOGUE, silent, world.intake.take)
            repair._fill(Gap("granli", stream, subject, 3, 3))
        told.append([line["event"] for line in lines])
    assert told == [[], ["event_number_taken", "event_parked", "event_gap_not_filled"]]
    assert len(rows(world.db, "parked")) == 4
    with world.db.read() as conn:
        kept = quiet_faults.since(conn, world.db.metadata, AT)
    assert {each.what for each in kept} == {THING_CHANGED.type, "fill_gap"}


def test_when_time_is_up_the_rest_takes_the_next_transaction(world: World) -> None:
    world.intake._batch_seconds = -1
    world.intake.take([event("t1", n) for n in (1, 2, 3)])
    assert seen(world.db) == [1, 2, 3]
    assert world.commits == 3


def test_of_a_batch_in_which_one_fails_all_others_are_handled_once(world: World) -> None:
    world.failing = {102}
    world.intake.take([event(f"t{s}", n, 100 * s + n) for n in (1, 2, 3) for s in (0, 1, 2)])
    assert sorted(seen(world.db)) == [1, 2, 3, 101, 201, 202, 203]
    assert [(row.subject, row.sequence, row.reason) for row in rows(world.db, "parked")] == [
        ("t1", 2, "handler_failed"),
        ("t1", 3, "gap"),
    ]
    world.failing = set()
    world.clock.advance(seconds=1)
    assert world.intake.retry_due() == 1
    assert seen(world.db, "t1") == [101, 102, 103]


def test_what_another_thread_has_handled_meanwhile_is_not_parked_as_failed(world: World) -> None:
    one = event("t1", 1)
    world.intake.take([one])
    world.intake._park_failed(one, RuntimeError())
    assert rows(world.db, "parked") == []


def test_however_many_wait_behind_a_gap_all_are_freed_by_the_one_that_fills_it(world: World) -> None:
    many = 100 * RETRY_BATCH  # a call within a call for each batch of them would end at Python's limit
    world.intake.take([event("t1", n) for n in range(2, many)])
    assert seen(world.db) == []
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 250)
    try:
        world.intake.take([event("t1", 1)])
    finally:
        sys.setrecursionlimit(limit)
    assert seen(world.db) == list(range(1, many))


def test_a_heartbeat_counts_with_the_events_before_it(world: World) -> None:
    """CO-9: what it vouches for is committed with it, not after it."""
    beats = [Heartbeat(THINGS, AT, position) for position in (0, 2)]
    arrivals: list[Arrival] = [beats[0], event("t1", 1), event("t1", 2), beats[1]]
    world.intake.take(arrivals)
    [state] = rows(world.db, "stream_state")
    assert (state.told_as_of, state.told_position) == (AT, 2)
    assert seen(world.db) == [1, 2]


def test_CO_9_a_source_whose_clock_is_ahead_vouches_for_nothing_to_come(world: World) -> None:
    world.intake.take([Heartbeat(THINGS, AT + timedelta(hours=1), 0)])
    [state] = rows(world.db, "stream_state")
    assert state.as_of == AT
    world.clock.advance(seconds=10)
    world.intake.take([Heartbeat(THINGS, AT + timedelta(hours=1, seconds=10), 0)])
    [state] = rows(world.db, "stream_state")
    assert state.as_of == AT + timedelta(seconds=10)


def test_SE_7_a_subject_of_another_municipality_is_parked_and_the_rest_handled(world: World) -> None:
    world.intake.take([event("t1", 1)])
    stranger = replace(event("t1", 2), municipality="storvik", source="/storvik/alpha")
    world.intake.take([event("t2", 1), stranger, event("t3", 1)])
    assert [row.subject for row in rows(world.db, "seen")] == ["t1", "t2", "t3"]
    assert [row.sequence for row in rows(world.db, "parked")] == [2]


def test_SE_7_not_even_between_two_of_its_own(world: World) -> None:
    stranger = replace(event("t1", 2), municipality="storvik", source="/storvik/alpha")
    world.intake.take([event("t1", 1), stranger, event("t1", 3)])
    assert seen(world.db) == [1]
    assert [(row.sequence, row.municipality) for row in rows(world.db, "parked")] == [
        (2, "storvik"),
        (3, "granli"),
    ]


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Callable[[], World]]:
    """A world that is emptied for each example."""
    world = World(open_database(databases.bus(), "beta"))

    def empty() -> World:
        with world.db.write() as tx:
            for name in ("seen", "inbox", "inbox_positions", "parked"):
                tx.execute(world.db.metadata.tables[name].delete())
        return world

    yield empty
    world.db.close()


EVENTS = [event(f"t{s}", n, 10 * s + n) for s in range(3) for n in range(1, 5)]


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_with_doubles_in_batches_of_any_size_all_are_handled_once_and_in_turn(
    fresh: Callable[[], World], data: Any
) -> None:
    world = fresh()
    world.failing = data.draw(st.sets(st.sampled_from([e.data["n"] for e in EVENTS]), max_size=2))
    arrivals = data.draw(st.permutations(EVENTS + data.draw(st.lists(st.sampled_from(EVENTS), max_size=8))))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(arrivals)), max_size=4)) | {0, len(arrivals)})
    for first, last in pairwise(cuts):
        world.intake.take(arrivals[first:last])
    world.failing = set()
    world.clock.advance(hours=1)
    world.intake.retry_due()
    for subject in range(3):
        assert seen(world.db, f"t{subject}") == [10 * subject + n for n in range(1, 5)]
    assert rows(world.db, "parked") == []
    assert len(rows(world.db, "inbox")) == len(EVENTS)
