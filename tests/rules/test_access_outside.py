"""The access decision for outside systems: told what the service that they act for may know, and no more (CO-8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.kernel.access import decide
from services.kernel.facts import (
    Act,
    Audience,
    Capacity,
    Decision,
    Facts,
    Knowledge,
    ParticipantFact,
    Question,
)
from tests.rules.kernel_world import (
    HEALTH,
    KINDERGARTEN,
    LAST_WEEK,
    LEVEL_0,
    LEVEL_1,
    LEVEL_2,
    NOW,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    TEACHER,
    TOWN,
    born_years_ago,
    brought_in,
    consented,
    facts,
    question,
    shared,
)

TOLD = (Act.SEE_CASE, Act.READ_PLAN, Act.READ_LOG_ITEM, Act.READ_VIEW, Act.READ_CONSENT)


def system(service: str, act: Act, unit: str | None = None, **changes: object) -> Question:
    """What a system that acts for a service would be told now; of the topic learning."""
    given: dict[str, object] = {
        "municipality": TOWN, "person_id": "", "capacity": Capacity.SYSTEM, "act": act, "now": NOW, "unit_id": unit,
        "topic": "learning", "audience": Audience.OUTSIDE, "service_id": service,
    }  # fmt: skip
    return Question(**(given | changes))  # type: ignore[arg-type]


def told(world: Facts, service: str, act: Act, unit: str | None = None, **changes: object) -> Decision:
    return decide(system(service, act, unit, **changes), world)


def test_CO_8_a_system_is_told_what_its_service_may_read_by_topic() -> None:
    """CO-1, CO-8: with a window for its service, and a participant of it."""
    assert told(shared(), "psychology", Act.READ_LOG_ITEM).rule == "CO-1"
    for act in TOLD:
        assert told(shared(), "psychology", act)
        assert not told(shared(), "health-station", act)
    assert told(shared(), "psychology", Act.READ_PLAN, topic="home").reason_code == "topic_not_consented"
    assert told(shared(), "psychology", Act.READ_PLAN, topic=None).reason_code == "topic_missing"


def test_CO_8_consent_without_a_participant_tells_nothing_and_neither_does_the_reverse() -> None:
    """CO-8: a window opens the log to the named participants of a service, and to no one else (LG-1)."""
    nobody_there = facts(windows=(consented(),))
    no_consent = facts(participants=(brought_in(PSYCHOLOGIST),))
    released = shared(participants=(replace(brought_in(PSYCHOLOGIST), valid_to=NOW),))
    for world in (nobody_there, no_consent, released):
        for act in TOLD:
            assert not told(world, "psychology", act)


def test_CO_8_a_system_of_one_unit_stands_where_that_unit_stands() -> None:
    """CO-8: another unit's participant of the same service lets it know nothing."""
    assert told(shared(), "psychology", Act.SEE_CASE, PSYCHOLOGY)
    assert not told(shared(), "psychology", Act.SEE_CASE, "unit-psychology-2")


def test_LG_1_the_owning_unit_is_meant_only_by_name() -> None:
    """LG-1: a system of the whole service is a third party, also where the service owns the case."""
    for case in (LEVEL_1, LEVEL_2):
        for act in TOLD:
            assert told(facts(case), "kindergarten", act, KINDERGARTEN)
            assert not told(facts(case), "kindergarten", act)
            assert not told(facts(case), "kindergarten", act, "unit-kindergarten-2")
            assert not told(facts(case), "psychology", act, KINDERGARTEN)


def test_LG_1_nothing_of_level_0_is_told() -> None:
    """LG-1: not even to the owning unit's own system."""
    for act in TOLD:
        assert not told(facts(LEVEL_0), "kindergarten", act, KINDERGARTEN)
        assert not told(shared(LEVEL_0), "psychology", act)


def test_CO_9_a_system_of_others_is_not_told_on_old_or_doubtful_knowledge() -> None:
    """CO-9: it waits; the owning unit's does not."""
    old = Knowledge(NOW - timedelta(seconds=31))
    for knowledge in (old, Knowledge(None), Knowledge(NOW, parked=True)):
        refused = told(shared(knowledge=knowledge), "psychology", Act.READ_LOG_ITEM)
        assert (refused.allowed, refused.reason_code) == (False, "consent_status_not_known")
        assert told(shared(knowledge=knowledge), "kindergarten", Act.READ_LOG_ITEM, KINDERGARTEN)


def test_AG_4_a_system_is_not_told_what_came_after_the_youth_got_the_say() -> None:
    """AG-4: the guardians' window opens what was recorded before that day."""
    world = shared(subject_birth_date=born_years_ago(15, days=3))
    assert not told(world, "psychology", Act.READ_LOG_ITEM, recorded_at=NOW)
    assert told(world, "psychology", Act.READ_LOG_ITEM, recorded_at=LAST_WEEK)


def test_CO_1_what_a_case_went_through_before_the_consent_is_not_told_however_late_it_is_decided() -> None:
    """CO-1: an event that waited for a window, or is caught up with; plan and log have their history (HO-4)."""
    began = shared().windows[0].valid_from
    for act in (Act.SEE_CASE, Act.READ_CONSENT):
        before = told(shared(), "psychology", act, recorded_at=began - timedelta(seconds=1))
        assert (before.allowed, before.reason_code) == (False, "no_consent_in_force")
        assert told(shared(), "psychology", act, recorded_at=began)
    assert told(shared(), "psychology", Act.READ_PLAN, recorded_at=began - timedelta(days=1)).rule == "CO-1"


@pytest.mark.parametrize("grade", [6, 7])
def test_PR_6_where_the_address_is_protected_no_system_is_told(grade: int) -> None:
    """PR-6: access is limited to those named, and a system names nobody."""
    world = shared(address_grade=grade)
    assert not told(world, "psychology", Act.SEE_CASE)
    assert told(world, "kindergarten", Act.SEE_CASE, KINDERGARTEN).rule == "PR-6"


def test_SE_7_a_system_of_another_municipality_is_told_nothing() -> None:
    """SE-7"""
    assert told(shared(), "psychology", Act.SEE_CASE, municipality="nordvik").rule == "SE-7"


def test_CO_8_a_system_only_is_told_and_only_a_system_is() -> None:
    """CO-8: it neither reads, acts nor is told of level-0 notes, and no person's tie opens the way outside."""
    for act in set(Act) - set(TOLD):
        assert not told(shared(), "kindergarten", act, KINDERGARTEN)
    for audience in set(Audience) - {Audience.OUTSIDE}:
        assert not told(shared(), "kindergarten", Act.SEE_CASE, KINDERGARTEN, audience=audience)
    for person in (TEACHER, PSYCHOLOGIST):
        assert not decide(question(person, Act.SEE_CASE, audience=Audience.OUTSIDE), shared())
    assert not told(shared(), "psychology", Act.SEE_CASE, service_id=None)


def test_CO_1_of_a_service_with_two_units_either_participant_suffices() -> None:
    """CO-1: consent names the service."""
    second = ParticipantFact("nurse", HEALTH, "psychology", LAST_WEEK)
    world = shared(participants=(second,), subject_birth_date=date(2022, 3, 4))
    assert told(world, "psychology", Act.READ_PLAN)
