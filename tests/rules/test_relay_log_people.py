"""Who takes part, meets, writes and is heard: LV-3, LV-8, LV-11, HO-7, LG-1, LG-4 to LG-7, LG-10, without database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import (
    ConsentMissing,
    ConsentNotKnown,
    InvalidInput,
    NotFound,
    Refusal,
    StaleEdit,
)
from services.kernel.facts import Act, Capacity, Facts, Knowledge, Post
from services.relay_log.domain import errors
from services.relay_log.domain.entries import (
    ACTS,
    Entry,
    act_for,
    demand_correctable,
    demand_pointer,
    demand_view,
)
from services.relay_log.domain.log import Edit, demand_topic, demand_writable, state_of
from services.relay_log.domain.meetings import Meeting, demand_invitation, demand_next, demand_times
from services.relay_log.domain.participants import Circle, Participant, is_down
from services.relay_log.domain.parties import parties
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    FATHER,
    HEAD,
    HEALTH,
    KINDERGARTEN,
    LAST_WEEK,
    LEVEL_0,
    LEVEL_1,
    LEVEL_2,
    MOTHER,
    NOW,
    NURSE,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    STEPFATHER,
    TEACHER,
    UNITS,
    born_years_ago,
    consented,
    facts,
    shared,
)

TODAY = date(2026, 11, 21)
HOUR = timedelta(hours=1)
STAFF = {TEACHER: KINDERGARTEN, COLLEAGUE: KINDERGARTEN, PSYCHOLOGIST: PSYCHOLOGY, NURSE: HEALTH}
BOTH = (consented(), consented("health-station", "health"))


def post(person: str) -> Post:
    return Post(person, STAFF[person], UNITS[STAFF[person]])


def circle(*people: str) -> Circle:
    return Circle([Participant(f"part-{person}", post(person), LAST_WEEK) for person in people])


def bring_in(who: str, world: Facts, into: Circle | None = None, **rights: bool) -> Participant:
    given = {"may_write": False, "follows_up": False, **rights}
    return (into or Circle()).bring_in(f"new-{who}", post(who), **given, facts=world, now=NOW)


# ---------------------------------------------------------------- LG-1, LG-10


def test_the_log_begins_at_level_1_and_ends_with_the_case() -> None:
    """LG-1, LG-10."""
    with pytest.raises(errors.NoLogYet) as early:
        demand_writable(facts(LEVEL_0))
    assert (early.value.code, early.value.status) == ("no_log_yet", 409)
    demand_writable(facts(LEVEL_1))
    with pytest.raises(errors.LogClosed):
        demand_writable(facts(replace(LEVEL_2, state="closed")))


def test_the_log_is_frozen_when_the_last_consent_has_ended() -> None:
    """LG-1: and closed when the case is, whatever became of consent."""
    assert state_of(facts()) == "open"
    assert state_of(facts(replace(LEVEL_2, frozen=True))) == "frozen"
    assert state_of(facts(replace(LEVEL_2, frozen=True, state="closed"))) == "closed"


def test_a_topic_is_one_of_the_municipalitys() -> None:
    """LG-2."""
    demand_topic("health", facts())
    with pytest.raises(InvalidInput):
        demand_topic("gossip", facts())


# ---------------------------------------------------------------- LV-3, LV-8, HO-7


def test_another_service_comes_in_only_under_active_consent() -> None:
    """LV-8: consent names the service; one for another service, ended, or not begun brings nobody in."""
    assert bring_in(PSYCHOLOGIST, shared()).post.service_id == "psychology"
    tomorrow, yesterday = NOW + timedelta(days=1), NOW - timedelta(days=1)
    ended, coming = replace(consented(), valid_to=yesterday), replace(consented(), valid_from=tomorrow)
    for windows in ((), (consented("health-station"),), (ended,), (coming,)):
        with pytest.raises(ConsentMissing) as refused:
            bring_in(PSYCHOLOGIST, facts(windows=windows))
        assert (refused.value.code, refused.value.params) == (
            "consent_missing",
            {"service_ids": ["psychology"]},
        )


@pytest.mark.parametrize(
    "knowledge", [Knowledge(None), Knowledge(NOW - timedelta(minutes=5)), Knowledge(NOW, parked=True)]
)
def test_nobody_comes_in_on_consent_that_is_not_known(knowledge: Knowledge) -> None:
    """CO-9: the owning unit's own people do."""
    with pytest.raises(ConsentNotKnown):
        bring_in(PSYCHOLOGIST, shared(knowledge=knowledge))
    assert bring_in(COLLEAGUE, shared(knowledge=knowledge))


def test_at_level_1_the_effort_stays_inside_the_unit() -> None:
    """LV-3."""
    with pytest.raises(errors.OneServiceAtLevel1):
        bring_in(PSYCHOLOGIST, shared(LEVEL_1))
    assert bring_in(COLLEAGUE, facts(LEVEL_1))


