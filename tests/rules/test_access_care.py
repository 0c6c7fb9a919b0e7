"""Access under a care order (GU-4): child protection in the guardians' place, and guardians as it lets them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.kernel.access import decide
from services.kernel.facts import (
    Act,
    Capacity,
    CareOrderFact,
    Decision,
    Facts,
    GuardianFact,
    GuardiansSee,
    Knowledge,
    PersonWindowFact,
    Question,
    Role,
    RoleFact,
)
from services.kernel.policies import Policy
from services.kernel.signers import required_signers
from tests.rules.kernel_world import (
    CHILD,
    FAMILY,
    FATHER,
    LAST_WEEK,
    LEVEL_0,
    LONG_AGO,
    MOTHER,
    NOW,
    ROLES,
    TOWN,
    ask,
    born_years_ago,
    facts,
)

PROTECTION, OTHER_PROTECTION = "unit-child-protection", "unit-child-protection-south"
CASEWORKER, SECOND, CLERK = "caseworker", "second-caseworker", "clerk"
STAFF = (
    RoleFact(CASEWORKER, PROTECTION, "child-protection", Role.CHILD_PROTECTION, LONG_AGO),
    RoleFact(SECOND, PROTECTION, "child-protection", Role.CHILD_PROTECTION, LONG_AGO),
    RoleFact(CLERK, PROTECTION, "child-protection", Role.EMPLOYEE, LONG_AGO),
    RoleFact(CASEWORKER, OTHER_PROTECTION, "child-protection", Role.CHILD_PROTECTION, LONG_AGO),
)
ORDER = CareOrderFact(PROTECTION, CASEWORKER, LAST_WEEK)

READING = (Act.SEE_CASE, Act.READ_NOTES, Act.READ_PLAN, Act.READ_LOG_ITEM, Act.READ_VIEW, Act.READ_CONSENT)
ANSWERING = (Act.SIGN_CONSENT, Act.WITHDRAW_CONSENT, Act.COMMENT, Act.GIVE_FEEDBACK)


def under_care(order: CareOrderFact = ORDER, **changes: Any) -> Facts:
    return facts(**{"care_orders": (order,), "roles": ROLES + STAFF, **changes})


def as_staff(world: Facts, person: str, act: Act, unit: str = PROTECTION, **changes: Any) -> Decision:
    given: dict[str, Any] = {"topic": "home", "unit_id": unit, "now": NOW, **changes}
    return decide(Question(TOWN, person, Capacity.EMPLOYEE, act, **given), world)


@pytest.mark.parametrize("act", READING + ANSWERING)
def test_GU_4_child_protection_stands_in_the_guardians_place(act: Act) -> None:
    """GU-4: it reads and answers as they did, by this rule."""
    decision = as_staff(under_care(), CASEWORKER, act)
    assert (decision.allowed, decision.rule) == (True, "GU-4")


@pytest.mark.parametrize("act", list(Act))
def test_GU_4_guardians_see_nothing_until_child_protection_lets_them(act: Act) -> None:
    """GU-4: from the order's first instant on, whatever they could before."""
    for guardian in FAMILY:
        decision = ask(under_care(), guardian, act, "home")
        assert (decision.allowed, decision.sees_thing) == (False, False), guardian
        assert decision.rule == "GU-4"


def test_GU_4_the_order_holds_between_its_days_and_no_longer() -> None:
    """GU-4, CO-10: half-open; before and after it the guardians answer, and child protection is a stranger."""
    order = replace(ORDER, valid_to=NOW + timedelta(days=1))
    for now, cared in (
        (LAST_WEEK - timedelta(seconds=1), False),
        (LAST_WEEK, True),
        (NOW, True),
        (NOW + timedelta(days=1), False),
    ):
        world = under_care(order)
        assert bool(as_staff(world, CASEWORKER, Act.SIGN_CONSENT, now=now)) is cared, now
        assert bool(ask(world, MOTHER, Act.SIGN_CONSENT, "home", now=now)) is not cared, now


def test_GU_4_the_unit_signs_and_no_guardian() -> None:
    """GU-4: whoever of the unit acts, the signer is the unit; before 15 nobody else signs."""
    assert required_signers(under_care(), "learning", Policy(), NOW) == {PROTECTION}
    assert as_staff(under_care(), SECOND, Act.SIGN_CONSENT)


def test_GU_4_the_youths_own_say_stays() -> None:
    """GU-4, AG-2, AG-3: child protection takes the guardians' place, not the youth's."""
    youth = under_care(subject_birth_date=born_years_ago(15))
    assert required_signers(youth, "learning", Policy(), NOW) == {CHILD}
    assert required_signers(youth, "health", Policy(), NOW) == {CHILD, PROTECTION}
    assert ask(youth, CHILD, Act.READ_PLAN, "learning")
    assert not as_staff(youth, CASEWORKER, Act.SIGN_CONSENT, topic="learning")


def test_GU_4_an_unverified_claim_hinders_nothing_under_an_order() -> None:
    """GU-4, GU-3: it is known who answers."""
    claims = tuple(replace(each, verified=False) for each in facts().guardians)
    assert required_signers(under_care(guardians=claims), "learning", Policy(), NOW) == {PROTECTION}


