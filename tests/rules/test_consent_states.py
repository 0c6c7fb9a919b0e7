"""What a line of a consent is as time and ties go on: what lapses, what stays readable, when it is weighed anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.consent.domain import moments
from services.consent.domain.request import Answer, Line, Reads, Request, Said, State, summed_up
from services.consent.domain.windows import windows
from services.kernel.calendar import birthday, birthday_instant, midnight
from services.kernel.facts import Act, Facts, GuardianFact, WindowFact
from services.kernel.policies import Policy, TopicPolicy
from tests.rules.kernel_world import (
    CHILD,
    FATHER,
    GUARDIANS,
    LONG_AGO,
    MOTHER,
    NOW,
    PSYCHOLOGIST,
    ask,
    brought_in,
    facts,
)

LEARNING, HEALTH = Line("psychology", "learning"), Line("psychology", "health")
BIRTHDAY = date(2027, 2, 1)
SAY = midnight(BIRTHDAY)
BEFORE, AFTER = SAY - timedelta(hours=1), SAY + timedelta(days=3)
END = NOW + timedelta(days=300)


def almost_fifteen(**changes: object) -> Facts:
    """Fifteen on BIRTHDAY; sixteen a year later."""
    return facts(subject_birth_date=date(2012, 2, 1), participants=(brought_in(PSYCHOLOGIST),), **changes)


def request(*lines: Line, name: str = "r1", begins: datetime = NOW, ends: datetime = END) -> Request:
    return Request(name, "case", lines or (LEARNING,), begins, ends, "teacher", NOW)


def say(
    asked: Request, person: str, answer: Answer, at: datetime = NOW, world: Facts | None = None
) -> Request:
    """Answer all lines, and weigh the request as the command does."""
    asked.said += [Said(person, line, answer, at, f"s{len(asked.said)}") for line in asked.lines]
    return weigh(asked, at, world)


def weigh(asked: Request, at: datetime, world: Facts | None = None) -> Request:
    asked.weighed = asked.weigh(world or almost_fifteen(), at)
    return asked


def agreed(*lines: Line, world: Facts | None = None, **when: datetime) -> Request:
    """By both guardians, before the birthday."""
    asked = request(*lines, **when)
    for person in (MOTHER, FATHER):
        say(asked, person, Answer.YES, world=world)
    return asked


def test_what_stood_lapses_on_the_birthday_and_is_active_again_by_the_youths_yes() -> None:
    """AG-4: nobody took it back, so it is neither withdrawn nor expired."""
    asked, world = agreed(), almost_fifteen()
    assert asked.state(LEARNING, world, BEFORE) == "active"
    assert asked.state(LEARNING, world, SAY) == "lapsed" and asked.summary(world, SAY) == "lapsed"
    assert say(asked, CHILD, Answer.YES, AFTER).state(LEARNING, world, AFTER) == "active"
    assert asked.state(LEARNING, world, END) == "expired"


def test_the_guardians_window_goes_on_for_what_was_recorded_before_the_birthday() -> None:
    """AG-4: the window that consent tells lets the access decision open earlier items, and none from that day on."""
    asked, world = agreed(), almost_fifteen()
    [window] = windows([asked], world, AFTER)
    assert window.valid_from < SAY and asked.reads(LEARNING, world, AFTER) is Reads.EARLIER
    told = replace(world, windows=(WindowFact("psychology", "learning", window.valid_from, window.valid_to),))

    def reads(recorded_at: datetime) -> bool:
        known = replace(told, knowledge=replace(told.knowledge, as_of=AFTER))
        return bool(
            ask(known, PSYCHOLOGIST, Act.READ_LOG_ITEM, "learning", now=AFTER, recorded_at=recorded_at)
        )

    assert reads(SAY - timedelta(seconds=1)) and not reads(SAY) and not reads(AFTER)


@pytest.mark.parametrize("answer", [Answer.NO, Answer.TALK_FIRST])
def test_only_an_answer_of_the_youths_ends_the_guardians_window(answer: Answer) -> None:
    """AG-4: until the youth has answered; wanting to talk first is no answer."""
    asked, world = say(agreed(), CHILD, answer, AFTER), almost_fifteen()
    expected = (("lapsed", 1) if answer is Answer.TALK_FIRST else ("refused", 0))  # fmt: skip
    assert (asked.state(LEARNING, world, AFTER), len(windows([asked], world, AFTER))) == expected


@pytest.mark.parametrize("answer", [Answer.YES, Answer.NO])
def test_a_youth_who_has_answered_and_wants_to_talk_after_all_is_not_spoken_for_by_the_guardians(
    answer: Answer,
) -> None:
    """AG-4: their word was to hold until the youth had answered. CO-3: what a no has shut, no wish to talk opens."""
    later, world = AFTER + timedelta(days=1), almost_fifteen()
    asked = say(say(agreed(), CHILD, answer, AFTER), CHILD, Answer.TALK_FIRST, later)
    assert asked.state(LEARNING, world, later) == "pending" and windows([asked], world, later) == ()


def test_the_youths_yes_begins_a_window_of_its_own() -> None:
    """AG-4: one that begins after the birthday, and so opens all; never made one with the guardians' window."""
    world = almost_fifteen()
    asked = say(agreed(), CHILD, Answer.YES, AFTER)
    assert [window.valid_from for window in windows([asked], world, AFTER)] == [AFTER]
    other = agreed()
    assert [window.valid_from for window in windows([other, asked], world, AFTER)] == [NOW, AFTER]


