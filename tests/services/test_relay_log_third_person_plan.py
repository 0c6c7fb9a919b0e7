"""Goals and measures that tell of a sibling, or of how a parent is: as entries and minutes do (GU-6)."""

from __future__ import annotations

from typing import Any

import pytest

from services.contracts import cases, relay_log
from services.contracts.base import Procedure
from services.kernel.errors import InvalidInput, NotFound
from tests.services.relay_log_world import IN_A_MONTH, NOW, PSYCHOLOGY, World
from tests.services.test_relay_log_service import app, world

__all__ = ["app", "world"]

TODAY = "2026-11-20"
HERS, RIDE, SONG = "his mother gets some sleep", "a colleague drives her to the doctor", "sing together"
EVERYBODY = ("teacher", "mother", "father", "psychologist")
HER_MEASURE = {"what": RIDE, "third_person": "mother"}
"""What makes a measure one that tells of the mother."""


def plan(world: World, who: str) -> dict[str, dict[str, Any]]:
    """What somebody reads of the plan, by its words."""
    log = world.log(who)
    return {each.get("text") or each["what"]: each for each in (*log["goals"], *log["measures"])}


def seen_by(world: World, text: str) -> set[str]:
    return {who for who in EVERYBODY if text in plan(world, who)}


def word(world: World, who: str, text: str, agrees: bool = True) -> None:
    """The word on what stands in the plan now, as the teacher reads it."""
    item_id = plan(world, "teacher")[text]["item_id"]
    world.do(relay_log.RecordThirdPersonWord, who, entry_id=item_id, agrees=agrees, said_on=TODAY)


def her_goal(world: World) -> str:
    return str(
        world.do(relay_log.AddGoal, "teacher", topic="learning", text=HERS, third_person="mother")["id"]
    )


def fields(world: World, procedure: Procedure, **request: Any) -> dict[str, str]:
    """The faults of what the teacher asked for."""
    refused = world.refused(procedure, "teacher", **request)
    assert isinstance(refused, InvalidInput) and refused.rule == "GU-6", refused
    return dict(refused.fields)


def test_GU_6_a_goal_that_tells_of_the_mother_is_hers_with_its_measures_until_she_agrees(
    world: World,
) -> None:
    """GU-6: she takes it back again; other goals show all the while."""
    world.level_2()
    goal = her_goal(world)
    world.measure(goal, what=RIDE)
    world.measure(world.goal("learning", "he sings"), what=SONG)
    for text in (HERS, RIDE):
        assert seen_by(world, text) == {"teacher", "mother"}, text
    for text in ("he sings", SONG):
        assert seen_by(world, text) == set(EVERYBODY), text
    word(world, "mother", RIDE)
    assert seen_by(world, RIDE) == {"teacher", "mother"}, "a measure shows with its goal"
    word(world, "mother", HERS)
    for text in (HERS, RIDE):
        assert seen_by(world, text) == set(EVERYBODY), text
    word(world, "mother", HERS, agrees=False)
    for text in (HERS, RIDE):
        assert seen_by(world, text) == {"teacher", "mother"}, text


def test_GU_6_a_measure_tells_of_somebody_under_a_goal_that_does_not(world: World) -> None:
    """GU-6: a sibling has no id; the holder writes down what was said."""
    world.level_2()
    goal = world.goal("learning", "he sings")
    world.measure(goal, what="his brother sings along", third_person="somebody")
    world.measure(goal, **HER_MEASURE)
    assert seen_by(world, "his brother sings along") == {"teacher"}
    assert seen_by(world, RIDE) == {"teacher", "mother"}
    word(world, "teacher", "his brother sings along")
    assert seen_by(world, "his brother sings along") == set(EVERYBODY)
    assert seen_by(world, RIDE) == {"teacher", "mother"}


def test_GU_6_only_that_person_or_the_holder_gives_the_word(world: World) -> None:
    """GU-6: to others there is no such goal."""
    world.level_2()
    her_goal(world)
    item_id = plan(world, "mother")[HERS]["item_id"]
    for who in ("father", "psychologist"):
        refused = world.refused(
            relay_log.RecordThirdPersonWord, who, entry_id=item_id, agrees=True, said_on=TODAY
        )
        assert isinstance(refused, NotFound), who


