"""The access decision for family: guardians, parents without responsibility, the child (AG-2 to AG-7, GU-2,
GU-3, LG-5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.kernel.facts import Act, Capacity, PersonWindowFact
from services.kernel.policies import Policy, TopicPolicy
from tests.rules.kernel_world import (
    CHILD,
    FAMILY,
    FATHER,
    GUARDIANS,
    HEAD,
    LAST_WEEK,
    LEVEL_0,
    LEVEL_2,
    MOTHER,
    NOW,
    PSYCHOLOGIST,
    STEPFATHER,
    TEACHER,
    ask,
    born_years_ago,
    facts,
    shared,
)

READING = (
    Act.SEE_CASE,
    Act.READ_NOTES,
    Act.READ_PLAN,
    Act.READ_LOG_ITEM,
    Act.READ_VIEW,
    Act.READ_CONSENT,
    Act.READ_REPORT,
)


@pytest.mark.parametrize("act", READING)
def test_LG_7_guardians_read_all_of_their_childs_log(act: Act) -> None:
    """LG-7: at any time, with or without anybody's consent to share."""
    for person in FAMILY:
        assert ask(facts(), person, act, "home"), person


@pytest.mark.parametrize("act", list(Act))
def test_GU_2_a_parent_without_responsibility_sees_and_signs_nothing(act: Act) -> None:
    """GU-2"""
    decision = ask(shared(), STEPFATHER, act, "learning")
    assert (decision.allowed, decision.sees_thing, decision.rule) == (False, False, "GU-2")


def test_GU_2_unless_consent_names_them() -> None:
    """GU-2: for the topic named and no other, and never to sign."""
    window = PersonWindowFact(STEPFATHER, "learning", LAST_WEEK, NOW + timedelta(days=1))
    world = shared(person_windows=(window,))
    assert ask(world, STEPFATHER, Act.READ_PLAN, "learning").rule == "GU-2"
    assert not ask(world, STEPFATHER, Act.READ_PLAN, "home")
    assert not ask(world, STEPFATHER, Act.SIGN_CONSENT, "learning")
    assert not ask(world, STEPFATHER, Act.READ_PLAN, "learning", now=NOW + timedelta(days=2))


def test_GU_2_the_guardians_word_names_nobody_for_what_comes_after_the_birthday() -> None:
    """GU-2, AG-4: whom the guardians named reads on what was recorded before the youth had the say, and no more."""
    window = PersonWindowFact(STEPFATHER, "learning", LAST_WEEK, NOW + timedelta(days=30))
    world = shared(subject_birth_date=born_years_ago(15, days=3), person_windows=(window,))
    assert ask(world, STEPFATHER, Act.READ_LOG_ITEM, "learning", recorded_at=NOW - timedelta(days=4))
    new = ask(world, STEPFATHER, Act.READ_LOG_ITEM, "learning", recorded_at=NOW - timedelta(days=1))
    assert (new.rule, new.reason_code) == ("AG-4", "youth_has_not_answered")


def test_AG_5_a_young_adult_lets_a_parent_read_by_naming_them() -> None:
    """AG-5: for the topics named; the other parent finds nothing, and neither signs."""
    window = PersonWindowFact(MOTHER, "learning", NOW - timedelta(hours=1), NOW + timedelta(days=30))
    world = shared(subject_birth_date=born_years_ago(18, days=2), person_windows=(window,))
    for recorded_at in (NOW - timedelta(days=300), NOW - timedelta(hours=2), NOW):
        assert ask(world, MOTHER, Act.READ_LOG_ITEM, "learning", recorded_at=recorded_at).rule == "GU-2"
    assert not ask(world, MOTHER, Act.READ_LOG_ITEM, "health")
    assert not ask(world, MOTHER, Act.SIGN_CONSENT, "learning")
    assert ask(world, FATHER, Act.SEE_CASE).rule == "AG-5"


def test_GU_3_unverified_responsibility_sees_nothing() -> None:
    """GU-3"""
    unverified = (GUARDIANS[0], replace(GUARDIANS[1], verified=False))
    assert ask(facts(guardians=unverified), FATHER, Act.SEE_CASE).reason_code == "responsibility_not_verified"
    assert ask(facts(guardians=unverified), MOTHER, Act.SEE_CASE)


def test_GU_3_responsibility_that_has_ended_opens_nothing() -> None:
    """GU-3, CO-10: from its last instant on."""
    ended = (GUARDIANS[0], replace(GUARDIANS[1], valid_to=NOW))
    assert not ask(facts(guardians=ended), FATHER, Act.SEE_CASE)
    assert ask(facts(guardians=ended), FATHER, Act.SEE_CASE, now=NOW - timedelta(seconds=1))


