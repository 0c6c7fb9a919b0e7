"""The queue, the retries, the repair and the catching up take events in at once, in two instances of one service: each
event is handled once and in its turn, whoever comes first."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import pytest

from services.chassis.bus.catch_up import CatchUp
from services.chassis.bus.heartbeat import Heartbeat
from services.chassis.bus.intake import DatabaseFailed, Intake
from services.chassis.bus.outbox import event_of
from services.chassis.bus.repair import Gap, Repair
from services.chassis.clock import SystemClock
from services.chassis.storage import Database, WriteTransaction
from services.contracts import bus
from services.contracts.base import Procedure
from services.contracts.envelope import Event
from tests.support.bus import AT, CATALOGUE, THING_CHANGED, THINGS, open_database, rows, see, tell
from tests.support.databases import Databases

SUBJECTS, EACH = 12, 15


class Instance:
    """One process of beta, but for its queue: some of what it handles fails at first."""

    def __init__(self, db: Database, told: list[Event], seed: int) -> None:
        self.db, self.told, self.random = db, told, random.Random(seed)
        handlers = {THING_CHANGED.type: self._handle}
        self.intake, late = (
            Intake(db, "beta", handlers, lambda tx, _event: tx, SystemClock(), first_retry_seconds=0.01)
            for _ in range(2)
        )
        self.repair = Repair(
            db, "beta", SystemClock(), CATALOGUE, lambda _, gap: self._of(gap), self.intake.take
        )
        self.catch_up = CatchUp(db, "beta", CATALOGUE, self._answer, late, self.repair)

    def _handle(self, tx: WriteTransaction, event: Event) -> None:
        see(tx, event)
        if self.random.random() < 0.1:
            raise RuntimeError

    def _of(self, gap: Gap) -> list[dict[str, Any]]:
        held = [event for event in self.told if gap.holds(event)]
        return [event.as_dict() for event in islice(held, bus.MOST_EVENTS)]

    def _answer(self, procedure: Procedure, wanted: Mapping[str, Any]) -> dict[str, Any]:
        after = wanted["after"]
        if procedure is bus.history("alpha"):
            page = self.told[after : after + 20]
            return {
                "events": [event.as_dict() for event in page],
                "next": after + len(page),
                "last": len(self.told),
            }
        heads = {event.subject: event for event in self.told[after:]}
        found = [
            {"municipality": e.municipality, "subject": e.subject, "sequence": e.sequence}
            for e in heads.values()
        ]
        return {"heads": found, "next": len(self.told)}

    def from_the_queue(self) -> None:
        """What the broker brings: some of it twice, some never, some before its turn."""
        some = [event for event in self.told for _ in range(self.random.choice((0, 1, 1, 2)))]
        for at in range(0, len(some) - 3, 3):
            if self.random.random() < 0.3:
                some[at], some[at + 2] = some[at + 2], some[at]
        left = iter(some)
        while batch := list(islice(left, 7)):
            self.intake.take(batch)
        self.intake.take([Heartbeat(THINGS, AT, len(self.told))])


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Event]]:
    source = open_database(f"sqlite:///{tmp_path_factory.mktemp('alpha')}/alpha.sqlite3", "alpha")
    for n in range(SUBJECTS * EACH):
        tell(source, f"t{n % SUBJECTS}", n // SUBJECTS + 1)
    yield [event_of(row) for row in sorted(rows(source, "outbox"), key=lambda row: row.row)]
    source.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_who_ever_takes_events_in_at_once_each_is_handled_once_and_in_its_turn(
    told: list[Event], databases: Databases, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.bus.repair.GAP_SECONDS", 0.0)
    url = databases.bus()
    instances = [Instance(open_database(url, "beta"), told, 10 * seed + n) for n in range(2)]
    faults: list[BaseException] = []
    done = threading.Event()

    def over_and_over(act: Callable[[], object]) -> None:
        while not done.is_set():
            try:
                act()
            except DatabaseFailed:
                continue
            except BaseException as error:
                faults.append(error)
                return

    def is_level() -> bool:
        db = instances[0].db
        stand = [row.sequence for row in rows(db, "inbox_positions")]
        heard = any(row.as_of for row in rows(db, "stream_state"))
        return heard and stand == [EACH] * SUBJECTS and not rows(db, "parked")

    threads = [
        threading.Thread(target=over_and_over, args=(act,))
        for each in instances
        for act in (each.intake.retry_due, each.repair.mend, each.catch_up.round, each.from_the_queue)
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3000):
            if faults or is_level():
                break
            threading.Event().wait(0.02)
    finally:
        done.set()
        for thread in threads:
            thread.join(30)
    assert faults == []
    handled = defaultdict(list)
    for row in sorted(rows(instances[0].db, "seen"), key=lambda row: row.row):
        handled[row.subject].append(row.sequence)
    assert handled == {f"t{n}": list(range(1, EACH + 1)) for n in range(SUBJECTS)}
    assert rows(instances[0].db, "parked") == []
    [state] = rows(instances[0].db, "stream_state")
    assert (state.as_of, state.read_position) == (AT, len(told))
    for each in instances:
        each.db.close()
