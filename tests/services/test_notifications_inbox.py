"""The inbox on both engines: each event once for each whom it concerns, and only what its reader may see now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.chassis.access_record import read_line
from services.chassis.actor import Actor
from services.contracts import cases, directory, notifications, relay_log
from services.kernel.errors import Forbidden
from services.notifications import storage
from tests.services.notifications_house import (
    CASE,
    CHILD,
    FATHER,
    MOTHER,
    NOW,
    NURSE,
    PROTECTOR,
    PSYCHOLOGIST,
    TEACHER,
    House,
    employee,
    house,
)


@pytest.fixture
def home(notifications_url: str, tmp_path: Path) -> Iterator[House]:
    with house(notifications_url, tmp_path, smtp_port=1) as made:
        yield made


def test_NO_2_each_event_stands_once_in_each_inbox_whatever_is_redelivered(home: House) -> None:
    """NO-2: every event of the job comes twice, and its handler is run a third time past the inbox's own guard."""
    handled = 0
    for event in [*home.story(), *home.rest()]:
        home.take(event)
        once = home.told()
        home.take(event)
        if event.type not in (
            "directory.staff_changed.v1",
            "cases.person_changed.v1",
            "cases.concern_raised.v1",
        ):
            home.tell_again(event)
            handled += 1
        assert home.told() == once, event.type
    assert handled > 25 and max(Counter(home.told()).values()) == 1
    assert {kind for _, _, kind in home.told()} == set(notifications.KINDS)


def test_the_database_itself_holds_a_message_to_once(home: House) -> None:
    """NO-2: the key is (event, person, kind)."""
    home.play()
    with home.app.db.write() as tx, pytest.raises(sa.exc.IntegrityError):
        row = tx.execute(sa.select(storage.messages)).first()
        assert row is not None
        tx.execute(sa.insert(storage.messages).values(**{**row._mapping, "message_id": "another"}))


def test_everyone_has_what_concerns_them_in_the_order_in_which_it_came(home: House) -> None:
    home.play()
    assert home.kinds(MOTHER) == ["talk_recorded", "level_moved", "holder_changed", "consent_requested",
                                  "level_moved", "plan_changed", "meeting_called"]  # fmt: skip
    assert home.kinds(TEACHER) == ["deadline_near", "deadline_passed", "consent_talk_first", "consent_given"]
    assert home.kinds(PSYCHOLOGIST) == ["participant_added", "access_opened", "level_moved", "plan_changed",
                                        "meeting_called"]  # fmt: skip
    assert home.kinds(NURSE) == []
    item = home.inbox(MOTHER)["items"][0]
    assert (item["case_id"], item["item_id"], item["by_person_id"]) == (CASE, "meeting-1", "p-teacher")
    assert [attempt["outcome"] for attempt in item["attempts"]] == ["waiting"] and item["read_at"] is None


def test_NO_6_what_its_reader_may_see_no_more_stands_in_no_inbox(home: House) -> None:
    """NO-6: neither as a message nor in the count; when the way is open again it stands there again."""
    home.play()
    assert home.unread(PSYCHOLOGIST) == 5
    home.take(home.windows())
    assert home.kinds(PSYCHOLOGIST) == [] and home.unread(PSYCHOLOGIST) == 0
    assert home.unread(MOTHER) == 7
    home.take(home.windows("psychology"))
    assert home.unread(PSYCHOLOGIST) == 6  # and that access was opened again


def test_NO_6_on_old_consent_knowledge_third_parties_are_shown_nothing(home: House) -> None:
    """NO-6, CO-9."""
    home.play()
    home.clock.advance(seconds=60)
    assert home.unread(PSYCHOLOGIST) == 0 and home.unread(MOTHER) == 7
    home.keep_up()
    assert home.unread(PSYCHOLOGIST) == 5


def test_PR_5_a_report_in_the_lane_shows_for_child_protection_alone(home: House) -> None:
    """PR-5, PR-3: nobody else's inbox changes by a byte, and it is gone with the role."""
    home.play()
    others = (MOTHER, FATHER, TEACHER, PSYCHOLOGIST, NURSE)
    before = [home.inbox(who) for who in others]
    home.hear(cases.LaneReportFiled, "lane-1", report_id="lane-1", kind="protected")
    assert [home.inbox(who) for who in others] == before
    [item] = home.inbox(PROTECTOR)["items"]
    assert (item["kind"], item["item_id"], item["case_id"]) == ("lane_report_filed", "lane-1", None)
    home.hear(directory.StaffChanged, "p-protection", person_id="p-protection", roles=[])
    assert home.kinds(PROTECTOR) == [] and home.unread(PROTECTOR) == 0