def test_a_guardian_can_take_back_what_is_left_of_the_guardians_consent() -> None:
    """CO-3, LG-11: also after the birthday."""
    asked = say(agreed(), MOTHER, Answer.NO, AFTER)
    assert windows([asked], almost_fifteen(), AFTER) == ()


def test_health_needs_both_from_the_birthday_and_keeps_the_earlier_open_meanwhile() -> None:
    """AG-3, AG-4: the guardians' word still counts, and the youth's is missing; a guardian's no is a withdrawal."""
    asked, world = agreed(HEALTH), almost_fifteen()
    assert asked.state(HEALTH, world, AFTER) == "lapsed" and len(windows([asked], world, AFTER)) == 1
    assert say(asked, CHILD, Answer.YES, AFTER).state(HEALTH, world, AFTER) == "active"
    later = AFTER + timedelta(days=1)
    assert say(asked, FATHER, Answer.NO, later).state(HEALTH, world, later) == "withdrawn"
    assert windows([asked], world, later) == ()


def test_a_consent_that_was_to_begin_after_the_birthday_opens_nothing_on_the_guardians_word() -> None:
    """AG-4: else its window would look like the youth's own."""
    asked = agreed(begins=SAY + timedelta(days=2))
    assert windows([asked], almost_fifteen(), BEFORE) == () == windows([asked], almost_fifteen(), AFTER)


def test_a_new_guardian_must_sign_and_until_then_it_has_lapsed() -> None:
    """GU-1, GU-3: nothing is shared on the word of the others."""
    world = almost_fifteen(
        guardians=(*GUARDIANS, GuardianFact("new", "other", True, True, NOW + timedelta(days=5)))
    )
    asked, later = agreed(world=world), NOW + timedelta(days=5)
    assert asked.state(LEARNING, world, later - timedelta(seconds=1)) == "active"
    assert asked.state(LEARNING, world, later) == "lapsed" and windows([asked], world, later) == ()
    assert say(asked, "new", Answer.NO, later, world).state(LEARNING, world, later) == "conflicting"
    assert weigh(asked, later, world).weighed[LEARNING].since is None


def test_what_never_stood_waits_and_does_not_lapse() -> None:
    """GU-1: one signature of two is pending, before the birthday and after."""
    asked, world = say(request(), MOTHER, Answer.YES), almost_fifteen()
    assert asked.state(LEARNING, world, BEFORE) == asked.state(LEARNING, world, AFTER) == "pending"
    withdrawn = say(agreed(), MOTHER, Answer.NO)
    assert weigh(withdrawn, BEFORE).state(LEARNING, world, BEFORE) == "withdrawn"
    assert withdrawn.state(LEARNING, world, AFTER) == "pending" and windows([withdrawn], world, AFTER) == ()


def test_who_said_yes_and_wants_to_talk_after_all_is_waited_for() -> None:
    """GU-1: it shares nothing meanwhile; and as it was somebody's own act, it has not lapsed."""
    asked, world = say(agreed(), MOTHER, Answer.TALK_FIRST, BEFORE), almost_fifteen()
    assert asked.state(LEARNING, world, BEFORE) == "pending" and windows([asked], world, BEFORE) == ()


def test_losing_the_other_guardian_lets_it_stand_from_that_moment() -> None:
    """GU-3: the one who is left had said yes long ago; the window begins when there was enough."""
    ends = NOW + timedelta(days=10)
    world = almost_fifteen(
        guardians=(GUARDIANS[0], GuardianFact(FATHER, "father", True, True, LONG_AGO, ends))
    )
    asked = say(request(), MOTHER, Answer.YES, world=world)
    assert windows([asked], world, ends - timedelta(seconds=1)) == ()
    [window] = windows([weigh(asked, ends, world)], world, ends)
    assert window.valid_from == ends


