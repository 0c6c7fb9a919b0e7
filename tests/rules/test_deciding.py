"""Many questions on the same facts are answered as each of them alone (CO-8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.access import TABLE, Deciding, decide
from services.kernel.conditions import BY_TIME
from services.kernel.facts import Act, Audience, Capacity, PersonWindowFact, Question
from services.kernel.parties import NoStanding, standings
from tests.rules.kernel_world import (
    CHILD,
    FATHER,
    LONG_AGO,
    MOTHER,
    NOW,
    NURSE,
    PSYCHOLOGIST,
    STEPFATHER,
    TEACHER,
    TOWN,
    born_years_ago,
    facts,
    shared,
)

UNITS = ("unit-kindergarten", "unit-psychology", None)
WORLDS = (facts(), shared(), replace(shared(), address_grade=7))
QUESTIONS = [
    Question(TOWN, person, capacity, act, now, unit_id=unit, topic=topic, audience=audience)
    for person, capacity, unit in product(
        (TEACHER, PSYCHOLOGIST, NURSE, MOTHER, FATHER, CHILD),
        (Capacity.EMPLOYEE, Capacity.GUARDIAN, Capacity.SELF, Capacity.SYSTEM),
        UNITS,
    )
    for act, topic in (
        (Act.SEE_CASE, None),
        (Act.READ_PLAN, "learning"),
        (Act.MANAGE, None),
        (Act.SIGN_CONSENT, None),
    )
    for now in (NOW, NOW + timedelta(days=400))
    for audience in (Audience.READER, Audience.OUTSIDE, Audience.EXPORT)
]


@given(st.sampled_from(WORLDS), st.lists(st.sampled_from(QUESTIONS), max_size=12))
def test_CO_8_asked_together_or_alone_the_answer_is_the_same(world, questions) -> None:  # type: ignore[no-untyped-def]
    deciding = Deciding(world)
    for question in [*questions, *reversed(questions)]:
        alone = decide(question, world)
        assert deciding.decide(question) == alone
        assert deciding.allows(question) == alone.allowed


def test_CO_8_what_somebody_asks_about_changes_no_tie() -> None:
    """What lets the ties be found once: only who asks, as what, when."""
    for world, question in product(WORLDS, QUESTIONS[:: len(Act)]):
        ties = {
            str(
                standings(
                    question._replace(act=act, topic=topic, audience=audience, third_person="somebody"), world
                )
            )
            for act, topic, audience in product(Act, (None, "health"), Audience)
        }
        assert len(ties) == 1


TIMES = (LONG_AGO, NOW - timedelta(days=3), NOW, None)
TURNED_15 = {
    "subject_birth_date": born_years_ago(15, days=5),
    "person_windows": (PersonWindowFact(STEPFATHER, "learning", LONG_AGO),),
}
"""The youth has had the say for five days: what is recorded since is not open on the guardians' word (AG-4)."""
MANY_TIMES = (facts(**TURNED_15), shared(**TURNED_15), replace(shared(**TURNED_15), address_grade=7))


class _WithoutTime(Question):
    @property
    def recorded_at(self) -> None:  # type: ignore[override]
        raise AssertionError("when the item was recorded was looked at")


def test_CO_8_only_the_conditions_by_time_look_at_when_an_item_was_recorded() -> None:
    """What lets items of one topic be decided once: every other condition never reads it, whoever asks."""
    conditions = {condition for lines in TABLE.values() for line in lines for condition in line.conditions}
    assert conditions >= BY_TIME
    looked = set()
    for world, question, topic in product(MANY_TIMES, QUESTIONS, ("learning", None)):
        ties = standings(question, world)
        asked = _WithoutTime(*question)._replace(topic=topic)
        for tie, condition in product(() if isinstance(ties, NoStanding) else ties, conditions):
            try:
                condition(asked, world, tie)
            except AssertionError:
                looked.add(condition)
    assert looked <= BY_TIME
    assert len(looked) > 1


@pytest.mark.parametrize("person", [TEACHER, PSYCHOLOGIST, STEPFATHER, MOTHER, CHILD])
def test_AG_4_items_of_two_times_are_decided_as_one_only_where_time_changes_nothing(person: str) -> None:
    capacity, unit = {
        TEACHER: (Capacity.EMPLOYEE, "unit-kindergarten"),
        PSYCHOLOGIST: (Capacity.EMPLOYEE, "unit-psychology"),
        CHILD: (Capacity.SELF, None),
    }.get(person, (Capacity.GUARDIAN, None))
    for world, act, topic in product(MANY_TIMES, Act, ("learning", None)):
        question = Question(TOWN, person, capacity, act, NOW, unit_id=unit, topic=topic)
        answers = {decide(question._replace(recorded_at=time), world) for time in TIMES}
        assert len(answers) == 1 or Deciding(world).by_time(question), (world.address_grade, act, answers)


def test_AG_4_the_time_of_an_item_counts_for_those_with_whom_it_is_shared() -> None:
    for person, capacity, unit in (
        (PSYCHOLOGIST, Capacity.EMPLOYEE, "unit-psychology"), (STEPFATHER, Capacity.GUARDIAN, None),
    ):  # fmt: skip
        question = Question(TOWN, person, capacity, Act.READ_PLAN, NOW, unit_id=unit, topic="learning")
        assert Deciding(MANY_TIMES[1]).by_time(question)
        by_time = [decide(question._replace(recorded_at=time), MANY_TIMES[1]).allowed for time in TIMES]
        assert by_time == [True, False, False, False]
