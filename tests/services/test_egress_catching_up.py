"""History is offered anew under today's decision, in order, whatever happens meanwhile; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.chassis.actor import service_actor
from services.contracts import cases, consent, notifications, relay_log
from services.notifications.egress import catching_up
from tests.services.egress_house import CLOSED, OPERATOR, EgressHouse, Queue, egress_house, token
from tests.services.notifications_house import CASE, KINDERGARTEN, NOW, PSYCHOLOGY

LEVEL = cases.LevelMoved.type


@pytest.fixture
def home(notifications_url: str, tmp_path: Path, amqp_url: str) -> Iterator[EgressHouse]:
    with egress_house(notifications_url, tmp_path, amqp_url) as made:
        yield made.furnish()


@pytest.fixture
def queue(amqp_url: str) -> Iterator[Queue]:
    made = Queue(amqp_url)
    yield made
    made.close()


def catch_up(home: EgressHouse, since: Any = NOW) -> None:
    home.operator(notifications.CatchUp, recipient="fagsystem", since=since.isoformat())


def entries(told: list[dict[str, Any]]) -> list[str]:
    return [each["data"]["entry_id"] for each in told if "entry_id" in each["data"]]


def write(home: EgressHouse, *ids: str, topic: str = "learning") -> None:
    for id in ids:
        home.clock.advance(seconds=1)
        home.entry(topic, entry_id=id)


def test_CO_8_history_is_decided_as_of_today(home: EgressHouse, queue: Queue) -> None:
    """CO-8, CO-1: what the service may know today, also of before it was let in; and nothing of what it may not."""
    write(home, "en-1", "en-2")
    write(home, "en-3", topic="home")
    home.subscribe(since=NOW.isoformat())
    assert home.state()["catching_up"]
    home.tell()
    assert queue.read() == []
    home.read_history()
    home.tell()
    told = queue.read()
    assert entries(told) == ["en-1", "en-2"]
    assert [each["recipientseq"] for each in told] == list(range(1, len(told) + 1))
    assert [each["data"]["to_level"] for each in told if each["type"] == LEVEL] == [1, 2]
    assert not home.state()["catching_up"]
    home.hear(consent.WindowsChanged, CASE, windows=[], reason="withdrawn")
    catch_up(home)
    home.read_history()
    home.tell()
    assert queue.read() == [] and home.state()["waiting"] == 0


def test_GU_6_history_is_decided_by_whom_a_thing_tells_of_today(home: EgressHouse, queue: Queue) -> None:
    """GU-6, CO-8: an entry that a correction has marked since, and a goal whose person has taken their word back, are
    told no more; what was agreed to is told, and not that it waited."""
    hers = {"third_person": "p-mother", "asked_person_id": "p-mother"}
    write(home, "en-1", "en-2")
    home.entry(entry_id="en-3", **hers)
    home.entry(entry_id="en-4", **hers)
    home.goal(goal_id="go-1")
    home.goal(goal_id="go-1", measure_id="me-1")
    home.hear(
        relay_log.ThirdPersonMarked, CASE,
        items=[{"item_id": item, "third_person": "p-mother", "agrees": agrees}
               for item, agrees in (("en-2", False), ("en-4", True), ("go-1", False))],
    )  # fmt: skip
    home.subscribe(since=NOW.isoformat())
    home.subscribe("own", service_id="kindergarten", unit_id=KINDERGARTEN, since=NOW.isoformat())
    own = Queue(home.amqp_url, "own")
    home.read_history()
    home.tell()
    for told in (queue.read(), own.read()):
        assert entries(told) == ["en-1", "en-4"]
        ours = [each["data"] for each in told if each["data"].get("goal_id") == "go-1"]
        assert [each["measure_id"] for each in ours] == ["me-1"]
        assert "p-mother" not in repr([each["data"] for each in told if "entry_id" in each["data"]])
    own.close()


def test_what_was_lost_comes_again_and_keeps_its_id(home: EgressHouse, queue: Queue) -> None:
    home.subscribe(events=["relay_log.entry_added.v1"])
    write(home, "en-1", "en-2", "en-3")
    home.tell()
    first = queue.read()
    catch_up(home, home.clock.now() - timedelta(seconds=1))
    home.read_history()
    home.tell()
    again = queue.read()
    assert entries(again) == ["en-2", "en-3"], "since then"
    assert [each["id"] for each in again] == [each["id"] for each in first[1:]]
    assert [each["recipientseq"] for each in again] == [4, 5]


def test_what_comes_meanwhile_goes_to_the_end(home: EgressHouse, queue: Queue, monkeypatch: Any) -> None:
    monkeypatch.setattr(catching_up, "ROUNDS", 1)
    home.history.most = 2
    write(home, "en-1", "en-2", "en-3", "en-4")
    home.subscribe(events=["relay_log.entry_added.v1"], since=NOW.isoformat())
    home.history.down = True
    home.read_history()
    write(home, "en-5")
    home.tell()
    assert queue.read() == [], "held, as long as its source does not answer"
    home.history.down = False
    while home.state()["catching_up"]:
        home.read_history()
        home.tell()
    write(home, "en-6")
    home.tell()
    assert entries(queue.read()) == [f"en-{number}" for number in range(1, 7)]


def test_streams_are_told_in_the_order_of_time(home: EgressHouse, queue: Queue) -> None:
    """And each event once, however the pages fall."""
    home.history.most = 3
    for number in range(8):
        write(home, f"en-{number}")
        home.clock.advance(seconds=1)
        home.hear(
            cases.LevelMoved, CASE, from_level=2, to_level=3, by_person_id="p-teacher", family_answer="agreed"
        )
    home.subscribe(
        service_id="kindergarten", unit_id=KINDERGARTEN, since=(NOW + timedelta(seconds=1)).isoformat()
    )
    home.read_history()
    home.tell()
    times = [each["time"] for each in queue.read()]
    assert len(times) == 16 and times == sorted(times)


@pytest.mark.parametrize("unit_id", [None, PSYCHOLOGY], ids=["of the service", "of a unit of it"])
def test_CO_8_another_services_change_of_windows_is_not_told_from_history_either(
    home: EgressHouse, queue: Queue, unit_id: str | None
) -> None:
    """CO-8: nor to a system of one unit; that of the owning unit is told of every change."""
    home.clock.advance(seconds=1)
    since = home.clock.now()
    own, other = (
        {"service_id": service, "topic": "learning", "valid_from": NOW.isoformat(),
         "valid_to": (NOW + timedelta(days=90)).isoformat()}
        for service in ("psychology", "health-station")
    )  # fmt: skip
    for windows in ([own], [own, other], [own], [own | {"topic": "home"}]):
        home.hear(consent.WindowsChanged, CASE, windows=windows, reason="signed")
    home.subscribe(unit_id=unit_id, events=["consent.windows_changed.v1"], since=since.isoformat())
    home.read_history()
    home.tell()
    told = queue.read()
    assert all(set(each["data"]) == {"case_id", "at", "windows"} for each in told)
    assert [each["data"]["windows"][0]["topic"] for each in told] == ["learning", "home"]
    owner = {"service_id": "kindergarten", "unit_id": KINDERGARTEN, "way": "feed", "key": token()}
    home.subscribe("barnehagen", events=["consent.windows_changed.v1"], since=since.isoformat(), **owner)
    home.read_history()
    assert home.state("barnehagen")["waiting"] == 4


def test_a_feed_gets_what_it_lacks_and_nothing_twice(home: EgressHouse) -> None:
    write(home, "en-1")
    key = token()
    home.subscribe(way="feed", key=key, events=["relay_log.entry_added.v1", CLOSED])
    write(home, "en-2")
    catch_up(home)
    home.read_history()
    page = home.operator(notifications.ReadFeed, service_actor("gateway", "granli"), token=key)["items"]
    assert sorted(entries(page)) == ["en-1", "en-2"]


def test_nothing_of_another_stream_is_asked_for(home: EgressHouse) -> None:
    home.subscribe(events=[CLOSED], since=NOW.isoformat())
    home.read_history()
    assert home.history.pages == 1
    home.operator(notifications.Unsubscribe, OPERATOR, recipient="fagsystem")
    home.read_history()
    assert home.history.pages == 1