def test_the_holder_gives_and_takes_the_right_to_write() -> None:
    """HO-7: bringing in somebody who is there already gives them the rights named now."""
    team = circle(PSYCHOLOGIST)
    assert bring_in(PSYCHOLOGIST, shared(), team, may_write=True).participant_id == "part-psychologist"
    assert len(team.participants) == 1 and team.participants[0].may_write
    assert not bring_in(PSYCHOLOGIST, shared(), team).may_write
    with pytest.raises(errors.AlreadyParticipant):
        bring_in(PSYCHOLOGIST, shared(), team)


def test_one_at_most_follows_up() -> None:
    """HO-7: who is named now takes over from who was named before."""
    team = circle(COLLEAGUE)
    bring_in(COLLEAGUE, shared(), team, follows_up=True)
    bring_in(PSYCHOLOGIST, shared(), team, follows_up=True)
    assert [each.follows_up for each in team.participants] == [False, True]


def test_a_release_ends_at_once_and_stays_on_record() -> None:
    """HO-7, CO-10: from that instant on; once; and whoever comes again comes as new."""
    team = circle(PSYCHOLOGIST, COLLEAGUE)
    gone = team.release("part-psychologist", NOW)
    assert gone.valid_to == NOW and [each.post.person_id for each in team.now(NOW)] == [COLLEAGUE]
    assert team.now(NOW - HOUR)[0] is gone
    with pytest.raises(errors.AlreadyReleased):
        team.release("part-psychologist", NOW)
    with pytest.raises(NotFound):
        team.release("nobody", NOW)
    again = bring_in(PSYCHOLOGIST, shared(), team)
    assert again.participant_id == "new-psychologist" and len(team.participants) == 3


# ---------------------------------------------------------------- LV-11


@pytest.mark.parametrize(
    ("needed", "stay"),
    [
        (set(), [TEACHER, COLLEAGUE]),
        ({"psychology"}, [TEACHER, COLLEAGUE, PSYCHOLOGIST]),
        ({"psychology", "health-station"}, [TEACHER, COLLEAGUE, PSYCHOLOGIST, NURSE]),
    ],
)
def test_a_move_down_releases_the_services_no_longer_needed(needed: set[str], stay: list[str]) -> None:
    """LV-11: and keeps the owning unit's own people and all history."""
    team = circle(TEACHER, COLLEAGUE, PSYCHOLOGIST, NURSE)
    released = team.release_not_needed(KINDERGARTEN, needed, NOW)
    assert [each.post.person_id for each in team.now(NOW)] == stay
    assert len(team.participants) == 4 and all(each.valid_to == NOW for each in released)


@given(st.sets(st.sampled_from(sorted(STAFF))), st.sets(st.sampled_from(sorted(set(UNITS.values())))))
def test_after_a_move_down_nobody_is_left_whose_service_is_not_needed(
    people: set[str], needed: set[str]
) -> None:
    """LV-11."""
    team = circle(*sorted(people))
    team.release_not_needed(KINDERGARTEN, needed, NOW)
    expected = {who for who in people if STAFF[who] == KINDERGARTEN or UNITS[STAFF[who]] in needed}
    assert {each.post.person_id for each in team.now(NOW)} == expected


def test_only_a_move_down_releases() -> None:
    """LV-11."""
    assert is_down(3, 2) and is_down(2, 1) and not is_down(1, 2) and not is_down(0, 1)


# ---------------------------------------------------------------- LG-4


def test_those_who_belong_to_the_log_can_be_invited() -> None:
    """LG-4: owner, holder, participants of today, guardians with responsibility, the child when old enough."""
    assert parties(shared(), NOW) == {TEACHER, PSYCHOLOGIST, MOTHER, FATHER}
    assert CHILD in parties(shared(subject_birth_date=born_years_ago(12)), NOW)
    grown = parties(shared(subject_birth_date=born_years_ago(18)), NOW)
    assert CHILD in grown and MOTHER not in grown
    gone = parties(shared(participants=(replace(shared().participants[0], valid_to=NOW),)), NOW)
    assert PSYCHOLOGIST not in gone and HEAD not in gone


@pytest.mark.parametrize("stranger", [STEPFATHER, NURSE, HEAD, "somebody"])
def test_nobody_else_is_invited(stranger: str) -> None:
    """LG-4, GU-2: and the field says who."""
    allowed = parties(shared(), NOW)
    demand_invitation(["item"], [MOTHER, PSYCHOLOGIST], allowed)
    with pytest.raises(InvalidInput) as refused:
        demand_invitation(["item"], [MOTHER, stranger], allowed)
    assert refused.value.fields == {"invited_ids.1": "not_a_party"}


def test_an_invitation_has_agenda_and_participants() -> None:
    """LG-4."""
    for agenda, invited, field in (([], [MOTHER], "agenda"), (["item"], [], "invited_ids")):
        with pytest.raises(InvalidInput) as refused:
            demand_invitation(agenda, invited, parties(shared(), NOW))
        assert refused.value.fields == {field: "required"}