def test_one_guardian_is_enough_where_the_policy_says_so_until_one_takes_it_back() -> None:
    """GU-1, LG-11: it stands from the first yes on, and any one who said yes ends it."""
    world = almost_fifteen(policy=Policy(topics=(TopicPolicy("learning", one_guardian_suffices=True),)))
    asked = say(request(), MOTHER, Answer.YES, world=world)
    assert asked.state(LEARNING, world, NOW) == "active"
    say(asked, FATHER, Answer.YES, NOW + timedelta(days=1), world)
    [window] = windows([asked], world, NOW + timedelta(days=1))
    assert window.valid_from == NOW
    assert say(asked, FATHER, Answer.NO, BEFORE, world).state(LEARNING, world, BEFORE) == "withdrawn"


DAYS = st.integers(0, 420)
PEOPLE = st.sampled_from([MOTHER, FATHER, CHILD])


@given(st.lists(st.tuples(DAYS, PEOPLE, st.sampled_from(list(Answer)), st.booleans()), max_size=8), DAYS)
@example([(0, MOTHER, Answer.YES, True), (1, FATHER, Answer.YES, True)], 80)
@example([(0, MOTHER, Answer.YES, False), (1, FATHER, Answer.YES, False), (80, CHILD, Answer.YES, True)], 90)
def test_no_word_but_the_youths_opens_what_is_recorded_from_the_birthday_on(
    acts: list[tuple[int, str, Answer, bool]], day: int
) -> None:
    """AG-4, AG-2: whoever said what when, and however seldom the case was weighed meanwhile."""
    world, now, asked = almost_fifteen(), NOW + timedelta(days=day), request()
    for days, person, answer, weighed in sorted(acts, key=lambda act: act[0]):
        at = NOW + timedelta(days=days)
        if at > now or (person == CHILD) != (at >= SAY):
            continue
        asked.said.append(Said(person, LEARNING, answer, at, "s"))
        if weighed:
            weigh(asked, at)
    last = {each.signer_id: each.answer for each in asked.said}
    opens_new = any(window.valid_from >= SAY for window in windows([asked], world, now))
    if now >= SAY:
        assert opens_new == (last.get(CHILD) is Answer.YES and not asked.over(now))
    both = all(last.get(person) is Answer.YES for person in (MOTHER, FATHER))
    opens_old = any(window.valid_from < SAY for window in windows([asked], world, now))
    silent = {each.answer for each in asked.said if each.signer_id == CHILD} <= {Answer.TALK_FIRST}
    assert opens_old == (both and silent and not asked.over(now))


READS = (Reads.NOTHING, Reads.EARLIER, Reads.ALL)
BOTH = (LEARNING, HEALTH)


@given(
    st.lists(
        st.tuples(DAYS, PEOPLE, st.sampled_from(list(Answer)), st.sampled_from(BOTH), st.booleans()),
        max_size=8,
    ),
    DAYS,
    PEOPLE,
    st.sampled_from(BOTH),
)
@example(
    [(0, MOTHER, Answer.YES, LEARNING, True), (1, FATHER, Answer.YES, LEARNING, True)], 80, CHILD, LEARNING
)
@example([(0, MOTHER, Answer.YES, HEALTH, True), (1, FATHER, Answer.YES, HEALTH, True)], 80, CHILD, HEALTH)
def test_one_more_yes_takes_no_reading_and_one_more_no_gives_none(
    acts: list[tuple[int, str, Answer, Line, bool]], day: int, person: str, line: Line
) -> None:
    """CO-3, CO-5, AG-4, GU-1: whoever says it, after whatever was said before; and what is said of one line is said of
    that one alone."""
    world, now, asked = almost_fifteen(), NOW + timedelta(days=day), request(*BOTH)
    for days, who, answer, of, weighed in sorted(acts, key=lambda act: act[0]):
        if days <= day:
            asked.said.append(Said(who, of, answer, NOW + timedelta(days=days), "s"))
            if weighed:
                weigh(asked, NOW + timedelta(days=days))
    before = {each: READS.index(asked.reads(each, world, now)) for each in BOTH}

    def after(answer: Answer) -> dict[Line, int]:
        more = replace(asked, said=[*asked.said, Said(person, line, answer, now, "s")])
        return {each: READS.index(weigh(more, now).reads(each, world, now)) for each in BOTH}

    yes, no = after(Answer.YES), after(Answer.NO)
    assert no[line] <= before[line] <= yes[line]
    [other] = set(BOTH) - {line}
    assert no[other] == before[other] == yes[other]


# ---------------------------------------------------------------- when it is weighed anew


