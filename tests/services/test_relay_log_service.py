"""The relay log as a service, on both engines: from the first goal to the final report, as each party sees it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.access_record import read_line
from services.chassis.actor import NotForThisCaller, service_actor
from services.chassis.app import App
from services.contracts import cases, consent, relay_log
from services.kernel.errors import Forbidden, NotFound, StaleEdit, Unavailable
from tests.services.relay_log_world import (
    HEALTH,
    IN_A_MONTH,
    KINDERGARTEN,
    NOW,
    PSYCHOLOGY,
    SERVICES,
    TODAY,
    World,
    actor,
    open_app,
)
from tests.services.relay_log_world import TIES as THEIRS
from tests.support.databases import Databases

OUTSIDERS = ("psychologist", "nurse")
INSIDE = ("teacher", "head")
FAMILY = ("mother", "father")
SECRET = "Eira vil leke med Odin ved huska"


@pytest.fixture(scope="module")
def app(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    made = open_app(tmp_path_factory.mktemp("log"), databases.migrated("relay_log"))
    yield made
    made.db.close()


@pytest.fixture
def world(app: App) -> World:
    return World(app)


def topics(items: list[dict[str, Any]]) -> list[str]:
    return [item["topic"] for item in items]


def outcome(measure_id: str, word: str, effect: str = "good", **more: Any) -> dict[str, Any]:
    return {"measure_id": measure_id, "outcome": word, "effect": effect, **more}


# ---------------------------------------------------------------- the way through


def test_there_is_no_log_before_level_1(world: World) -> None:
    """LG-1: writing is refused with the reason; reading finds nothing in it; the family does not know of it yet."""
    world.level_0()
    goal = {"topic": "wellbeing", "text": "a goal"}
    assert world.refused(relay_log.AddGoal, "teacher", **goal).code == "no_log_yet"
    assert world.refused(relay_log.AddGoal, "mother", **goal).code == "not_found"
    log = world.log()
    assert (log["goals"], log["topics"], log["permitted"]) == ([], [], [])
    world.close(from_level=0)
    assert world.told() == [] and world.refused(relay_log.GetReport, "teacher").code == "not_found"


def test_at_level_1_the_plan_is_the_units_own_and_the_familys(world: World) -> None:
    """LG-1, LG-2, LG-3."""
    world.level_1()
    goal = world.goal("wellbeing", SECRET)
    world.measure(goal)
    for who in (*INSIDE, *FAMILY):
        log = world.log(who)
        assert [each["text"] for each in log["goals"]] == [SECRET] and topics(log["measures"]) == [
            "wellbeing"
        ]
        assert (log["arenas_without_measure"], log["childs_own_missing"]) == (["home"], True)
    for who in (*OUTSIDERS, "colleague", "stepfather"):
        assert world.refused(relay_log.GetLog, who).code == "not_found"
    world.measure(goal, None, arena="home")
    log = world.log("mother")
    assert (log["arenas_without_measure"], log["childs_own_missing"]) == ([], False)
    assert log["permitted"] == ["comment", "give_feedback"]
    assert world.log()["permitted"] == ["manage", "write_plan", "write_log", "comment"]
    assert [each["change"] for each in world.told(relay_log.PlanChanged)] == ["goal_added"] + [
        "measure_added"
    ] * 2


def test_SE_3_one_of_the_childs_family_takes_no_part_by_their_work(world: World) -> None:
    """SE-3, CO-10: they are not brought in, hold no measure and are not called as staff; and who turns out to be of the
    family reads nothing from that instant on, and the leader acts for a holder who does (HO-6)."""
    world.level_2()
    world.staff("stepfather", KINDERGARTEN)
    named = {"person_id": "stepfather", "unit_id": KINDERGARTEN, "follows_up": True}
    refused = world.refused(relay_log.BringIn, "teacher", **named)
    assert (refused.code, refused.fields) == ("may_not_take_part", {"person_id": "may_not_take_part"})
    lines = [read_line(world.app.keys, row) for row in world.rows("access_record")]
    noted = [each for each in lines if each.act == "bring_in" and not each.allowed]
    assert [(each.person_id, each.reason) for each in noted] == [("teacher", "of_the_family")]
    goal = world.goal("learning")
    measure = world.measure(goal, "psychologist")
    once = {"relation": "other", "has_responsibility": False, "verified": False}
    world.child(ties=[*THEIRS, {"person_id": "psychologist", **once}, {"person_id": "teacher", **once}])
    for who in ("psychologist", "teacher"):
        assert world.refused(relay_log.GetLog, who).code == "not_found"
        assert world.waiting(who) == []
    assert world.log("head")["permitted"].count("manage") == 1
    given = {"goal_id": goal, "what": "a measure", "arena": "kindergarten", "deadline": IN_A_MONTH}
    fault = world.refused(relay_log.AddMeasure, "head", responsible_person_id="psychologist", **given)
    assert fault.fields == {"responsible_person_id": "not_a_party"} and measure


def test_the_log_opens_topic_by_topic_to_those_brought_in(world: World) -> None:
    """CO-1: each service sees its granted topics, in plan, meetings, minutes, evaluations, entries and views."""
    world.level_2()
    measures = {topic: world.measure(world.goal(topic)) for topic in ("learning", "health", "home")}
    meeting = world.meeting("teacher", "psychologist", "mother", topics=("learning", "health", "home"))
    world.minutes(meeting, "learning", "health", "home", answers={"going_well": SECRET})
    world.evaluate(*(outcome(each, "continue") for each in measures.values()))
    for topic in measures:
        world.say("teacher", "note", topic=topic)
        world.do(
            relay_log.RecordView, "teacher", topic=topic, occasion="planning", text="me", given="together"
        )
    for who, seen in (
        ("psychologist", ["learning"]),
        ("nurse", ["health"]),
        ("mother", ["learning", "health", "home"]),
    ):
        log = world.log(who)
        for part in ("goals", "measures", "entries", "views"):
            assert topics(log[part]) == seen, (who, part)
        [shown] = log["meetings"]
        assert topics(shown["agenda"]) == topics(shown["minutes"]["items"]) == seen
        assert (shown["minutes"]["answers"] == {"going_well": SECRET}) is (who == "mother")
        decided = [each["measure_id"] for each in log["evaluations"][0]["outcomes"]]
        assert decided == [measures[topic] for topic in seen]
        assert log["childs_own_missing"] is (who == "mother")
        assert len(log["participants"]) == 2
    assert world.log("psychologist")["topics"] == ["learning", "wellbeing"]


def test_a_meeting_shows_to_those_it_concerns(world: World) -> None:
    """LG-4: on home alone, with the psychologist not invited, it is none of theirs."""
    world.level_2()
    world.meeting("teacher", "nurse", topics=("home",))
    assert world.log("psychologist")["meetings"] == []
    [invited] = world.log("nurse")["meetings"]
    assert invited["agenda"] == [] and invited["place"] == "the blue room"


def test_a_withdrawal_freezes_the_log_for_others_at_once(world: World) -> None:
    """LG-1, CO-3, CO-10: one service loses its topics; when the last consent ends the log is frozen for others."""
    world.level_2()
    goals = {topic: world.goal(topic) for topic in ("learning", "health")}
    world.share((HEALTH, "health"), reason="withdrawn")
    assert world.refused(relay_log.GetLog, "psychologist").code == "not_found"
    assert topics(world.log("nurse")["goals"]) == ["health"]
    world.share(reason="withdrawn")
    assert world.refused(relay_log.GetLog, "nurse").code == "not_found"
    assert world.log()["state"] == world.log("mother")["state"] == "frozen"
    world.measure(goals["learning"])


# ---------------------------------------------------------------- who does what


def test_the_holders_acts_are_the_holders_alone(world: World) -> None:
    """HO-7: nobody else calls meetings, brings in, releases or sets the evaluation."""
    world.level_2()
    part = world.log()["participants"][0]["participant_id"]
    starts = NOW + timedelta(days=1)
    acts: list[tuple[Any, dict[str, Any]]] = [
        (relay_log.BringIn, {"person_id": "colleague", "unit_id": KINDERGARTEN}),
        (relay_log.Release, {"participant_id": part, "notice": "thanks"}),
        (relay_log.SetEvaluation, {"evaluate_on": IN_A_MONTH}),
        (relay_log.CallMeeting, {"starts_at": starts, "ends_at": starts + timedelta(hours=1),
                                 "agenda": [{"topic": "home", "text": "x"}], "invited_ids": ["mother"]}),
    ]  # fmt: skip
    world.bring_in("psychologist", may_write=True)
    for procedure, request in acts:
        for who in ("psychologist", "head", "mother"):
            refused = world.refused(procedure, who, **request)
            assert (refused.status, refused.rule) == (403, "HO-7"), (procedure.name, who)
        assert world.refused(procedure, "colleague", **request).code == "not_found"
    world.case(cases.HolderChanged, holder_person_id="nurse", holder_unit_id=HEALTH, previous_person_id="teacher",
               at=NOW, how="handover")  # fmt: skip
    for procedure, request in acts:
        assert world.refused(procedure, "teacher", **request).status == 403
        world.do(procedure, "nurse", **request)


def test_writing_is_for_the_holder_and_those_the_holder_lets(world: World) -> None:
    """LG-7: within their topics; and no more once the right is taken back."""
    world.level_2()
    goal = {"topic": "learning", "text": "a goal"}
    for who in ("psychologist", "head", "mother"):
        assert world.refused(relay_log.AddGoal, who, **goal).status == 403
    world.bring_in("psychologist", may_write=True)
    own = world.goal("learning", by="psychologist")
    assert (
        world.refused(relay_log.AddGoal, "psychologist", topic="health", text="x").code
        == "topic_not_consented"
    )
    hidden = world.goal("health")
    assert world.refused(relay_log.AddMeasure, "psychologist", goal_id=hidden, what="x", arena="home",
                         deadline=IN_A_MONTH).code == "not_found"  # fmt: skip
    world.measure(own, "psychologist", by="psychologist")
    world.bring_in("psychologist")
    assert world.refused(relay_log.AddGoal, "psychologist", **goal).code == "not_let_write"


def test_bringing_in_needs_consent_a_level_and_a_post(world: World) -> None:
    """LV-3, LV-8, HO-7."""
    world.level_1()
    nurse = {"person_id": "nurse", "unit_id": HEALTH}
    world.share((PSYCHOLOGY, "learning"))
    assert world.refused(relay_log.BringIn, "teacher", **nurse).code == "one_service_at_level_1"
    world.move(1, 2, SERVICES[PSYCHOLOGY])
    missing = world.refused(relay_log.BringIn, "teacher", **nurse)
    assert (missing.code, missing.params) == ("consent_missing", {"service_ids": [SERVICES[HEALTH]]})
    elsewhere = world.refused(relay_log.BringIn, "teacher", person_id="nurse", unit_id=PSYCHOLOGY)
    assert elsewhere.fields == {"person_id": "not_in_unit"}
    world.bring_in("psychologist")
    assert world.refused(relay_log.BringIn, "teacher", person_id="psychologist",
                         unit_id=PSYCHOLOGY).code == "already_participant"  # fmt: skip
    world.app.clock.advance(timedelta(minutes=5))  # type: ignore[attr-defined]
    assert world.refused(relay_log.BringIn, "teacher", **nurse).code == "consent_not_known"


def test_a_release_ends_access_at_once_and_says_thanks(world: World) -> None:
    """HO-7, CO-10: the events tell the whole circle; the kind word stands in the log."""
    world.level_2()
    world.goal("learning")
    part = next(p["participant_id"] for p in world.log()["participants"] if p["person_id"] == "psychologist")
    assert topics(world.log("psychologist")["goals"]) == ["learning"]
    world.do(relay_log.Release, "teacher", participant_id=part, notice=SECRET)
    assert world.refused(relay_log.GetLog, "psychologist").code == "not_found"
    [notice] = world.log()["entries"]
    assert (notice["kind"], notice["text"]) == ("release_notice", SECRET)
    told = world.told(relay_log.ParticipantsChanged)[-1]["participants"]
    ends = {each["person_id"]: each.get("valid_to") for each in told}
    assert ends == {"psychologist": "2026-11-21T10:00:00Z", "nurse": None}
    assert [each["person_id"] for each in world.told(relay_log.ParticipantReleased)] == ["psychologist"]
    again = world.refused(relay_log.Release, "teacher", participant_id=part, notice="x")
    assert again.code == "already_released"


def test_a_move_down_releases_services_no_longer_needed(world: World) -> None:
    """LV-11: kindly, with their access, and nothing of the history is lost."""
    world.level_2()
    world.bring_in("colleague")
    world.goal("learning")
    world.move(2, 3, SERVICES[PSYCHOLOGY])
    assert world.told(relay_log.ParticipantReleased) == []
    world.move(3, 2, SERVICES[HEALTH])
    assert [each["person_id"] for each in world.told(relay_log.ParticipantReleased)] == ["psychologist"]
    assert world.refused(relay_log.GetLog, "psychologist").code == "not_found"
    world.move(2, 1)
    log = world.log()
    assert [each["person_id"] for each in log["participants"] if each["valid_to"] is None] == ["colleague"]
    assert len(log["participants"]) == 3 and topics(log["goals"]) == ["learning"]
    assert [each["text"][:15] for each in log["entries"]] == ["Takk for at du "] * 2


# ---------------------------------------------------------------- plan, meetings, evaluations


def test_two_edits_never_overwrite_each_other_silently(world: World) -> None:
    """LG-8: the later one is told what changed; a topic that moves takes the measures with it."""
    world.level_2()
    goal = world.goal("learning")
    measure = world.measure(goal)
    world.do(
        relay_log.ChangeMeasure, "teacher", measure_id=measure, expected_version=1, arena="home", what="new"
    )
    stale = world.refused(
        relay_log.ChangeMeasure, "teacher", measure_id=measure, expected_version=1, arena="school"
    )
    assert isinstance(stale, StaleEdit) and stale.changed == ["arena", "what"] and stale.status == 412
    done = world.do(relay_log.ChangeGoal, "teacher", goal_id=goal, expected_version=1, topic="health")
    assert done["version"] == 2
    log = world.log()
    assert (topics(log["goals"]), topics(log["measures"])) == (["health"], ["health"])
    assert (log["measures"][0]["what"], log["measures"][0]["version"]) == ("new", 3)
    assert topics(world.log("psychologist")["goals"]) == [] and topics(world.log("nurse")["goals"]) == [
        "health"
    ]
    unknown = world.refused(relay_log.ChangeGoal, "teacher", goal_id=measure, expected_version=1, text="x")
    assert isinstance(unknown, NotFound)


def test_of_edits_at_the_same_time_one_stands(world: World) -> None:
    """LG-8: the others get the conflict, whatever the threads do."""
    world.level_1()
    goal = world.goal("home")
    outcomes: list[str] = []

    def edit(number: int) -> None:
        change = {"goal_id": goal, "expected_version": 1, "text": f"text {number}"}
        try:
            world.do(relay_log.ChangeGoal, "teacher", **change)
            outcomes.append(f"text {number}")
        except StaleEdit as stale:
            assert stale.changed == ["text"]

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [each["text"] for each in world.log()["goals"]] == outcomes and len(outcomes) == 1


def test_the_responsible_one_may_know_of_what_they_are_to_do(world: World) -> None:
    """LG-2, CO-1."""
    world.level_2()
    goal = world.goal("health")
    given = {"goal_id": goal, "what": "x", "arena": "home", "deadline": IN_A_MONTH}
    for who, fault in (("psychologist", "topic_not_shared"), ("stepfather", "not_a_party")):
        refused = world.refused(relay_log.AddMeasure, "teacher", responsible_person_id=who, **given)
        assert refused.fields == {"responsible_person_id": fault}
    world.measure(goal, "nurse")
    world.measure(goal, "mother")


def test_a_meeting_from_invitation_to_minutes(world: World) -> None:
    """LG-4: invited are those of the log; minutes once, with the next dates, on the meeting that was read."""
    world.level_2()
    starts = NOW + timedelta(days=1)
    call = {
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=1),
        "agenda": [{"topic": "home", "text": "x"}],
    }
    stranger = world.refused(relay_log.CallMeeting, "teacher", invited_ids=["mother", "stepfather"], **call)
    assert stranger.fields == {"invited_ids.1": "not_a_party"}
    late = world.refused(
        relay_log.CallMeeting, "teacher", invited_ids=["mother"], **{**call, "starts_at": NOW}
    )
    assert late.fields == {"starts_at": "in_the_past"}
    meeting = world.meeting("teacher", "mother", "psychologist")
    [called] = world.told(relay_log.MeetingCalled)
    assert called["invited_ids"] == ["teacher", "mother", "psychologist"] and "place" not in called

    minutes = {"meeting_id": meeting, "expected_version": 1, "next_evaluation_on": IN_A_MONTH,
               "items": [{"topic": "learning", "text": "x"}]}  # fmt: skip
    bare = world.refused(relay_log.PublishMinutes, "teacher", **minutes)
    assert bare.fields == {"next_meeting_on": "date_or_reason_needed"}
    stale = world.refused(relay_log.PublishMinutes, "teacher", **{**minutes, "expected_version": 2})
    assert stale.code == "stale_edit"
    world.bring_in("psychologist", may_write=True)
    other = world.refused(relay_log.PublishMinutes, "psychologist",
                          **{**minutes, "items": [{"topic": "health", "text": "x"}]})  # fmt: skip
    assert other.code == "topic_not_consented"
    world.minutes(meeting, next_meeting_on=None, no_next_meeting_reason=SECRET, present_ids=["mother"])
    again = world.refused(relay_log.PublishMinutes, "teacher", **{**minutes, "expected_version": 2})
    assert again.code == "minutes_already_published"
    [shown] = world.log("mother")["meetings"]
    assert (shown["state"], shown["version"]) == ("held", 2)
    assert shown["minutes"]["answers"] == {"no_next_meeting_reason": SECRET}
    [told] = world.told(relay_log.MinutesPublished)
    assert told["topics"] == ["health", "learning"]
    assert [each["evaluate_on"] for each in world.told(relay_log.EvaluationSet)] == [IN_A_MONTH]
    assert world.log()["next_evaluation_on"] == IN_A_MONTH


def test_the_template_cleans_the_minutes_while_directory_answers(world: World, monkeypatch: Any) -> None:
    """LG-4: an answer that the template does not know is named; a silent directory loses nothing that was written."""
    world.level_1()
    form = {"code": "meeting_template", "version": 1, "title": "t", "sections": [
        {"title": "s", "fields": [{"name": "going_well", "type": "long_text", "label": "l", "max_length": 20}]}
    ]}  # fmt: skip
    answered: list[Any] = [{"tool": "meeting_template", "version": 1, "form": form}]

    class Directory:
        def call(self, *_: Any, **__: Any) -> Any:
            if not answered:
                raise Unavailable
            return answered[0]

    monkeypatch.setattr(world.app, "calls", lambda *_: Directory())
    meeting = world.meeting("teacher", "mother", topics=("home",))
    given = {"meeting_id": meeting, "expected_version": 1, "next_evaluation_on": IN_A_MONTH,
             "next_meeting_on": IN_A_MONTH, "items": [{"topic": "home", "text": "x"}]}  # fmt: skip
    wrong = {"gossip": "x", "going_well": "far too long to be kept here"}
    refused = world.refused(relay_log.PublishMinutes, "teacher", answers=wrong, **given)
    assert refused.fields == {"answers.gossip": "unknown_field", "answers.going_well": "too_long"}
    answered.clear()
    world.minutes(meeting, "home", answers={"going_well": "much", "next_evaluation_on": IN_A_MONTH})
    assert world.log()["meetings"][0]["minutes"]["answers"] == {"going_well": "much"}


def test_an_evaluation_decides_each_measure(world: World) -> None:
    """LV-10: one ends, one is replaced; without effect nothing goes on, and nothing of a refused evaluation stands."""
    world.level_2()
    goal = world.goal("learning")
    first, second, third = (world.measure(goal) for _ in range(3))
    refused = world.refused(relay_log.RecordEvaluation, "teacher",
                            outcomes=[outcome(first, "end"), outcome(second, "continue", "none")])  # fmt: skip
    assert (refused.code, refused.params) == ("measure_without_effect", {"measure_ids": [second]})
    assert [each["status"] for each in world.log()["measures"]] == ["planned"] * 3
    world.do(relay_log.SetEvaluation, "teacher", evaluate_on=TODAY)
    world.evaluate(
        outcome(first, "end", "none", comment=SECRET),
        outcome(second, "change", "some", new_what="with pictures", new_responsible_person_id="psychologist"),
        outcome(third, "continue"),
    )
    log = world.log("psychologist")
    status = {each["measure_id"]: each["status"] for each in log["measures"]}
    assert [status[each] for each in (first, second, third)] == ["ended", "replaced", "running"]
    new = next(each for each in log["measures"] if each["measure_id"] not in (first, second, third))
    old = next(each for each in log["measures"] if each["measure_id"] == second)
    assert (new["what"], new["responsible_person_id"]) == ("with pictures", "psychologist")
    assert old["replaced_by"] == new["measure_id"]
    [evaluation] = log["evaluations"]
    assert [each["comment"] for each in evaluation["outcomes"]] == [SECRET, None, None]
    assert (
        evaluation["outcomes"][1]["new_what"] == "with pictures" and evaluation["outcomes"][1]["new_deadline"]
    )
    assert log["next_evaluation_on"] is None
    over = world.refused(
        relay_log.ChangeMeasure, "teacher", measure_id=first, expected_version=2, arena="home"
    )
    assert over.code == "measure_not_open"


# ---------------------------------------------------------------- entries, the child's view


def test_entries_are_only_added_and_corrected_by_new_ones(world: World) -> None:
    """LG-6: both stay, who and when with them."""
    world.level_2()
    note = world.say("teacher", "note", "wrong day", topic="learning")
    world.later(minutes=1)
    right = world.say("teacher", "correction", "right day", topic="learning", corrects=note)
    first, second = world.log("psychologist")["entries"]
    assert (first["text"], first["corrected_by"], second["corrects"]) == ("wrong day", right, note)
    assert first["recorded_at"] < second["recorded_at"]
    correction = {"kind": "correction", "text": "x", "corrects": note}
    assert (
        world.refused(relay_log.AddEntry, "teacher", topic="learning", **correction).code
        == "already_corrected"
    )
    own = world.say("mother", "comment")
    for who in ("teacher", "father"):
        other = world.refused(relay_log.AddEntry, who, topic="home", **{**correction, "corrects": own})
        assert other.code == "not_your_entry"
    assert world.refused(relay_log.AddEntry, "psychologist", topic="home",
                         **{**correction, "corrects": own}).code == "not_found"  # fmt: skip
    world.say("mother", "correction", corrects=own)
    assert len(world.log()["entries"]) == 4


def test_each_says_what_is_theirs_to_say_and_it_reaches_the_holder(world: World) -> None:
    """LG-7: proposals, comments and hindrances wait for the holder until the log has been read."""
    world.level_2()
    said = [
        world.say("mother", "proposal"), world.say("father", "comment"),
        world.say("psychologist", "hindrance", topic="learning"), world.say("mother", "feedback"),
    ]  # fmt: skip
    for who, kind in (
        ("mother", "note"),
        ("mother", "hindrance"),
        ("psychologist", "proposal"),
    ):
        refused = world.refused(relay_log.AddEntry, who, kind=kind, topic="learning", text="x")
        assert isinstance(refused, Forbidden) and refused.code == "kind_not_for_this_role", (who, kind)
    assert world.refused(relay_log.AddEntry, "psychologist", kind="hindrance", topic="home",
                         text="x").code == "topic_not_consented"  # fmt: skip
    for who in (
        "head",
        "psychologist",
    ):  # of employees child protection alone, in the guardians' place (GU-4)
        assert isinstance(
            world.refused(relay_log.AddEntry, who, kind="feedback", topic="learning", text="x"), Forbidden
        )
    assert world.refused(relay_log.AddEntry, "psychologist", kind="note", topic="learning",
                         text="x").code == "not_let_write"  # fmt: skip
    assert sorted(item or "" for kind, item in world.waiting()) == sorted(said)
    assert world.waiting("head") == world.waiting("mother") == []
    world.later(seconds=1)
    world.log()
    assert world.waiting() == []


def test_a_view_given_apart_is_the_childs_to_show(world: World) -> None:
    """LG-5: guardians see it when the child agrees; they do not learn that there is one when not."""
    world.level_2()
    view = {"topic": "learning", "occasion": "planning", "text": SECRET, "given": "apart"}
    world.do(relay_log.RecordView, "teacher", **view)
    assert len(world.log()["views"]) == len(world.log("psychologist")["views"]) == 1
    assert world.log("mother")["views"] == []
    world.do(relay_log.RecordView, "teacher", **{**view, "guardians_may_see": True})
    world.do(
        relay_log.RecordView,
        "teacher",
        topic="home",
        occasion="other",
        missing="chose_not_to",
        given="together",
    )
    shown = world.log("mother")["views"]
    assert [(each["text"], each["missing"]) for each in shown] == [(SECRET, None), (None, "chose_not_to")]
    neither = world.refused(relay_log.RecordView, "teacher", topic="home", occasion="other", given="together")
    assert neither.fields == {"text": "text_or_reason_needed"}
    assert world.refused(relay_log.RecordView, "mother", **view).status == 403


# ---------------------------------------------------------------- what waits, the end


def test_what_waits_for_whom(world: World) -> None:
    """The meeting for those invited, its minutes and the evaluation for the holder, a measure for its responsible."""
    world.level_2()
    meeting = world.meeting("teacher", "psychologist", "mother")
    measure = world.measure(world.goal("learning"), "psychologist", deadline=TODAY + timedelta(days=5))
    world.measure(world.goal("learning"), "psychologist", deadline=TODAY + timedelta(days=25))
    world.do(relay_log.SetEvaluation, "teacher", evaluate_on=TODAY + timedelta(days=6))
    assert world.waiting("teacher") == [("meeting", meeting), ("evaluation", None)]
    assert world.waiting("psychologist") == [("meeting", meeting), ("measure", measure)]
    assert world.waiting("mother") == [("meeting", meeting)] and world.waiting("nurse") == []
    world.later(days=4)
    assert world.waiting("teacher") == [("minutes", meeting), ("evaluation", None)]
    assert world.waiting("mother") == []
    world.minutes(meeting, next_meeting_on=IN_A_MONTH)
    assert world.waiting("teacher") == []
    world.share((HEALTH, "health"), reason="withdrawn")
    assert world.waiting("psychologist") == []


def test_the_childs_own_measure_waits_for_the_child(world: World) -> None:
    """LG-3: named or left out, the child itself is responsible; from twelve it reads its own log (AG-1)."""
    world.level_1()
    world.child("2013-03-05")
    goal = world.goal("home")
    own = [world.measure(goal, who, deadline=TODAY) for who in (None, "child")]
    log = world.log("child")
    assert [each["is_childs_own"] for each in log["measures"]] == [True, True]
    assert sorted(item or "" for _, item in world.waiting("child")) == sorted(own)
    assert world.waiting("mother") == []


def test_closing_makes_the_report_and_ends_all_writing(world: World) -> None:
    """LG-10: with the family's feedback, for every party, each with their topics."""
    world.level_2()
    goal = world.goal("learning", SECRET)
    world.measure(goal)
    world.minutes(world.meeting(), "learning")
    world.say("mother", "feedback", "we were heard")
    world.say("mother", "comment")
    world.later(minutes=1)
    world.close()
    world.share(reason="closed")
    [told] = world.told(relay_log.ReportMade)
    for who in (*INSIDE, *FAMILY):
        report = world.do(relay_log.GetReport, who)
        assert report["report_id"] == told["report_id"] == world.log(who)["report_id"]
        assert [each["text"] for each in report["feedback"]] == ["we were heard"]
        assert [each["text"] for each in report["goals"]] == [SECRET] and report["outcome"] == "goals_reached"
        assert len(report["meetings"]) == len(report["measures"]) == 1 and len(report["participants"]) == 2
    assert world.refused(relay_log.GetReport, "psychologist").code == "not_found"
    log = world.log()
    assert (log["state"], log["permitted"], log["childs_own_missing"]) == ("closed", [], False)
    writing: list[tuple[Any, str, dict[str, Any]]] = [
        (relay_log.AddGoal, "teacher", {"topic": "home", "text": "x"}),
        (relay_log.ChangeGoal, "teacher", {"goal_id": goal, "expected_version": 1, "status": "reached"}),
        (relay_log.AddEntry, "mother", {"kind": "feedback", "topic": "home", "text": "x"}),
        (relay_log.SetEvaluation, "teacher", {"evaluate_on": IN_A_MONTH}),
    ]
    for procedure, who, request in writing:
        refused = world.refused(procedure, who, **request)
        assert (refused.code, refused.status) == ("case_closed", 409), procedure.name
    assert world.waiting() == []


