"""Who reads a report in the protected lane (PR-2, PR-3, PR-5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.kernel.facts import Capacity, Decision, Role, RoleFact
from services.kernel.lane import (
    LaneAct,
    LaneFacts,
    LaneNamedFact,
    LaneQuestion,
    ReportKind,
    lane_acts,
    may_read_lane_report,
)
from tests.rules.kernel_world import (
    COLLEAGUE,
    COORDINATOR,
    FATHER,
    GUARDIANS,
    HEAD,
    LAST_WEEK,
    LONG_AGO,
    MOTHER,
    NOW,
    PSYCHOLOGIST,
    ROLES,
    STAFF,
    STEPFATHER,
    TEACHER,
    TOWN,
    born_years_ago,
)

PROTECTOR, PROTECTION = "protector", "unit-child-protection"
WORKER = RoleFact(PROTECTOR, PROTECTION, "child-protection", Role.CHILD_PROTECTION, LONG_AGO)
REPORT = LaneFacts(TOWN, ReportKind.PROTECTED, TEACHER, roles=(*ROLES, WORKER), guardians=GUARDIANS,
                   subject_birth_date=born_years_ago(9))  # fmt: skip


def read(facts: LaneFacts, person: str, **changes: Any) -> Decision:
    if person in STAFF or person == PROTECTOR:
        unit = STAFF[person][0] if person in STAFF else PROTECTION
        question = LaneQuestion(TOWN, person, Capacity.EMPLOYEE, NOW, unit)
    else:
        question = LaneQuestion(TOWN, person, Capacity.GUARDIAN, NOW)
    return may_read_lane_report(replace(question, **changes), facts)


def test_PR_5_the_protected_kind_is_read_by_reporter_child_protection_and_whom_they_name() -> None:
    """PR-5: to all others there is nothing (404), to leader, coordinator and guardians as well (PR-2)."""
    for person in (TEACHER, PROTECTOR):
        assert read(REPORT, person).rule == "PR-5", person
        assert read(REPORT, person), person
    for person in (HEAD, COLLEAGUE, COORDINATOR, PSYCHOLOGIST, MOTHER, FATHER, STEPFATHER):
        decision = read(REPORT, person)
        assert (decision.allowed, decision.sees_thing) == (False, False), person
    named = replace(REPORT, named=(LaneNamedFact(PSYCHOLOGIST, LAST_WEEK, NOW + timedelta(days=1)),))
    assert read(named, PSYCHOLOGIST)
    assert not read(named, PSYCHOLOGIST, now=NOW + timedelta(days=1))


@pytest.mark.parametrize("person", [TEACHER, PROTECTOR])
def test_PR_5_of_that_municipality_and_while_the_role_lasts(person: str) -> None:
    """PR-5, SE-7, CO-10"""
    assert not read(REPORT, person, municipality="storvik")
    ended = replace(REPORT, roles=tuple(replace(role, valid_to=NOW) for role in REPORT.roles))
    assert not read(ended, person)
    assert not read(REPORT, person, capacity=Capacity.GUARDIAN)


def test_PR_2_a_report_made_with_the_guardians_is_theirs_to_read() -> None:
    """PR-2: those with verified responsibility."""
    together = replace(REPORT, kind=ReportKind.WITH_GUARDIANS)
    for person in (MOTHER, FATHER):
        assert read(together, person).rule == "PR-2"
    assert not read(together, STEPFATHER)


def test_AG_5_a_report_made_with_the_guardians_is_theirs_until_the_child_is_18() -> None:
    """AG-5, AG-7, PR-2: from that birthday on it is not there for them; nor while no birth date is known."""
    together = replace(REPORT, kind=ReportKind.WITH_GUARDIANS)
    eve = replace(together, subject_birth_date=born_years_ago(18, days=-1))
    assert read(eve, MOTHER) and read(eve, MOTHER).rule == "PR-2"
    for born, rule in ((born_years_ago(18), "AG-5"), (born_years_ago(30), "AG-5"), (None, "AG-7")):
        decision = read(replace(together, subject_birth_date=born), MOTHER)
        assert (decision.allowed, decision.sees_thing, decision.rule) == (False, False, rule)
        assert read(replace(together, subject_birth_date=born), PROTECTOR)
    assert not read(together, HEAD)


def acts(facts: LaneFacts, person: str, capacity: Capacity = Capacity.EMPLOYEE) -> set[LaneAct]:
    unit = STAFF[person][0] if person in STAFF else PROTECTION if person == PROTECTOR else None
    return set(lane_acts(LaneQuestion(TOWN, person, capacity, NOW, unit), facts))


def test_PR_5_child_protection_follows_up_and_whoever_is_named_only_reads() -> None:
    """PR-5: the reporter names readers too; nobody else does anything, not even a guardian who reads the report."""
    named = replace(REPORT, named=(LaneNamedFact(PSYCHOLOGIST, LAST_WEEK),))
    assert acts(named, PROTECTOR) == set(LaneAct)
    assert acts(named, TEACHER) == {LaneAct.NAME_READERS}
    for person in (PSYCHOLOGIST, HEAD, COLLEAGUE, COORDINATOR):
        assert acts(named, person) == set(), person
    together = replace(REPORT, kind=ReportKind.WITH_GUARDIANS)
    assert acts(together, MOTHER, Capacity.GUARDIAN) == set()
    ended = replace(REPORT, roles=tuple(replace(role, valid_to=NOW) for role in REPORT.roles))
    assert acts(ended, PROTECTOR) == set()


def test_PR_5_nobody_reads_of_their_own_family_as_child_protection_or_by_name() -> None:
    """PR-5, PR-3: a parent who works in child protection, or is named, finds nothing, and does nothing with what they
    filed themselves but name readers."""
    named = (LaneNamedFact(PROTECTOR, LAST_WEEK),)
    for kind in ReportKind:
        facts = replace(REPORT, kind=kind, named=named, family=frozenset({PROTECTOR}))
        decision = read(facts, PROTECTOR)
        assert (decision.allowed, decision.sees_thing) == (False, False), kind
        question = LaneQuestion(TOWN, PROTECTOR, Capacity.EMPLOYEE, NOW, PROTECTION)
        assert lane_acts(question, facts) == frozenset()
        mine = replace(facts, reporter=PROTECTOR)
        assert read(mine, PROTECTOR)
        assert lane_acts(question, mine) == {LaneAct.NAME_READERS}
