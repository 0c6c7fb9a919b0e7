"""Policies: the rulebook's defaults, versions and their days, reading them back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.policies import CountServices, InvalidPolicy, Policy, TopicPolicy, policy_on


def test_the_rulebooks_defaults() -> None:
    """LV-4, LV-7, LV-16, LV-19, HO-1, HO-3, HO-8, CO-2, CO-9, AG-2, AG-3, AG-4, AG-6, NO-5, SE-4"""
    policy = Policy()
    assert policy.topic_codes == ("learning", "wellbeing", "attendance", "health", "home", "practical")
    assert policy.count_services is CountServices.OTHER
    assert (policy.concern_days, policy.concern_warning_days) == (14, 3)
    assert (policy.break_leader_days, policy.break_coordinator_days) == (3, 7)
    assert (policy.inquiry_working_days, policy.holder_from_level, policy.handover_days) == (5, 1, 5)
    assert policy.individual_plan_closes_log
    assert (policy.consent_months, policy.knowledge_seconds, policy.say_notice_days) == (12, 30, 30)
    assert (policy.quiet_from_hour, policy.quiet_to_hour, policy.hide_counts_below) == (21, 7, 5)
    health, learning = policy.topic("health"), policy.topic("learning")
    assert health is not None and learning is not None
    assert (learning.youth_signs_from, learning.youth_alone_from, learning.one_guardian_suffices) == (
        15,
        15,
        False,
    )
    assert (health.youth_signs_from, health.youth_alone_from, health.guardians_limited_from) == (15, 16, 16)
    assert policy.topic("gossip") is None


@given(st.permutations([1, 2, 3, 4]), st.dates(date(2024, 1, 1), date(2028, 12, 31)))
def test_a_case_is_judged_by_the_version_in_force_on_the_day(order: list[int], day: date) -> None:
    policies = [Policy(version=n, valid_from=date(2023 + n, 7, 1)) for n in order]
    expected = max((n for n in order if date(2023 + n, 7, 1) <= day), default=None)
    found = policy_on(policies, day)
    assert found == (
        Policy() if expected is None else Policy(version=expected, valid_from=date(2023 + expected, 7, 1))
    )


def test_of_two_that_begin_together_the_higher_version_stands() -> None:
    day = date(2026, 1, 1)
    assert policy_on([Policy(version=3, valid_from=day), Policy(version=2, valid_from=day)], day).version == 3


def test_a_policy_survives_its_json() -> None:
    policy = Policy(
        version=4,
        valid_from=date(2026, 1, 1),
        count_services=CountServices.ALL,
        topics=(TopicPolicy("health", 15, 17, True, 16), TopicPolicy("home")),
    )
    assert Policy.from_dict(policy.to_dict()) == policy
    assert Policy.from_dict({}) == Policy()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"concern_days": "14"}, "concern_days"),
        ({"concern_days": True}, "concern_days"),
        ({"concern_days": 0}, "concern_days"),
        ({"concern_days": 3}, "concern_warning_days"),
        ({"break_leader_days": 9}, "break_coordinator_days"),
        ({"consent_months": 13}, "consent_months"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"count_services": "some"}, "count_services"),
        ({"topics": []}, "topics"),
        ({"topics": "health"}, "topics"),
        ({"topics": [{"code": "a"}, {"code": "a"}]}, "topics"),
        ({"topics": [{"code": "Big Word"}]}, "topics"),
        ({"topics": [{"code": "a", "youth_signs_from": 17, "youth_alone_from": 15}]}, "topics.a"),
        ({"topics": [{"code": "a", "guardians_limited_from": 30}]}, "topics.a"),
        ({"topics": [{"youth_signs_from": 15}]}, "code"),
    ],
)
def test_a_policy_that_cannot_stand_names_the_field(data: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Policy.from_dict(data)
    assert refused.value.field == field
