"""Readers one version behind and one ahead, on the real broker and both databases (docs/adr/0031).

Alpha tells of things. In the old language there is `thing_changed.v1`; in the new one it has a field more, and beside
it stand `thing_changed.v2`, which says the same in words that the old reader can't read, and `thing_seen.v1`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.bus import outbox
from services.chassis.bus.inbox import Inbox
from services.chassis.bus.relay import Relay
from services.chassis.bus.topology import Catalogue
from services.chassis.clock import SystemClock
from services.chassis.storage import Database, WriteTransaction
from services.contracts.base import EventType, Message, number, opaque
from services.contracts.envelope import Event
from tests.support.bus import AT, THINGS, BusSettings, ThingData, open_database, rows, wait_until
from tests.support.databases import Databases


class WiderThingData(ThingData):
    weight = number(required=False)


class CountedThingData(Message):
    thing_id = opaque()
    count = number()


V1 = EventType("alpha.thing_changed.v1", THINGS, "thing", ThingData, "A thing changed.")
WIDER_V1 = EventType("alpha.thing_changed.v1", THINGS, "thing", WiderThingData, "A thing changed.")
V2 = EventType("alpha.thing_changed.v2", THINGS, "thing", CountedThingData, "A thing changed.")
SEEN = EventType("alpha.thing_seen.v1", THINGS, "thing", ThingData, "A thing was seen.")


def language(*events: EventType) -> Catalogue:
    return Catalogue(
        {event.type: event for event in events},
        {THINGS: "alpha"},
        {"alpha": frozenset(), "beta": frozenset({THINGS})},
    )


OLD, NEW = language(V1), language(WIDER_V1, V2, SEEN)


def keep(words: str) -> Callable[[WriteTransaction, Event], None]:
    """A handler that writes down what the event says in these words, and in which version it said so."""

    def handler(tx: WriteTransaction, event: Event) -> None:
        version = int(event.type.rpartition(".v")[2])
        said = {"subject": event.subject, "sequence": event.sequence, "n": event.data[words] * 10 + version}
        tx.execute(tx.metadata.tables["seen"].insert(), said)

    return handler


BEHIND = {V1.type: keep("n")}
AHEAD = {V1.type: keep("n"), V2.type: keep("count")}


def tell_new(db: Database, n: int) -> Event:
    """As a source of the new language tells: in both versions, and in v1 with the field that was added."""
    old_words = {"thing_id": "t1", "n": n, "weight": 7}
    with db.write() as tx:
        return outbox.append(
            tx, "granli", V2, "t1", {"thing_id": "t1", "count": n}, AT, older=[(WIDER_V1, old_words)]
        )


def tell_one(db: Database, event_type: EventType, n: int) -> Event:
    with db.write() as tx:
        return outbox.append(tx, "granli", event_type, "t1", {"thing_id": "t1", "n": n}, AT)


class World:
    """Alpha's and beta's databases, and the broker between them."""

    def __init__(self, databases: Databases, url: str) -> None:
        self.alpha = open_database(databases.bus(), "alpha")
        self.beta = open_database(databases.bus(), "beta")
        self._settings = BusSettings(url)

    @contextmanager
    def source(self, catalogue: Catalogue) -> Iterator[None]:
        """Alpha sends what it has told, as a process of that language does."""
        relay = Relay(self.alpha, self._settings, "alpha", SystemClock(), catalogue=catalogue)
        relay.start()
        yield
        relay.stop()

    def inbox(self, catalogue: Catalogue, handlers: Mapping[str, Any]) -> Inbox:
        return Inbox(
            self.beta,
            self._settings,
            "beta",
            handlers,
            lambda tx, event: tx,
            seal=bytes,
            catalogue=catalogue,
        )

    @contextmanager
    def reader(self, catalogue: Catalogue, handlers: Mapping[str, Any]) -> Iterator[None]:
        inbox = self.inbox(catalogue, handlers)
        inbox.start()
        yield
        inbox.stop()

    def seen(self) -> list[tuple[int, int]]:
        """(sequence, n * 10 + version) of what was handled, in the order in which it was."""
        table = self.beta.metadata.tables["seen"]
        with self.beta.read() as conn:
            found = conn.execute(sa.select(table.c.sequence, table.c.n).order_by(table.c.row))
            return [(row.sequence, row.n) for row in found]

    def stands_at(self, sequence: int) -> bool:
        return [row.sequence for row in rows(self.beta, "inbox_positions")] == [sequence]

    def told(self) -> list[Event]:
        return [outbox.event_of(row) for row in sorted(rows(self.alpha, "outbox"), key=lambda row: row.row)]


@pytest.fixture
def world(databases: Databases, amqp_url: str) -> Iterator[World]:
    world = World(databases, amqp_url)
    yield world
    world.alpha.close()
    world.beta.close()


def test_two_versions_of_one_event_have_one_number_and_the_newest_goes_first(world: World) -> None:
    tell_new(world.alpha, 1)
    tell_new(world.alpha, 2)
    assert [(event.type[-2:], event.sequence) for event in world.told()] == [
        ("v2", 1), ("v1", 1), ("v2", 2), ("v1", 2),
    ]  # fmt: skip
    assert len({event.id for event in world.told()}) == 4
    assert world.told()[1].data == {"thing_id": "t1", "n": 1, "weight": 7}


@pytest.mark.parametrize(
    ("newest", "older"), [(V1, V2), (V2, V2), (V2, SEEN)], ids=["newer", "same", "another event"]
)
def test_only_an_earlier_version_of_the_same_event_shares_its_number(
    world: World, newest: EventType, older: EventType
) -> None:
    data = {V1.type: {"thing_id": "t1", "n": 1}, V2.type: {"thing_id": "t1", "count": 1}}
    words = data.get(older.type, data[V1.type])
    with pytest.raises(ValueError, match="no earlier version"), world.alpha.write() as tx:
        outbox.append(tx, "granli", newest, "t1", data[newest.type], AT, older=[(older, words)])
    assert world.told() == []


def test_a_reader_one_version_behind_handles_each_happening_once_in_the_words_it_knows(world: World) -> None:
    tell_new(world.alpha, 1)
    tell_one(world.alpha, SEEN, 5)
    tell_new(world.alpha, 2)
    with world.source(NEW), world.reader(OLD, BEHIND):
        wait_until(lambda: world.stands_at(3))
    assert world.seen() == [(1, 11), (3, 21)]
    assert rows(world.beta, "parked") == rows(world.beta, "undecodable") == []


def test_a_reader_one_version_ahead_understands_a_source_that_tells_the_old_one_alone(world: World) -> None:
    for n in (1, 2, 3):
        tell_one(world.alpha, V1, n)
    with world.source(OLD), world.reader(NEW, AHEAD):
        wait_until(lambda: world.stands_at(3))
    assert world.seen() == [(1, 11), (2, 21), (3, 31)]
    assert rows(world.beta, "parked") == []


def test_a_reader_goes_on_while_its_source_is_exchanged_and_is_exchanged_itself(world: World) -> None:
    with world.reader(OLD, BEHIND):
        tell_one(world.alpha, V1, 1)
        with world.source(OLD):
            wait_until(lambda: world.stands_at(1))
        tell_new(world.alpha, 2)
        with world.source(NEW):
            wait_until(lambda: world.stands_at(2))
    tell_new(world.alpha, 3)
    with world.source(NEW), world.reader(NEW, AHEAD):
        wait_until(lambda: world.stands_at(3))
    assert world.seen() == [(1, 11), (2, 21), (3, 32)]
    assert rows(world.beta, "parked") == []


@pytest.mark.parametrize(("catalogue", "handlers"), [(OLD, BEHIND), (NEW, AHEAD)], ids=["behind", "ahead"])
def test_what_comes_twice_and_out_of_order_is_handled_once_in_either_version(
    world: World, catalogue: Catalogue, handlers: Mapping[str, Any]
) -> None:
    """A source that sends again after a crash, and a repair, bring both versions in any order."""
    for n in (1, 2, 3):
        tell_new(world.alpha, n)
    new1, old1, new2, old2, new3, old3 = (event.to_json() for event in world.told())
    inbox = world.inbox(catalogue, handlers)
    for body in (old2, new2, new3, old3, new3, new2, new1, old1, new1, old1, old3):
        inbox.receive(body)
    assert [(sequence, n // 10) for sequence, n in world.seen()] == [(1, 1), (2, 2), (3, 3)]
    assert rows(world.beta, "parked") == [] and world.stands_at(3)


def test_a_reader_of_both_handles_the_newest_also_of_what_comes_too_early(world: World) -> None:
    for n in (1, 2):
        tell_new(world.alpha, n)
    new1, old1, new2, old2 = (event.to_json() for event in world.told())
    inbox = world.inbox(NEW, AHEAD)
    inbox.receive(new2, old2)
    inbox.receive(old2)
    inbox.receive(new1, old1)
    assert world.seen() == [(1, 12), (2, 22)]
    assert rows(world.beta, "parked") == []


def test_where_the_newest_fails_the_older_is_not_handled_in_its_place(world: World) -> None:
    tell_new(world.alpha, 1)
    new1, old1 = (event.to_json() for event in world.told())
    inbox = world.inbox(NEW, {**AHEAD, V2.type: lambda *_: 1 / 0})
    inbox.receive(new1, old1)
    inbox.receive(old1)
    assert world.seen() == []
    assert [row.event["type"] for row in rows(world.beta, "parked")] == [V2.type]