def test_GU_6_new_words_are_another_thing_to_agree_to(world: World) -> None:
    """GU-6: what she said yes to was the text as she read it; what is sent along unchanged takes no word away."""
    world.level_2()
    goal = her_goal(world)
    measure = world.measure(goal, what=RIDE)
    read = plan(world, "mother")
    word(world, "mother", HERS)
    word(world, "mother", RIDE)
    change = {"measure_id": measure, "expected_version": read[RIDE]["version"]}
    world.do(relay_log.ChangeMeasure, "teacher", **change, status="running", third_person="mother", what=RIDE)
    assert seen_by(world, RIDE) == set(EVERYBODY)
    new = {"goal_id": goal, "expected_version": read[HERS]["version"], "text": "she stops drinking"}
    world.do(relay_log.ChangeGoal, "teacher", **new)
    assert seen_by(world, "she stops drinking") == seen_by(world, RIDE) == {"teacher", "mother"}
    stale = world.refused(
        relay_log.RecordThirdPersonWord,
        "mother",
        entry_id=read[HERS]["item_id"],
        agrees=True,
        said_on=TODAY,
    )
    assert isinstance(stale, NotFound), "her word on the text that she read counts for no other"
    word(world, "mother", "she stops drinking")
    assert seen_by(world, "she stops drinking") == seen_by(world, RIDE) == set(EVERYBODY)


def test_GU_6_a_mark_set_later_takes_the_measures_along_and_stays(world: World) -> None:
    """GU-6: it is neither moved nor taken away; what had ended is hers as well."""
    world.level_2()
    goal = world.goal("learning", HERS)
    ended = world.measure(goal, what=SONG)
    world.do(relay_log.ChangeMeasure, "teacher", measure_id=ended, expected_version=1, status="ended")
    world.measure(goal, what=RIDE)
    world.do(relay_log.ChangeGoal, "teacher", goal_id=goal, expected_version=1, third_person="mother")
    for text in (HERS, SONG, RIDE):
        assert seen_by(world, text) == {"teacher", "mother"}, text
    again = {"goal_id": goal, "expected_version": 2}
    moved = fields(world, relay_log.ChangeGoal, **again, third_person="father")
    assert moved == {"third_person": "already_marked"}
    world.do(relay_log.ChangeGoal, "teacher", **again, status="reached", third_person=None)
    assert seen_by(world, HERS) == {"teacher", "mother"}


def test_GU_6_goal_and_measure_tell_of_one_and_the_same(world: World) -> None:
    """GU-6: of whom a mark can be, and where two would stand."""
    world.level_2()
    goal = her_goal(world)
    given = {"what": RIDE, "arena": "home", "deadline": IN_A_MONTH, "responsible_person_id": "teacher"}
    assert fields(world, relay_log.AddMeasure, goal_id=goal, **given, third_person="father") == {
        "third_person": "goal_tells_of_another"
    }
    for whom in ("psychologist", "child", "nobody"):
        stranger = fields(world, relay_log.AddGoal, topic="learning", text=HERS, third_person=whom)
        assert stranger == {"third_person": "not_of_the_family"}, whom
    other = world.goal("learning", "he sings")
    world.measure(other, **HER_MEASURE)
    clash = fields(world, relay_log.ChangeGoal, goal_id=other, expected_version=1, third_person="father")
    assert clash == {"third_person": "measure_tells_of_another"}
    assert plan(world, "father")["he sings"]["third_person"] is None, "nothing was half done"


def test_GU_6_nobody_is_made_responsible_for_what_they_may_not_read(world: World) -> None:
    """GU-6: the owning unit, or that person, until they agree; then whoever may read it."""
    world.level_2()
    goal = world.goal("learning", "he sings")
    given = {"goal_id": goal, "arena": "home", "deadline": IN_A_MONTH, **HER_MEASURE}
    for who in ("father", "psychologist", None):
        refused = fields(world, relay_log.AddMeasure, **given, responsible_person_id=who)
        assert refused == {"responsible_person_id": "may_not_read_it"}, who
    measure = world.measure(goal, "mother", **HER_MEASURE)
    change = {"measure_id": measure, "expected_version": 1, "responsible_person_id": "father"}
    assert fields(world, relay_log.ChangeMeasure, **change) == {"responsible_person_id": "may_not_read_it"}
    word(world, "mother", RIDE)
    world.do(relay_log.ChangeMeasure, "teacher", **change)
    fathers = world.measure(goal, "father", what=SONG)
    late = {"measure_id": fathers, "expected_version": 1, "third_person": "mother"}
    assert fields(world, relay_log.ChangeMeasure, **late) == {"third_person": "may_not_read_it"}
    late = {"goal_id": goal, "expected_version": 1, "third_person": "mother"}
    assert fields(world, relay_log.ChangeGoal, **late) == {"third_person": "may_not_read_it"}