def test_the_report_of_a_log_that_was_shared_shows_each_reader_their_topics(world: World) -> None:
    """LG-10, CO-1: while a window stands."""
    world.level_2()
    for topic in ("learning", "health"):
        world.goal(topic)
    world.close()
    assert topics(world.do(relay_log.GetReport, "nurse")["goals"]) == ["health"]
    assert topics(world.do(relay_log.GetReport, "psychologist")["goals"]) == ["learning"]


def test_calendar_facts_are_for_the_sender_alone(world: World) -> None:
    """NO-1: hours and a count, for notifications; nobody else asks."""
    world.level_2()
    meeting = world.meeting()
    sender = service_actor("notifications", world.place)
    facts = world.app.call(relay_log.GetCalendarFacts, sender, {"meeting_id": meeting})
    assert set(facts) == {"meeting_id", "sequence", "starts_at", "ends_at"}
    for other in (service_actor("cases", world.place), actor("teacher", world.place)):
        with pytest.raises(NotForThisCaller):
            world.app.call(relay_log.GetCalendarFacts, other, {"meeting_id": meeting})
    with pytest.raises(NotFound):
        elsewhere = service_actor("notifications", "storvik")
        world.app.call(relay_log.GetCalendarFacts, elsewhere, {"meeting_id": meeting})