def test_NO_6_who_reads_a_report_no_more_is_shown_nothing_of_it(home: House) -> None:
    """NO-6, PR-5: whose name was taken back, and of whose family it turned out to be; of other reports they are shown
    as before, and who is named anew is shown again. To nobody else anything changes."""
    home.play()
    reader, by = "p-psychologist", "p-protection"
    for report in ("lane-1", "lane-2"):
        home.hear(cases.LaneReportFiled, report, report_id=report, kind="protected")
        home.hear(cases.LaneReaderNamed, report, report_id=report, person_id=reader, by_person_id=by)
    nurses, unread = home.inbox(NURSE), home.unread(PSYCHOLOGIST)
    home.hear(cases.LaneReadersLost, "lane-1", report_id="lane-1", person_ids=["p-protection", reader])
    assert _reports(home, PROTECTOR) == _reports(home, PSYCHOLOGIST) == ["lane-2"]
    assert home.unread(PROTECTOR) == 1 and home.unread(PSYCHOLOGIST) == unread - 1
    home.hear(cases.LaneReaderNamed, "lane-1", report_id="lane-1", person_id=reader, by_person_id=by)
    assert set(_reports(home, PSYCHOLOGIST)) == {"lane-1", "lane-2"}
    assert _reports(home, PROTECTOR) == ["lane-2"] and home.inbox(NURSE) == nurses


def test_GU_6_a_message_shows_by_whom_its_thing_tells_of_now(home: House) -> None:
    """GU-6, NO-6: to the father no more once the mother has taken her word back, and again when she agrees."""
    home.play()
    plan = {"change": "measure_added", "goal_id": "go-1", "topic": "learning", "by_person_id": "p-teacher"}
    home.hear(relay_log.PlanChanged, CASE, measure_id="me-1", **plan)
    home.hear(relay_log.PlanChanged, CASE, measure_id="me-2", **plan, third_person="p-mother")

    def told(who: Actor) -> list[str]:
        found = home.inbox(who)["items"]
        ours = {"me-1", "me-2"} & {each["item_id"] for each in found if each["kind"] == "plan_changed"}
        return sorted(ours)

    def marked(measure: str, agrees: bool) -> None:
        item = {"item_id": measure, "third_person": "p-mother", "agrees": agrees}
        home.hear(relay_log.ThirdPersonMarked, CASE, items=[item], by_person_id="p-mother")

    assert (told(FATHER), told(MOTHER)) == (["me-1"], ["me-1", "me-2"])
    marked("me-1", False)
    assert (told(FATHER), told(MOTHER)) == ([], ["me-1", "me-2"])
    marked("me-2", True)
    assert told(FATHER) == ["me-2"]
    marked("me-1", True)
    assert told(FATHER) == ["me-1", "me-2"]


def _reports(home: House, who: Actor) -> list[str]:
    """The reports in the lane of which somebody is shown a message."""
    return [each["item_id"] for each in home.inbox(who)["items"] if each["kind"].startswith("lane_")]


def test_HO_6_the_leader_of_the_owning_unit_is_told_for_an_owner_of_the_family(home: House) -> None:
    """HO-6, LV-7, SE-3: from the day on which the teacher turns out to be tied to the child; a leader elsewhere is
    not told, and the teacher has no message of their work any more, also where they are told as family."""
    home.play()
    for person_id, unit in (("p-head", "unit-kindergarten"), ("p-head-elsewhere", "unit-psychology")):
        post = {"unit_id": unit, "service_id": unit.removeprefix("unit-"), "role": "leader"}
        roles = [post | {"valid_from": "2020-01-01"}]
        home.hear(directory.StaffChanged, person_id, person_id=person_id, roles=roles)
    head = Actor("granli", "employee", "p-head", "unit-kindergarten", "high")
    elsewhere = Actor("granli", "employee", "p-head-elsewhere", "unit-psychology", "high")
    due = {"case_id": CASE, "kind": "decide_concern", "due": "2026-12-05", "owner_person_id": "p-teacher"}
    home.hear(cases.DeadlinePassed, CASE, **due)
    assert home.kinds(head) == []
    tie = {"relation": "other", "has_responsibility": True, "verified": True}
    ties = [{"person_id": each, **tie} for each in ("p-mother", "p-father", "p-teacher")]
    child = {"person_id": CHILD, "birth_date": "2022-03-05", "address_grade": "ungraded", "guardians": ties}
    home.hear(cases.PersonChanged, CHILD, **child)
    before = home.kinds(TEACHER).count("deadline_passed")
    home.hear(cases.DeadlinePassed, CASE, **due)
    assert home.kinds(head) == ["deadline_passed"] and home.kinds(elsewhere) == []
    assert home.kinds(TEACHER).count("deadline_passed") == before == 0
    assert ("p-teacher", "deadline_passed") in {(person, kind) for _, person, kind in home.told()}


