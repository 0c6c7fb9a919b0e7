"""A new version of the policy: what it may be, what it changes, which one is in force."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.directory.domain.policies import NothingChanged, changes, draft, draft_hash, in_force
from services.kernel.errors import InvalidInput
from services.kernel.policies import Policy

TODAY = date(2026, 11, 21)
FIRST = Policy(version=1, valid_from=date(2026, 1, 1))


def topics(**changed: dict[str, Any]) -> list[dict[str, Any]]:
    """The default topics as a draft has them, some fields changed by topic."""
    return [{**topic, **changed.get(topic["code"], {})} for topic in FIRST.to_dict()["topics"]]


def test_what_is_left_out_keeps_its_value() -> None:
    after = draft({"concern_days": 21}, TODAY, [FIRST], TODAY)
    assert (after.version, after.valid_from, after.concern_days) == (2, TODAY, 21)
    assert changes(FIRST, after) == [{"field": "concern_days", "before": 14, "after": 21}]


def test_it_is_built_on_the_version_in_force_on_its_day() -> None:
    coming = Policy(version=2, valid_from=date(2027, 1, 1), concern_days=21)
    assert draft({"handover_days": 9}, date(2027, 2, 1), [FIRST, coming], TODAY).concern_days == 21
    assert draft({"handover_days": 9}, date(2026, 12, 1), [FIRST, coming], TODAY).concern_days == 14


def test_a_topics_ages_are_told_by_topic() -> None:
    after = draft({"topics": topics(home={"youth_alone_from": 16})}, TODAY, [FIRST], TODAY)
    assert changes(FIRST, after) == [{"field": "topics.home.youth_alone_from", "before": 15, "after": 16}]


@pytest.mark.parametrize(
    ("values", "field", "fault"),
    [
        ({"concern_days": 0}, "concern_days", "out_of_range"),
        ({"concern_days": 2}, "concern_warning_days", "not_shorter_than_limit"),
        ({"concern_days": "many"}, "concern_days", "wrong_type"),
        ({"concern_days": True}, "concern_days", "wrong_type"),
        ({"break_leader_days": 9}, "break_coordinator_days", "before_the_leader"),
        ({"count_services": "some"}, "count_services", "not_a_choice"),
        ({"colour": 1}, "colour", "unknown_field"),
        ({"version": 9}, "version", "unknown_field"),
        ({"valid_from": "2020-01-01"}, "valid_from", "unknown_field"),
        ({"topics": topics(home={"youth_signs_from": 17})}, "topics.home", "ages_must_rise"),
        ({"topics": topics(home={"guardians_limited_from": 19})}, "topics.home", "limit_out_of_range"),
        ({"topics": topics()[:-1]}, "topics", "topics_are_fixed"),
        ({"topics": [*topics(), {"code": "gossip"}]}, "topics", "topics_are_fixed"),
        ({"topics": [*topics(), topics()[0]]}, "topics", "topics_each_once"),
        ({"topics": "home"}, "topics", "not_a_list"),
    ],
)
def test_a_draft_that_cannot_stand_names_the_field(values: dict[str, Any], field: str, fault: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        draft(values, TODAY, [FIRST], TODAY)
    assert refused.value.fields == {field: fault}


def test_the_past_is_never_changed() -> None:
    with pytest.raises(InvalidInput) as refused:
        draft({"concern_days": 21}, TODAY - timedelta(days=1), [FIRST], TODAY)
    assert refused.value.fields == {"valid_from": "in_the_past"}


def test_what_says_the_same_is_no_version() -> None:
    with pytest.raises(NothingChanged):
        draft({"concern_days": 14}, TODAY, [FIRST], TODAY)


def test_a_coming_version_is_replaced_by_a_later_one_of_the_same_day() -> None:
    coming = Policy(version=2, valid_from=date(2027, 1, 1), concern_days=21)
    back = draft({"concern_days": 14}, date(2027, 1, 1), [FIRST, coming], TODAY)
    assert in_force([FIRST, coming, back], TODAY) == {1: "in_force", 2: "past", 3: "coming"}
    assert in_force([FIRST, coming, back], date(2027, 1, 1)) == {1: "past", 2: "past", 3: "in_force"}


def test_the_hash_is_of_one_draft_alone() -> None:
    one = draft({"concern_days": 21}, TODAY, [FIRST], TODAY)
    others = [
        draft({"concern_days": 22}, TODAY, [FIRST], TODAY),
        draft({"concern_days": 21}, TODAY + timedelta(days=1), [FIRST], TODAY),
        draft({"concern_days": 21}, TODAY, [FIRST, Policy(version=2, valid_from=date(2027, 1, 1))], TODAY),
    ]
    assert draft_hash(one) == draft_hash(draft({"concern_days": 21}, TODAY, [FIRST], TODAY))
    assert len({draft_hash(each) for each in [one, *others]}) == 4
