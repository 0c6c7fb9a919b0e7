"""Levels, steps and the time limit of a concern: the rules LV-1 to LV-8, LV-11 and LV-17 as cases keeps them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.cases.domain import errors, levels
from services.kernel.errors import ConsentMissing
from services.kernel.policies import CountServices, Policy
from tests.rules.cases_story import MONDAY, NURSE, TEACHER, Window, at_level, concern, move

ALLOWED = {(0, 1), (0, 2), (1, 2), (2, 3), (3, 2), (3, 1), (2, 1)}
SERVICES = ("service-psychology", "service-health-station", "service-family", "service-leisure")


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("goal", range(4))
def test_only_the_moves_of_the_rulebook_are_made(start: int, goal: int) -> None:
    """LV-1: each of the seven moves can be made, every other is refused and leaves the level."""
    case = at_level(start)
    services = SERVICES[:goal] if goal > 1 else ()
    if (start, goal) in ALLOWED:
        move(case, goal, *services)
        assert case.level == goal
    else:
        with pytest.raises(errors.LevelMoveNotAllowed) as refused:
            move(case, goal, *services)
        assert (refused.value.code, case.level) == ("level_move_not_allowed", start)


@pytest.mark.parametrize("level", range(4))
def test_a_case_is_closed_from_any_level_and_then_rests(level: int) -> None:
    """LV-1: any level to closed; a closed case moves no more."""
    case = at_level(level)
    assert case.close("goals_reached", "All is well", TEACHER.person_id, MONDAY) == level
    assert (case.state, case.closed_at) == ("closed", MONDAY)
    for goal in (1, 2, 3):
        with pytest.raises(errors.CaseNotOpen):
            move(case, goal, *SERVICES[:goal])


def test_a_move_keeps_from_to_by_whom_why_and_when() -> None:
    """LV-1: each move stands in the history with from, to, by whom, why and when."""
    case = at_level(1)
    move(case, 2, "service-psychology", reason="Speech", by="p-leader", now=MONDAY + timedelta(days=3))
    last = case.happened[-1]
    assert (last.what, last.by_person_id, last.at) == ("level_moved", "p-leader", MONDAY + timedelta(days=3))
    assert (last.codes["from_level"], last.codes["to_level"], last.told["reason"]) == (1, 2, "Speech")


def test_a_concern_is_its_owners_and_has_the_five_steps() -> None:
    """LV-2: level 0 has five steps, the first done by registering, and belongs to the one whose concern it is."""
    case = concern(talked=False)
    assert (case.level, case.owner, case.current_step) == (0, TEACHER, "make_concrete")
    assert levels.STEPS[0] == ("concern_arises", "make_concrete", "share", "reason_to_go_on", "end")


def test_level_one_is_one_service() -> None:
    """LV-3: at level 1 no other service takes part; the steps are the service's own."""
    with pytest.raises(errors.InvalidInput) as refused:
        move(concern(), 1, "service-psychology")
    assert refused.value.fields == {"service_ids": "level_one_is_one_service"}
    case = concern()
    move(case, 1, TEACHER.service_id, windows=[])
    assert levels.STEPS[case.level] == ("make_concrete", "plan", "carry_out", "evaluate", "decide")


@given(st.sets(st.text("abcdef", min_size=1, max_size=3), max_size=8), st.sampled_from(CountServices))
def test_the_number_of_services_suggests_the_level(others: set[str], counting: CountServices) -> None:
    """LV-4: counting others, 1-2 suggests 2 and 3 or more 3; counting all, 2 suggests 2 and 3 or more 3."""
    suggested = levels.suggest_level(others, Policy(count_services=counting))
    count = len(others) + (counting == CountServices.ALL)
    if not others:
        assert suggested == 1
    else:
        assert suggested == (3 if count >= 3 else 2)


@pytest.mark.parametrize("others, suggested", [((), 1), (("a",), 2), (("a", "b"), 2), (("a", "b", "c"), 3)])
def test_counting_the_other_services(others: tuple[str, ...], suggested: int) -> None:
    """LV-4: the default policy counts the other services."""
    assert levels.suggest_level(others, Policy()) == suggested


