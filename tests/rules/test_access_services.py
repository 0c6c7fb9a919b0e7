"""The access decision for employees: own unit, participants, windows, holder, leaders (CO-1, CO-9, CO-10,
LG-1, SE-3 ...)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.access import TABLE, decide_in_any_capacity, readable_topics
from services.kernel.conditions import covering
from services.kernel.facts import Act, Audience, Holder, Knowledge, WindowFact
from services.kernel.policies import Policy
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    COORDINATOR,
    FATHER,
    HEAD,
    HEALTH,
    KINDERGARTEN,
    LAST_WEEK,
    LEVEL_0,
    LEVEL_1,
    LEVEL_2,
    LONG_AGO,
    MOTHER,
    NOW,
    NURSE,
    OTHER_PSYCHOLOGIST,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    PSYCHOLOGY_HEAD,
    ROLES,
    STAFF,
    TEACHER,
    THIRD,
    ask,
    born_years_ago,
    brought_in,
    consented,
    facts,
    question,
    shared,
)

TOPICS = Policy().topic_codes
DAYS = st.integers(min_value=-400, max_value=400)
WRITING = (
    Act.WRITE_NOTES,
    Act.WRITE_PLAN,
    Act.WRITE_LOG,
    Act.COMMENT,
    Act.MANAGE,
    Act.DECIDE_LEVEL,
    Act.CLOSE,
    Act.PROPOSE_HANDOVER,
    Act.ANSWER_HANDOVER,
    Act.REQUEST_CONSENT,
    Act.SIGN_CONSENT,
)


def test_CO_1_a_participant_reads_exactly_the_consented_topics() -> None:
    """CO-1"""
    world = shared()
    assert ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning").rule == "CO-1"
    assert readable_topics(question(PSYCHOLOGIST, Act.READ_LOG_ITEM), world) == {"learning"}
    refused = ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "home")
    assert (refused.allowed, refused.reason_code) == (False, "topic_not_consented")


@given(
    st.lists(
        st.tuples(st.sampled_from(["psychology", "health-station"]), st.sampled_from(TOPICS), DAYS, DAYS),
        max_size=6,
    ),
    st.sampled_from(TOPICS),
    DAYS,
    st.sampled_from([Act.READ_LOG_ITEM, Act.READ_PLAN, Act.READ_VIEW]),
)
def test_CO_1_what_no_window_names_now_is_not_shared(
    spans: list[tuple[str, str, int, int]], topic: str, day: int, act: Act
) -> None:
    """CO-1: for all windows and times, a participant reads a topic when one names service, topic and now, and
    only then."""
    windows = tuple(
        WindowFact(s, t, NOW + timedelta(days=a), NOW + timedelta(days=b)) for s, t, a, b in spans
    )
    now = NOW + timedelta(days=day)
    participant = replace(brought_in(PSYCHOLOGIST), valid_from=NOW - timedelta(days=500))
    roles = tuple(replace(role, valid_from=NOW - timedelta(days=500)) for role in ROLES)
    world = facts(windows=windows, participants=(participant,), roles=roles, knowledge=Knowledge(now))
    expected = any(s == "psychology" and t == topic and a <= day < b for s, t, a, b in spans)
    assert ask(world, PSYCHOLOGIST, act, topic, now=now, recorded_at=LAST_WEEK).allowed == expected


def test_CO_1_one_services_consent_is_not_anothers() -> None:
    """CO-1: the nurse is brought in too, but consent names psychology only."""
    world = shared(participants=(brought_in(PSYCHOLOGIST), brought_in(NURSE)))
    assert ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning")
    assert not ask(world, NURSE, Act.READ_LOG_ITEM, "learning")
    assert not ask(world, NURSE, Act.SEE_CASE)


def test_CO_1_a_window_is_half_open() -> None:
    """CO-1: open in its first instant, shut at its end."""
    window = WindowFact("psychology", "learning", NOW - timedelta(hours=1), NOW)
    world = shared(windows=(window,))
    assert not ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning")
    just_before = NOW - timedelta(microseconds=1)
    assert ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", now=just_before)
    assert ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", now=window.valid_from)
    assert not ask(
        world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", now=window.valid_from - timedelta(microseconds=1)
    )


def test_CO_1_without_any_window_a_participant_finds_no_case() -> None:
    """CO-1: a service that no consent names does not even learn that there is a case: 404, not 403."""
    for act in Act:
        decision = ask(shared(windows=()), PSYCHOLOGIST, act, "learning")
        assert (decision.allowed, decision.sees_thing) == (False, False), act


def test_CO_1_an_item_without_a_topic_is_not_shared() -> None:
    """CO-1, CO-8: denial by default also where the caller forgets to say which topic."""
    assert ask(shared(), PSYCHOLOGIST, Act.READ_LOG_ITEM).reason_code == "topic_missing"


def test_LG_1_windows_open_a_log_to_named_participants_and_their_leader_only() -> None:
    """LG-1"""
    world = shared()
    assert ask(world, PSYCHOLOGIST, Act.READ_PLAN, "learning")
    assert ask(world, PSYCHOLOGY_HEAD, Act.READ_PLAN, "learning")
    assert not ask(world, OTHER_PSYCHOLOGIST, Act.READ_PLAN, "learning")
    assert not ask(shared(participants=()), PSYCHOLOGY_HEAD, Act.READ_PLAN, "learning")


def test_LG_1_at_level_1_the_plan_is_the_services_own() -> None:
    """LG-1: family, owner, holder and the owning unit's leader read it; no other service without consent."""
    world = facts(LEVEL_1, participants=(brought_in(PSYCHOLOGIST), brought_in(NURSE)))
    for person in (TEACHER, HEAD, MOTHER, FATHER):
        assert ask(world, person, Act.READ_PLAN, "learning"), person
    for person in (PSYCHOLOGIST, PSYCHOLOGY_HEAD, NURSE, COLLEAGUE):
        assert not ask(world, person, Act.READ_PLAN, "learning"), person