def test_LV_12_who_answers_for_a_unit_is_told_that_advice_is_asked(home: House) -> None:
    """LV-12, NO-1: named by the event, in the inbox and by an e-mail that says nothing; gone with the work.
    Families and all other staff are told nothing."""
    home.play()
    others = (MOTHER, FATHER, TEACHER, PSYCHOLOGIST)
    before = [home.inbox(who) for who in others]
    asked = {"discussion_id": "d-1", "told_ids": ["p-protection", "p-asker"], "by_person_id": "p-asker"}
    home.hear(cases.DiscussionAsked, "d-1", **asked)
    assert [home.inbox(who) for who in others] == before
    [item] = home.inbox(PROTECTOR)["items"]
    assert (item["kind"], item["item_id"], item["case_id"]) == ("discussion_asked", "d-1", None)
    assert item["action_needed"] and [each["channel"] for each in item["attempts"]] == ["email"]
    assert ("p-asker", "discussion_asked") not in {(person, kind) for _, person, kind in home.told()}
    home.hear(
        cases.DiscussionAnswered,
        "d-1",
        **(asked | {"told_ids": ["p-teacher"], "by_person_id": "p-protection"}),
    )
    assert "discussion_answered" in home.kinds(TEACHER)
    home.hear(directory.StaffChanged, "p-protection", person_id="p-protection", roles=[])
    assert home.kinds(PROTECTOR) == []


def test_reading_and_counting(home: House) -> None:
    """One marks one's own, and nobody else's; pages follow each other without a gap."""
    home.play()
    first = home.inbox(MOTHER, limit=3)
    second = home.inbox(MOTHER, limit=3, cursor=first["next_cursor"])
    third = home.inbox(MOTHER, limit=3, cursor=second["next_cursor"])
    pages = [item["message_id"] for page in (first, second, third) for item in page["items"]]
    assert (
        pages == [item["message_id"] for item in home.inbox(MOTHER)["items"]] and third["next_cursor"] is None
    )
    home.app.call(notifications.MarkRead, FATHER, {"message_ids": pages[:2]})
    assert home.unread(MOTHER) == 7
    home.app.call(notifications.MarkRead, MOTHER, {"message_ids": [*pages[:2], "unknown"]})
    assert home.unread(MOTHER) == 5 and len(home.inbox(MOTHER, unread_only=True)["items"]) == 5
    assert home.inbox(MOTHER)["items"][0]["read_at"] is not None


def test_pages_are_full_though_much_of_what_stands_there_is_hidden(home: House) -> None:
    home.play()
    for number in range(12):
        entry = {"entry_id": f"e-{number}", "kind": "comment", "by_person_id": "p-mother"}
        home.hear(relay_log.EntryAdded, **entry, topic="learning")
    home.hear(cases.HolderChanged, holder_person_id="p-psychologist", holder_unit_id="unit-psychology",
              previous_person_id="p-teacher", how="handover")  # fmt: skip
    for number in range(12):
        entry = {"entry_id": f"h-{number}", "kind": "comment", "by_person_id": "p-mother"}
        home.hear(relay_log.EntryAdded, **entry, topic="home")
    page = home.inbox(PSYCHOLOGIST, limit=5)
    assert [item["kind"] for item in page["items"]][:2] == ["meeting_called", "plan_changed"]
    assert len(page["items"]) == 5 and page["unread"] == 5 and page["next_cursor"] is None