def test_AG_5_at_18_the_guardians_access_ends() -> None:
    """AG-5: on the birthday itself; the young adult reads on, and may consent to a parent."""
    for birth, allowed in ((born_years_ago(18, days=-1), True), (born_years_ago(18), False)):
        assert ask(facts(subject_birth_date=birth), MOTHER, Act.READ_PLAN, "home").allowed == allowed
    adult = facts(subject_birth_date=born_years_ago(18))
    assert ask(adult, MOTHER, Act.SEE_CASE).rule == "AG-5"
    assert ask(adult, CHILD, Act.READ_PLAN, "home")
    named = replace(adult, person_windows=(PersonWindowFact(MOTHER, "home", LAST_WEEK),))
    assert ask(named, MOTHER, Act.READ_PLAN, "home")


def test_AG_6_from_16_guardians_see_health_only_where_marked() -> None:
    """AG-6: other topics as before; the youth sees all."""
    younger, older = born_years_ago(16, days=-1), born_years_ago(16)
    assert ask(facts(subject_birth_date=younger), MOTHER, Act.READ_LOG_ITEM, "health")
    world = facts(subject_birth_date=older)
    assert ask(world, MOTHER, Act.READ_LOG_ITEM, "health").reason_code == "not_needed_by_guardians"
    assert ask(world, MOTHER, Act.READ_LOG_ITEM, "health", needed_by_guardians=True)
    assert ask(world, MOTHER, Act.READ_LOG_ITEM, "learning")
    assert ask(world, CHILD, Act.READ_LOG_ITEM, "health")


def test_AG_6_holds_for_notes_from_before_there_was_a_plan() -> None:
    """AG-6: a note on health is no more for guardians than an entry on it."""
    world = facts(subject_birth_date=born_years_ago(16))
    assert ask(world, MOTHER, Act.READ_NOTES, "health").reason_code == "not_needed_by_guardians"
    assert ask(world, MOTHER, Act.READ_NOTES, "learning")
    assert ask(world, MOTHER, Act.READ_NOTES)
    assert ask(world, CHILD, Act.READ_NOTES, "health")


def test_AG_6_what_a_youth_is_asked_on_health_is_not_the_parents_to_read() -> None:
    """AG-6, CO-7: from 16, but for a parent whose word is asked on it too, and but for the parent's own word."""
    of_17 = facts(subject_birth_date=born_years_ago(17))
    assert ask(of_17, FATHER, Act.READ_CONSENT, "health").reason_code == "not_needed_by_guardians"
    assert ask(of_17, FATHER, Act.READ_CONSENT, "learning") and ask(of_17, FATHER, Act.READ_CONSENT)
    assert ask(of_17, FATHER, Act.READ_CONSENT, "health", signed_by=FATHER)
    assert not ask(of_17, FATHER, Act.READ_CONSENT, "health", signed_by=MOTHER)
    for reader in (CHILD, TEACHER, HEAD):
        assert ask(of_17, reader, Act.READ_CONSENT, "health"), reader
    assert ask(facts(subject_birth_date=born_years_ago(15)), FATHER, Act.READ_CONSENT, "health")
    both = Policy(topics=(TopicPolicy("health", youth_alone_from=18, guardians_limited_from=16),))
    assert ask(replace(of_17, policy=both), FATHER, Act.READ_CONSENT, "health")


def test_AG_7_without_a_registered_birth_date_no_age_is_guessed() -> None:
    """AG-7: guardian, child and third party are all denied; the owning unit reads on."""
    world = shared(subject_birth_date=None)
    for person in (MOTHER, CHILD):
        assert ask(world, person, Act.SEE_CASE).reason_code == "birth_date_not_known"
    assert ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning").rule == "AG-7"
    assert ask(world, TEACHER, Act.READ_LOG_ITEM, "learning")


def test_AG_1_the_child_reads_from_the_policys_age() -> None:
    """AG-1"""
    assert not ask(facts(subject_birth_date=born_years_ago(12, days=-1)), CHILD, Act.SEE_CASE)
    assert ask(facts(subject_birth_date=born_years_ago(12)), CHILD, Act.SEE_CASE)


def test_LG_5_a_view_given_apart_is_not_shown_to_guardians() -> None:
    """LG-5: unless the child agrees; not even that there is one (404). Child, holder and leader see it."""
    world = facts(subject_birth_date=born_years_ago(13))
    apart = {"given_apart": True}
    for person in FAMILY:
        decision = ask(world, person, Act.READ_VIEW, "home", **apart)
        assert (decision.allowed, decision.sees_thing, decision.rule) == (False, False, "LG-5")
        assert ask(world, person, Act.READ_VIEW, "home", given_apart=True, child_agrees=True)
        assert ask(world, person, Act.READ_VIEW, "home")
    for person in (CHILD, TEACHER, HEAD):
        assert ask(world, person, Act.READ_VIEW, "home", **apart), person


