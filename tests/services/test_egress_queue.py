"""What an outside system is told by queue, over a real broker, on both databases: what its service may know, in order,
numbered without gaps, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.chassis.actor import service_actor
from services.contracts import cases, consent, directory, notifications, relay_log
from services.kernel.errors import Forbidden, InvalidInput, Refusal
from services.notifications.egress import queues
from services.notifications.egress.subscriptions import Subscriptions
from services.notifications.egress.tables import egress_rows
from tests.services.egress_house import CLOSED, EVERY, EgressHouse, Queue, egress_house
from tests.services.notifications_house import CASE, CHILD, KINDERGARTEN, PSYCHOLOGY, TEACHER
from tests.support.bus import wait_until


@pytest.fixture
def home(notifications_url: str, tmp_path: Path, amqp_url: str) -> Iterator[EgressHouse]:
    with egress_house(notifications_url, tmp_path, amqp_url) as made:
        yield made.furnish()


@pytest.fixture
def queue(amqp_url: str) -> Iterator[Queue]:
    made = Queue(amqp_url)
    yield made
    made.close()


def test_CO_8_a_system_is_told_of_topics_that_its_service_may_read(home: EgressHouse, queue: Queue) -> None:
    """CO-8, CO-1: and of what it may not know there is no trace, not even in the numbers."""
    home.subscribe()
    home.entry("learning", entry_id="en-1")
    home.entry("home", entry_id="en-2")
    home.entry("learning", entry_id="en-3")
    home.tell()
    told = queue.read()
    assert [each["data"]["entry_id"] for each in told] == ["en-1", "en-3"]
    assert [each["recipientseq"] for each in told] == [1, 2]
    assert not {"stream", "streamseq", "traceparent"} & set().union(*told)
    assert home.state()["waiting"] == 0 and home.state()["last_number"] == 2


def test_GU_6_of_what_waits_for_a_third_persons_word_nothing_leaves(home: EgressHouse, queue: Queue) -> None:
    """GU-6, CO-8: neither that somebody wrote it, nor that there is such a goal; nor to the owning unit's system."""
    home.subscribe()
    home.subscribe("own", service_id="kindergarten", unit_id=KINDERGARTEN)
    own = Queue(home.amqp_url, "own")
    home.entry("learning", entry_id="en-1", third_person="p-father", asked_person_id="p-father")
    home.entry("learning", entry_id="en-2", kind="correction", third_person="somebody")
    home.goal("learning", goal_id="go-1", third_person="somebody")
    home.hear(relay_log.MinutesPublished, CASE, meeting_id="me-1", topics=[], third_persons=["p-father"],
              next_evaluation_on="2027-01-15", by_person_id="p-teacher")  # fmt: skip
    home.goal("learning", goal_id="go-2")
    home.tell()
    for found in (queue.read(), own.read()):
        assert [each["data"].get("goal_id") for each in found] == ["go-2"]
    own.close()


def test_CO_8_consent_withdrawn_before_sending_is_not_told(home: EgressHouse, queue: Queue) -> None:
    """CO-8, CO-3, NO-6: it is decided when it is sent, not when it happened; nor is the withdrawal itself told."""
    home.subscribe()
    home.entry()
    home.hear(consent.WindowsChanged, CASE, windows=[], reason="withdrawn")
    home.tell()
    assert queue.read() == []
    home.clock.advance(seconds=60)
    home.keep_up()
    home.tell()
    assert queue.read() == [] and home.state()["waiting"] == 0


def test_LG_1_the_owning_units_system_is_told_all_and_needs_no_consent(
    home: EgressHouse, queue: Queue
) -> None:
    """LG-1: but only if it acts for that unit by name."""
    home.subscribe(service_id="kindergarten", unit_id=KINDERGARTEN)
    home.subscribe("whole-service", service_id="kindergarten")
    home.entry("home")
    home.tell()
    [told] = queue.read()
    assert told["data"]["topic"] == "home" and told["data"]["by_person_id"] == "p-teacher"
    assert home.state("whole-service")["last_number"] == 0


