"""The relay holder: never two, never none (HO-1), handed over only with consent and an answer (HO-2, HO-5); LG-1."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.cases.domain import errors
from services.cases.domain.case import Case, FamilyAnswer
from services.kernel.errors import Refusal
from services.kernel.facts import Post
from services.kernel.policies import Policy
from tests.rules.cases_story import AGREED, COLLEAGUE, MONDAY, NURSE, TEACHER, Window, at_level, concern, move

POSTS = (TEACHER, COLLEAGUE, NURSE, Post("p-psychologist", "unit-psychology", "service-psychology"))
CONSENTED = [Window(NURSE.service_id)]


def propose(case: Case, to: Post, windows: list[Window] | None = None, family: FamilyAnswer = AGREED) -> str:
    return case.propose_handover(
        "handover-1", to, windows=windows or [], family=family, by=TEACHER.person_id, now=MONDAY
    ).handover_id


class AnyStory(RuleBasedStateMachine):
    """HO-1: whatever is tried, in any order: from level 1 to closure exactly one holder."""

    @initialize()
    def begin(self) -> None:
        self.case = concern()
        self.windows = [Window(NURSE.service_id)]

    def tried(self, act: object) -> None:
        try:
            act()  # type: ignore[operator]
        except Refusal:
            pass

    @rule(
        level=st.integers(0, 3),
        appoint=st.sampled_from([None, *POSTS]),
        services=st.sets(st.sampled_from([NURSE.service_id])),
    )
    def moves(self, level: int, appoint: Post | None, services: set[str]) -> None:
        self.tried(lambda: move(self.case, level, *services, windows=self.windows, appoint=appoint))

    @rule(to=st.sampled_from(POSTS))
    def proposes(self, to: Post) -> None:
        self.tried(lambda: propose(self.case, to, self.windows))

    @rule(accept=st.booleans())
    def answers(self, accept: bool) -> None:
        if accept:
            self.tried(
                lambda: self.case.accept_handover("handover-1", windows=self.windows, by="x", now=MONDAY)
            )
        else:
            self.tried(lambda: self.case.decline_handover("handover-1", by="x", now=MONDAY))

    @rule(active=st.booleans())
    def consent_changes(self, active: bool) -> None:
        self.windows = [Window(NURSE.service_id)] if active else []

    @rule()
    def closes(self) -> None:
        if len(self.case.happened) > 20:
            self.tried(lambda: self.case.close("other", "Enough", "x", MONDAY))

    @invariant()
    def one_holder(self) -> None:
        case = getattr(self, "case", None)
        if case is not None:
            assert (case.holder is not None) == (case.level >= 1)
            assert case.handover is None or case.is_active


TestAnyStory = AnyStory.TestCase
TestAnyStory.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("goal, services", [(1, ()), (2, (NURSE.service_id,))])
def test_the_holder_is_appointed_with_the_move(goal: int, services: tuple[str, ...]) -> None:
    """HO-1: from level 1 on there is a holder; a move that names none is refused."""
    case = concern()
    with pytest.raises(errors.HolderNeeded):
        move(case, goal, *services, appoint=None)
    assert (case.level, case.holder) == (0, None)
    assert move(case, goal, *services, appoint=COLLEAGUE).appointed == COLLEAGUE
    assert case.holder == COLLEAGUE


@pytest.mark.parametrize("from_level", [0, 1, 2])
def test_the_policy_says_from_which_level(from_level: int) -> None:
    """HO-1: the municipality may want a holder from level 0, or from level 2 only."""
    policy = Policy(holder_from_level=from_level)
    case = concern(policy)
    assert (case.holder is not None) == (from_level == 0)
    move(case, 1, policy=policy, appoint=TEACHER if from_level == 1 else None)
    assert (case.holder is not None) == (from_level <= 1)
    if from_level == 2:
        with pytest.raises(errors.HolderNeeded):
            move(case, 2, NURSE.service_id, policy=policy, appoint=None)


def test_a_move_never_replaces_the_holder() -> None:
    """HO-1, HO-2: another takes over by a handover only."""
    case = at_level(1)
    with pytest.raises(errors.HolderAlreadyAppointed):
        move(case, 2, NURSE.service_id, appoint=COLLEAGUE)
    assert (case.level, case.holder) == (1, TEACHER)


def test_until_it_is_accepted_the_old_holder_stays() -> None:
    """HO-2: proposed, then accepted: nothing changes hands before, everything at once."""
    case = at_level(1)
    handover = propose(case, NURSE, CONSENTED)
    assert case.holder == TEACHER
    assert case.accept_handover(handover, windows=CONSENTED, by=NURSE.person_id, now=MONDAY) == TEACHER
    assert (case.holder, case.handover, case.owner) == (NURSE, None, TEACHER)
    with pytest.raises(errors.HandoverNotOpen):
        case.accept_handover(handover, windows=CONSENTED, by=NURSE.person_id, now=MONDAY)


def test_whoever_declines_changes_nothing() -> None:
    """HO-2: declined: the holder stays, and another can be asked."""
    case = at_level(1)
    case.decline_handover(propose(case, NURSE, CONSENTED), by=NURSE.person_id, now=MONDAY, reason="No time")
    assert (case.holder, case.handover) == (TEACHER, None)
    propose(case, COLLEAGUE)


def test_whoever_never_answers_blocks_nobody() -> None:
    """HO-2: asking another takes the first question back; the same person is not asked twice."""
    case = at_level(1)
    propose(case, NURSE, CONSENTED)
    with pytest.raises(errors.HandoverAlreadyProposed):
        propose(case, NURSE, CONSENTED)
    second = case.propose_handover(
        "handover-2", COLLEAGUE, windows=[], family=AGREED, by=TEACHER.person_id, now=MONDAY
    )
    assert case.holder == TEACHER and second.to == COLLEAGUE
    with pytest.raises(errors.HandoverNotOpen):
        case.accept_handover("handover-1", windows=CONSENTED, by=NURSE.person_id, now=MONDAY)
    case.accept_handover("handover-2", windows=[], by=COLLEAGUE.person_id, now=MONDAY)
    assert case.holder == COLLEAGUE


@given(st.sampled_from(POSTS[1:]), st.integers(-3, 3), st.integers(1, 3))
def test_a_receiver_outside_the_owning_unit_needs_active_consent(to: Post, start: int, length: int) -> None:
    """HO-2: for the receiver's own service, now; inside the owning unit none is needed."""
    windows = [
        Window(NURSE.service_id, MONDAY + timedelta(days=start), MONDAY + timedelta(days=start + length))
    ]
    consented = to.service_id == NURSE.service_id and start <= 0 < start + length
    case = at_level(1)
    if to.unit_id == TEACHER.unit_id or consented:
        propose(case, to, windows)
    else:
        with pytest.raises(errors.HandoverNeedsConsent) as refused:
            propose(case, to, windows)
        assert refused.value.code == "handover_needs_consent"
        assert case.handover is None