def test_an_event_of_a_case_that_is_not_known_yet_waits_for_it(home: House) -> None:
    """NO-2: it is parked, and told when the case has come."""
    events = list(home.story())
    late = [event for event in events if event.type == cases.ConcernRaised.type]
    rest = [event for event in events if event not in late]
    for event in [*rest, *late]:
        home.take(event)
    for _ in range(20):
        home.clock.advance(timedelta(minutes=5))
        home.app.inbox.retry_due()
    home.keep_up()
    assert len(home.told()) >= 16 and "meeting_called" in home.kinds(MOTHER)


def test_SE_7_inboxes_of_two_municipalities_know_nothing_of_each_other(home: House) -> None:
    """SE-7."""
    home.play()
    assert home.inbox(Actor("storvik", "guardian", "p-mother"))["items"] == []
    with pytest.raises(Forbidden):
        home.inbox(Actor("granli", "anonymous"))


def test_SE_1_what_was_shown_is_recorded(home: House) -> None:
    """SE-1: who read, in which case, by which rule."""
    home.play()
    home.inbox(MOTHER)
    record = home.app.db.chassis.access_record
    with home.app.db.read() as conn:
        lines = [read_line(home.app.keys, row) for row in conn.execute(sa.select(record))]
    assert {(line.person_id, line.act, line.case_id, line.allowed) for line in lines} == {
        ("p-mother", "read_message", CASE, True)
    }


def test_SE_3_an_emergency_is_told_to_the_coordinator_at_once_and_to_nobody_else(home: House) -> None:
    """SE-3: not to the family either, which reads of it where it reads who has looked (SE-2)."""
    home.play()
    opened = {"emergency_id": "em-1", "person_id": "p-worker", "unit_id": "unit-x", "reason_code": "acute_care",
              "valid_from": NOW.isoformat(), "valid_to": NOW.isoformat()}  # fmt: skip
    home.take(home.event(cases.EmergencyOpened, CASE, **opened))
    told = {(person, kind) for _, person, kind in home.told() if kind == "emergency_opened"}
    assert told == {("p-coordinator", "emergency_opened")}
    [message] = home.inbox(employee("p-coordinator"))["items"]
    assert (message["kind"], message["action_needed"]) == ("emergency_opened", True)


def test_SE_3_that_the_coordinator_ended_it_is_told_to_who_read_without_the_case(home: House) -> None:
    """SE-3, CO-10: the case is theirs no more. Whoever ended their own is told nothing."""
    home.play()
    opened = {"emergency_id": "em-1", "person_id": "p-nurse", "unit_id": "unit-health", "reason_code": "acute_care",
              "valid_from": NOW.isoformat(), "valid_to": (NOW + timedelta(hours=1)).isoformat()}  # fmt: skip
    home.hear(cases.EmergencyOpened, CASE, **opened)
    home.hear(cases.EmergencyEnded, CASE, emergency_id="em-1", person_id="p-nurse", by_person_id="p-nurse")
    before = home.kinds(NURSE)
    home.hear(
        cases.EmergencyEnded, CASE, emergency_id="em-1", person_id="p-nurse", by_person_id="p-coordinator"
    )
    assert "emergency_ended" not in before and home.kinds(NURSE).count("emergency_ended") == 1
    [ended] = [each for each in home.inbox(NURSE)["items"] if each["kind"] == "emergency_ended"]
    assert ended["case_id"] is None


def test_PR_6_where_the_address_is_protected_no_message_names_staff_who_do_not_deal_with_the_family(
    home: House,
) -> None:
    """PR-6: the parents know the teacher, who holds the case, and are told of all others that somebody did it."""
    home.play()
    for by in ("p-teacher", "p-elsewhere"):
        home.hear(
            relay_log.PlanChanged, change="goal_added", topic="learning", goal_id=f"of-{by}", by_person_id=by
        )

    def seen() -> dict[str, str | None]:
        items = home.inbox(MOTHER)["items"]
        return {each["item_id"]: each["by_person_id"] for each in items if each["kind"] == "plan_changed"}

    before = seen()
    assert (before["of-p-teacher"], before["of-p-elsewhere"]) == ("p-teacher", "p-elsewhere")
    ties = [
        {"person_id": each, "relation": "other", "has_responsibility": True, "verified": True}
        for each in ("p-mother", "p-father")
    ]
    home.hear(cases.PersonChanged, CHILD, person_id=CHILD, birth_date="2022-03-05",
              address_grade="strictly_confidential", guardians=ties)  # fmt: skip
    after = seen()
    assert (after["of-p-teacher"], after["of-p-elsewhere"]) == ("p-teacher", None)
