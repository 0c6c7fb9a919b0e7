"""Who is shown units and meeting places where the address is protected (PR-6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.kernel.facts import Act, CareOrderFact, Facts, Holder, PersonWindowFact
from services.kernel.places import sees_places, tells_name, tells_service
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    COORDINATOR,
    FATHER,
    HEAD,
    KINDERGARTEN,
    LAST_WEEK,
    LEVEL_2,
    MOTHER,
    NURSE,
    OTHER_PSYCHOLOGIST,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    ROLES,
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


@pytest.mark.parametrize("grade", [6, 7])
def test_PR_6_staff_are_named_to_other_parties_only_as_far_as_they_deal_with_the_family(grade: int) -> None:
    """PR-6: a name tells a workplace. Owner, holder, receiver, participants past and present and who set the care order
    are known to the family; a leader, a nurse in an emergency or a coordinator is not."""
    over = replace(brought_in(OTHER_PSYCHOLOGIST), valid_to=LAST_WEEK)
    world = shared(
        replace(LEVEL_2, proposed_holder=Holder(COLLEAGUE, KINDERGARTEN)),
        address_grade=grade,
        participants=(brought_in(PSYCHOLOGIST), over),
    )
    known = {TEACHER, COLLEAGUE, PSYCHOLOGIST, OTHER_PSYCHOLOGIST}
    everybody = {*known, HEAD, NURSE, COORDINATOR, "somebody who has left"}
    for other in (MOTHER, FATHER, PSYCHOLOGIST):
        named = {who for who in everybody if tells_name(question(other, Act.SEE_CASE), world, who)}
        assert named == known, other
    assert tells_name(question(MOTHER, Act.SEE_CASE), world, FATHER)
    for party in (TEACHER, CHILD):
        grown = replace(world, subject_birth_date=born_years_ago(14))
        assert all(tells_name(question(party, Act.SEE_CASE), grown, who) for who in everybody)
    assert all(tells_name(question(MOTHER, Act.SEE_CASE), shared(), who) for who in everybody)


SERVICES = ("kindergarten", "psychology", "health-station")


def told_of(world: Facts, person: str) -> set[str]:
    return {each for each in SERVICES if tells_service(question(person, Act.SEE_CASE), world, each)}


@pytest.mark.parametrize("grade", [6, 7])
def test_PR_6_a_service_of_one_unit_is_told_of_no_more_than_the_unit(grade: int) -> None:
    """PR-6, CO-1: a guardian knows the services that they are asked about, an employee their own, and whoever is shown
    the places all; of the others those alone that have several units. It is so with nobody known to have."""
    world = shared(address_grade=grade)
    assert told_of(world, MOTHER) == told_of(world, FATHER) == {"psychology"}
    assert told_of(world, PSYCHOLOGIST) == {"psychology"} and told_of(world, NURSE) == {"health-station"}
    assert told_of(world, STEPFATHER) == set() == told_of(world, "somebody")
    assert told_of(world, TEACHER) == set(SERVICES)
    spread = replace(world, spread=frozenset({"kindergarten"}))
    assert told_of(spread, MOTHER) == told_of(spread, PSYCHOLOGIST) == {"kindergarten", "psychology"}
    assert told_of(spread, STEPFATHER) == {"kindergarten"}
    assert told_of(shared(), STEPFATHER) == set(SERVICES)


def test_PR_6_only_whoever_is_asked_is_told_of_the_service_that_would_read() -> None:
    """PR-6, AG-2: a youth of 16 says alone who reads of learning, and the parents are not asked."""
    world = shared(address_grade=7, subject_birth_date=born_years_ago(16))
    assert told_of(world, MOTHER) == set()
    assert told_of(world, CHILD) == set(SERVICES)


def test_PR_6_whoever_works_there_no_more_is_not_told() -> None:
    """PR-6, CO-10"""
    ended = tuple(
        replace(each, valid_to=LAST_WEEK) if each.person_id == PSYCHOLOGIST else each for each in ROLES
    )
    assert told_of(shared(address_grade=7, roles=ended), PSYCHOLOGIST) == set()


def test_PR_6_a_guardian_under_a_care_order_is_shown_no_place() -> None:
    """PR-6, GU-4"""
    order = CareOrderFact("unit-child-protection", "caseworker", LAST_WEEK)
    assert not sees(shared(address_grade=6, care_orders=(order,)), MOTHER)