def test_LG_5_what_the_child_said_apart_at_the_talk_is_not_shown_to_guardians() -> None:
    """LG-5: a view may also stand among the notes of level 0."""
    world = facts(replace(LEVEL_0, talk_recorded=True), subject_birth_date=born_years_ago(13))
    for person in FAMILY:
        assert ask(world, person, Act.READ_NOTES)
        assert not ask(world, person, Act.READ_NOTES, given_apart=True)
    for person in (CHILD, TEACHER, HEAD):
        assert ask(world, person, Act.READ_NOTES, given_apart=True), person


def test_LG_5_nor_to_a_parent_named_by_consent() -> None:
    """LG-5, GU-2"""
    world = facts(person_windows=(PersonWindowFact(STEPFATHER, "home", LAST_WEEK),))
    assert ask(world, STEPFATHER, Act.READ_VIEW, "home")
    assert not ask(world, STEPFATHER, Act.READ_VIEW, "home", given_apart=True)


def test_GU_1_each_responsible_guardian_may_sign_and_nobody_else() -> None:
    """GU-1"""
    for person in FAMILY:
        assert ask(facts(), person, Act.SIGN_CONSENT, "learning"), person
    for person in (STEPFATHER, TEACHER, HEAD, PSYCHOLOGIST, CHILD):
        assert not ask(shared(), person, Act.SIGN_CONSENT, "learning"), person


def test_GU_1_the_signature_is_asked_of_those_who_must_sign() -> None:
    """GU-1: family who need not sign for a topic cannot, and nobody can while responsibility is not known
    (GU-3)."""
    thirteen = facts(subject_birth_date=born_years_ago(13))
    assert ask(thirteen, CHILD, Act.SIGN_CONSENT, "learning").reason_code == "guardians_consent"
    unknown = facts(guardians=(GUARDIANS[0], replace(GUARDIANS[1], verified=False)))
    assert ask(unknown, MOTHER, Act.SIGN_CONSENT, "learning").reason_code == "responsibility_not_known"


def test_AG_2_from_15_the_youth_signs_and_the_guardians_no_longer_do() -> None:
    """AG-2: a guardian is told so (403), not that there is nothing."""
    fifteen = facts(subject_birth_date=born_years_ago(15))
    assert ask(fifteen, CHILD, Act.SIGN_CONSENT, "learning")
    refused = ask(fifteen, MOTHER, Act.SIGN_CONSENT, "learning")
    assert (refused.allowed, refused.reason_code, refused.sees_thing) == (False, "youth_consents_alone", True)
    fourteen = facts(subject_birth_date=born_years_ago(15, days=-1))
    assert ask(fourteen, CHILD, Act.SIGN_CONSENT, "learning").reason_code == "guardians_consent"
    assert ask(fourteen, MOTHER, Act.SIGN_CONSENT, "learning")


def test_CO_3_family_withdraws_at_any_time() -> None:
    """CO-3: also when the case is closed."""
    for case in (LEVEL_2, replace(LEVEL_2, state="closed")):
        assert ask(facts(case), MOTHER, Act.WITHDRAW_CONSENT)
        assert not ask(facts(case), TEACHER, Act.WITHDRAW_CONSENT)


def test_SE_3_a_capacity_opens_only_its_own_ties() -> None:
    """SE-3: a mother who works in the kindergarten sees her child's case as its mother, and a child none but
    its own."""
    assert not ask(facts(), MOTHER, Act.SEE_CASE, capacity=Capacity.EMPLOYEE)
    assert not ask(facts(), TEACHER, Act.SEE_CASE, capacity=Capacity.GUARDIAN)
    assert not ask(facts(), "another-child", Act.SEE_CASE, capacity=Capacity.SELF)
    for capacity in (Capacity.SERVICE, Capacity.ANONYMOUS):
        for act in Act:
            assert not ask(facts(), TEACHER, act, "learning", capacity=capacity)


def test_LV_17_at_level_0_the_family_waits_for_the_talk_and_then_reads() -> None:
    """LV-17"""
    after = facts(replace(LEVEL_0, talk_recorded=True))
    assert not ask(facts(LEVEL_0), MOTHER, Act.SEE_CASE)
    assert ask(after, MOTHER, Act.SEE_CASE)
    assert ask(after, MOTHER, Act.READ_VIEW, "home")


def test_AG_2_the_policy_of_a_topic_moves_the_age() -> None:
    """AG-2: sources disagree, so it is a policy per topic."""
    policy = Policy.from_dict(
        {"topics": [{"code": "learning", "youth_signs_from": 16, "youth_alone_from": 16}]}
    )
    fifteen = facts(subject_birth_date=born_years_ago(15), policy=policy)
    assert ask(fifteen, MOTHER, Act.SIGN_CONSENT, "learning")
    assert not ask(fifteen, CHILD, Act.SIGN_CONSENT, "learning")