def test_another_unit_of_the_same_service_is_outside_too() -> None:
    """HO-2: the owning unit is one workplace, not its service."""
    with pytest.raises(errors.HandoverNeedsConsent):
        propose(at_level(1), Post("p-other", "unit-other-kindergarten", TEACHER.service_id))


def test_consent_withdrawn_before_the_answer_stops_the_handover() -> None:
    """HO-2: consent is asked for again at acceptance; the old holder stays."""
    case = at_level(1)
    handover = propose(case, NURSE, CONSENTED)
    with pytest.raises(errors.HandoverNeedsConsent):
        case.accept_handover(handover, windows=[], by=NURSE.person_id, now=MONDAY)
    assert case.holder == TEACHER


def test_a_holder_from_outside_is_appointed_under_consent_only() -> None:
    """HO-2: what a receiver must meet, the first holder must meet too."""
    with pytest.raises(errors.HandoverNeedsConsent):
        move(concern(), 1, appoint=NURSE, windows=[])


@pytest.mark.parametrize("answer", ["not_asked", "other_wish"])
def test_a_move_carries_the_familys_answer(answer: str) -> None:
    """HO-5: agreed, or their wish, or why they were not asked; an answer without its reason is refused."""
    case = concern()
    for reason in (None, "", "  "):
        with pytest.raises(errors.FamilyReasonNeeded):
            move(case, 1, family=FamilyAnswer(answer, reason))  # type: ignore[arg-type]
    move(case, 1, family=FamilyAnswer(answer, "They want the nurse"))  # type: ignore[arg-type]
    moved = next(line for line in case.happened if line.what == "level_moved")
    assert (moved.codes["family_answer"], moved.told["family"]) == (answer, "They want the nurse")


def test_a_handover_carries_the_familys_answer_too() -> None:
    """HO-5: the family is asked about every holder."""
    with pytest.raises(errors.FamilyReasonNeeded):
        propose(at_level(1), COLLEAGUE, family=FamilyAnswer("not_asked"))


def test_a_later_concern_joins_the_running_case() -> None:
    """LG-1: it ends as a case of its own; the running one goes on with its level and holder."""
    running, later = at_level(2), concern()
    later.case_id = "case-2"
    later.join(running, TEACHER.person_id, MONDAY)
    assert (later.state, later.joined_into) == ("joined", "case-1")
    assert (running.level, running.holder, running.happened[-1].what) == (2, TEACHER, "concern_joined")
    with pytest.raises(errors.CaseNotOpen):
        move(later, 1)


@pytest.mark.parametrize("level, closed", [(0, False), (1, True)])
def test_a_concern_joins_only_a_running_case(level: int, closed: bool) -> None:
    """LG-1: another concern, or a closed case, is nothing to join."""
    other, later = at_level(level), concern()
    later.case_id = "case-2"
    if closed:
        other.close("other", "Done", TEACHER.person_id, MONDAY)
    with pytest.raises(errors.LevelMoveNotAllowed):
        later.join(other, TEACHER.person_id, MONDAY)