def test_LG_1_a_frozen_log_is_written_by_the_owning_unit_only() -> None:
    """LG-1: it freezes for the others."""
    case = replace(LEVEL_2, frozen=True)
    world = shared(case, participants=(brought_in(PSYCHOLOGIST, may_write=True),))
    assert ask(world, PSYCHOLOGIST, Act.WRITE_LOG, "learning").reason_code == "log_frozen"
    assert ask(world, PSYCHOLOGIST, Act.COMMENT, "learning").reason_code == "log_frozen"
    assert ask(world, TEACHER, Act.WRITE_LOG, "learning")


def test_LV_17_level_0_notes_are_the_owners_until_the_talk() -> None:
    """LV-17: nobody else reads them before, not even the unit's leader; after it the leader and the family
    do."""
    assert ask(facts(LEVEL_0), TEACHER, Act.READ_NOTES).rule == "LV-17"
    for person in (HEAD, COLLEAGUE, MOTHER, FATHER, PSYCHOLOGIST, COORDINATOR):
        assert not ask(facts(LEVEL_0), person, Act.READ_NOTES), person
    after = facts(replace(LEVEL_0, talk_recorded=True))
    for person in (TEACHER, HEAD, MOTHER, FATHER):
        assert ask(after, person, Act.READ_NOTES), person


def test_LV_17_before_the_talk_the_family_finds_no_case() -> None:
    """LV-17: a view written down before the talk is part of the notes, too."""
    for act in Act:
        for person in (MOTHER, FATHER):
            decision = ask(facts(LEVEL_0), person, act, "learning")
            assert (decision.allowed, decision.sees_thing) == (False, False), (person, act)


