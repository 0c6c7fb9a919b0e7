"""Access in an emergency (SE-3) and who reads who has looked (SE-2), as the decision has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.kernel.access import TABLE
from services.kernel.facts import Act, Audience, Capacity, EmergencyFact, GuardianFact, Knowledge
from services.kernel.parties import Party
from tests.rules.kernel_world import (
    CHILD,
    FATHER,
    HEAD,
    HEALTH,
    KINDERGARTEN,
    LEVEL_0,
    LEVEL_2,
    MOTHER,
    NOW,
    NURSE,
    TEACHER,
    Facts,
    ask,
    born_years_ago,
    facts,
    shared,
)

READS = {Act.SEE_CASE, Act.READ_PLAN, Act.READ_LOG_ITEM, Act.READ_VIEW, Act.READ_CONSENT, Act.READ_REPORT}


def in_emergency(person: str = NURSE, unit: str = HEALTH, minutes: int = 60, **changes: Any) -> Facts:
    stated = EmergencyFact(person, unit, NOW, NOW + timedelta(minutes=minutes))
    return facts(LEVEL_2, emergencies=(stated,), **changes)


def test_SE_3_a_stated_emergency_opens_the_case_for_reading_alone() -> None:
    """SE-3: no act but reads, whatever the topic; and not the notes of level 0."""
    world = in_emergency()
    allowed = {act for act in Act if ask(world, NURSE, act, "health").allowed}
    assert allowed == READS
    assert ask(world, NURSE, Act.READ_PLAN, "health").reason_code == "allowed_as_emergency"
    assert {act for act, lines in TABLE.items() for line in lines if Party.EMERGENCY in line.parties} == READS


def test_SE_3_an_emergency_ends_by_itself_to_the_instant() -> None:
    """SE-3, CO-10."""
    last = timedelta(minutes=60)
    world = in_emergency(office_knowledge=Knowledge(NOW + last))
    assert ask(world, NURSE, Act.SEE_CASE, now=NOW + last - timedelta(microseconds=1)).allowed
    after = ask(world, NURSE, Act.SEE_CASE, now=NOW + last)
    assert (after.allowed, after.rule, after.sees_thing) == (False, "SE-3", False)


def test_SE_3_an_emergency_is_one_persons_in_one_unit() -> None:
    """SE-3: not the unit's, nor the person's in another of their units."""
    assert not ask(in_emergency(person="somebody-else"), NURSE, Act.SEE_CASE).allowed
    assert not ask(in_emergency(unit=KINDERGARTEN), NURSE, Act.SEE_CASE).allowed


@pytest.mark.parametrize("grade", [6, 7])
def test_PR_6_no_emergency_opens_a_case_with_a_protected_address(grade: int) -> None:
    """PR-6, SE-3: staff access is limited to those named."""
    assert not ask(in_emergency(address_grade=grade), NURSE, Act.SEE_CASE).allowed


@pytest.mark.parametrize("responsibility, verified", [(True, True), (True, False), (False, False)])
def test_SE_3_nobody_opens_the_case_of_their_own_family(responsibility: bool, verified: bool) -> None:
    """SE-3, GU-2: a parent who is employed reads no more by stating an emergency than they do as a parent, nor does one
    whose tie is over; the child's own part is the child's."""
    tie = GuardianFact(NURSE, "father", responsibility, verified, NOW - timedelta(days=900), NOW)
    for end in (None, NOW):
        world = in_emergency(guardians=(replace(tie, valid_to=end),))
        assert not ask(world, NURSE, Act.SEE_CASE).allowed
    assert not ask(
        in_emergency(person=CHILD), CHILD, Act.SEE_CASE, capacity=Capacity.EMPLOYEE, unit_id=HEALTH
    )


def test_LG_5_what_a_child_said_apart_is_not_read_in_an_emergency() -> None:
    """LG-5, SE-3."""
    world = in_emergency()
    assert ask(world, NURSE, Act.READ_VIEW, "home").allowed
    assert not ask(world, NURSE, Act.READ_VIEW, "home", given_apart=True).allowed


def test_SE_3_an_emergency_does_not_wait_for_knowledge_of_consent() -> None:
    """SE-3: it rests on no consent, so nothing is older than it may be (CO-9)."""
    world = in_emergency(knowledge=Knowledge(None, parked=True), office_knowledge=Knowledge(NOW))
    assert ask(world, NURSE, Act.READ_PLAN, "home").allowed


@pytest.mark.parametrize(
    "stale", [Knowledge(NOW, parked=True), Knowledge(None), Knowledge(NOW - timedelta(seconds=31))]
)
def test_CO_9_an_emergency_does_not_outlast_what_is_known_of_case_people_and_staff(stale: Knowledge) -> None:
    """CO-9, CO-10: that it was ended, the address protected or the role over may be what has not come."""
    for world in (in_emergency(office_knowledge=stale), in_emergency(knowledge=stale)):
        decision = ask(world, NURSE, Act.READ_PLAN, "home")
        assert (decision.rule, decision.reason_code) == ("CO-9", "consent_status_not_known")
    edge = in_emergency(office_knowledge=Knowledge(NOW - timedelta(seconds=30)))
    assert ask(edge, NURSE, Act.READ_PLAN, "home").allowed


def test_SE_2_family_and_leader_read_who_has_looked_and_nobody_else() -> None:
    """SE-2: the family as it may know of the case; the leader, who answers for the unit's looking."""
    world = shared(LEVEL_2, subject_birth_date=born_years_ago(13))
    may = {
        person
        for person in (MOTHER, FATHER, CHILD, HEAD, TEACHER, NURSE)
        if ask(world, person, Act.READ_ACCESS).allowed
    }
    assert may == {MOTHER, FATHER, CHILD, HEAD}
    assert not ask(facts(LEVEL_0), MOTHER, Act.READ_ACCESS).allowed, (
        "LV-17: before the talk there is no case for them"
    )
    assert not ask(world, MOTHER, Act.READ_ACCESS, audience=Audience.OUTSIDE).allowed
