"""The outbox: an event stands there if and only if its change does, numbered without gaps; the envelope on
the wire."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.chassis.bus import outbox
from services.chassis.bus.outbox import EventInvalid, event_of
from services.chassis.storage import Database
from services.contracts.base import EventType, Message, code_tree, instant
from services.contracts.base import date as date_field
from services.contracts.envelope import EnvelopeError, Event
from tests.support.bus import AT, LANE, SECRET_TOLD, THING_CHANGED, THINGS, open_database, rows, tell

EVENT = Event(
    "e1", "alpha.thing_changed.v1", "/granli/alpha", "t1", AT, "granli", THINGS, 3, "00-ab-cd-01", {"n": 1}
)


@pytest.fixture
def db(bus_url: str) -> Iterator[Database]:
    database = open_database(bus_url, "alpha")
    yield database
    database.close()


def test_an_event_stands_in_the_outbox_as_it_was_told(db: Database) -> None:
    told = tell(db, "t1", 7)
    assert (told.source, told.stream, told.sequence, told.data["n"]) == ("/granli/alpha", THINGS, 1, 7)
    (row,) = rows(db, "outbox")
    assert event_of(row) == told
    assert (row.sent_at, row.position) == (None, None)


def test_numbers_count_per_stream_and_subject_and_a_rollback_leaves_no_gap(db: Database) -> None:
    assert [tell(db, subject, 0).sequence for subject in ("t1", "t2", "t1")] == [1, 1, 2]
    with pytest.raises(LookupError), db.write() as tx:
        assert outbox.append(tx, "granli", THING_CHANGED, "t1", {"thing_id": "t1", "n": 0}, AT).sequence == 3
        raise LookupError
    assert tell(db, "t1", 0).sequence == 3


def test_those_who_tell_of_one_subject_at_once_get_each_their_number(db: Database) -> None:
    numbers: list[int] = []
    threads = [
        threading.Thread(target=lambda: numbers.extend(tell(db, "t1", 0).sequence for _ in range(25)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(numbers) == list(range(1, 101))
    assert [row.sequence for row in sorted(rows(db, "outbox"), key=lambda row: row.row)] == list(
        range(1, 101)
    )


def test_data_that_the_schema_does_not_know_is_refused_and_nothing_is_written(db: Database) -> None:
    for data in ({"thing_id": "t1"}, {"thing_id": "t1", "n": 1, "name": "x"}, {"thing_id": "t1", "n": "1"}):
        with pytest.raises(EventInvalid), db.write() as tx:
            outbox.append(tx, "granli", THING_CHANGED, "t1", data, AT)
    assert rows(db, "outbox") == rows(db, "stream_sequences") == []


def test_what_could_not_be_sent_or_read_is_not_told(db: Database) -> None:
    """It would stop the relay, or a reader, for ever."""

    class Tree(Message):
        values = code_tree()

    kind = EventType("alpha.tree.v1", THINGS, "thing", Tree, "")
    for subject, number in (("t1", math.nan), ("t1", math.inf), ("t\n1", 1)):
        with pytest.raises(EventInvalid), db.write() as tx:
            outbox.append(tx, "granli", kind, subject, {"values": {"n": number}}, AT)
    assert rows(db, "outbox") == []


def test_dates_and_instants_become_json(db: Database) -> None:
    class Dated(Message):
        on = date_field()
        at = instant()

    kind = EventType("alpha.dated.v1", THINGS, "thing", Dated, "")
    with db.write() as tx:
        event = outbox.append(tx, "granli", kind, "t1", {"on": date(2026, 2, 1), "at": AT}, AT)
    assert event.data == {"on": "2026-02-01", "at": "2026-01-05T09:00:00Z"}


def test_a_subject_of_one_municipality_is_never_told_of_in_another(db: Database) -> None:
    """SE-7."""
    tell(db, "t1", 0)
    with pytest.raises(ValueError, match="SE-7"), db.write() as tx:
        outbox.append(tx, "storvik", THING_CHANGED, "t1", {"thing_id": "t1", "n": 0}, AT)


def test_a_stream_with_an_outbox_of_its_own_leaves_no_trace_in_the_common_one(db: Database) -> None:
    """PR-5."""
    tell(db, "s1", 0, SECRET_TOLD)
    tell(db, "t1", 0)
    assert [row.stream for row in rows(db, "outbox")] == [THINGS]
    assert [row.row for row in rows(db, "outbox")] == [1]
    assert [row.stream for row in rows(db, "lane_outbox")] == [LANE]


def test_the_envelope_is_cloudevents_and_comes_back_as_it_went() -> None:
    wire = json.loads(EVENT.to_json())
    assert wire["specversion"] == "1.0"
    assert (wire["municipality"], wire["stream"], wire["streamseq"]) == ("granli", THINGS, 3)
    assert wire["time"] == "2026-01-05T09:00:00Z"
    assert Event.from_json(EVENT.to_json()) == EVENT
    assert Event.from_json(replace(EVENT, traceparent=None).to_json()).traceparent is None
    later = EVENT.to_json().replace(b'{"specversion"', b'{"newer":{"a":1},"specversion"')
    assert Event.from_json(later) == EVENT


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"),
        ("id", ""),
        ("id", None),
        ("id", "x" * 65),
        ("type", "thing"),
        ("source", "granli/alpha"),
        ("municipality", "storvik"),
        ("streamseq", "3"),
        ("streamseq", True),
        ("streamseq", -1),
        ("time", "yesterday"),
        ("time", "2026-01-05T09:00:00"),
        ("data", [1]),
        ("data", None),
        ("datacontenttype", "text/xml"),
    ],
)
def test_a_body_that_is_no_event_of_ours_is_refused(attribute: str, value: object) -> None:
    with pytest.raises(EnvelopeError):
        Event.from_dict(EVENT.as_dict() | {attribute: value})


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"null", b'{"specversion":NaN}', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(EnvelopeError):
        Event.from_json(body)


def test_times_are_utc_however_they_were_written() -> None:
    event = Event.from_dict(EVENT.as_dict() | {"time": "2026-01-05T10:00:00+01:00"})
    assert event.time == datetime(2026, 1, 5, 9, tzinfo=UTC)