def test_LV_2_only_the_owner_works_at_level_0() -> None:
    """LV-2"""
    world = facts(replace(LEVEL_0, talk_recorded=True))
    for act in (Act.WRITE_NOTES, Act.DECIDE_LEVEL, Act.CLOSE, Act.REQUEST_CONSENT):
        assert ask(world, TEACHER, act), act
        for person in (HEAD, COLLEAGUE, MOTHER, NURSE):
            assert not ask(world, person, act), (person, act)
    assert not ask(facts(LEVEL_1), TEACHER, Act.WRITE_NOTES)
    assert ask(facts(LEVEL_0), TEACHER, Act.READ_PLAN, "learning").reason_code == "no_log_at_level_0"


def test_HO_7_only_the_holder_manages() -> None:
    """HO-7: owner, leader, participants, family do not; a refusal to who sees the case is a 403."""
    case = replace(LEVEL_2, holder=Holder(PSYCHOLOGIST, PSYCHOLOGY))
    world = shared(case, participants=(brought_in(PSYCHOLOGIST, may_write=True),))
    assert ask(world, PSYCHOLOGIST, Act.MANAGE).rule == "HO-7"
    for person in (TEACHER, HEAD, PSYCHOLOGY_HEAD, MOTHER):
        decision = ask(world, person, Act.MANAGE)
        assert (decision.allowed, decision.sees_thing) == (False, True), person
    assert not ask(shared(case, windows=()), PSYCHOLOGIST, Act.MANAGE)


def test_HO_6_the_owning_units_leader_acts_while_the_holder_is_inactive() -> None:
    """HO-6"""
    world = facts(replace(LEVEL_2, holder=Holder(PSYCHOLOGIST, PSYCHOLOGY, active=False)))
    assert ask(world, HEAD, Act.MANAGE)
    assert not ask(world, PSYCHOLOGIST, Act.MANAGE)
    assert not ask(facts(), HEAD, Act.MANAGE)


def test_HO_4_the_new_holder_reads_the_history_that_consent_opens() -> None:
    """HO-4: what was recorded before the window began too, but no topic beyond it; the old holder keeps the
    owner's view."""
    case = replace(LEVEL_2, holder=Holder(NURSE, HEALTH))
    world = facts(case, windows=(consented("health-station", "health"),))
    assert ask(world, NURSE, Act.READ_LOG_ITEM, "health", recorded_at=LONG_AGO)
    assert not ask(world, NURSE, Act.READ_LOG_ITEM, "home", recorded_at=LONG_AGO)
    assert ask(world, TEACHER, Act.READ_LOG_ITEM, "home")
    assert not ask(world, TEACHER, Act.WRITE_LOG, "home")


def test_HO_2_the_receiver_answers_and_sees_no_more_than_consent_allows() -> None:
    """HO-2: a colleague sees the overview; somebody outside only when consent names their service."""
    inside = facts(replace(LEVEL_2, proposed_holder=Holder(COLLEAGUE, KINDERGARTEN)))
    assert ask(inside, COLLEAGUE, Act.ANSWER_HANDOVER)
    assert ask(inside, COLLEAGUE, Act.SEE_CASE)
    assert not ask(inside, COLLEAGUE, Act.READ_LOG_ITEM, "learning")
    assert not ask(inside, TEACHER, Act.ANSWER_HANDOVER)
    outside = facts(replace(LEVEL_2, proposed_holder=Holder(NURSE, HEALTH)))
    assert ask(outside, NURSE, Act.ANSWER_HANDOVER)
    assert not ask(outside, NURSE, Act.SEE_CASE)
    assert ask(replace(outside, windows=(consented("health-station", "health"),)), NURSE, Act.SEE_CASE)


def test_LG_7_only_the_holder_and_those_let_write_do() -> None:
    """LG-7: and comments come from all who may read."""
    may = shared(participants=(brought_in(PSYCHOLOGIST, may_write=True),))
    assert ask(may, PSYCHOLOGIST, Act.WRITE_LOG, "learning")
    assert not ask(may, PSYCHOLOGIST, Act.WRITE_LOG, "home")
    assert not ask(may, PSYCHOLOGY_HEAD, Act.WRITE_LOG, "learning")
    for act in (Act.WRITE_PLAN, Act.WRITE_LOG):
        assert ask(shared(), PSYCHOLOGIST, act, "learning").reason_code == "not_let_write"
        assert not ask(shared(), MOTHER, act, "learning")
        assert not ask(shared(), HEAD, act, "learning")
        assert ask(shared(), TEACHER, act, "learning")
    for person in (PSYCHOLOGIST, MOTHER, FATHER):
        assert ask(shared(), person, Act.COMMENT, "learning"), person


