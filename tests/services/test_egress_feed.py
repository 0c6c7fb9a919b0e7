"""What an outside system is told that asks for its events, on both databases: each page is decided when it is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.chassis.actor import service_actor
from services.contracts import consent, notifications
from services.kernel.errors import Forbidden, InvalidInput
from tests.services.egress_house import OPERATOR, EgressHouse, egress_house, token
from tests.services.notifications_house import CASE, CHILD, KINDERGARTEN, TEACHER

GATEWAY = service_actor("gateway", "granli")


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[EgressHouse]:
    with egress_house(database_url, tmp_path, "amqp://127.0.0.1:1//") as made:
        yield made.furnish()


class Reader:
    """An outside system with a token, and where it has come to."""

    def __init__(self, home: EgressHouse, recipient: str = "fagsystem", **words: Any) -> None:
        self.home, self.token, self.next = home, token(), None
        home.subscribe(recipient, way="feed", key=self.token, **words)

    def page(self, **words: Any) -> list[dict[str, Any]]:
        asked = {"token": self.token, "after": self.next} | words
        answer = self.home.operator(notifications.ReadFeed, GATEWAY, **asked)
        self.next = answer["next"]
        items: list[dict[str, Any]] = answer["items"]
        return items

    def entries(self, **words: Any) -> list[str]:
        return [each["data"]["entry_id"] for each in self.page(**words)]


def test_CO_8_a_page_holds_what_may_be_told_now_and_numbers_are_without_gaps(home: EgressHouse) -> None:
    """CO-8, SE-1: and the access record has a line for each, before the answer leaves."""
    reader = Reader(home)
    for number in range(5):
        home.entry("learning" if number % 2 == 0 else "home", entry_id=f"en-{number}")
    first = reader.page(limit=2)
    second = reader.page()
    assert [each["data"]["entry_id"] for each in [*first, *second]] == ["en-0", "en-2", "en-4"]
    assert [each["recipientseq"] for each in [*first, *second]] == [1, 2, 3]
    assert reader.page() == []
    assert home.accesses() == [("outside:fagsystem", "CO-1", CASE, CHILD)] * 2, "one line a page and case"


def test_CO_8_a_short_page_tells_no_more_of_denials_than_a_long_one(home: EgressHouse) -> None:
    """CO-8: an empty page means that there is nothing new, also to whoever asks for one event at a time: else the empty
    ones before it would be a count of what is denied."""
    reader = Reader(home)
    for number in range(45):
        home.entry("home", entry_id=f"en-{number}")
    for number in range(45, 48):
        home.entry("learning", entry_id=f"en-{number}")
    assert [reader.entries(limit=1) for _ in range(4)] == [["en-45"], ["en-46"], ["en-47"], []]
    again = reader.page(after=None, limit=2)
    assert [(each["data"]["entry_id"], each["recipientseq"]) for each in again] == [
        ("en-45", 1),
        ("en-46", 2),
    ]


def test_CO_8_an_older_cursor_is_answered_as_of_today(home: EgressHouse) -> None:
    """CO-8: what is open no more is told no more; what has opened since is told with the next number."""
    reader = Reader(home)
    home.entry("learning", entry_id="en-1")
    home.entry("home", entry_id="en-2")
    assert reader.entries() == ["en-1"]
    home.hear(consent.WindowsChanged, CASE, reason="signed", windows=[_window(home, "home")])
    assert [each["type"] for each in reader.page()] == ["consent.windows_changed.v1"]
    again = reader.page(after=None)
    assert [(each["data"].get("entry_id"), each["recipientseq"]) for each in again] == [
        ("en-2", 3),
        (None, 2),
    ]
    home.hear(consent.WindowsChanged, CASE, reason="withdrawn", windows=[])
    assert reader.page(after=None) == []


def test_CO_9_a_page_ends_where_knowledge_does(home: EgressHouse) -> None:
    """CO-9: and goes on when there is more."""
    reader = Reader(home)
    home.clock.advance(seconds=31)
    home.entry(entry_id="en-1")
    assert reader.entries() == []
    home.keep_up()
    assert reader.entries() == ["en-1"]


def test_CO_9_a_case_with_a_parked_event_holds_up_itself_alone(home: EgressHouse) -> None:
    """CO-9: the cursor passes it by, and it is met again, in its order."""
    reader = Reader(home, events=["relay_log.entry_added.v1", "directory.unit_changed.v1"])
    missing = home.windows("psychology")
    home.entry(entry_id="en-1")
    home.entry(entry_id="en-2")
    home.take(home.event(consent.Answered, CASE, request_id="r-1", signer_id="p-mother", answer="yes"))
    for event in home.catalogue():
        home.take(event)
    assert [each["type"] for each in [*reader.page(), *reader.page()]] == ["directory.unit_changed.v1"] * 2
    assert reader.page() == []
    home.take(missing)
    home.app.inbox.retry_due()
    assert reader.entries() + reader.entries() == ["en-1", "en-2"]


def test_SE_7_a_token_that_is_none_opens_nothing(home: EgressHouse) -> None:
    """SE-7: unknown, of another municipality, of a subscription that was ended, or exchanged."""
    reader = Reader(home)
    home.entry()
    for wrong, actor in ((token(), GATEWAY), (reader.token, service_actor("gateway", "nordvik"))):
        with pytest.raises(Forbidden) as refused:
            home.operator(notifications.ReadFeed, actor, token=wrong)
        assert refused.value.code == "token_not_valid"
    fresh = token()
    home.operator(notifications.RotateSubscription, OPERATOR, recipient="fagsystem", key=fresh)
    with pytest.raises(Forbidden):
        reader.page()
    assert reader.page(token=fresh)
    home.operator(notifications.Unsubscribe, OPERATOR, recipient="fagsystem")
    with pytest.raises(Forbidden):
        reader.page(token=fresh)


def test_a_cursor_of_another_feed_is_none(home: EgressHouse) -> None:
    mine, other = Reader(home), Reader(home, "annet", service_id="kindergarten", unit_id=KINDERGARTEN)
    home.entry()
    mine.page()
    for cursor in (mine.next, "c123", "9"):
        with pytest.raises(InvalidInput):
            other.page(after=cursor)


def test_a_feed_is_read_by_the_gateways_door_alone(home: EgressHouse) -> None:
    reader = Reader(home)
    for actor in (TEACHER, OPERATOR, service_actor("cases", "granli")):
        with pytest.raises(Forbidden):
            home.operator(notifications.ReadFeed, actor, token=reader.token)


def test_neither_token_nor_cursor_tells_anything(home: EgressHouse) -> None:
    reader = Reader(home)
    home.entry("home")
    reader.page()
    home.entry("home")
    before = reader.next
    assert reader.page() == [] and reader.next == before, "a denial moves no cursor"
    home.entry("learning", entry_id="en-1")
    assert reader.entries() == ["en-1"] and reader.entries(after=before) == ["en-1"]
    with home.app.db.read() as conn:
        dump = str(conn.exec_driver_sql("select * from subscriptions").all())
    assert reader.token not in dump and reader.token.split(".")[1] not in dump


def _window(home: EgressHouse, topic: str) -> dict[str, str]:
    return {
        "service_id": "psychology", "topic": topic, "valid_from": home.clock.now().isoformat(),
        "valid_to": "2027-05-20T09:00:00+00:00",
    }  # fmt: skip