# ---------------------------------------------------------------- secrecy, record, speed


def test_another_municipality_finds_nothing(world: World) -> None:
    """SE-7."""
    world.level_1()
    with pytest.raises(NotFound):
        world.app.call(relay_log.GetLog, actor("teacher", "storvik"), {"case_id": world.case_id})


def test_nothing_that_is_told_of_anybody_stands_in_clear(world: World) -> None:
    """What was written is ciphertext in every table, and in no event; every reading is on record (SE-1)."""
    world.level_2()
    goal = world.goal("learning", SECRET)
    measure = world.measure(goal, what=SECRET)
    meeting = world.meeting(place=SECRET, agenda=[{"topic": "learning", "text": SECRET}])
    world.minutes(meeting, items=[{"topic": "learning", "text": SECRET}], answers={"going_well": SECRET})
    world.say("mother", "comment", SECRET)
    world.do(relay_log.RecordView, "teacher", topic="home", occasion="other", text=SECRET, given="apart")
    world.evaluate(outcome(measure, "change", comment=SECRET, new_what=SECRET))
    assert SECRET in str(world.log())
    for table in world.app.db.metadata.tables:
        assert re.search("huska|Odin", str(world.rows(table))) is None, table
    lines = [read_line(world.app.keys, row) for row in world.rows("access_record")]
    noted = {(line.person_id, line.act, line.rule) for line in lines if line.allowed}
    assert {("teacher", "read_plan", "LG-1"), ("teacher", "read_view", "LG-5"),
            ("mother", "comment", "LG-7"), ("teacher", "manage", "HO-7")} <= noted  # fmt: skip