def test_LG_7_a_colleague_in_the_owning_unit_writes_only_when_brought_in_to() -> None:
    """LG-7, SE-3"""
    assert not ask(facts(), COLLEAGUE, Act.READ_PLAN, "home")
    reads = facts(participants=(brought_in(COLLEAGUE),))
    assert ask(reads, COLLEAGUE, Act.READ_PLAN, "home")
    assert ask(reads, COLLEAGUE, Act.WRITE_PLAN, "home").reason_code == "not_let_write"
    assert ask(
        facts(participants=(brought_in(COLLEAGUE, may_write=True),)), COLLEAGUE, Act.WRITE_PLAN, "home"
    )


def test_LG_10_a_closed_case_is_read_and_not_written() -> None:
    """LG-10: by nobody, whatever their tie; the log and the report stay readable."""
    closed = replace(LEVEL_2, state="closed", proposed_holder=Holder(NURSE, HEALTH))
    world = shared(closed, participants=(brought_in(PSYCHOLOGIST, may_write=True),))
    for act in WRITING:
        for person in (*STAFF, MOTHER, FATHER, CHILD):
            assert not ask(world, person, act, "learning"), (person, act)
    for person in (TEACHER, HEAD, PSYCHOLOGIST, MOTHER):
        assert ask(world, person, Act.READ_REPORT), person
        assert ask(world, person, Act.READ_LOG_ITEM, "learning"), person
    assert ask(world, MOTHER, Act.GIVE_FEEDBACK)
    assert ask(world, TEACHER, Act.REOPEN)
    assert not ask(shared(), TEACHER, Act.REOPEN)


def test_SE_3_an_employee_without_a_tie_finds_nothing() -> None:
    """SE-3: neither colleagues in the owning unit nor the coordinator, for any act; they get a 404."""
    for person in (COLLEAGUE, COORDINATOR, OTHER_PSYCHOLOGIST, NURSE):
        for act in Act:
            decision = ask(shared(), person, act, "learning")
            assert (decision.allowed, decision.sees_thing) == (False, False), (person, act)


def test_SE_3_a_tie_in_one_unit_opens_nothing_for_another_unit() -> None:
    """SE-3: the teacher who also works at the health station does not carry the case there."""
    second = (*ROLES, replace(ROLES[0], unit_id=HEALTH, service_id="health-station"))
    assert not ask(facts(roles=second), TEACHER, Act.SEE_CASE, unit_id=HEALTH)
    assert ask(facts(roles=second), TEACHER, Act.SEE_CASE, unit_id=KINDERGARTEN)
    assert not ask(facts(), TEACHER, Act.SEE_CASE, unit_id=None)


@pytest.mark.parametrize("person", [TEACHER, HEAD, PSYCHOLOGIST, PSYCHOLOGY_HEAD])
def test_CO_10_access_ends_in_the_instant_the_role_does(person: str) -> None:
    """CO-10: every act of an employee rests on a role in force in the chosen unit."""
    ended = tuple(replace(role, valid_to=NOW) if role.person_id == person else role for role in ROLES)
    assert ask(shared(), person, Act.SEE_CASE)
    assert ask(shared(roles=ended), person, Act.SEE_CASE, now=NOW - timedelta(seconds=1))
    for act in Act:
        assert ask(shared(roles=ended), person, act, "learning").reason_code == "role_not_in_force", act


def test_CO_10_a_released_participant_and_their_leader_lose_the_log() -> None:
    """CO-10"""
    world = shared(participants=(replace(brought_in(PSYCHOLOGIST), valid_to=NOW),))
    for person in THIRD:
        assert not ask(world, person, Act.READ_LOG_ITEM, "learning")