def test_CO_9_what_rests_on_old_knowledge_waits_and_goes_in_order(home: EgressHouse, queue: Queue) -> None:
    """CO-9: and the owning unit's system is not held up by it."""
    home.subscribe()
    own = Queue(home.amqp_url, "own")
    home.subscribe("own", service_id="kindergarten", unit_id=KINDERGARTEN)
    home.clock.advance(seconds=31)
    home.entry(entry_id="en-1")
    home.entry(entry_id="en-2")
    home.tell()
    assert queue.read() == [] and home.state()["waiting"] == 2
    assert len(own.read()) == 2
    home.keep_up()
    home.clock.advance(seconds=6)
    home.entry(entry_id="en-3")
    home.keep_up()
    home.tell()
    assert [each["data"]["entry_id"] for each in queue.read()] == ["en-1", "en-2", "en-3"]
    own.close()


def test_CO_9_a_case_with_a_parked_event_holds_up_itself_alone(home: EgressHouse, queue: Queue) -> None:
    """CO-9: until the event that is missing has come."""
    home.subscribe(events=[*EVERY, "directory.unit_changed.v1"])
    missing = home.event(consent.WindowsChanged, CASE, windows=[], reason="withdrawn")
    later = home.event(consent.Answered, CASE, request_id="r-1", signer_id="p-mother", answer="no")
    home.entry()
    home.take(later)
    for event in home.catalogue():
        home.take(event)
    home.tell()
    assert {each["type"] for each in queue.read()} == {"directory.unit_changed.v1"}
    assert home.state()["waiting"] == 1
    home.take(missing)
    home.app.inbox.retry_due()
    home.clock.advance(seconds=6)
    home.keep_up()
    home.tell()
    assert queue.read() == [] and home.state()["waiting"] == 0, "the missing event was a withdrawal"


def test_CO_8_only_its_own_is_told_of_what_concerns_several(home: EgressHouse, queue: Queue) -> None:
    """CO-8: windows, services and topics of others are left out, and so is who answered what."""
    home.subscribe()
    opened = [
        {"service_id": service, "topic": topic, "valid_from": home.clock.now().isoformat(),
         "valid_to": (home.clock.now() + timedelta(days=9)).isoformat()}
        for service, topic in (("psychology", "learning"), ("psychology", "wellbeing"), ("health-station", "health"))
    ]  # fmt: skip
    home.hear(consent.WindowsChanged, CASE, windows=opened, reason="signed")
    home.hear(consent.Settled, CASE, request_id="r-2", state="active")
    home.hear(relay_log.MinutesPublished, CASE, meeting_id="meeting-1", topics=["learning", "health"],
              next_evaluation_on="2027-01-15", by_person_id="p-teacher")  # fmt: skip
    home.hear(cases.LevelMoved, CASE, from_level=2, to_level=3, by_person_id="p-teacher", family_answer="agreed",
              service_ids=["psychology", "health-station"])  # fmt: skip
    home.tell()
    told = {each["type"]: each["data"] for each in queue.read()}
    assert {each["topic"] for each in told["consent.windows_changed.v1"]["windows"]} == {
        "learning",
        "wellbeing",
    }
    assert told["relay_log.minutes_published.v1"]["topics"] == ["learning"]
    assert told["cases.level_moved.v1"]["service_ids"] == ["psychology"]
    assert (
        "by_person_id" not in told["cases.level_moved.v1"]
        and "reason" not in told["consent.windows_changed.v1"]
    )
    assert set(told) == {
        "consent.windows_changed.v1",
        "relay_log.minutes_published.v1",
        "cases.level_moved.v1",
    }
    for others in ([*opened[:2]], [*opened[:2], opened[2] | {"topic": "home"}]):
        home.hear(consent.WindowsChanged, CASE, windows=others, reason="withdrawn")
    home.tell()
    assert queue.read() == [], "another service's access is not its business"


def test_CO_8_what_was_not_granted_is_not_told(home: EgressHouse, queue: Queue) -> None:
    """CO-8"""
    home.subscribe(events=[CLOSED])
    home.entry()
    home.hear(cases.CaseClosed, CASE, from_level=2, outcome="goals_reached", by_person_id="p-teacher")
    home.tell()
    assert [each["type"] for each in queue.read()] == [CLOSED]


