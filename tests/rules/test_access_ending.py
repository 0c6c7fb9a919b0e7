"""Who ends the relay log: one guardian who consented, or the youth who consents alone (LG-11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.kernel.facts import Act, Capacity, CareOrderFact, Facts, Role, RoleFact
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    FATHER,
    GUARDIANS,
    HEAD,
    LEVEL_0,
    LEVEL_1,
    LEVEL_2,
    LONG_AGO,
    MOTHER,
    NOW,
    PSYCHOLOGIST,
    STEPFATHER,
    TEACHER,
    ask,
    born_years_ago,
    shared,
)

BOTH = frozenset({MOTHER, FATHER})


def refused(world: Facts, person: str, **changes: Any) -> tuple[str, str]:
    decision = ask(world, person, Act.END_LOG, **changes)
    assert not decision.allowed
    return decision.rule, decision.reason_code


def test_LG_11_any_one_guardian_who_consented_ends_the_log() -> None:
    """Without the other, at any level with a log, and also when no consent is left."""
    for level in (LEVEL_1, LEVEL_2, replace(LEVEL_2, frozen=True)):
        for person in (MOTHER, FATHER):
            decision = ask(shared(level, consented=frozenset({person})), person, Act.END_LOG)
            assert (decision.allowed, decision.rule) == (True, "LG-11")


def test_LG_11_who_never_consented_does_not() -> None:
    assert refused(shared(consented=frozenset({FATHER})), MOTHER) == ("LG-11", "has_not_consented")
    assert refused(shared(), MOTHER) == ("LG-11", "has_not_consented")


@pytest.mark.parametrize("person", [TEACHER, HEAD, COLLEAGUE, PSYCHOLOGIST, STEPFATHER])
def test_LG_11_nobody_else_ends_it_for_the_family(person: str) -> None:
    assert not ask(shared(consented=BOTH | {person}), person, Act.END_LOG)


def test_LG_11_a_parent_who_has_lost_responsibility_ends_nothing() -> None:
    lost = (replace(GUARDIANS[0], valid_to=NOW), *GUARDIANS[1:])
    assert not ask(shared(guardians=lost, consented=BOTH), MOTHER, Act.END_LOG)


def test_LG_11_from_the_day_the_youth_consents_alone_it_is_theirs_to_end() -> None:
    """AG-2, AG-3: also while health still needs the guardians; before, the child's own wish goes by the guardians."""
    youth = shared(subject_birth_date=born_years_ago(15), consented=BOTH | {CHILD})
    decision = ask(youth, CHILD, Act.END_LOG)
    assert (decision.allowed, decision.rule) == (True, "LG-11")
    assert refused(youth, MOTHER) == ("AG-2", "youth_consents_alone")
    child = replace(youth, subject_birth_date=born_years_ago(14, days=364))
    assert refused(child, CHILD) == ("AG-2", "guardians_consent")
    assert ask(child, MOTHER, Act.END_LOG)


def test_LG_11_the_youth_ends_what_only_the_guardians_agreed_to() -> None:
    """AG-4: who has not answered since the birthday need not say yes to get out; and nobody else could end it then.
    What nobody agreed to is the unit's own plan (LG-1)."""
    youth = shared(subject_birth_date=born_years_ago(15), consented=BOTH)
    assert ask(youth, CHILD, Act.END_LOG).allowed
    assert refused(youth, MOTHER) == ("AG-2", "youth_consents_alone")
    assert refused(replace(youth, consented=frozenset()), CHILD) == ("LG-11", "has_not_consented")


def test_LG_11_before_there_is_a_log_and_after_there_is_nothing_to_end() -> None:
    """LG-1, LG-10."""
    world = shared(replace(LEVEL_0, talk_recorded=True), consented=BOTH)
    assert refused(world, MOTHER) == ("LG-1", "no_log_at_level_0")
    closed = shared(replace(LEVEL_2, state="closed"), consented=BOTH)
    assert refused(closed, MOTHER) == ("LG-10", "case_closed")


def test_LG_11_under_a_care_order_child_protection_ends_it_from_the_first_day() -> None:
    """GU-4: in the guardians' place, whoever said yes before: they need not say yes to get out. The guardians do not,
    whatever they agreed to; what nobody agreed to is the unit's own plan (LG-1)."""
    role = RoleFact("worker", "protection", "child-protection", Role.CHILD_PROTECTION, LONG_AGO)
    order = CareOrderFact("protection", "worker", NOW - timedelta(days=1))
    world = shared(care_orders=(order,), roles=(role,), consented=BOTH)
    asked: dict[str, Any] = {"capacity": Capacity.EMPLOYEE, "unit_id": "protection"}
    assert ask(world, "worker", Act.END_LOG, **asked).rule == "GU-4"
    assert not ask(world, MOTHER, Act.END_LOG)
    assert not ask(replace(world, consented=frozenset()), "worker", Act.END_LOG, **asked)
    later = replace(world, consented=BOTH | {"protection"})
    assert ask(later, "worker", Act.END_LOG, **asked) and not ask(later, FATHER, Act.END_LOG)