def test_the_next_moment_is_the_first_at_which_something_turns() -> None:
    """AG-8, CO-2, AG-4: notice before the birthday, the birthday, renewal, the end; each at Norwegian midnight."""
    world, asked, seen, now = almost_fifteen(guardians=()), agreed(), [], NOW
    while (found := moments.next_moment([asked], world, [date(2027, 3, 1)], now)) is not None:
        seen.append(found)
        now = found
    assert seen == [
        midnight(BIRTHDAY - timedelta(days=30)),
        SAY,
        midnight(date(2027, 3, 1)),
        midnight(moments.renew_from(asked, world)),
        asked.end,
    ]


@given(
    st.dates(date(2009, 1, 1), date(2026, 1, 1)),
    st.integers(1, 400),
    st.integers(0, 400),
    st.integers(0, 400),
)
@example(date(2012, 2, 29), 300, 0, 50)
def test_between_two_moments_nothing_changes(born: date, length: int, tie: int, hours: int) -> None:
    """AG-8: whatever the birth date, the ties and the span: state and windows are the same all the way to the next
    moment."""
    guardian = GuardianFact("new", "other", True, True, midnight(date(2026, 11, 21) + timedelta(days=tie)))
    world = facts(subject_birth_date=born, guardians=(*GUARDIANS, guardian))
    asked = request(LEARNING, HEALTH, ends=midnight(date(2026, 11, 22) + timedelta(days=length)))
    for person in (MOTHER, FATHER):
        say(asked, person, Answer.YES, world=world)
    at = NOW + timedelta(hours=hours * 24)
    weigh(asked, at, world)
    following = moments.next_moment([asked], world, [], at)
    if following is None:
        assert asked.over(at)
        return
    last = following - timedelta(microseconds=1)
    assert [asked.state(line, world, at) for line in asked.lines] == [
        asked.state(line, world, last) for line in asked.lines
    ]
    assert windows([asked], world, at) == windows([asked], world, last)
    assert moments.say_coming([asked], world, at) == moments.say_coming([asked], world, last)
    assert moments.due_for_renewal([asked], world, at) == moments.due_for_renewal([asked], world, last)


def test_it_is_time_to_ask_again_the_policys_days_before_the_end() -> None:
    """CO-2: of what is in force, until something that lasts longer stands in its place or has been asked for."""
    world, asked = almost_fifteen(), agreed(ends=BEFORE)
    first = midnight(moments.renew_from(asked, world))
    assert moments.last_day(asked) - moments.renew_from(asked, world) == timedelta(days=30)
    assert moments.due_for_renewal([asked], world, first - timedelta(seconds=1)) == []
    assert moments.due_for_renewal([asked], world, first) == [asked]
    again = request(name="r2", ends=END)
    assert moments.due_for_renewal([asked, again], world, first) == []
    refused = say(say(request(name="r2", ends=END), MOTHER, Answer.NO), FATHER, Answer.NO)
    assert moments.due_for_renewal([asked, refused], world, first) == [asked]
    narrower = request(HEALTH, name="r2", ends=END)
    assert moments.due_for_renewal([asked, narrower], world, first) == [asked]
    asked.ended_at = BEFORE
    assert moments.due_for_renewal([asked], world, first) == []


def test_the_youth_is_told_ahead_of_the_say_for_as_long_as_the_policy_says() -> None:
    """AG-4: from 30 days before, until the day itself; of the topics that have been asked about."""
    world, asked = almost_fifteen(), agreed()
    first = midnight(BIRTHDAY - timedelta(days=30))
    assert moments.say_coming([asked], world, first - timedelta(seconds=1)) == {}
    assert moments.say_coming([asked], world, first) == {BIRTHDAY: ["learning"]}
    assert moments.say_coming([asked], world, SAY) == {}


def test_the_birthday_of_a_leap_day_child_is_the_first_of_march() -> None:
    """AG-8: and so is the moment at which its consent is weighed."""
    world, asked = facts(subject_birth_date=date(2012, 2, 29)), agreed()
    assert birthday(date(2012, 2, 29), 15) == date(2027, 3, 1)
    found = moments.next_moment([asked], world, [], datetime(2027, 2, 10, tzinfo=UTC))
    assert found == birthday_instant(date(2012, 2, 29), 15) == datetime(2027, 2, 28, 23, tzinfo=UTC)


@given(st.sets(st.sampled_from(State), min_size=1))
def test_CO_4_a_request_is_told_as_given_only_where_some_line_is_active(states: set[State]) -> None:
    """Notifications tell by it: what is "active" or "partly" was agreed to, and nothing else is."""
    told = summed_up(states)
    assert (told in ("active", "partly")) == (State.ACTIVE in states)
    assert (told == "active") == (states == {State.ACTIVE})
    assert told == "partly" or told in states