def test_the_tables_are_those_of_the_migration(world: World) -> None:
    """What the repositories use is what the migration makes, on both engines."""
    inspector = sa.inspect(world.app.db.engine)
    for name, table in world.app.db.metadata.tables.items():
        assert {column["name"] for column in inspector.get_columns(name)} == set(table.columns.keys()), name
        assert {index["name"] for index in inspector.get_indexes(name)} >= {
            index.name for index in table.indexes
        }


def test_a_full_log_opens_in_a_few_milliseconds(world: World) -> None:
    """10 goals, 20 measures, 5 meetings with minutes: measured where the decision, keys and record are all real."""
    world.level_2()
    for number in range(10):
        goal = world.goal(("learning", "health", "home", "wellbeing")[number % 4])
        for _ in range(2):
            world.measure(goal)
    for _ in range(5):
        world.minutes(world.meeting(), "learning", "health", "home")
    for who in ("teacher", "psychologist", "mother"):
        times = []
        for _ in range(15):
            began, at_work = time.perf_counter(), time.thread_time()
            world.log(who)
            times.append(((time.thread_time() - at_work) * 1000, (time.perf_counter() - began) * 1000))
        (cpu, _), least = sorted(times)[7], min(elapsed for _, elapsed in times)
        print(f"get_log as {who}: {cpu:.1f} ms of work, {least:.1f} ms elapsed with the durable record")
        assert cpu < 25


