"""The relay against a real broker: all is sent, in order, marked once confirmed; one relay a database;
heartbeats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from kombu import Connection
from prometheus_client import generate_latest

from services.chassis.bus import topology
from services.chassis.bus.outbox_rows import MarkedByAnother, OutboxRows
from services.chassis.bus.publisher import Outgoing, Publisher, PublishFailed
from services.chassis.bus.relay import Relay, _in_order
from services.chassis.clock import SettableClock
from services.chassis.storage import Database
from services.contracts.envelope import CONTENT_TYPE, Event
from tests.support.bus import (
    AT,
    CATALOGUE,
    LANE,
    SECRET_TOLD,
    THINGS,
    BusSettings,
    Wire,
    arrived,
    open_database,
    rows,
    tell,
    wait_until,
)


@pytest.fixture
def db(bus_url: str) -> Iterator[Database]:
    database = open_database(bus_url, "alpha")
    yield database
    database.close()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(AT)


@pytest.fixture
def connection(amqp_url: str) -> Iterator[Connection]:
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        topology.declare(channel, CATALOGUE)
        for queue in ("beta.inbox", "gamma.inbox", topology.UNROUTED):
            channel.queue_purge(queue)
        yield connection


@pytest.fixture
def make_relay(amqp_url: str, clock: SettableClock) -> Iterator[Callable[..., Relay]]:
    made: list[Relay] = []

    def make(db: Database, url: str = amqp_url, **options: float) -> Relay:
        made.append(Relay(db, BusSettings(url), "alpha", clock, catalogue=CATALOGUE, **options))
        made[-1].start()
        return made[-1]

    yield make
    for relay in made:
        relay.stop()


def all_sent(db: Database, name: str = "outbox") -> bool:
    return all(row.sent_at for row in rows(db, name))


def test_what_was_told_is_sent_in_order_and_marked_with_dense_positions(
    db: Database, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    before = [tell(db, f"t{n % 7}", n) for n in range(600)]
    relay = make_relay(db)
    wait_until(lambda: all_sent(db))
    after = tell(db, "t0", 600)
    relay.wake()
    wait_until(lambda: all_sent(db))
    assert arrived(connection, "beta.inbox")[0] == [*before, after]
    assert [row.position for row in sorted(rows(db, "outbox"), key=lambda row: row.row)] == list(
        range(1, 602)
    )
    wait_until(lambda: relay.sent == 601)


def test_rows_that_become_visible_late_are_sent_all_the_same(
    db: Database, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    if db.is_sqlite:
        return  # one writer at a time: there is no late row
    from services.chassis.bus import outbox
    from tests.support.bus import THING_CHANGED

    relay = make_relay(db)
    with db.write() as slow:
        late = outbox.append(slow, "granli", THING_CHANGED, "t1", {"thing_id": "t1", "n": 1}, AT)
        early = tell(db, "t2", 2)
        relay.wake()
        wait_until(lambda: relay.sent == 1)
    wait_until(lambda: relay.sent == 2)
    assert arrived(connection, "beta.inbox")[0] == [early, late]


def test_the_lane_goes_to_who_hears_it_alone_with_numbers_of_its_own(
    db: Database, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    """PR-5: whoever does not hear the lane gets neither its events nor its heartbeats, nor a gap in the
    numbers."""
    secret, thing = tell(db, "s1", 1, SECRET_TOLD), tell(db, "t1", 1)
    make_relay(db)
    wait_until(lambda: all_sent(db) and all_sent(db, "lane_outbox"))
    wait_until(
        lambda: connection.default_channel.queue_declare("gamma.inbox", passive=True).message_count == 2
    )
    events, beats = arrived(connection, "beta.inbox")
    assert events == [thing]
    assert {beat.stream for beat in beats} <= {THINGS}
    assert [row.position for row in rows(db, "outbox")] == [1]
    events, beats = arrived(connection, "gamma.inbox")
    assert events == [secret]
    assert {beat.stream for beat in beats} == {LANE}


def test_heartbeats_tell_how_old_the_knowledge_is(
    db: Database, connection: Connection, make_relay: Callable[..., Relay], clock: SettableClock
) -> None:
    """CO-9: as_of is the time of a look that found nothing unsent."""
    tell(db, "t1", 1)
    clock.advance(timedelta(minutes=5))
    beats: list[Event] = []

    def collect() -> int:
        beats.extend(arrived(connection, "beta.inbox")[1])
        return len(beats)

    make_relay(db, heartbeat_seconds=0.1)
    wait_until(lambda: collect() >= 2)
    assert {beat.type for beat in beats} == {"alpha.things.heartbeat.v1"}
    assert beats[-1].data == {"stream": THINGS, "as_of": "2026-01-05T09:05:00Z", "position": 1}


def test_CO_9_what_had_waited_makes_knowledge_old_no_longer_than_it_waits(
    db: Database, connection: Connection, make_relay: Callable[..., Relay], clock: SettableClock
) -> None:
    """CO-9: after a stop nobody is refused until the next heartbeat is due, which here is in an hour."""
    tell(db, "t1", 1)
    clock.advance(timedelta(hours=2))
    beats: list[Event] = []

    def is_fresh() -> bool:
        beats.extend(arrived(connection, "beta.inbox")[1])
        return bool(beats) and beats[-1].data["as_of"] == "2026-01-05T11:00:00Z"

    make_relay(db, heartbeat_seconds=3600)
    wait_until(is_fresh)


class Said:
    """Takes down what a relay says."""

    def __init__(self) -> None:
        self.words: list[dict[str, Any]] = []

    def send(self, messages: Sequence[Outgoing]) -> None:
        self.words += [json.loads(message.body)["data"] for message in messages]


def test_CO_9_no_heartbeat_vouches_for_an_unsent_event_from_before_the_clock_was_set_back(
    db: Database, clock: SettableClock
) -> None:
    relay = Relay(db, BusSettings("amqp://127.0.0.1:1//"), "alpha", clock, catalogue=CATALOGUE)
    tell(db, "t1", 1, at=AT + timedelta(hours=1))
    said = Said()
    relay._beat(said)  # type: ignore[arg-type]
    assert [each["stream"] for each in said.words] == [LANE]
    clock.advance(timedelta(hours=2))
    relay._beat(said)  # type: ignore[arg-type]
    assert said.words[-1] == {"stream": THINGS, "as_of": "2026-01-05T10:00:00Z", "position": 0}


def test_one_relay_a_database_is_active_and_the_next_takes_over(
    db: Database, bus_url: str, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    first = make_relay(db)
    wait_until(lambda: first.active)
    other = open_database(bus_url, "alpha")
    second = make_relay(other)
    tell(db, "t1", 1)
    wait_until(lambda: all_sent(db))
    assert (first.sent, second.sent, second.active) == (1, 0, False)
    first.stop()
    wait_until(lambda: second.active)
    tell(db, "t1", 2)
    wait_until(lambda: all_sent(db))
    assert second.sent == 1
    second.stop()
    other.close()


def test_a_commit_in_another_process_is_heard_at_once(
    db: Database, bus_url: str, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    relay = make_relay(db, poll_seconds=60)
    wait_until(lambda: relay.active)
    other = open_database(bus_url, "alpha")  # knows nothing of that relay, as another process
    told = [tell(other, "t1", 1)]
    wait_until(lambda: all_sent(db), 5)
    told.append(tell(db, "t1", 2))
    wait_until(lambda: all_sent(db), 5)
    assert arrived(connection, "beta.inbox")[0] == told
    other.close()


def test_a_bell_that_is_not_heard_delays_and_loses_nothing(
    db: Database, connection: Connection, make_relay: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = make_relay(db)
    wait_until(lambda: relay.active)
    monkeypatch.setattr("services.chassis.bus.outbox.ring", lambda _tx: None)
    tell(db, "t1", 1)
    wait_until(lambda: all_sent(db), 5)


def test_a_database_in_a_deep_folder_has_a_mute_bell_and_a_relay_all_the_same(
    tmp_path: Path, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 4) / "alpha.sqlite3"
    db = open_database(f"sqlite:///{deep}", "alpha")
    make_relay(db)
    tell(db, "t1", 1)
    wait_until(lambda: all_sent(db))
    db.close()


def test_a_relay_whose_lock_is_taken_from_it_stops_and_begins_again(
    db: Database, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    if db.is_sqlite:
        return  # the kernel takes the lock of a living process from nobody
    relay = make_relay(db, poll_seconds=60)
    wait_until(lambda: relay.active)
    with db.write() as tx:
        tx.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        )  # fmt: skip
    wait_until(lambda: not relay.active, 5)
    tell(db, "t1", 1)
    wait_until(lambda: all_sent(db))


def test_rows_that_another_has_marked_are_not_marked_again(db: Database) -> None:
    for n in range(3):
        tell(db, "t1", n)
    outbox = OutboxRows(db.chassis.outbox)
    with db.read() as conn:
        found = [row.row for row in outbox.unsent(conn, 10)]
    with db.write() as tx:
        outbox.mark(tx, found[:2], AT)
    with pytest.raises(MarkedByAnother), db.write() as tx:
        outbox.mark(tx, found[1:], AT)
    with db.write() as tx:
        outbox.mark(tx, found[2:], AT)
    assert [row.position for row in rows(db, "outbox")] == [1, 2, 3]


def test_a_broker_that_falls_silent_is_left_and_what_it_did_not_confirm_is_sent_again(
    db: Database, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    wire = Wire(connection.hostname, connection.port)
    url = f"amqp://{connection.userid}:{connection.password}@127.0.0.1:{wire.port}/{connection.virtual_host}"
    relay = make_relay(db, url, confirm_seconds=0.3)
    wait_until(lambda: relay.active)
    told = [tell(db, "t1", 1)]
    wait_until(lambda: all_sent(db))
    wire.silent.set()
    told.append(tell(db, "t1", 2))
    relay.wake()
    wait_until(lambda: wire.connections >= 2)
    assert rows(db, "outbox")[1].sent_at is None
    wire.silent.clear()
    wait_until(lambda: all_sent(db))
    got = arrived(connection, "beta.inbox")[0]
    assert list(dict.fromkeys(event.id for event in got)) == [event.id for event in told]
    wire.close()


def test_an_unbound_event_lies_among_the_unrouted(
    db: Database, connection: Connection, make_relay: Callable[..., Relay]
) -> None:
    channel = connection.channel()
    channel.queue_unbind("gamma.inbox", topology.EVENTS_EXCHANGE, SECRET_TOLD.type)
    told = tell(db, "s1", 1, SECRET_TOLD)
    publisher = Publisher(channel, 5)
    publisher.publish([Outgoing(told.type, told.id, told.to_json(), CONTENT_TYPE)])
    assert arrived(connection, topology.UNROUTED)[0] == [told]


def test_a_message_too_large_for_one_frame_keeps_its_place(connection: Connection) -> None:
    channel = connection.channel()
    publisher = Publisher(channel, 5)
    told = [
        Event(f"m{n}", "alpha.thing_gone.v1", "/granli/alpha", "t1", AT, "granli", THINGS, n, None, {"x": "x" * size})
        for n, size in enumerate((1, 300_000, 1), 1)
    ]  # fmt: skip
    publisher.publish([Outgoing(each.type, each.id, each.to_json(), CONTENT_TYPE) for each in told])
    assert arrived(connection, "beta.inbox")[0] == told


def test_a_nack_fails_what_was_nacked_alone(connection: Connection) -> None:
    channel = connection.channel()
    channel.queue_declare(
        "full", auto_delete=False, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}, durable=True
    )
    channel.queue_bind("full", topology.EVENTS_EXCHANGE, "alpha.full.v1")
    publisher = Publisher(channel, 5)
    messages = [Outgoing("alpha.full.v1", f"m{n}", b"{}", CONTENT_TYPE) for n in range(3)]
    messages.insert(0, Outgoing("alpha.thing_gone.v1", "ok", b"{}", CONTENT_TYPE))
    with pytest.raises(PublishFailed, match="nacked"):
        publisher.publish(messages)
    while publisher.deadline is not None:
        connection.drain_events(timeout=10)
    assert publisher.has(1) and publisher.has(2)
    assert not publisher.has(4)
    assert publisher.settled <= 3
    channel.queue_delete("full")


def test_a_returned_message_is_not_taken_for_sent_although_it_is_confirmed(connection: Connection) -> None:
    channel = connection.channel()
    channel.exchange_delete(topology.EVENTS_EXCHANGE)
    channel.exchange_declare(topology.EVENTS_EXCHANGE, "topic", durable=True, auto_delete=False)
    channel.queue_bind("beta.inbox", topology.EVENTS_EXCHANGE, "alpha.thing_gone.v1")
    publisher = Publisher(channel, 5)
    keys = ["alpha.thing_gone.v1", "alpha.nobody_hears.v1", "alpha.thing_gone.v1"]
    with pytest.raises(PublishFailed, match="returned"):
        publisher.publish([Outgoing(key, f"m{n}", b"{}", CONTENT_TYPE) for n, key in enumerate(keys)])
    while publisher.deadline is not None:
        connection.drain_events(timeout=10)
    assert [publisher.has(tag) for tag in (1, 2, 3)] == [True, False, True]
    assert publisher.settled == 1
    connection.channel().exchange_delete(topology.EVENTS_EXCHANGE)


def test_after_a_row_that_failed_none_of_its_subject_is_marked(db: Database) -> None:
    for subject in ("t1", "t2", "t1", "t2"):
        tell(db, subject, 0)
    found = sorted(rows(db, "outbox"), key=lambda row: row.row)
    assert _in_order(found, {1, 2, 3}) == [found[1], found[3]]


def test_the_inbox_queue_is_declared_so_that_nothing_is_lost(connection: Connection) -> None:
    arguments = topology.inbox_arguments()
    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-overflow"] == "reject-publish"
    assert arguments["x-single-active-consumer"] is True
    assert arguments["x-delivery-limit"] > 1000
    assert "x-max-length" not in arguments
    topology.declare(connection.channel(), CATALOGUE)  # declared again, it must still be the same
    assert CATALOGUE.routing_keys("alpha") == []
    assert CATALOGUE.routing_keys("beta") == [
        "alpha.thing_changed.v1",
        "alpha.thing_gone.v1",
        "alpha.things.heartbeat.v1",
    ]


def test_what_is_sent_of_the_lane_is_in_no_count(db: Database, clock: SettableClock) -> None:
    """PR-3: a number that grew would tell that somebody has just reported."""
    relay = Relay(
        db, BusSettings("amqp://127.0.0.1:1//"), f"quiet-{db.is_sqlite}", clock, catalogue=CATALOGUE
    )
    tell(db, "r1", 1, replace(SECRET_TOLD, stream="cases.lane"))
    tell(db, "t1", 1)
    relay._mark(OutboxRows(db.chassis.outbox), rows(db, "outbox"))
    assert relay.sent == 2
    assert (
        f'stafett_bus_events_sent_total{{service="quiet-{db.is_sqlite}"}} 1.0' in generate_latest().decode()
    )


def test_the_age_of_the_oldest_unsent_event_is_told(db: Database, clock: SettableClock) -> None:
    relay = Relay(db, BusSettings("amqp://127.0.0.1:1//"), "alpha", clock, catalogue=CATALOGUE)
    tell(db, "s1", 1, SECRET_TOLD)
    clock.advance(seconds=90)
    with db.read() as conn:
        assert relay.oldest_unsent_age(conn) == 90
    relay.start()  # there is no broker: that is when somebody must see it grow
    told = generate_latest().decode()
    relay.stop()
    assert 'stafett_bus_oldest_unsent_seconds{service="alpha"} 90.0' in told
    with db.write() as tx:
        tx.execute(
            db.metadata.tables["lane_outbox"].update().values(sent_at=sa.literal(AT, type_=rows_type(db)))
        )
    with db.read() as conn:
        assert relay.oldest_unsent_age(conn) == 0


def rows_type(db: Database) -> sa.types.TypeEngine[object]:
    return db.metadata.tables["outbox"].c.time.type
