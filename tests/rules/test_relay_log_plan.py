"""Goals, measures and evaluations: the rules LG-2, LG-3, LG-8, LV-10, without database or clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import InvalidInput, NotFound, StaleEdit
from services.relay_log.domain.errors import GoalNotActive, MeasureNotOpen, MeasureWithoutEffect
from services.relay_log.domain.evaluation import Judged, Said, judge
from services.relay_log.domain.log import Edit, demand_current
from services.relay_log.domain.parties import demand_responsible
from services.relay_log.domain.plan import (
    Goal,
    Measure,
    arenas_of,
    arenas_without_measure,
    childs_own_missing,
)
from tests.rules.kernel_world import (
    CHILD,
    FATHER,
    KINDERGARTEN,
    MOTHER,
    NOW,
    NURSE,
    PSYCHOLOGIST,
    STEPFATHER,
    TEACHER,
    Holder,
    brought_in,
    consented,
    facts,
    shared,
)

TODAY = date(2026, 11, 21)
SOON = TODAY + timedelta(days=30)
EFFECTS = ("good", "some", "none", "too_early")
OUTCOMES = ("continue", "change", "another_service", "end")


def goal(**changes: object) -> Goal:
    return replace(Goal("g1", "case", "wellbeing", "active", 1), **changes)


def measure(name: str = "m1", **changes: object) -> Measure:
    made = Measure(name, "case", "g1", "wellbeing", TEACHER, False, "kindergarten", SOON)
    return replace(made, **changes)


def added(to: Goal, **changes: object) -> Measure:
    given: dict[str, object] = {
        "responsible": TEACHER, "is_childs_own": False, "arena": "kindergarten", "deadline": SOON, "today": TODAY,
    }  # fmt: skip
    return Measure.of("m1", to, **(given | changes))  # type: ignore[arg-type]


def evaluate(*words: Said, measures: list[Measure] | None = None) -> list[Judged]:
    ids: Iterator[int] = count(1)
    known = {each.measure_id: each for each in measures or [measure()]}
    return judge(known, words, today=TODAY, services={"psychology"}, make_id=lambda: f"new{next(ids)}")


def edit(one: Measure, **changes: object) -> tuple[str, ...]:
    names = ("responsible", "arena", "deadline", "status", "effect")
    given: dict[str, object] = {"what": False, "today": TODAY, **dict.fromkeys(names)}
    return one.change(**(given | changes))  # type: ignore[arg-type]


# ---------------------------------------------------------------- LG-2, LG-3


def test_a_measure_bears_the_topic_of_its_goal() -> None:
    """LG-2."""
    assert added(goal(topic="learning")).topic == "learning"


@pytest.mark.parametrize("status", ["reached", "ended"])
def test_a_goal_that_is_over_gets_no_measures(status: str) -> None:
    """LG-2."""
    with pytest.raises(GoalNotActive):
        added(goal(status=status))


def test_a_deadline_lies_ahead() -> None:
    """LG-2: today is in time, yesterday is not."""
    assert added(goal(), deadline=TODAY).deadline == TODAY
    with pytest.raises(InvalidInput) as refused:
        added(goal(), deadline=TODAY - timedelta(days=1))
    assert refused.value.fields == {"deadline": "in_the_past"}


def test_a_measure_without_a_responsible_one_is_the_childs_own() -> None:
    """LG-3."""
    assert added(goal(), responsible=None).is_childs_own
    assert added(goal(), is_childs_own=True).is_childs_own
    assert not added(goal()).is_childs_own


@pytest.mark.parametrize(
    ("day", "arenas"),
    [
        (date(2022, 9, 1), ("home",)),
        (date(2023, 3, 4), ("home", "kindergarten")),
        (date(2028, 7, 31), ("home", "kindergarten")),
        (date(2028, 8, 1), ("home", "school")),
        (date(2041, 3, 4), ("home",)),
    ],
)
def test_where_a_child_of_an_age_is(day: date, arenas: tuple[str, ...]) -> None:
    """LG-3: born on 4 March 2022."""
    assert arenas_of(date(2022, 3, 4), day) == arenas


def test_each_arena_needs_an_open_measure_and_one_is_the_childs_own() -> None:
    """LG-3: a measure that has ended cares for no arena."""
    at_home = measure("m2", arena="home", is_childs_own=True)
    assert arenas_without_measure([measure(), at_home], facts(), TODAY) == ()
    assert not childs_own_missing([measure(), at_home])
    ended = measure("m2", arena="home", is_childs_own=True, status="ended")
    assert arenas_without_measure([measure(), ended], facts(), TODAY) == ("home",)
    assert childs_own_missing([measure(), ended])


def responsible(person: str, topic: str = "learning", **world: object) -> str:
    try:
        demand_responsible(person, topic, shared(**world), NOW, "field")
    except InvalidInput as refused:
        return refused.fields["field"]
    return "ok"


def test_the_responsible_one_belongs_to_the_log() -> None:
    """LG-2: holder, owner, participants, guardians who may see, the child; nobody else."""
    assert [responsible(person) for person in (TEACHER, PSYCHOLOGIST, MOTHER, FATHER, CHILD)] == ["ok"] * 5
    assert responsible(NURSE) == responsible(STEPFATHER) == "not_a_party"


def test_another_services_participant_is_given_only_what_they_may_know_of() -> None:
    """CO-1: the topic must be shared with their service; for the owning unit's people it need not be."""
    assert responsible(PSYCHOLOGIST, "health") == "topic_not_shared"
    assert responsible(TEACHER, "health") == "ok"
    assert responsible(PSYCHOLOGIST, "health", windows=(consented(topic="health"),)) == "ok"
    outside = replace(facts().case, holder=Holder(NURSE, "unit-health"))
    assert responsible(NURSE, "health", case=outside) == "ok"
    assert responsible("colleague", "health", participants=(brought_in("colleague"),)) == "ok"
    assert brought_in("colleague").unit_id == KINDERGARTEN


