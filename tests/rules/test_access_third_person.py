"""What tells of a sibling, or of how a parent is, is a third person's (GU-6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.kernel.access import decide, readable_topics
from services.kernel.facts import SOMEBODY, Act, Capacity, CareOrderFact, Facts, PersonWindowFact
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    FATHER,
    HEAD,
    LAST_WEEK,
    MOTHER,
    PSYCHOLOGIST,
    STEPFATHER,
    TEACHER,
    ask,
    born_years_ago,
    brought_in,
    question,
    shared,
)

NAMED = PersonWindowFact(STEPFATHER, "learning", LAST_WEEK)
BY_THEN = (MOTHER, FATHER, STEPFATHER, CHILD, PSYCHOLOGIST)
OWN = (TEACHER, HEAD, COLLEAGUE)


def world() -> Facts:
    """Everybody who may read learning: the family with a youth, a named parent, another service, the own unit."""
    return shared(
        person_windows=(NAMED,),
        subject_birth_date=born_years_ago(14),
        participants=(brought_in(PSYCHOLOGIST), brought_in(COLLEAGUE)),
    )


@pytest.mark.parametrize("act", [Act.READ_LOG_ITEM, Act.READ_PLAN])
def test_GU_6_beyond_the_owning_unit_only_that_person_reads_until_they_agree(act: Act) -> None:
    """GU-6: no other guardian, not the child, no other service; each of whom may read the topic otherwise."""
    for person in (*BY_THEN, *OWN):
        assert ask(world(), person, act, "learning"), person
    for person in BY_THEN:
        decision = ask(world(), person, act, "learning", third_person=MOTHER)
        assert decision.allowed is (person == MOTHER), person
        if not decision.allowed:
            assert (decision.rule, decision.reason_code) == ("GU-6", "third_person_has_not_agreed")
        assert ask(world(), person, act, "learning", third_person=MOTHER, third_person_agrees=True), person
    for person in OWN:
        assert ask(world(), person, act, "learning", third_person=MOTHER), person


def test_GU_6_of_somebody_without_an_id_nobody_reads_by_being_that_person() -> None:
    """GU-6: a sibling."""
    for person in BY_THEN:
        assert not ask(world(), person, Act.READ_LOG_ITEM, "learning", third_person=SOMEBODY), person


@pytest.mark.parametrize("act", [Act.READ_LOG_ITEM, Act.READ_PLAN])
def test_GU_6_a_parent_without_responsibility_has_a_page_where_consent_names_them(act: Act) -> None:
    """GU-6, GU-2: what tells of them is theirs to decide on, and opens to them no case that nobody named them for; nor
    a topic for which nobody did."""
    unnamed = replace(world(), person_windows=())
    for question_of in (Act.SEE_CASE, act):
        decision = ask(unnamed, STEPFATHER, question_of, "learning", third_person=STEPFATHER)
        assert (decision.rule, decision.reason_code) == ("GU-2", "no_parental_responsibility")
        assert not decision.sees_thing
    assert ask(world(), STEPFATHER, Act.SEE_CASE)
    assert ask(world(), STEPFATHER, act, "learning", third_person=STEPFATHER)
    assert not ask(world(), STEPFATHER, act, "home", third_person=STEPFATHER)


def test_GU_6_a_sibling_whose_own_case_it_is_not_stands_to_it_in_no_way() -> None:
    """GU-6, SE-3: not by logging in as themselves, whatever it tells of them."""
    for act in (Act.SEE_CASE, Act.READ_LOG_ITEM, Act.READ_PLAN):
        decision = decide(
            question("sibling", act, topic="learning", capacity=Capacity.SELF, third_person="sibling"),
            world(),
        )
        assert (decision.allowed, decision.sees_thing) == (False, False), act


def test_GU_6_child_protection_in_the_guardians_place_waits_for_that_persons_word_too() -> None:
    """GU-6, GU-4: and a guardian under the order reads of themselves no more than it lets them."""
    order = CareOrderFact("unit-child-protection", "caseworker", LAST_WEEK)
    under_care = replace(world(), care_orders=(order,))
    assert not ask(under_care, MOTHER, Act.READ_LOG_ITEM, "learning", third_person=MOTHER)


def test_GU_6_the_word_opens_nothing_that_was_closed() -> None:
    """GU-6, CO-1: what is not consented to stays so."""
    assert not ask(
        world(), PSYCHOLOGIST, Act.READ_LOG_ITEM, "health", third_person=MOTHER, third_person_agrees=True
    )
    assert readable_topics(question(PSYCHOLOGIST, Act.READ_LOG_ITEM), world()) == {"learning"}