def test_consent_events_that_wait_stop_outsiders_only(world: World) -> None:
    """CO-9: a gap in the consent stream parks; the psychologist is told that the status is not known."""
    world.level_2()
    world.goal("learning")
    world.sequences[consent.WINDOWS, world.case_id] += 1
    world.share(reason="withdrawn")
    assert world.refused(relay_log.GetLog, "psychologist").code == "consent_status_not_known"
    assert topics(world.log("mother")["goals"]) == topics(world.log()["goals"]) == ["learning"]


# ---------------------------------------------------------------- what guardians of a youth need


def test_the_holder_marks_what_guardians_need_of_topics_that_are_the_youths_own(world: World) -> None:
    """AG-6: from 16 guardians read of health what is marked and nothing else; youth and others as before."""
    world.level_2()
    goal, open_goal = world.goal("health"), world.goal("home")
    measure = world.measure(goal)
    note = world.say("teacher", "note", "sleeps badly", topic="health")
    world.child("2010-11-21")
    log = world.log()
    assert log["limited_topics"] == ["health"] and len(log["goals"]) == 2
    assert [each["goal_id"] for each in world.log("mother")["goals"]] == [open_goal]
    assert world.log("mother")["measures"] == world.log("mother")["entries"] == []
    marks = [{"kind": kind, "item_id": each, "needed": True}
             for kind, each in (("goal", goal), ("measure", measure), ("entry", note))]  # fmt: skip
    world.do(relay_log.MarkNeeded, "teacher", marks=marks)
    seen = world.log("mother")
    assert {each["goal_id"] for each in seen["goals"]} == {goal, open_goal}
    assert [each["measure_id"] for each in seen["measures"]] == [measure]
    assert [each["needed_by_guardians"] for each in seen["entries"]] == [True]
    assert len(world.log("child")["entries"]) == len(world.log("nurse")["entries"]) == 1
    world.do(relay_log.MarkNeeded, "teacher", marks=[{**marks[2], "needed": False}])
    assert world.log("mother")["entries"] == [] and len(world.log("mother")["measures"]) == 1


