"""Nobody deals at work with their own family: by no office does somebody of the subject's family stand to the case
(SE-3, GU-2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.kernel.errors import InvalidInput
from services.kernel.facts import (
    Act,
    Capacity,
    CareOrderFact,
    EmergencyFact,
    Facts,
    GuardianFact,
    Holder,
    Role,
    RoleFact,
)
from services.kernel.impartiality import demand_stranger
from services.kernel.parties import acting_holder
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    COORDINATOR,
    HEAD,
    KINDERGARTEN,
    LEVEL_0,
    LEVEL_1,
    LEVEL_2,
    LONG_AGO,
    MOTHER,
    NOW,
    NURSE,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    PSYCHOLOGY_HEAD,
    ROLES,
    TEACHER,
    ask,
    born_years_ago,
    brought_in,
    consented,
    facts,
    shared,
)

TIES = [
    pytest.param(True, True, LONG_AGO, None, id="responsible"),
    pytest.param(True, False, LONG_AGO, None, id="not verified"),
    pytest.param(False, True, LONG_AGO, None, id="without responsibility"),
    pytest.param(True, True, LONG_AGO, NOW - timedelta(days=9), id="once"),
    pytest.param(True, True, NOW + timedelta(days=9), None, id="to come"),
]
"""Each way of being tied: responsibility, verified, from, to."""

WORLDS: dict[str, tuple[str, Facts]] = {
    "owner": (TEACHER, facts(LEVEL_0)),
    "leader": (HEAD, facts()),
    "holder": (TEACHER, facts()),
    "holder of another unit": (
        PSYCHOLOGIST,
        facts(replace(LEVEL_2, holder=Holder(PSYCHOLOGIST, PSYCHOLOGY)), windows=(consented(),)),
    ),
    "participant": (COLLEAGUE, facts(participants=(brought_in(COLLEAGUE, may_write=True),))),
    "participant of another unit": (PSYCHOLOGIST, shared()),
    "leader of a participant": (PSYCHOLOGY_HEAD, shared()),
    "receiver": (COLLEAGUE, facts(replace(LEVEL_2, proposed_holder=Holder(COLLEAGUE, KINDERGARTEN)))),
    "emergency": (
        NURSE,
        facts(emergencies=(EmergencyFact(NURSE, "unit-health", NOW - timedelta(minutes=5), NOW + timedelta(hours=1)),)),
    ),
    "child protection": (
        NURSE,
        facts(
            care_orders=(CareOrderFact("unit-health", NURSE, LONG_AGO),),
            roles=(*ROLES, RoleFact(NURSE, "unit-health", "health-station", Role.CHILD_PROTECTION, LONG_AGO)),
        ),
    ),
}  # fmt: skip
"""Every office by which somebody stands to a case, and who has it."""


def allowed(world: Facts, person: str, **changes: Any) -> set[Act]:
    """All that somebody may do by their office, whatever the topic."""
    topics = (None, "learning", "health", "home")
    return {act for act in Act for topic in topics if ask(world, person, act, topic, **changes).allowed}


def tied(
    world: Facts, person: str, responsibility: bool, verified: bool, since: datetime, until: datetime | None
) -> Facts:
    tie = GuardianFact(person, "father", responsibility, verified, since, until)
    return replace(world, guardians=(*world.guardians, tie))


@pytest.mark.parametrize(("responsibility", "verified", "since", "until"), TIES)
@pytest.mark.parametrize("office", WORLDS)
def test_SE_3_by_no_office_does_one_of_the_family_stand_to_the_case(
    office: str, responsibility: bool, verified: bool, since: datetime, until: datetime | None
) -> None:
    """SE-3, GU-2: whatever the office and whatever the tie, nothing is read, nothing done, and the case is not there;
    without the tie the same office opens something."""
    person, world = WORLDS[office]
    assert allowed(world, person)
    world = tied(world, person, responsibility, verified, since, until)
    assert not allowed(world, person)
    refused = ask(world, person, Act.SEE_CASE)
    assert (refused.rule, refused.reason_code, refused.sees_thing) == ("SE-3", "of_the_family", False)


def test_SE_3_nor_does_the_subject_to_her_own() -> None:
    """SE-3: a nurse who is pregnant, whose case the health station owns."""
    world = facts(
        replace(LEVEL_1, subject_person=TEACHER), guardians=(), subject_birth_date=born_years_ago(30)
    )
    assert not allowed(world, TEACHER)
    assert ask(world, TEACHER, Act.SEE_CASE, capacity=Capacity.SELF, unit_id=None)


def test_SE_3_as_a_guardian_they_read_what_any_guardian_reads_and_no_more() -> None:
    """SE-3, AG-6, LG-5: a mother who holds the relay at work reads, of a youth of 16, as a mother."""
    world = tied(facts(subject_birth_date=born_years_ago(16)), TEACHER, True, True, LONG_AGO, None)
    own, other = (
        {
            (act, topic)
            for act in Act
            for topic in (None, *world.policy.topic_codes)
            if ask(world, person, act, topic, capacity=Capacity.GUARDIAN, unit_id=None, given_apart=True)
        }
        for person in (TEACHER, MOTHER)
    )
    assert own == other and (Act.READ_LOG_ITEM, "learning") in own
    assert (Act.READ_LOG_ITEM, "health") not in own and (Act.READ_VIEW, "learning") not in own


@pytest.mark.parametrize("level", [LEVEL_1, LEVEL_2])
def test_HO_6_while_the_holder_is_of_the_family_the_leader_acts_as_holder(level: Any) -> None:
    """HO-6, HO-1: at no instant is there nobody who may act, and never are there two."""
    world = tied(facts(level), TEACHER, False, False, LONG_AGO, None)
    assert acting_holder(world) is None and acting_holder(facts(level)) is not None
    assert [who for who in (TEACHER, HEAD, COLLEAGUE) if ask(world, who, Act.MANAGE).allowed] == [HEAD]
    assert ask(world, HEAD, Act.PROPOSE_HANDOVER) and ask(world, HEAD, Act.REQUEST_CONSENT)
    protected = replace(world, address_grade=7)
    assert [who for who in (TEACHER, HEAD, COLLEAGUE) if ask(protected, who, Act.MANAGE)] == [HEAD]


def test_LV_2_a_concern_whose_owner_is_of_the_family_is_the_leaders() -> None:
    """LV-2, SE-3: it is not left to nobody; before the talk nobody else reads it (LV-17)."""
    world = tied(facts(LEVEL_0), TEACHER, True, True, LONG_AGO, None)
    acts = (Act.READ_NOTES, Act.WRITE_NOTES, Act.DECIDE_LEVEL, Act.CLOSE)
    for act in acts:
        assert [who for who in (TEACHER, HEAD, COLLEAGUE) if ask(world, who, act)] == [HEAD], act
        assert [who for who in (TEACHER, HEAD, COLLEAGUE) if ask(facts(LEVEL_0), who, act)] == [TEACHER], act


@pytest.mark.parametrize("case", [LEVEL_0, LEVEL_1, LEVEL_2])
def test_HO_6_where_nobody_leads_the_unit_who_may_it_is_the_coordinators_turn(case: Any) -> None:
    """HO-6, SE-3: a headmaster whose own child it is, and the teacher is its mother; with a leader who may act the
    coordinator has no part, nor while the one in charge may act, nor where the child is the coordinator's own."""
    world = tied(tied(facts(case), TEACHER, True, True, LONG_AGO, None), HEAD, True, True, LONG_AGO, None)
    everybody = (TEACHER, HEAD, COLLEAGUE, COORDINATOR)
    act = Act.WRITE_NOTES if case is LEVEL_0 else Act.MANAGE
    assert [who for who in everybody if ask(replace(world, led=False), who, act)] == [COORDINATOR]
    assert [who for who in everybody if ask(world, who, act)] == []
    assert not allowed(facts(case, led=False), COORDINATOR)
    own = tied(replace(world, led=False), COORDINATOR, False, False, LONG_AGO, None)
    assert not allowed(own, COORDINATOR)


def test_SE_3_who_is_of_the_family_is_named_for_nothing_and_why_is_not_said() -> None:
    """SE-3: the refusal names the field, and gives no tie away."""
    demand_stranger(COLLEAGUE, facts(), "to_person_id")
    for person in (CHILD, MOTHER, "stepfather"):
        with pytest.raises(InvalidInput) as refused:
            demand_stranger(person, facts(), "to_person_id")
        assert refused.value.fields == {"to_person_id": "may_not_take_part"}
        assert "famil" not in refused.value.detail and refused.value.params == {}