def test_PR_5_nothing_of_the_lane_leaves(home: EgressHouse, queue: Queue) -> None:
    """PR-5, PR-3: nor of persons or of staff; none of them can even be granted."""
    for never in ("cases.lane_report_filed.v1", "cases.person_changed.v1", "directory.staff_changed.v1"):
        with pytest.raises(InvalidInput) as refused:
            home.subscribe(events=[never])
        assert refused.value.fields == {"events": "never_leaves"}
    home.subscribe(service_id="kindergarten", unit_id=KINDERGARTEN)
    home.entry("home")
    home.hear(cases.LaneReportFiled, "lane-1", report_id="lane-1", kind="protected")
    home.entry("home", entry_id="en-10")
    home.tell()
    assert [each["recipientseq"] for each in queue.read()] == [1, 2]


def test_SE_7_a_system_of_one_municipality_is_told_of_that_alone(home: EgressHouse, queue: Queue) -> None:
    """SE-7"""
    home.subscribe(events=["directory.unit_changed.v1"])
    unit = home.event(directory.UnitChanged, "u-9", unit_id="u-9", service_id="psychology", active=True)
    home.take(replace(unit, municipality="nordvik", source="/nordvik/directory"))
    home.tell()
    assert queue.read() == []
    with pytest.raises(InvalidInput) as refused:
        home.operator(
            notifications.Subscribe, service_actor("ops", "nordvik"), recipient="fagsystem", service_id="psychology",
            events=EVERY, way="queue",
        )  # fmt: skip
    assert refused.value.fields == {"service_id": "not_known_here"}
    assert home.operator(notifications.Subscriptions, service_actor("ops", "nordvik")) == {"items": []}


def test_SE_1_what_is_told_outside_stands_in_the_access_record(home: EgressHouse, queue: Queue) -> None:
    """SE-1: once for each event, before it leaves."""
    home.subscribe()
    home.entry("learning")
    home.entry("home")
    home.tell()
    assert home.accesses() == [("outside:fagsystem", "CO-1", CASE, CHILD)]


def test_what_the_broker_does_not_have_is_told_again_with_the_same_number(home: EgressHouse) -> None:
    home.subscribe()
    event = home.entry()
    home.tell()
    assert home.state()["waiting"] == 1 and home.state()["failing_since"]
    made = Queue(home.amqp_url)
    home.tell()
    assert made.read() == [], "it is left alone for a second"
    home.clock.advance(seconds=2)
    home.tell()
    [told] = made.read()
    assert (told["id"], told["recipientseq"]) == (event.id, 1)
    assert home.state()["failing_since"] is None
    made.close()


