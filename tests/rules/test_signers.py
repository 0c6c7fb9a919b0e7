"""Who must sign, and what the answers amount to (AG-2, AG-3, GU-1, GU-3, LG-11, LV-13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from services.kernel.calendar import age_on
from services.kernel.facts import Facts, GuardianFact
from services.kernel.policies import Policy, TopicPolicy
from services.kernel.signers import SignatureState, required_signers, signature_state, signer_groups
from tests.rules.kernel_world import (
    CHILD,
    FATHER,
    GUARDIANS,
    LONG_AGO,
    MOTHER,
    NOW,
    STEPFATHER,
    born_years_ago,
    facts,
)

POLICY = Policy()
ONE_SUFFICES = Policy(topics=(TopicPolicy("learning", one_guardian_suffices=True),))
PEOPLE = st.frozensets(st.sampled_from(["a", "b", "c", "d"]))


def signers(world: Facts, topic: str = "learning", policy: Policy = POLICY) -> frozenset[str]:
    return required_signers(world, topic, policy, NOW)


def test_AG_2_before_15_the_guardians_sign_and_from_15_the_youth_alone() -> None:
    """AG-2: the birthday itself belongs to the youth."""
    assert signers(facts(subject_birth_date=born_years_ago(15, days=-1))) == {MOTHER, FATHER}
    assert signers(facts(subject_birth_date=born_years_ago(15))) == {CHILD}
    assert signers(facts(subject_birth_date=born_years_ago(17))) == {CHILD}


@given(st.integers(0, 30 * 365), st.integers(12, 18), st.integers(0, 6))
def test_AG_2_for_every_age_and_policy_somebody_signs_and_it_is_the_right_one(
    days: int, signs: int, more: int
) -> None:
    """AG-2, AG-3: guardians until the second age, the youth from the first."""
    topic = TopicPolicy("learning", youth_signs_from=signs, youth_alone_from=min(18, signs + more))
    birth = NOW.date() - timedelta(days=days)
    found = signers(facts(subject_birth_date=birth), policy=Policy(topics=(topic,)))
    age = age_on(birth, NOW.date())
    assert (CHILD in found) == (age >= topic.youth_signs_from)
    assert ({MOTHER, FATHER} <= found) == (age < topic.youth_alone_from)
    assert found
    assert STEPFATHER not in found


def test_AG_3_health_needs_both_from_15_to_16() -> None:
    """AG-3"""
    fifteen = facts(subject_birth_date=born_years_ago(15))
    assert signers(fifteen, "health") == {MOTHER, FATHER, CHILD}
    assert signer_groups(fifteen, "health", POLICY, NOW) == {frozenset({p}) for p in (MOTHER, FATHER, CHILD)}
    assert signers(facts(subject_birth_date=born_years_ago(16)), "health") == {CHILD}
    assert signers(facts(subject_birth_date=born_years_ago(15, days=-1)), "health") == {MOTHER, FATHER}
    assert signers(facts(subject_birth_date=born_years_ago(15), guardians=()), "health") == frozenset()


def test_LV_13_a_pregnant_adult_signs_alone() -> None:
    """LV-13: she is the subject, grown up; her own parents have no say."""
    for topic in POLICY.topic_codes:
        assert signers(facts(subject_birth_date=born_years_ago(27)), topic) == {CHILD}


def test_GU_3_while_a_claim_is_unverified_nobody_can_sign() -> None:
    """GU-3: it is not known who all must sign; nothing becomes active."""
    unverified = (GUARDIANS[0], replace(GUARDIANS[1], verified=False))
    assert signers(facts(guardians=unverified)) == frozenset()
    assert signers(facts(guardians=())) == frozenset()
    assert signature_state(frozenset(), {MOTHER}, frozenset()) is SignatureState.NOBODY_CAN_SIGN


def test_GU_3_responsibility_counts_while_it_lasts() -> None:
    """GU-3: a guardian whose responsibility has ended is not asked, one whose begins later not yet."""
    ended = (GUARDIANS[0], replace(GUARDIANS[1], valid_to=NOW))
    later = GuardianFact("later", "parent", True, True, NOW + timedelta(days=1))
    assert signers(facts(guardians=(*ended, later))) == {MOTHER}


def test_GU_2_a_parent_without_responsibility_is_not_asked() -> None:
    """GU-2"""
    only = GuardianFact(STEPFATHER, "parent", responsibility=False, verified=True, valid_from=LONG_AGO)
    assert signers(facts(guardians=(only,))) == frozenset()


def test_AG_7_and_an_unknown_topic_nobody_can_sign() -> None:
    """AG-7, CO-1: no birth date, no age; a topic that the policy does not know is not shared."""
    assert signers(facts(subject_birth_date=None)) == frozenset()
    assert signers(facts(), "gossip") == frozenset()


def test_GU_1_everyone_with_responsibility_consents() -> None:
    """GU-1: silence is pending, one refusal is a conflict; only both grants share."""
    groups = signer_groups(facts(), "learning", POLICY, NOW)

    def state(granted: list[str], refused: list[str]) -> SignatureState:
        return signature_state(groups, set(granted), set(refused))

    assert state([], []) is SignatureState.PENDING
    assert state([MOTHER], []) is SignatureState.PENDING
    assert state([MOTHER], [FATHER]) is SignatureState.CONFLICTING
    assert state([], [FATHER]) is SignatureState.CONFLICTING
    assert state([MOTHER, FATHER], []) is SignatureState.ACTIVE
    assert state([], [MOTHER, FATHER]) is SignatureState.REFUSED


def test_GU_1_a_topic_may_let_one_guardian_suffice() -> None:
    """GU-1: by policy; both are asked, one grant is enough, one withdrawal ends it (LG-11)."""
    groups = signer_groups(facts(), "learning", ONE_SUFFICES, NOW)
    assert signers(facts(), policy=ONE_SUFFICES) == {MOTHER, FATHER}
    assert signature_state(groups, {MOTHER}, set()) is SignatureState.ACTIVE
    assert signature_state(groups, {MOTHER}, {FATHER}) is SignatureState.ACTIVE
    assert signature_state(groups, {MOTHER, FATHER}, {MOTHER}) is SignatureState.REFUSED


@given(st.frozensets(st.frozensets(st.sampled_from(["a", "b", "c"]), min_size=1)), PEOPLE, PEOPLE)
def test_GU_1_active_means_that_every_group_granted_and_nobody_withdrew(
    groups: frozenset[frozenset[str]], granted: frozenset[str], refused: frozenset[str]
) -> None:
    """GU-1, CO-3: for all sets of signers and answers."""
    active = signature_state(groups, granted, refused) is SignatureState.ACTIVE
    everybody = frozenset().union(*groups)
    granting = bool(groups) and all(group & granted for group in groups)
    assert active == (granting and not everybody & granted & refused)


@given(PEOPLE, PEOPLE, st.sampled_from(["a", "b", "c", "d"]))
@example(frozenset({"c"}), frozenset(), "a")
def test_CO_4_a_refusal_never_opens_anything(
    granted: frozenset[str], refused: frozenset[str], person: str
) -> None:
    """CO-4, CO-3: one more refusal or withdrawal never turns what was shut to open."""
    groups = frozenset({frozenset({"a", "b"}), frozenset({"c"})})
    before, after = (signature_state(groups, granted, r) for r in (refused, refused | {person}))
    assert not (after is SignatureState.ACTIVE and before is not SignatureState.ACTIVE)
