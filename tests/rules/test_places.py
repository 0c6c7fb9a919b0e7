"""Who is shown units and meeting places where the address is protected (PR-6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.kernel.access import Act, CareOrderFact, Facts, PersonWindowFact
from services.kernel.facts import Holder
from services.kernel.places import sees_places
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    FATHER,
    HEAD,
    LAST_WEEK,
    LEVEL_2,
    MOTHER,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    STEPFATHER,
    TEACHER,
    born_years_ago,
    brought_in,
    question,
    shared,
)


def sees(world: Facts, person: str) -> bool:
    return sees_places(question(person, Act.SEE_CASE), world)


@pytest.mark.parametrize("grade", [6, 7])
def test_PR_6_no_other_party_is_shown_a_place(grade: int) -> None:
    """PR-6: no guardian, no parent whom consent names, no other service; the owning unit's own people are."""
    named = PersonWindowFact(STEPFATHER, "learning", LAST_WEEK)
    world = shared(address_grade=grade, person_windows=(named,), subject_birth_date=born_years_ago(14))
    for other in (MOTHER, FATHER, STEPFATHER, PSYCHOLOGIST, COLLEAGUE, HEAD):
        assert not sees(world, other), other
    assert sees(world, TEACHER) and sees(world, CHILD)


def test_PR_6_elsewhere_places_are_shown_to_whoever_reads() -> None:
    """PR-6: other grades hide nothing."""
    for grade in (0, 4):
        for person in (MOTHER, PSYCHOLOGIST, TEACHER):
            assert sees(shared(address_grade=grade), person)


def test_PR_6_whoever_holds_the_case_or_was_brought_in_by_its_unit_knows_the_place() -> None:
    """PR-6: they are those named."""
    held = replace(LEVEL_2, holder=Holder(PSYCHOLOGIST, PSYCHOLOGY))
    assert sees(shared(held, address_grade=6), PSYCHOLOGIST)
    assert sees(shared(address_grade=6, participants=(brought_in(COLLEAGUE),)), COLLEAGUE)


def test_PR_6_a_guardian_under_a_care_order_is_shown_no_place() -> None:
    """PR-6, GU-4"""
    order = CareOrderFact("unit-child-protection", "caseworker", LAST_WEEK)
    assert not sees(shared(address_grade=6, care_orders=(order,)), MOTHER)
