"""What an outside system is told that asks for its events, on both databases: each page is decided when it is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.chassis.actor import service_actor
from services.contracts import consent, notifications, relay_log
from services.contracts.catalogue import EVENTS
from services.kernel.errors import Forbidden, InvalidInput, NotFound
from services.notifications.egress import feed
from tests.services.egress_house import OPERATOR, EgressHouse, egress_house, token
from tests.services.notifications_house import CASE, CHILD, KINDERGARTEN, TEACHER

GATEWAY = service_actor("gateway", "granli")


@pytest.fixture
def home(notifications_url: str, tmp_path: Path) -> Iterator[EgressHouse]:
    with egress_house(notifications_url, tmp_path, "amqp://127.0.0.1:1//") as made:
        yield made.furnish()


class Reader:
    """An outside system with a token, and where it has come to."""

    def __init__(self, home: EgressHouse, recipient: str = "fagsystem", **words: Any) -> None:
        self.home, self.token, self.next, self.more = home, token(), None, False
        home.subscribe(recipient, way="feed", key=self.token, **words)

    def page(self, **words: Any) -> list[dict[str, Any]]:
        asked = {"token": self.token, "after": self.next} | words
        answer = self.home.operator(notifications.ReadFeed, GATEWAY, **asked)
        self.next, self.more = answer["next"], answer["more"]
        items: list[dict[str, Any]] = answer["items"]
        return items

    def entries(self, **words: Any) -> list[str]:
        return [each["data"]["entry_id"] for each in self.page(**words)]

    def all(self, **words: Any) -> list[str]:
        """The entries of all pages, for as long as there is more."""
        found = self.entries(**words)
        while self.more:
            found += self.entries()
        return found


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


def test_a_reader_who_asks_rarely_is_told_that_there_is_more_to_look_through(
    home: EgressHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More was denied since they asked than one page may look at: else they would fall behind for good."""
    monkeypatch.setattr(feed, "ROUNDS", 2)
    monkeypatch.setattr(feed, "BATCH", 3)
    reader = Reader(home)
    for number in range(20):
        home.entry("learning" if number in (0, 19) else "home", entry_id=f"en-{number}")
    assert reader.entries(limit=1) == ["en-0"] and reader.more, (
        "a full page has more, whatever stands behind it"
    )
    before = reader.next
    assert reader.page() == [] and reader.more and reader.next != before
    assert reader.all() == ["en-19"] and not reader.more
    here = reader.next
    assert reader.page() == [] and not reader.more and reader.next == here
    assert reader.all(after=None) == ["en-0", "en-19"], "from the beginning, too"
    for number in range(6):
        home.entry("home", entry_id=f"de-{number}")
    assert reader.page(after=here) == [] and not reader.more and reader.next == here, "nothing stands behind"


def test_CO_8_a_full_page_says_more_also_when_nothing_may_be_told_behind_it(home: EgressHouse) -> None:
    """CO-8: nobody sees from `more` whether what stands behind is denied, or is not there."""
    reader = Reader(home)
    home.entry("learning", entry_id="en-1")
    assert reader.entries(limit=1) == ["en-1"] and reader.more
    assert reader.page() == [] and not reader.more
    home.entry("learning", entry_id="en-2")
    home.entry("home", entry_id="en-3")
    assert reader.entries(limit=1) == ["en-2"] and reader.more
    assert reader.page() == [] and not reader.more


def test_what_has_stood_in_a_feed_for_90_days_is_deleted_and_history_has_it_still(
    home: EgressHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In small batches; read or not. What waits by another way waits on."""
    monkeypatch.setattr(feed, "FORGET_BATCH", 2)
    since = home.clock.now().isoformat()
    reader = Reader(home, events=["relay_log.entry_added.v1"])
    home.subscribe("annet", events=["relay_log.entry_added.v1"])
    for number in range(3):
        home.entry("learning", entry_id=f"en-{number}")
    assert reader.entries(limit=1) == ["en-0"]
    home.clock.advance(days=89)
    home.keep_up()
    home.entry("learning", entry_id="en-3")
    feed.forget_old(home.work)
    assert reader.entries(after=None, limit=3) == ["en-0", "en-1", "en-2"]
    home.clock.advance(days=1, seconds=1)
    home.keep_up()
    early = reader.next
    feed.forget_old(home.work)
    assert reader.entries(after=None) == ["en-3"] and reader.entries(after=early) == ["en-3"]
    assert home.state("annet")["waiting"] == 4
    home.operator(notifications.CatchUp, OPERATOR, recipient="fagsystem", since=since)
    home.read_history()
    again = reader.page()
    assert [each["data"]["entry_id"] for each in again] == ["en-0", "en-1", "en-2"]
    assert [each["recipientseq"] for each in again] == [5, 6, 7]
    feed.forget_old(home.work)
    assert reader.entries(after=early) == ["en-3", "en-0", "en-1", "en-2"], "they stand there since today"


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
    assert [each["type"] for each in reader.page()] == ["directory.unit_changed.v1"] * 2
    assert reader.page() == [] and not reader.more
    home.take(missing)
    home.app.inbox.retry_due()
    assert reader.entries() + reader.entries() == ["en-1", "en-2"]


def test_CO_9_a_parked_case_is_met_again_also_when_all_knowledge_is_too_old(home: EgressHouse) -> None:
    """CO-9: the page ends before what rests on old knowledge, and nothing before that is passed by."""
    for event in list(home.history.events):
        if event.subject == CASE:
            home.hear(EVENTS[event.type], "case-2", **event.data | {"case_id": "case-2"})
    reader = Reader(home, events=["relay_log.entry_added.v1"])
    assert reader.page() == []
    missing = home.windows("psychology")
    home.entry(entry_id="en-1")
    home.take(home.event(consent.Answered, CASE, request_id="r-1", signer_id="p-mother", answer="yes"))
    entry = {"kind": "note", "by_person_id": "p-teacher", "topic": "learning"}
    home.hear(relay_log.EntryAdded, "case-2", entry_id="en-2", **entry)
    home.clock.advance(seconds=31)
    assert reader.page() == [] and not reader.more
    home.keep_up()
    assert reader.entries() == ["en-2"]
    home.take(missing)
    home.app.inbox.retry_due()
    assert reader.entries() == ["en-1"]


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


def test_CO_8_a_program_reads_the_subscription_that_it_was_made_for_and_none_that_took_its_name(
    home: EgressHouse,
) -> None:
    """CO-8, SE-7: what another service may know is not the old program's to read."""

    def read(subscription_id: str | None) -> list[Any]:
        asked = {"recipient": "fagsystem", "subscription_id": subscription_id}
        answer = home.operator(notifications.ReadFeedOfClient, GATEWAY, **asked)
        return [each["data"]["entry_id"] for each in answer["items"]]

    old = home.subscribe(way="feed", key=token())
    home.entry(entry_id="en-1")
    assert read(old) == ["en-1"]
    home.operator(notifications.Unsubscribe, recipient="fagsystem")
    own = {"service_id": "kindergarten", "unit_id": KINDERGARTEN}
    new = home.subscribe(way="feed", key=token(), **own)
    home.entry("home", entry_id="en-2")
    for not_its_own in (old, None):
        with pytest.raises(NotFound):
            read(not_its_own)
    assert read(new) == ["en-2"]