# ---------------------------------------------------------------- LG-8


def test_a_stale_edit_is_told_what_changed_since() -> None:
    """LG-8: by everybody's changes after the version that was read, and by none before."""
    edits = [Edit(2, ("arena",)), Edit(3, ("deadline", "what")), Edit(4, ("what",))]
    demand_current(4, 4, edits)
    with pytest.raises(StaleEdit) as refused:
        demand_current(4, 2, edits)
    assert refused.value.changed == ["deadline", "what"]


@given(st.integers(1, 6), st.integers(0, 6))
def test_only_the_version_that_stands_can_be_edited(current: int, expected: int) -> None:
    """LG-8: neither an older nor an invented one."""
    edits = [Edit(version, (f"field{version}",)) for version in range(2, current + 1)]
    if expected == current:
        demand_current(current, expected, edits)
        return
    with pytest.raises(StaleEdit) as refused:
        demand_current(current, expected, edits)
    assert set(refused.value.changed) == {f"field{each.version}" for each in edits if each.version > expected}


def test_each_change_is_a_version_and_names_its_fields() -> None:
    """LG-8: what is given but not another than before is no change."""
    one = measure()
    assert edit(one, arena="home", status="planned") == ("arena",) and one.version == 2
    assert edit(one, what=True, responsible=MOTHER) == ("what", "responsible_person_id") and one.version == 3
    assert edit(one, arena="home") == () and one.version == 3
    whole = goal()
    assert whole.change(topic="learning", status=None, text=True) == ("text", "topic") and whole.version == 2
    assert whole.change(topic="learning", status="active", text=False) == () and whole.version == 2


# ---------------------------------------------------------------- LV-10