def test_a_meeting_is_called_ahead_and_ends_after_it_begins() -> None:
    """LG-4."""
    demand_times(NOW + HOUR, NOW + 2 * HOUR, NOW)
    for starts, ends, field in ((NOW, NOW + HOUR, "starts_at"), (NOW + HOUR, NOW + HOUR, "ends_at")):
        with pytest.raises(InvalidInput) as refused:
            demand_times(starts, ends, NOW)
        assert list(refused.value.fields) == [field]


def test_minutes_name_the_next_meeting_or_why_there_is_none() -> None:
    """LG-4: and the next evaluation, today or later."""
    demand_next(TODAY, None, TODAY, TODAY)
    demand_next(None, "The goals are reached", TODAY, TODAY)
    for reason in (None, "  "):
        with pytest.raises(InvalidInput) as refused:
            demand_next(None, reason, TODAY, TODAY)
        assert refused.value.fields == {"next_meeting_on": "date_or_reason_needed"}
    with pytest.raises(InvalidInput) as late:
        demand_next(TODAY, None, TODAY - timedelta(days=1), TODAY)
    assert late.value.fields == {"next_evaluation_on": "in_the_past"}


def test_minutes_are_published_once_on_the_meeting_that_was_read() -> None:
    """LG-4, LG-8."""
    meeting = Meeting("m", "case", (MOTHER,), "called", 2)
    with pytest.raises(StaleEdit) as stale:
        meeting.publish(1, [Edit(2, ("starts_at",))], ["item"])
    assert stale.value.changed == ["starts_at"]
    with pytest.raises(InvalidInput):
        meeting.publish(2, [], [])
    assert meeting.publish(2, [], ["item"]) and (meeting.state, meeting.version) == ("held", 3)
    with pytest.raises(errors.MinutesPublished):
        meeting.publish(3, [], ["item"])


# ---------------------------------------------------------------- LG-5, LG-6, LG-7


def test_the_childs_view_is_a_text_or_a_reason() -> None:
    """LG-5: "chose not to" is an answer; silence is not, and neither are both."""
    demand_view("I like the swing", None)
    demand_view(None, "chose_not_to")
    for text, missing in ((None, None), ("  ", None), ("I like it", "too_young")):
        with pytest.raises(InvalidInput):
            demand_view(text, missing)


def allowed(kind: str, capacity: Capacity) -> bool:
    try:
        act_for(kind, capacity)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "act", "employee", "family"),
    [
        ("note", Act.WRITE_LOG, True, False),
        ("comment", Act.COMMENT, True, True),
        ("proposal", Act.COMMENT, False, True),
        ("hindrance", Act.COMMENT, True, False),
        ("feedback", Act.GIVE_FEEDBACK, True, True),
    ],
)
def test_who_may_add_what(kind: str, act: Act, employee: bool, family: bool) -> None:
    """LG-7: notes are for those who may write; the family proposes and gives feedback, and of employees child
    protection in the guardians' place (GU-4); participants tell what hinders."""
    assert ACTS[kind] is act
    assert allowed(kind, Capacity.EMPLOYEE) is employee
    assert allowed(kind, Capacity.GUARDIAN) is allowed(kind, Capacity.SELF) is family
    assert not allowed(kind, Capacity.SERVICE)


def entry(root: str = "note", **changes: object) -> Entry:
    return replace(Entry("e1", "home", root, TEACHER), **changes)


def test_a_correction_points_at_what_it_corrects() -> None:
    """LG-6."""
    demand_pointer("correction", "e1")
    demand_pointer("note", None)
    for kind, corrects in (("correction", None), ("note", "e1")):
        with pytest.raises(InvalidInput):
            demand_pointer(kind, corrects)


def test_an_entry_is_corrected_once_and_for_the_same_readers() -> None:
    """LG-6: a correction of another topic would show to others, or hide from those who read the wrong one."""
    demand_correctable(entry(), "home", COLLEAGUE)
    with pytest.raises(errors.AlreadyCorrected) as again:
        demand_correctable(entry(corrected_by="e2"), "home", TEACHER)
    assert again.value.params == {"entry_id": "e2"}
    with pytest.raises(InvalidInput) as moved:
        demand_correctable(entry(), "health", TEACHER)
    assert moved.value.fields == {"topic": "other_topic_than_corrected"}


@pytest.mark.parametrize("kind", ["comment", "proposal", "hindrance", "feedback"])
def test_what_somebody_said_is_corrected_by_themselves(kind: str) -> None:
    """LG-6: not by the holder, nor by the other guardian."""
    demand_correctable(entry(kind, by_person_id=MOTHER), "home", MOTHER)
    for other in (TEACHER, FATHER):
        with pytest.raises(errors.NotYourEntry):
            demand_correctable(entry(kind, by_person_id=MOTHER), "home", other)
