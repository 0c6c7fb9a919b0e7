"""Many questions on the same facts are answered as each of them alone (CO-8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.access import Act, Audience, Capacity, Deciding, Question, decide
from services.kernel.parties import standings
from tests.rules.kernel_world import (
    CHILD,
    FATHER,
    MOTHER,
    NOW,
    NURSE,
    PSYCHOLOGIST,
    TEACHER,
    TOWN,
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