def test_a_correction_shows_to_those_to_whom_what_it_corrects_shows(world: World) -> None:
    """AG-6, LG-6: the mark goes with the whole chain, whichever of it was marked, before the correction or after."""
    world.level_1().child("2010-11-21")
    first = world.say("teacher", "note", "wrong", topic="health")
    world.do(relay_log.MarkNeeded, "teacher", marks=[{"kind": "entry", "item_id": first, "needed": True}])
    second = world.say("teacher", "correction", "right", topic="health", corrects=first)
    assert {each["entry_id"] for each in world.log("mother")["entries"]} == {first, second}
    world.do(relay_log.MarkNeeded, "teacher", marks=[{"kind": "entry", "item_id": second, "needed": False}])
    assert world.log("mother")["entries"] == []


def test_only_the_holder_marks_and_only_what_is_there(world: World) -> None:
    """AG-6, HO-7: all or nothing."""
    world.level_2().child("2010-11-21")
    goal = world.goal("health")
    mark = {"kind": "goal", "item_id": goal, "needed": True}
    for who in ("mother", "child", "head", "nurse"):
        assert world.refused(relay_log.MarkNeeded, who, marks=[mark]).status in (403, 404)
    for wrong in ({"item_id": "no-such"}, {"kind": "entry"}):
        assert isinstance(
            world.refused(relay_log.MarkNeeded, "teacher", marks=[mark, {**mark, **wrong}]), NotFound
        )
    assert world.log("mother")["goals"] == []


def test_AG_4_whoever_reads_what_is_older_is_told_who_took_part_then(world: World) -> None:
    """AG-4, LG-7: not that somebody came or went since the youth has the say."""
    world.level_2()
    world.child(birth_date="2011-11-22")
    world.say("teacher", "note", "he likes to sing", topic="learning")

    def told(who: str) -> dict[str, bool]:
        """Who took part, by name, and whether they still do."""
        return {each["person_id"]: each["valid_to"] is None for each in world.log(who)["participants"]}

    before = told("psychologist")
    assert before == told("teacher") == {"psychologist": True, "nurse": True}
    world.later(days=3)
    world.bring_in("colleague")
    nurse = next(
        each["participant_id"] for each in world.log()["participants"] if each["person_id"] == "nurse"
    )
    world.do(relay_log.Release, "teacher", participant_id=nurse, notice="thanks")
    seen = world.log("psychologist")
    assert (seen["topics"], [each["text"] for each in seen["entries"]]) == ([], ["he likes to sing"])
    assert told("psychologist") == before
    assert told("teacher") == told("mother") == {"psychologist": True, "nurse": False, "colleague": True}