def test_an_evaluation_ends_in_one_of_four() -> None:
    """LV-10: it continues, is replaced by another, goes to another service, or ends."""
    four = [measure(f"m{number}") for number in range(4)]
    judged = evaluate(
        Said("m0", "continue", "good"),
        Said("m1", "change", "none", new_what="Try with pictures", new_arena="home"),
        Said("m2", "another_service", "none", service_id="psychology"),
        Said("m3", "end", "some"),
        measures=four,
    )
    assert [each.status for each in four] == ["running", "replaced", "ended", "ended"]
    new = judged[1].replacement
    assert new is not None and four[1].replaced_by == new.measure_id and new.is_open
    assert (new.goal_id, new.topic, new.arena, new.responsible) == ("g1", "wellbeing", "home", TEACHER)


def test_a_measure_without_effect_does_not_continue() -> None:
    """LV-10: it is ended or replaced, never left open."""
    with pytest.raises(MeasureWithoutEffect) as refused:
        evaluate(Said("m1", "continue", "none"))
    assert refused.value.code == "measure_without_effect" and refused.value.params == {"measure_ids": ["m1"]}


def test_nor_is_it_left_open_by_an_edit() -> None:
    """LV-10: saying that it had no effect ends it in the same stroke."""
    with pytest.raises(MeasureWithoutEffect):
        edit(measure(), effect="none")
    one = measure()
    assert edit(one, effect="none", status="ended") == ("status", "effect") and not one.is_open


@given(st.lists(st.tuples(st.sampled_from(OUTCOMES), st.sampled_from(EFFECTS)), min_size=1, max_size=6))
def test_no_evaluation_leaves_a_measure_without_effect_open(words: list[tuple[str, str]]) -> None:
    """LV-10: whatever is decided, in whatever order; what is changed has an open heir."""
    measures = [measure(f"m{number}") for number in range(len(words))]
    said = [
        Said(f"m{number}", outcome, effect, new_what="new", service_id="psychology")
        for number, (outcome, effect) in enumerate(words)
    ]
    if ("continue", "none") in words:
        with pytest.raises(MeasureWithoutEffect):
            evaluate(*said, measures=measures)
        return
    judged = evaluate(*said, measures=measures)
    assert all(each.effect != "none" or not each.is_open for each in measures)
    assert [each.replacement is not None for each in judged] == [outcome == "change" for outcome, _ in words]
    assert [each.is_open for each in measures] == [outcome == "continue" for outcome, _ in words]


@pytest.mark.parametrize("status", ["ended", "replaced"])
def test_what_has_ended_stands(status: str) -> None:
    """LV-10: neither evaluated again nor edited."""
    with pytest.raises(MeasureNotOpen):
        evaluate(Said("m1", "end", "good"), measures=[measure(status=status)])
    with pytest.raises(MeasureNotOpen):
        edit(measure(status=status), arena="home")


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        (Said("m1", "change", "some"), "outcomes.0.new_what", "required"),
        (
            Said("m1", "change", "some", "new", TODAY - timedelta(days=1)),
            "outcomes.0.new_deadline",
            "in_the_past",
        ),
        (Said("m1", "another_service", "some"), "outcomes.0.service_id", "required"),
        (Said("m1", "another_service", "some", service_id="x"), "outcomes.0.service_id", "unknown_service"),
    ],
)
def test_an_outcome_says_all_that_it_needs(said: Said, field: str, code: str) -> None:
    """LV-10."""
    with pytest.raises(InvalidInput) as refused:
        evaluate(said)
    assert refused.value.fields == {field: code}


def test_a_measure_is_named_once_and_is_one_of_this_log() -> None:
    """LV-10."""
    with pytest.raises(InvalidInput, match="invalid_input"):
        evaluate(Said("m1", "continue", "good"), Said("m1", "end", "good"))
    with pytest.raises(InvalidInput):
        evaluate()
    with pytest.raises(NotFound):
        evaluate(Said("elsewhere", "end", "good"))


def test_an_edit_does_not_replace() -> None:
    """LV-10: replacing names the heir, and is an evaluation's to do."""
    with pytest.raises(InvalidInput) as refused:
        edit(measure(), status="replaced")
    assert refused.value.fields == {"status": "replaced_by_evaluation"}