def test_GU_6_no_new_words_stay_with_somebody_who_may_not_read_them_yet(world: World) -> None:
    """GU-6: of a measure, of its goal, and of what replaces it: the holder says in the same act, or before, who is
    responsible until she agrees, and nothing is half done. What asks nothing of her is changed as ever."""
    world.level_2()
    goal = her_goal(world)
    word(world, "mother", HERS)
    measure = world.measure(goal, what=RIDE)
    word(world, "mother", RIDE)
    fathers = {"measure_id": measure, "responsible_person_id": "father"}
    world.do(relay_log.ChangeMeasure, "teacher", **fathers, expected_version=1)
    change = {"measure_id": measure, "expected_version": 2}
    new_words = {**change, "what": "she is driven home"}
    assert fields(world, relay_log.ChangeMeasure, **new_words) == {"responsible_person_id": "may_not_read_it"}
    new_goal = {"goal_id": goal, "expected_version": 1, "text": "she stops drinking"}
    assert fields(world, relay_log.ChangeGoal, **new_goal) == {"text": "may_not_read_it"}
    outcome = {
        "measure_id": measure,
        "outcome": "change",
        "effect": "some",
        "new_what": "a friend drives her",
    }
    assert fields(world, relay_log.RecordEvaluation, outcomes=[outcome]) == {
        "outcomes.0.new_responsible_person_id": "may_not_read_it"
    }
    assert {HERS, RIDE} <= set(plan(world, "father"))
    world.do(relay_log.ChangeMeasure, "teacher", **change, status="running")
    given_back = {**new_words, "expected_version": 3, "responsible_person_id": "teacher"}
    world.do(relay_log.ChangeMeasure, "teacher", **given_back)
    world.do(relay_log.ChangeGoal, "teacher", **new_goal)
    for text in ("she is driven home", "she stops drinking"):
        assert seen_by(world, text) == {"teacher", "mother"}, text


def test_GU_6_what_is_due_is_told_only_to_who_reads_it(world: World) -> None:
    """GU-6: what the father was given while she agreed is not his to see once she has taken it back."""
    world.level_2()
    goal = world.goal("learning", "he sings")
    measure = world.measure(goal, "mother", **HER_MEASURE, deadline="2026-11-24")
    word(world, "mother", RIDE)
    change = {"measure_id": measure, "expected_version": 1, "responsible_person_id": "father"}
    world.do(relay_log.ChangeMeasure, "teacher", **change)
    assert ("measure", measure) in world.waiting("father")
    word(world, "mother", RIDE, agrees=False)
    assert world.waiting("father") == []


def test_GU_6_the_holder_hears_when_a_responsible_can_no_longer_read_and_names_another(world: World) -> None:
    """GU-6: by an event without words; what had ended, and what she or the owning unit does, is nobody's to move."""
    world.level_2()
    goal = her_goal(world)
    word(world, "mother", HERS)
    mine = world.measure(goal, "mother", what="she rests")
    done, runs = world.measure(goal, what=SONG), world.measure(goal, what=RIDE)
    for text, measure, who in ((SONG, done, "father"), (RIDE, runs, "psychologist")):
        word(world, "mother", text)
        given = {"measure_id": measure, "responsible_person_id": who}
        world.do(relay_log.ChangeMeasure, "teacher", **given, expected_version=1)
    world.do(relay_log.ChangeMeasure, "teacher", measure_id=done, expected_version=2, status="ended")
    word(world, "mother", "she rests")
    assert all(each["responsible_reads"] for each in world.log()["measures"])
    word(world, "mother", HERS, agrees=False)
    told = world.told(relay_log.ThirdPersonMarked)[-1]
    assert {each["item_id"] for each in told["items"]} == {goal, mine, done, runs}
    assert (told["unread_measure_ids"], told["by_person_id"]) == ([runs], "mother")
    assert {each["measure_id"] for each in world.log()["measures"] if not each["responsible_reads"]} == {runs}
    assert RIDE not in repr(world.told()) and RIDE not in plan(world, "psychologist")
    change = {"measure_id": runs, "expected_version": 2, "responsible_person_id": "teacher"}
    world.do(relay_log.ChangeMeasure, "teacher", **change)
    assert all(each["responsible_reads"] for each in world.log()["measures"])
    word(world, "mother", HERS)
    word(world, "mother", HERS, agrees=False)
    assert "unread_measure_ids" not in world.told(relay_log.ThirdPersonMarked)[-1]