@pytest.mark.parametrize(
    "stale", [Knowledge(NOW, parked=True), Knowledge(None), Knowledge(NOW - timedelta(seconds=31))]
)
def test_CO_9_third_parties_get_consent_status_not_known(stale: Knowledge) -> None:
    """CO-9: parked, never heard, or older than the policy's 30 s; family and the owning unit read on."""
    for person in THIRD:
        decision = ask(shared(knowledge=stale), person, Act.READ_LOG_ITEM, "learning")
        assert (decision.rule, decision.reason_code, decision.allowed) == (
            "CO-9",
            "consent_status_not_known",
            False,
        )
        assert decision.sees_thing
    for person in (TEACHER, HEAD, MOTHER, FATHER):
        assert ask(shared(knowledge=stale), person, Act.READ_LOG_ITEM, "learning"), person


def test_CO_9_an_outside_holder_and_receiver_are_third_parties() -> None:
    """CO-9"""
    window = (consented("health-station", "health"),)
    stale = Knowledge(NOW, parked=True)
    held = facts(replace(LEVEL_2, holder=Holder(NURSE, HEALTH)), windows=window, knowledge=stale)
    assert ask(held, NURSE, Act.MANAGE).reason_code == "consent_status_not_known"
    asked = facts(replace(LEVEL_2, proposed_holder=Holder(NURSE, HEALTH)), windows=window, knowledge=stale)
    assert ask(asked, NURSE, Act.SEE_CASE).reason_code == "consent_status_not_known"