@pytest.mark.parametrize("others, suggested", [((), 1), (("a",), 2), (("a", "b"), 3), (("a", "b", "c"), 3)])
def test_counting_all_services(others: tuple[str, ...], suggested: int) -> None:
    """LV-4: the other policy counts the owning service too."""
    assert levels.suggest_level(others, Policy(count_services=CountServices.ALL)) == suggested


def test_a_decision_against_the_suggestion_needs_a_reason() -> None:
    """LV-4: a person decides, and says why where the number of services suggests another level."""
    case = at_level(2)
    with pytest.raises(errors.ReasonNeeded) as refused:
        move(case, 3, "service-psychology", against_suggestion_reason="  ")
    assert (refused.value.code, refused.value.params) == (
        "reason_against_suggestion_needed",
        {"suggested": 2},
    )
    move(case, 3, "service-psychology", against_suggestion_reason="It grows")
    assert (case.level, case.happened[-1].told["against_suggestion"]) == (3, "It grows")
    move(case, 2, "service-psychology", against_suggestion_reason=None)


def test_levels_two_and_three_have_the_steps_of_cooperation() -> None:
    """LV-5: contact, plan, carry out, evaluate, decide, at level 2 and 3 alike."""
    for level in (2, 3):
        case = at_level(level)
        walked = []
        while (step := case.current_step) is not None:
            walked.append(step)
            case.complete_step(step, TEACHER.person_id, MONDAY)
        assert walked == ["contact", "plan", "carry_out", "evaluate", "decide"]


@given(
    st.integers(0, 3),
    st.lists(st.sampled_from(sorted({step for all_ in levels.STEPS.values() for step in all_}))),
)
def test_steps_are_done_in_their_order(level: int, tried: list[str]) -> None:
    """LV-6: whatever is tried, what is done is a beginning of the level's order."""
    case = at_level(level)
    for step in tried:
        if step == case.current_step:
            case.complete_step(step, TEACHER.person_id, MONDAY)
        else:
            with pytest.raises(errors.StepOutOfOrder):
                case.complete_step(step, TEACHER.person_id, MONDAY)
        assert tuple(case.done) == levels.STEPS[level][: len(case.done)]


def test_a_new_level_begins_at_its_first_step() -> None:
    """LV-6: also when the case comes back to a level where it was before."""
    case = at_level(2)
    case.complete_step("contact", TEACHER.person_id, MONDAY)
    move(case, 3, *SERVICES[:3])
    move(case, 2, SERVICES[0])
    assert case.current_step == "contact"


REGISTERED = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)  # the 2nd in Norway, half past midnight
LIMIT = datetime(2026, 11, 16, 23, 0, tzinfo=UTC)  # Norwegian midnight as the 16th ends


LAST_MINUTE = int((LIMIT - REGISTERED).total_seconds()) // 60 - 1


@given(st.integers(0, 60 * 24 * 30))
@example(LAST_MINUTE)
@example(LAST_MINUTE + 1)
def test_a_concern_is_flagged_after_fourteen_days(minutes: int) -> None:
    """LV-7: kept to the end of the 14th day after registration in Norway, overdue from then on."""
    case = concern(at=REGISTERED)
    now = REGISTERED + timedelta(minutes=minutes)
    assert case.overdue(now) == (now >= LIMIT)


@given(st.lists(st.integers(0, 60 * 24 * 30), min_size=1, max_size=40))
def test_the_owner_is_warned_once_and_the_case_flagged_once(minutes: list[int]) -> None:
    """LV-7: however often the clock is asked: at most one warning, in the last 3 days, and one flag, after."""
    case = concern(at=REGISTERED)
    warning_begins = datetime(2026, 11, 12, 23, 0, tzinfo=UTC)
    told: list[tuple[str, datetime]] = []
    for minute in sorted(minutes):
        now = REGISTERED + timedelta(minutes=minute)
        what = case.note_deadlines(now)
        if what:
            told.append((what, now))
    kinds = [what for what, _ in told]
    assert len(kinds) == len(set(kinds)) and kinds in ([], ["near"], ["passed"], ["near", "passed"])
    for what, now in told:
        assert warning_begins <= now < LIMIT if what == "near" else now >= LIMIT
    assert ("passed" in kinds) == (REGISTERED + timedelta(minutes=max(minutes)) >= LIMIT)


