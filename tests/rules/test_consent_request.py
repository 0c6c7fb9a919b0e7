"""What answers to a request for consent amount to: the rules CO and GU, without database or clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.consent.domain import asking
from services.consent.domain.request import READING_DAYS, Answer, Line, Request, Said
from services.consent.domain.windows import windows
from services.consent.domain.wording import text_hash
from services.kernel.errors import InvalidInput
from services.kernel.facts import Facts
from services.kernel.policies import Policy
from tests.rules.kernel_world import CHILD, FATHER, MOTHER, NOW, STEPFATHER, born_years_ago, facts

LEARNING, HEALTH, HOME = (
    Line("psychology", "learning"),
    Line("health-station", "health"),
    Line("psychology", "home"),
)
END = NOW + timedelta(days=90)
TOPICS = Policy().topic_codes


def request(*lines: Line, said: list[Said] | None = None, name: str = "r1") -> Request:
    return Request(name, "case", lines or (LEARNING, HEALTH), NOW, END, "teacher", NOW, said=said or [])


def say(asked: Request, person: str, answer: Answer, *lines: Line, at: datetime = NOW) -> Request:
    for line in lines or asked.lines:
        asked.said.append(Said(person, line, answer, at, f"s{len(asked.said)}"))
    return asked


def open_now(*asked: Request, world: Facts | None = None, now: datetime = NOW) -> set[Line]:
    found = windows(asked, world or facts(), now)
    return {Line(window.service_id, window.topic) for window in found}


def test_nothing_opens_before_the_second_guardian_has_signed() -> None:
    """GU-1: one grant is pending; with both it is active."""
    asked = say(request(), MOTHER, Answer.YES)
    assert open_now(asked) == set() and asked.summary(facts(), NOW) == "pending"
    say(asked, FATHER, Answer.YES)
    assert open_now(asked) == {LEARNING, HEALTH} and asked.summary(facts(), NOW) == "active"


def test_one_refusal_among_two_is_a_conflict_and_shares_nothing() -> None:
    """GU-1."""
    asked = say(say(request(LEARNING), MOTHER, Answer.YES), FATHER, Answer.NO)
    assert asked.state(LEARNING, facts(), NOW) == "conflicting" and open_now(asked) == set()


def test_what_is_not_named_is_not_shared() -> None:
    """CO-1: windows are the lines that were asked and agreed to, and no others."""
    asked = request(LEARNING, HEALTH)
    for person in (MOTHER, FATHER):
        say(asked, person, Answer.YES, LEARNING)
        say(asked, person, Answer.NO, HEALTH)
    assert open_now(asked) == {LEARNING}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([MOTHER, FATHER, STEPFATHER, CHILD]),
            st.sampled_from(list(Answer)),
            st.sampled_from([LEARNING, HEALTH, HOME]),
        ),
        max_size=12,
    )
)
def test_a_window_stands_only_on_the_last_yes_of_everyone_who_must_sign(
    words: list[tuple[str, Answer, Line]],
) -> None:
    """CO-1, GU-1, GU-2: whatever is said in whatever order, and whoever else says it."""
    asked = request(LEARNING, HEALTH, HOME)
    for person, answer, line in words:
        say(asked, person, answer, line)
    last = {(person, line): answer for person, answer, line in words}
    expected = {
        line
        for line in asked.lines
        if last.get((MOTHER, line)) is Answer.YES and last.get((FATHER, line)) is Answer.YES
    }
    assert open_now(asked) == expected


def test_withdrawing_for_one_service_closes_that_alone_and_keeps_what_was_said() -> None:
    """CO-3."""
    asked = say(say(request(), MOTHER, Answer.YES), FATHER, Answer.YES)
    before = len(asked.said)
    say(asked, MOTHER, Answer.NO, LEARNING)
    assert open_now(asked) == {HEALTH}
    assert asked.state(LEARNING, facts(), NOW) == "withdrawn" and len(asked.said) == before + 1


def test_a_refusal_is_recorded_and_ends_nothing_else() -> None:
    """CO-4: refused by all is a state of its own; another request goes on as it was."""
    good = say(say(request(LEARNING, name="r1"), MOTHER, Answer.YES), FATHER, Answer.YES)
    refused = say(say(request(HEALTH, name="r2"), MOTHER, Answer.NO), FATHER, Answer.NO)
    assert refused.summary(facts(), NOW) == "refused"
    assert open_now(good, refused) == {LEARNING}


def test_a_new_request_leaves_the_old_consent_in_force() -> None:
    """CO-5: a new service or topic is a request of its own; until it is agreed to, the old one stands alone."""
    old = say(say(request(LEARNING, name="r1"), MOTHER, Answer.YES), FATHER, Answer.YES)
    new = request(HEALTH, name="r2")
    assert open_now(old, new) == {LEARNING}
    say(say(new, MOTHER, Answer.YES), FATHER, Answer.YES)
    assert open_now(old, new) == {LEARNING, HEALTH}


def test_a_time_that_neither_of_two_consents_names_stays_closed() -> None:
    """CO-1: two consents to the same service and topic with a break between them are two windows; without, one."""

    def agreed(name: str, first: int, last: int) -> Request:
        begins, ends = NOW + timedelta(days=first), NOW + timedelta(days=last)
        asked = Request(name, "case", (LEARNING,), begins, ends, "teacher", NOW)
        return say(say(asked, MOTHER, Answer.YES), FATHER, Answer.YES)

    def spans(*asked: Request) -> list[tuple[int, int]]:
        found = windows(asked, facts(), NOW)
        return [((each.valid_from - NOW).days, (each.valid_to - NOW).days) for each in found]

    assert spans(agreed("r1", 60, 90), agreed("r2", 0, 30)) == [(0, 30), (60, 90)]
    assert spans(agreed("r1", 0, 30), agreed("r2", 30, 60), agreed("r3", 10, 20)) == [(0, 60)]


def test_wanting_to_talk_first_is_no_answer() -> None:
    """GU-1: it opens nothing and refuses nothing."""
    asked = say(say(request(LEARNING), MOTHER, Answer.YES), FATHER, Answer.TALK_FIRST)
    assert asked.state(LEARNING, facts(), NOW) == "pending" and open_now(asked) == set()


def test_a_consent_ends_with_its_last_day_and_with_the_case() -> None:
    """CO-2."""
    asked = say(say(request(LEARNING), MOTHER, Answer.YES), FATHER, Answer.YES)
    assert open_now(asked, now=END - timedelta(seconds=1)) == {LEARNING}
    assert open_now(asked, now=END) == set() and asked.state(LEARNING, facts(), END) == "expired"
    asked.ended_at = NOW + timedelta(days=READING_DAYS)
    found = windows([asked], facts(), NOW)
    assert [window.valid_to for window in found] == [NOW + timedelta(days=READING_DAYS)]
    assert open_now(asked, now=asked.ended_at) == set()


def test_a_youth_of_fifteen_consents_alone() -> None:
    """AG-2."""
    world = facts(subject_birth_date=born_years_ago(15))
    asked = say(request(LEARNING), CHILD, Answer.YES)
    assert open_now(asked, world=world) == {LEARNING}
    assert open_now(say(request(LEARNING), MOTHER, Answer.YES), world=world) == set()


def test_a_parent_without_responsibility_is_never_asked() -> None:
    """GU-2."""
    assert set(request().signers(facts(), NOW)) == {MOTHER, FATHER}


@pytest.mark.parametrize(
    ("shares", "field", "code"),
    [
        ([], "shares", "required"),
        ([{"service_id": "psychology", "topics": []}], "shares.0.topics", "required"),
        ([{"service_id": "nowhere", "topics": ["learning"]}], "shares.0.service_id", "unknown_service"),
        ([{"service_id": "kindergarten", "topics": ["learning"]}], "shares.0.service_id", "own_service"),
        ([{"service_id": "psychology", "topics": ["gossip"]}], "shares.0.topics", "not_a_choice"),
    ],
)
def test_a_request_names_real_services_and_topics(
    shares: list[dict[str, object]], field: str, code: str
) -> None:
    """CO-1: what is asked for is named service by service, topic by topic."""
    with pytest.raises(InvalidInput) as refused:
        asking.lines(shares, {"psychology", "kindergarten"}, "kindergarten", TOPICS)
    assert refused.value.fields == {field: code}


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (None, date(2026, 11, 20), "valid_to"),
        (date(2026, 11, 20), date(2027, 1, 1), "valid_from"),
        (None, date(2027, 11, 22), "valid_to"),
    ],
)
def test_a_consent_lasts_at_most_the_policys_months(start: date | None, end: date, field: str) -> None:
    """CO-2."""
    with pytest.raises(InvalidInput) as refused:
        asking.span(start, end, Policy(), NOW)
    assert list(refused.value.fields) == [field]


def test_the_last_day_is_whole_and_norwegian() -> None:
    """CO-2, AG-8: until midnight in Norway as the last day ends."""
    begin, end = asking.span(None, date(2027, 5, 20), Policy(), NOW)
    assert begin == NOW and end.isoformat() == "2027-05-20T22:00:00+00:00"


def test_the_hash_changes_with_every_thing_that_the_signer_reads() -> None:
    """CO-7."""
    base = ("v1", "nb", {"a": "b"}, "why", (LEARNING,), NOW, END)
    others = [
        ("v2", *base[1:]),
        (*base[:2], {"a": "c"}, *base[3:]),
        (*base[:3], "why not", *base[4:]),
        (*base[:4], (LEARNING, HEALTH), *base[5:]),
        (*base[:6], END + timedelta(days=1)),
    ]
    assert len({text_hash(*each) for each in (base, *others)}) == 6