def test_CO_9_knowledge_of_the_set_age_still_counts() -> None:
    """CO-9: the policy's age itself is in time, and the policy sets it."""
    edge = shared(knowledge=Knowledge(NOW - timedelta(seconds=30)))
    assert ask(edge, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning")
    assert not ask(
        replace(edge, policy=Policy(knowledge_seconds=10)), PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning"
    )


def test_CO_9_what_would_be_refused_anyway_tells_no_more() -> None:
    """CO-9: a stranger does not learn from "not known" that there is a case."""
    stale = shared(knowledge=Knowledge(None), windows=())
    assert ask(stale, PSYCHOLOGIST, Act.SEE_CASE).reason_code == "no_consent_in_force"


def test_AG_4_the_guardians_consent_opens_nothing_recorded_after_the_youth_has_the_say() -> None:
    """AG-4: the youth turned 15 three days ago; what is older is read on, what is newer waits for the youth's
    answer."""
    birth = born_years_ago(15, days=3)
    world = shared(subject_birth_date=birth, windows=(consented(since=LAST_WEEK),))
    assert ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", recorded_at=NOW - timedelta(days=5))
    new = ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", recorded_at=NOW - timedelta(days=1))
    assert (new.rule, new.reason_code) == ("AG-4", "youth_has_not_answered")
    assert not ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning")
    answered = shared(subject_birth_date=birth, windows=(consented(since=NOW - timedelta(hours=1)),))
    assert ask(answered, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", recorded_at=NOW - timedelta(days=1))


def test_AG_4_the_day_begins_at_norwegian_midnight() -> None:
    """AG-4, AG-8: 23:00 UTC the day before, in winter."""
    world = shared(subject_birth_date=born_years_ago(15), windows=(consented(),))
    say = NOW.replace(hour=23) - timedelta(days=1)
    assert ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", recorded_at=say - timedelta(seconds=1))
    assert not ask(world, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", recorded_at=say)


def test_AG_4_the_guardians_consent_brings_in_nobody_after_the_birthday() -> None:
    """AG-4, LV-8: it covers the past alone; the youth's own, begun since, covers what comes."""
    world = shared(subject_birth_date=born_years_ago(15, days=3), windows=(consented(since=LAST_WEEK),))
    assert covering(world, NOW - timedelta(days=4)) == world.windows and covering(world, NOW) == ()
    answered = replace(world, windows=(consented(since=NOW - timedelta(hours=1)),))
    assert covering(answered, NOW) == answered.windows
    assert covering(answered, NOW + timedelta(days=90)) == ()


def test_PR_6_a_protected_address_limits_staff_to_those_named() -> None:
    """PR-6: nobody reads by leading alone."""
    for grade in (6, 7):
        world = shared(address_grade=grade)
        assert not ask(world, HEAD, Act.SEE_CASE)
        assert not ask(world, PSYCHOLOGY_HEAD, Act.SEE_CASE)
        assert ask(world, TEACHER, Act.SEE_CASE)
        assert ask(world, PSYCHOLOGIST, Act.SEE_CASE)


@given(
    st.sampled_from([*sorted(STAFF), MOTHER, FATHER, CHILD]),
    st.sampled_from(list(Act)),
    st.sampled_from([*TOPICS, None]),
)
def test_SE_7_nothing_is_found_from_another_municipality(person: str, act: Act, topic: str | None) -> None:
    """SE-7"""
    decision = ask(shared(), person, act, topic, municipality="storvik")
    assert (decision.allowed, decision.rule, decision.sees_thing) == (False, "SE-7", False)


def test_CO_8_statistics_and_outlets_without_a_line_are_denied() -> None:
    """CO-8: and a reader's export, search and notification read as the reader does, but never act."""
    for audience in (Audience.STATISTIC, Audience.OUTSIDE):
        assert not ask(shared(), TEACHER, Act.READ_LOG_ITEM, "learning", audience=audience)
    for audience in (Audience.EXPORT, Audience.SEARCH, Audience.NOTIFICATION):
        assert ask(shared(), TEACHER, Act.READ_LOG_ITEM, "learning", audience=audience)
        assert not ask(shared(), PSYCHOLOGIST, Act.READ_LOG_ITEM, "home", audience=audience)
        assert not ask(shared(), TEACHER, Act.WRITE_LOG, "learning", audience=audience)


def test_NO_6_a_person_is_told_only_what_some_capacity_of_theirs_may_see() -> None:
    """NO-6: asked for at sending, when nobody is logged in."""
    about = question(PSYCHOLOGIST, Act.SEE_CASE, unit_id=None, audience=Audience.NOTIFICATION)
    assert decide_in_any_capacity(about, shared())
    assert not decide_in_any_capacity(about, shared(windows=()))
    parent = question(MOTHER, Act.SEE_CASE, audience=Audience.NOTIFICATION)
    assert decide_in_any_capacity(parent, shared())


def test_CO_8_what_no_line_allows_is_denied() -> None:
    """CO-8: a tie to the case opens only what the table names for it."""
    for person, act in (
        (PSYCHOLOGIST, Act.READ_NOTES),
        (PSYCHOLOGIST, Act.READ_CONSENT),
        (PSYCHOLOGY_HEAD, Act.MANAGE),
        (MOTHER, Act.WRITE_LOG),
        (MOTHER, Act.CLOSE),
        (HEAD, Act.SIGN_CONSENT),
        (TEACHER, Act.WITHDRAW_CONSENT),
    ):
        decision = ask(shared(), person, act, "learning")
        assert (decision.allowed, decision.reason_code) == (False, "not_for_this_role"), (person, act)


def test_CO_8_every_act_has_lines_and_every_answer_names_a_rule() -> None:
    """CO-8"""
    for person in (*STAFF, MOTHER, CHILD):
        for act in Act:
            decision = ask(shared(), person, act, "learning")
            assert decision.rule[2] == "-" and decision.rule[3:].isdigit(), decision
            assert decision.reason_code.isidentifier()


def test_CO_8_the_table_has_one_line_for_each_act_and_party() -> None:
    """CO-8: every act stands in it, and no party twice for one act (two lines would contradict)."""
    assert set(TABLE) == set(Act)
    for act, lines in TABLE.items():
        parties = [party for line in lines for party in line.parties]
        assert len(parties) == len(set(parties)), act