def test_GU_4_only_the_role_in_the_orders_own_unit_counts() -> None:
    """GU-4: no clerk of the unit, no other unit, nobody of another municipality."""
    assert not as_staff(under_care(), CLERK, Act.SEE_CASE)
    assert not as_staff(under_care(), CASEWORKER, Act.SEE_CASE, unit=OTHER_PROTECTION)
    elsewhere = Question("fjellvik", CASEWORKER, Capacity.EMPLOYEE, Act.SEE_CASE, NOW, unit_id=PROTECTION)
    assert decide(elsewhere, under_care()).rule == "SE-7"


def test_GU_4_the_overview_is_no_more_than_that() -> None:
    """GU-4"""
    world = under_care(replace(ORDER, guardians_see=GuardiansSee.OVERVIEW, topics=frozenset({"home"})))
    assert ask(world, MOTHER, Act.SEE_CASE).rule == "GU-4"
    for act in Act:
        assert act is Act.SEE_CASE or not ask(world, MOTHER, act, "home"), act


def test_GU_4_topics_are_those_that_child_protection_names() -> None:
    """GU-4: plan, log and view of them; no notes, no consent, no signing."""
    world = under_care(replace(ORDER, guardians_see=GuardiansSee.TOPICS, topics=frozenset({"learning"})))
    allowed = {act for act in Act if ask(world, FATHER, act, "learning")}
    assert allowed == {Act.SEE_CASE, Act.READ_PLAN, Act.READ_LOG_ITEM, Act.READ_VIEW}
    refused = ask(world, FATHER, Act.READ_PLAN, "home")
    assert (refused.rule, refused.reason_code) == ("GU-4", "not_let_by_child_protection")
    assert not ask(world, FATHER, Act.READ_LOG_ITEM, None)
    assert not ask(world, FATHER, Act.READ_VIEW, "learning", given_apart=True)


def test_GU_4_a_parent_whom_consent_names_keeps_what_it_names() -> None:
    """GU-4, GU-2: that consent is now child protection's to give and to end."""
    named = PersonWindowFact(FATHER, "learning", LAST_WEEK)
    assert ask(under_care(person_windows=(named,)), FATHER, Act.READ_PLAN, "learning").rule == "GU-2"


def test_GU_4_child_protection_waits_for_the_talk_as_guardians_do() -> None:
    """GU-4, LV-17: the owner's notes are the owner's before it."""
    assert not as_staff(under_care(case=LEVEL_0), CASEWORKER, Act.SEE_CASE)


def test_GU_4_the_place_ends_when_the_youth_is_grown_up() -> None:
    """GU-4, AG-5: at 18; AG-7: nor is there a place where no age is known."""
    assert not as_staff(under_care(subject_birth_date=born_years_ago(18)), CASEWORKER, Act.SEE_CASE)
    assert as_staff(under_care(subject_birth_date=born_years_ago(18, days=-1)), CASEWORKER, Act.SEE_CASE)
    assert not as_staff(under_care(subject_birth_date=None), CASEWORKER, Act.SEE_CASE)


def test_PR_6_where_the_address_is_protected_only_who_set_the_order_reads() -> None:
    """PR-6, GU-4"""
    world = under_care(address_grade=6)
    assert as_staff(world, CASEWORKER, Act.SEE_CASE)
    assert not as_staff(world, SECOND, Act.SEE_CASE)


def test_GU_4_the_order_that_began_last_counts() -> None:
    """GU-4: a case that moved to another unit of child protection has one that answers."""
    newer = CareOrderFact(OTHER_PROTECTION, CASEWORKER, NOW)
    world = under_care(care_orders=(newer, ORDER))
    assert required_signers(world, "learning", Policy(), NOW) == {OTHER_PROTECTION}
    assert not as_staff(world, CASEWORKER, Act.SEE_CASE)


def test_GU_4_nobody_stands_in_a_guardians_place_to_a_child_of_their_own() -> None:
    """GU-4: a parent who works in child protection neither reads nor answers by their office; a colleague does."""
    tie = GuardianFact(CASEWORKER, "father", responsibility=False, verified=False, valid_from=LONG_AGO)
    world = under_care(guardians=(tie,))
    for act in (*READING, *ANSWERING):
        assert not as_staff(world, CASEWORKER, act), act
    assert as_staff(world, SECOND, Act.SEE_CASE)


def test_CO_9_child_protection_reads_on_no_older_knowledge_of_order_and_office_than_others() -> None:
    """CO-9, GU-4: it does not wait for consent; but that the order, or the officer's role, is over may be what has not
    come. The owning unit reads on."""
    stale = Knowledge(NOW - timedelta(seconds=31))
    for act in READING + ANSWERING:
        assert as_staff(under_care(knowledge=stale, office_knowledge=Knowledge(NOW)), CASEWORKER, act)
        refused = as_staff(under_care(office_knowledge=stale), CASEWORKER, act)
        assert (refused.rule, refused.reason_code) == ("CO-9", "consent_status_not_known"), act
    assert ask(under_care(office_knowledge=stale), "teacher", Act.READ_PLAN, "learning")