def test_a_crash_between_telling_and_settling_tells_again_under_the_same_number(
    home: EgressHouse, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least once: the number is given, durably, before the broker hears of the event."""

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    home.subscribe()
    event = home.entry()
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(queues, "_note", die)
        home.tell()
    home.entry(entry_id="en-2")
    home.tell()
    told = queue.read()
    assert [(each["id"], each["recipientseq"]) for each in told[:2]] == [(event.id, 1)] * 2
    assert [each["recipientseq"] for each in told] == [1, 1, 2]
    assert len(home.accesses()) == 2


def test_what_a_full_queue_dropped_is_told_to_operator_and_reader(home: EgressHouse, amqp_url: str) -> None:
    small = Queue(amqp_url, most=3)
    home.subscribe(queue_most=3)
    for number in range(5):
        home.entry(entry_id=f"en-{number}")
    home.tell()

    def counted() -> bool:
        queues.count_dropped(home.work)
        return bool(home.state()["dropped"] == 2)

    wait_until(counted)
    home.tell()
    assert home.state()["waiting"] == 0, "a full queue is not told, or it would drop another"
    assert [each["recipientseq"] for each in small.read()] == [3, 4, 5]
    queues.count_dropped(home.work)
    home.tell()
    [notice] = small.read()
    assert (notice["type"], notice["recipientseq"]) == ("stafett.outside_dropped.v1", 6)
    assert notice["data"] == {"count": 2, "first_number": 1, "last_number": 2}
    queues.count_dropped(home.work)
    home.tell()
    assert small.read() == []
    small.close()


def test_a_fault_with_one_recipients_events_holds_up_no_other(home: EgressHouse, amqp_url: str) -> None:
    """Another version has left what this one can't read: its recipient waits, and is tried again ever more rarely."""
    home.subscribe("aaa")
    home.subscribe("bbb")
    other = Queue(amqp_url, "bbb")
    home.entry(entry_id="en-1")
    with home.app.work("granli") as uow:
        mine = Subscriptions(uow.tx, "granli").named("aaa")
        assert mine is not None
        uow.tx.execute(
            egress_rows.update()
            .where(egress_rows.c.subscription_id == mine.subscription_id)
            .values(event={"not": "an event"})
        )
    home.tell()
    assert [each["data"]["entry_id"] for each in other.read()] == ["en-1"]
    assert home.state("aaa")["failing_since"] and home.state("aaa")["next_try_at"]
    assert home.state("bbb")["failing_since"] is None
    other.close()


def test_an_ended_subscription_is_told_nothing_and_forgotten(home: EgressHouse, queue: Queue) -> None:
    home.subscribe()
    home.entry()
    home.operator(notifications.Unsubscribe, recipient="fagsystem")
    home.entry()
    home.tell()
    assert queue.read() == [] and home.operator(notifications.Subscriptions) == {"items": []}
    home.subscribe()
    home.entry()
    home.tell()
    assert [each["recipientseq"] for each in queue.read()] == [1]


HOOK = {"way": "webhook", "key": "whsec_" + "A" * 43 + "="}


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"recipient": "with.dot"}, {"recipient": "not_a_name"}),
        ({"recipient": "ending\n"}, {"recipient": "not_a_code"}),
        ({"queue_most": 10**11}, {"queue_most": "out_of_range"}),
        ({"service_id": "nobody"}, {"service_id": "not_known_here"}),
        ({"unit_id": KINDERGARTEN}, {"unit_id": "not_of_the_service"}),
        ({"events": ["cases.nothing.v1"]}, {"events": "not_an_event"}),
        ({"events": []}, {"events": "required"}),
        ({"way": "webhook", "key": "whsec_short", "url": "https://a.example/"}, {"key": "invalid"}),
        ({**HOOK, "url": "http://a.example/"}, {"url": "not_https"}),
        ({**HOOK, "url": "https://10.1.2.3/"}, {"url": "not_public"}),
        ({**HOOK, "url": "https://[::1]/"}, {"url": "not_public"}),
        ({"way": "feed"}, {"key": "required"}),
        ({"way": "feed", "key": "nordvik." + "x" * 40}, {"key": "invalid"}),
        ({"way": "queue", "key": "x" * 40}, {"key": "not_for_this_way"}),
    ],
)
def test_a_subscription_that_can_not_be_is_refused(
    home: EgressHouse, words: dict[str, object], fault: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        home.subscribe(**words)  # type: ignore[arg-type]
    assert refused.value.fields == fault


def test_only_the_operator_makes_and_sees_subscriptions(home: EgressHouse) -> None:
    for actor in (TEACHER, service_actor("gateway", "granli"), service_actor("cases", "granli")):
        for procedure, request in (
            (
                notifications.Subscribe,
                {"recipient": "x", "service_id": "psychology", "events": EVERY, "way": "queue"},
            ),
            (notifications.Unsubscribe, {"recipient": "x"}),
            (notifications.Subscriptions, {}),
        ):
            with pytest.raises(Forbidden):
                home.operator(procedure, actor, **request)
    home.subscribe()
    with pytest.raises(Refusal) as taken:
        home.subscribe(unit_id=PSYCHOLOGY)
    assert taken.value.code == "recipient_taken"


def test_an_event_that_comes_twice_is_told_once(home: EgressHouse, queue: Queue) -> None:
    home.subscribe()
    event = home.entry()
    home.take(event)
    home.tell()
    home.take(event)
    home.tell()
    assert len(queue.read()) == 1