def test_GU_6_what_was_told_without_a_mark_is_told_to_be_hers(world: World) -> None:
    """GU-6: by a correction, by a later mark and by new words; and no more once she agrees. What changes no mark tells
    nothing."""
    world.level_2()
    entry = world.say("teacher", "note", "she is tired", topic="learning")
    goal = world.goal("learning", HERS)
    measure = world.measure(goal, what=RIDE)
    world.do(relay_log.ChangeGoal, "teacher", goal_id=goal, expected_version=1, status="reached")
    assert world.told(relay_log.ThirdPersonMarked) == []

    def last() -> set[tuple[str, str, bool]]:
        told = world.told(relay_log.ThirdPersonMarked)[-1]["items"]
        return {(each["item_id"], each["third_person"], each["agrees"]) for each in told}

    again = world.say(
        "teacher", "correction", "she is ill", topic="learning", corrects=entry, third_person="mother"
    )
    assert last() == {(entry, "mother", False)}, "the correction itself was told with its mark"
    world.do(relay_log.ChangeGoal, "teacher", goal_id=goal, expected_version=2, third_person="mother")
    assert last() == {(goal, "mother", False), (measure, "mother", False)}
    world.do(relay_log.RecordThirdPersonWord, "mother", entry_id=again, agrees=True, said_on=TODAY)
    assert last() == {(again, "mother", True)}
    word(world, "mother", HERS)
    assert last() == {(goal, "mother", True)}
    word(world, "mother", RIDE)
    assert last() == {(measure, "mother", True)}
    world.do(relay_log.ChangeGoal, "teacher", goal_id=goal, expected_version=3, text="she stops drinking")
    assert last() == {(goal, "mother", False), (measure, "mother", False)}


def test_GU_6_a_writer_of_another_service_changes_nothing_that_is_hidden_from_them(world: World) -> None:
    """GU-6: to them it is not there, by no door."""
    world.level_2()
    world.bring_in("psychologist", may_write=True)
    goal = her_goal(world)
    measure = world.measure(goal, what=RIDE)
    added = {"what": "x", "arena": "home", "deadline": IN_A_MONTH, "responsible_person_id": "teacher"}
    outcome = {"measure_id": measure, "outcome": "continue", "effect": "good"}
    asked: list[tuple[Procedure, dict[str, Any]]] = [
        (relay_log.AddMeasure, {"goal_id": goal, **added}),
        (relay_log.RecordEvaluation, {"outcomes": [outcome]}),
        (relay_log.ChangeMeasure, {"measure_id": measure, "expected_version": 2, "what": "y"}),
        (relay_log.ChangeGoal, {"goal_id": goal, "expected_version": 1, "text": "z"}),
    ]
    for procedure, request in asked:
        assert isinstance(world.refused(procedure, "psychologist", **request), NotFound), procedure.name
    word(world, "mother", HERS)
    word(world, "mother", RIDE)
    for procedure, request in asked:
        world.do(procedure, "psychologist", **request)


def test_GU_6_an_evaluation_of_it_and_what_replaces_it_wait_for_the_same_word(world: World) -> None:
    """GU-6, LV-10: the words of what replaces a measure stand in its evaluation too."""
    world.level_2()
    goal = world.goal("learning", "he sings")
    hers = world.measure(goal, **HER_MEASURE)
    plain = world.measure(goal, what=SONG)
    world.evaluate(
        {"measure_id": hers, "outcome": "change", "effect": "some", "comment": "she is still ill",
         "new_what": "a friend drives her"},
        {"measure_id": plain, "outcome": "continue", "effect": "good", "comment": "he sings louder"},
    )  # fmt: skip

    def told(who: str) -> str:
        return repr(world.log(who)["evaluations"])

    assert seen_by(world, "a friend drives her") == {"teacher", "mother"}
    word(world, "mother", RIDE)
    for who in EVERYBODY:
        assert "he sings louder" in told(who)
        for secret in ("she is still ill", "a friend drives her"):
            assert (secret in told(who)) is (who in ("teacher", "mother")), (who, secret)
    word(world, "mother", "a friend drives her")
    assert seen_by(world, "a friend drives her") == set(EVERYBODY)
    assert all("she is still ill" in told(who) for who in EVERYBODY)