def test_a_decided_concern_has_no_deadline() -> None:
    """LV-7: once it is decided, or closed, nobody is warned."""
    decided, closed = at_level(1), concern()
    closed.close("no_concern", "All is well", TEACHER.person_id, MONDAY)
    for case in (decided, closed):
        assert case.note_deadlines(MONDAY + timedelta(days=30)) is None
        assert not case.overdue(MONDAY + timedelta(days=30))


def test_the_policy_sets_the_limit() -> None:
    """LV-7: the policy in force at registration sets the days."""
    case = concern(Policy(concern_days=21, concern_warning_days=5))
    assert case.limit.decide_by == MONDAY.date() + timedelta(days=21)
    assert case.limit.warn_on == MONDAY.date() + timedelta(days=16)


def test_a_concern_is_decided_with_the_family() -> None:
    """LV-7: the way on from level 0 goes over the talk; closing does not."""
    case = concern(talked=False)
    with pytest.raises(errors.TalkNotRecorded):
        move(case, 1)
    case.close("no_concern", "It passed", TEACHER.person_id, MONDAY)


WINDOWS = st.lists(st.tuples(st.sampled_from(SERVICES), st.integers(-5, 5), st.integers(1, 5)), max_size=6)


@given(
    st.sets(st.sampled_from(SERVICES), min_size=1), WINDOWS, st.sampled_from([(1, 2), (0, 2), (2, 3), (3, 2)])
)
def test_each_service_brought_in_needs_active_consent(
    services: set[str], spans: list[tuple[str, int, int]], way: tuple[int, int]
) -> None:
    """LV-8: the move to level 2 or 3 is made just when each service has a window in force now."""
    windows = [
        Window(service, MONDAY + timedelta(days=start), MONDAY + timedelta(days=start + length))
        for service, start, length in spans
    ]
    active = {service for service, start, length in spans if start <= 0 < start + length}
    case = at_level(way[0])
    if services <= active:
        move(case, way[1], *services, windows=windows)
        assert case.level == way[1]
    else:
        with pytest.raises(ConsentMissing) as refused:
            move(case, way[1], *services, windows=windows)
        assert refused.value.params["service_ids"] == sorted(services - active)


def test_cooperation_without_a_named_service_is_no_way_round_consent() -> None:
    """LV-8: level 2 and 3 name their services; the owning one does not count."""
    for services in ((), (TEACHER.service_id,)):
        with pytest.raises(errors.InvalidInput) as refused:
            move(at_level(1), 2, *services)
        assert refused.value.fields == {"service_ids": "services_needed"}


def test_level_one_needs_no_consent() -> None:
    """LV-8: nothing leaves the service at level 1, so no consent to share is asked."""
    for start in (0, 2, 3):
        case = at_level(start)
        move(case, 1, windows=[])
        assert case.level == 1


def test_a_move_down_keeps_history_and_names_who_goes_on() -> None:
    """LV-11: the history grows, and the move names the services that are still needed."""
    case = at_level(3)
    before = list(case.happened)
    moved = move(case, 2, SERVICES[0])
    assert case.happened[: len(before)] == before
    assert moved.service_ids == (SERVICES[0],)


@pytest.mark.parametrize(("to_level", "services"), [(1, ()), (2, SERVICES[:1]), (3, SERVICES[2:])])
def test_a_move_never_leaves_out_the_service_of_the_holder(to_level: int, services: tuple[str, ...]) -> None:
    """LV-11, CO-10: else somebody of a released service would hold the relay, and read and write on."""
    case = at_level(3 if to_level < 3 else 2)
    case.holder = NURSE
    version = (case.level, list(case.happened))
    with pytest.raises(errors.HolderLeftOut):
        move(case, to_level, *services)
    assert (case.level, list(case.happened)) == version
    if to_level > 1:
        move(case, to_level, *services, NURSE.service_id)
        assert case.holder == NURSE and case.level == to_level


def test_the_first_talk_opens_the_notes() -> None:
    """LV-17: the first recorded talk, and no other, tells that the family may read from now on."""
    case = concern(talked=False)
    assert case.talk_recorded_at is None
    assert case.record_talk(MONDAY.date(), TEACHER.person_id, MONDAY) is True
    assert case.talk_recorded_at == MONDAY
    assert case.record_talk(MONDAY.date(), TEACHER.person_id, MONDAY + timedelta(days=1)) is False
    assert case.talk_recorded_at == MONDAY