def test_GU_6_an_evaluation_is_told_with_the_topics_of_what_waits_for_nobodys_word(world: World) -> None:
    """GU-6, CO-8: of a measure, and of the one that replaces it."""
    world.level_2()
    hers = world.measure(world.goal("home", "they sleep"), **HER_MEASURE)
    plain = world.measure(world.goal("learning", "he sings"), what=SONG)
    goes_on = {"outcome": "continue", "effect": "good"}
    world.evaluate({"measure_id": hers, **goes_on}, {"measure_id": plain, **goes_on})
    world.evaluate({"measure_id": hers, **goes_on})
    word(world, "mother", RIDE)
    world.evaluate({"measure_id": hers, **goes_on})
    world.evaluate(
        {"measure_id": hers, "outcome": "change", "effect": "some", "new_what": "a friend drives her"}
    )
    told = [each["topics"] for each in world.told(relay_log.EvaluationRecorded)]
    assert told == [["learning"], [], ["home"], []]


def test_GU_6_what_the_plan_lacks_tells_of_nothing_that_is_hidden(world: World) -> None:
    """GU-6, LG-3: to the father it lacks what it would lack if hers were not in it."""
    world.level_2()
    goal = world.goal("learning", "he sings")
    world.measure(goal, what=SONG)
    before = world.log("father")
    world.measure(goal, **HER_MEASURE, arena="home", is_childs_own=True)
    after = world.log("father")
    for name in ("arenas_without_measure", "childs_own_missing", "goals", "measures"):
        assert after[name] == before[name], name
    assert "home" in after["arenas_without_measure"] and after["childs_own_missing"]
    assert "home" not in world.log("mother")["arenas_without_measure"]


def test_GU_6_that_person_is_asked_once_for_each_text(world: World) -> None:
    """GU-6: by the event, which bears whom it waits for as long as it does; a sibling is not asked, and not named."""
    world.level_2()
    goal = her_goal(world)
    measure = world.measure(goal, what=RIDE)
    world.do(relay_log.ChangeMeasure, "teacher", measure_id=measure, expected_version=1, status="running")
    word(world, "mother", HERS)
    world.do(relay_log.ChangeGoal, "teacher", goal_id=goal, expected_version=1, status="reached")
    world.do(relay_log.AddGoal, "teacher", topic="learning", text="his brother", third_person="somebody")
    told = [
        (each.get("third_person"), each.get("asked_person_id")) for each in world.told(relay_log.PlanChanged)
    ]
    assert told == [
        ("mother", "mother"), ("mother", "mother"), ("mother", None), (None, None), ("somebody", None),
    ]  # fmt: skip


def test_GU_6_the_final_report_keeps_the_plan_back_as_well(world: World) -> None:
    """GU-6, LG-10"""
    world.level_2()
    world.measure(her_goal(world), what=RIDE)
    world.close()
    for who in EVERYBODY:
        report = repr(world.do(relay_log.GetReport, who))
        for text in (HERS, RIDE):
            assert (text in report) is (who in ("teacher", "mother")), (who, text)


@pytest.mark.parametrize("kind", ["goal", "measure"])
def test_GU_6_a_holder_of_another_unit_marks_nothing_that_is_hidden_from_them(
    world: World, kind: str
) -> None:
    """GU-6, AG-6: what the guardians need is chosen among what one reads."""
    world.level_2()
    goal = her_goal(world)
    ids = {"goal": goal, "measure": world.measure(goal, what=RIDE)}
    world.case(cases.HolderChanged, holder_person_id="psychologist", holder_unit_id=PSYCHOLOGY,
               previous_person_id="teacher", at=NOW, how="handover")  # fmt: skip
    marks = [{"kind": kind, "item_id": ids[kind], "needed": True}]
    assert isinstance(world.refused(relay_log.MarkNeeded, "psychologist", marks=marks), NotFound)
    for text in (HERS, RIDE):
        item_id = plan(world, "mother")[text]["item_id"]
        world.do(relay_log.RecordThirdPersonWord, "mother", entry_id=item_id, agrees=True, said_on=TODAY)
    world.do(relay_log.MarkNeeded, "psychologist", marks=marks)
