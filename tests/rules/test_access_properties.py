"""What holds of the access decision whatever the facts are and whoever asks (CO-8)."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.access import TABLE, decide
from services.kernel.facts import (
    Act,
    Audience,
    Capacity,
    CareOrderFact,
    CaseFacts,
    Decision,
    EmergencyFact,
    Facts,
    GuardianFact,
    GuardiansSee,
    Holder,
    Knowledge,
    ParticipantFact,
    PersonWindowFact,
    Question,
    RoleFact,
    WindowFact,
)
from services.kernel.lane import LaneFacts, LaneNamedFact, LaneQuestion, ReportKind, may_read_lane_report
from services.kernel.parties import NoStanding, Party, standings
from services.kernel.sentences import SENTENCES, UNKNOWN
from tests.rules.kernel_world import (
    CHILD,
    COLLEAGUE,
    FATHER,
    KINDERGARTEN,
    MOTHER,
    NOW,
    NURSE,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    STAFF,
    STEPFATHER,
    TOWN,
    UNITS,
    ask,
    born_years_ago,
    facts,
    question,
)

RULES = frozenset(
    re.findall(r"^\| ([A-Z]{2}-\d+) \|", Path("docs/rulebook.md").read_text("utf-8"), re.MULTILINE)
)
ITEMS = (Act.READ_PLAN, Act.READ_LOG_ITEM, Act.READ_VIEW)
READING = [act for act in Act if act.value.startswith(("read_", "see_"))]
FIXED = settings(max_examples=200, derandomize=True)
"""The same worlds each time, so that no run is red by chance."""
READERS = (*STAFF, MOTHER, FATHER, STEPFATHER, CHILD)
LISTS = ("participants", "windows", "person_windows", "guardians", "care_orders", "emergencies", "roles")
"""What the facts hold several of, in no order that means anything."""

PEOPLE = st.sampled_from([*STAFF, MOTHER, FATHER, STEPFATHER, CHILD, "nobody"])
TOPICS = st.sampled_from(["learning", "health"])
SERVICES = st.sampled_from(["psychology", "health-station"])
BEFORE, LATELY, LATER = (NOW + timedelta(days=days) for days in (-9, -1, 9))
TIMES = st.sampled_from([BEFORE, LATELY, LATER])
SPANS = st.sampled_from([(BEFORE, None), (BEFORE, LATER), (LATELY, LATER), (BEFORE, LATELY), (LATER, None)])
BIRTH_DATES = st.sampled_from([None, *(born_years_ago(years, days=3) for years in (4, 13, 15, 16, 17, 18))])
"""Of a birthday three days ago: some things were written before it and some after."""
KNOWLEDGE = st.sampled_from(
    [
        *[Knowledge(NOW)] * 3,
        Knowledge(None),
        Knowledge(NOW - timedelta(seconds=31)),
        Knowledge(NOW, parked=True),
    ]
)
POSTS = st.sampled_from([Holder(person, unit) for person, (unit, _) in STAFF.items()])
EMPLOYED = tuple(
    RoleFact(person, unit, UNITS[unit], role, NOW - timedelta(days=9))
    for person, (unit, role) in STAFF.items()
)


def spanned(
    kind: Any, *drawn: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Facts of a kind, with their span."""
    return st.builds(lambda span, *args, **kwargs: kind(*args, *span, **kwargs), SPANS, *drawn, **named)


def some(kind: st.SearchStrategy[Any], least: int = 0, most: int = 4) -> st.SearchStrategy[Any]:
    """So many facts."""
    return st.lists(kind, min_size=least, max_size=most).map(tuple)


@st.composite
def participants(draw: st.DrawFn) -> ParticipantFact:
    """Somebody of one of three units, for its service."""
    person = draw(st.sampled_from([PSYCHOLOGIST, NURSE, COLLEAGUE]))
    unit, _ = STAFF[person]
    return ParticipantFact(person, unit, UNITS[unit], *draw(SPANS), may_write=draw(st.booleans()))


WINDOWS = spanned(WindowFact, SERVICES, TOPICS)
PERSON_WINDOWS = spanned(PersonWindowFact, st.sampled_from([MOTHER, STEPFATHER]), TOPICS)
WORLDS = st.builds(
    Facts,
    case=st.builds(
        CaseFacts, st.just("case"), st.just(TOWN), st.just(KINDERGARTEN), st.just("kindergarten"), PEOPLE,
        st.just(CHILD), st.sampled_from([2, 2, 1, 0]), st.sampled_from(["open", "closed"]), st.none() | POSTS,
        st.none() | POSTS, st.booleans(), st.booleans(),
    ),
    subject_birth_date=BIRTH_DATES,
    knowledge=KNOWLEDGE,
    participants=some(participants(), 1),
    windows=some(WINDOWS, 2),
    person_windows=some(PERSON_WINDOWS, 1),
    guardians=some(spanned(
        GuardianFact, st.sampled_from([MOTHER, FATHER, STEPFATHER]), st.just("parent"), st.booleans(), st.booleans()
    )),
    care_orders=some(spanned(
        CareOrderFact, st.just(PSYCHOLOGY), PEOPLE, guardians_see=st.sampled_from(GuardiansSee),
        topics=st.frozensets(TOPICS),
    ), most=1),
    emergencies=some(st.builds(EmergencyFact, PEOPLE, st.sampled_from(list(UNITS)), TIMES, TIMES)),
    consented=st.frozensets(PEOPLE, max_size=2),
    roles=st.just(EMPLOYED),
    address_grade=st.sampled_from([0, 0, 0, 4, 6, 7]),
    led=st.booleans(),
)  # fmt: skip
COOPERATION = WORLDS.map(
    lambda world: replace(world, case=replace(world.case, level=2), knowledge=Knowledge(NOW))
)
"""Facts among which consent is what is asked for."""
QUESTIONS = st.builds(
    Question, st.just(TOWN), PEOPLE, st.sampled_from(Capacity), st.sampled_from(Act), st.just(NOW),
    unit_id=st.none() | st.sampled_from(list(UNITS)), topic=TOPICS | st.none(), recorded_at=TIMES | st.none(),
    audience=st.sampled_from(Audience), given_apart=st.booleans(), child_agrees=st.booleans(),
    needed_by_guardians=st.booleans(), service_id=st.none() | SERVICES,
    third_person=st.sampled_from([None, None, MOTHER, "somebody"]), third_person_agrees=st.booleans(),
    signed_by=st.none() | PEOPLE,
)  # fmt: skip


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Question, Facts]:
    """Facts, and a question of them: now and then anybody's, mostly of one who stands to the case, as what they are."""
    world, asked = draw(WORLDS), draw(QUESTIONS)
    if draw(st.integers(0, 5)) == 5:
        return asked, world
    kinds: Any = (world.participants, world.person_windows, world.guardians, world.emergencies)
    kind = draw(st.sampled_from([each for each in kinds if each] or [()]))
    person: str = draw(st.sampled_from([each.person_id for each in kind] or [world.case.owner_person, CHILD]))
    capacity, unit = (Capacity.SELF if person == CHILD else Capacity.GUARDIAN), None
    if person in STAFF:
        capacity, (unit, _) = Capacity.EMPLOYEE, STAFF[person]
    return asked._replace(person_id=person, capacity=capacity, unit_id=unit, audience=Audience.READER), world


@FIXED
@given(scenes(), st.randoms(use_true_random=False))
def test_CO_8_the_same_facts_give_the_same_answer_in_whatever_order_they_came(
    scene: tuple[Question, Facts], chance: Any
) -> None:
    """CO-8: to the rule and the reason. Nothing is kept from one question to the next, and nothing is changed."""
    asked, world = scene
    kept, answer = deepcopy(world), decide(asked, world)
    shuffled: Any = {
        name: tuple(chance.sample(getattr(world, name), len(getattr(world, name)))) for name in LISTS
    }
    assert decide(asked, replace(world, **shuffled)) == answer
    assert decide(asked, world) == answer and world == kept


def test_CO_8_of_two_ties_the_nearer_says_why_whichever_came_first() -> None:
    """CO-8, GU-3: a claim to responsibility that nobody has verified is nearer to a guardian than none. LG-7: whoever
    takes part twice, and may write once, is refused for want of consent and not of leave."""
    ties = tuple(GuardianFact(MOTHER, "mother", claim, False, BEFORE) for claim in (True, False))
    parts = tuple(
        ParticipantFact(NURSE, STAFF[NURSE][0], UNITS[STAFF[NURSE][0]], BEFORE, may_write=may)
        for may in (True, False)
    )
    for order in (1, -1):
        world = facts(guardians=ties[::order], participants=parts[::order])
        assert ask(world, MOTHER, Act.SEE_CASE).reason_code == "responsibility_not_verified"
        assert ask(world, NURSE, Act.WRITE_LOG, "health").reason_code == "topic_not_consented"


@FIXED
@given(COOPERATION, WINDOWS | PERSON_WINDOWS, TIMES)
def test_CO_1_one_more_consent_takes_no_reading_from_anybody(
    world: Facts, window: WindowFact | PersonWindowFact, recorded_at: datetime
) -> None:
    """CO-1, CO-5: what was read is read still. CO-3: turned round, one consent less gives nobody anything."""
    if isinstance(window, WindowFact):
        more = replace(world, windows=(*world.windows, window))
    else:
        more = replace(world, person_windows=(*world.person_windows, window))
    assert _readings(world, recorded_at) <= _readings(more, recorded_at)


@FIXED
@given(COOPERATION, st.sampled_from(["participants", "windows", "person_windows", "knowledge"]), TIMES)
def test_CO_3_what_is_withdrawn_or_ends_sooner_gives_no_reading(
    world: Facts, what: str, recorded_at: datetime
) -> None:
    """CO-3, CO-9, CO-10: windows that are cut short, participants who are released and knowledge that grows old open
    nothing to anybody that was shut before."""
    old = Knowledge(NOW - timedelta(days=1))
    ended: Any = (
        old if what == "knowledge" else tuple(replace(each, valid_to=NOW) for each in getattr(world, what))
    )
    less: Facts = replace(world, **{what: ended})
    assert _readings(less, recorded_at) <= _readings(world, recorded_at)


@FIXED
@given(scenes())
def test_CO_8_every_answer_bears_a_rule_of_the_rulebook_and_a_sentence(scene: tuple[Question, Facts]) -> None:
    """CO-8: refused or not, and whoever asks what."""
    _says_why(decide(*scene))


@FIXED
@given(
    st.builds(
        LaneFacts, st.just(TOWN), st.sampled_from(ReportKind), PEOPLE,
        named=some(spanned(LaneNamedFact, PEOPLE)), roles=st.just(EMPLOYED),
        family=st.frozensets(PEOPLE, max_size=1),
        guardians=WORLDS.map(lambda world: world.guardians),
    ),
    st.builds(
        LaneQuestion, st.sampled_from([TOWN, "elsewhere"]), PEOPLE, st.sampled_from(Capacity), st.just(NOW),
        unit_id=st.none() | st.sampled_from(list(UNITS)),
    ),
)  # fmt: skip
def test_PR_5_every_answer_on_a_report_bears_a_rule_and_a_sentence(
    report: LaneFacts, reader: LaneQuestion
) -> None:
    """PR-5, PR-3: and none that refuses lets on that there is a report."""
    decision = may_read_lane_report(reader, report)
    _says_why(decision)
    assert decision.allowed == decision.sees_thing


@FIXED
@given(scenes(), st.data())
def test_CO_8_whatever_is_not_known_is_denied(scene: tuple[Question, Facts], data: st.DataObject) -> None:
    """CO-8: somebody of whom no fact speaks, a unit or a municipality that is not there, a capacity without a part; for
    whoever reads by consent (CO-9) or by age (AG-7), a topic, a birth date or a consent status that nobody knows."""
    asked, world = scene
    stranger = data.draw(
        st.sampled_from([
            asked._replace(person_id="a stranger"),
            asked._replace(municipality="elsewhere"),
            asked._replace(capacity=Capacity.EMPLOYEE, unit_id="a unit that is not there"),
            asked._replace(capacity=data.draw(st.sampled_from([Capacity.SERVICE, Capacity.ANONYMOUS]))),
            asked._replace(audience=Audience.STATISTIC),
        ])
    )  # fmt: skip
    if stranger.capacity is not Capacity.SYSTEM or stranger.municipality == "elsewhere":
        assert not decide(stranger, world).allowed
    ties = standings(asked, world)
    parties = set() if isinstance(ties, NoStanding) else {tie.party for tie in ties}
    item = asked._replace(act=data.draw(st.sampled_from(ITEMS)))
    by_consent = {
        Party.OTHER_HOLDER,
        Party.OTHER_PARTICIPANT,
        Party.OTHER_LEADER,
        Party.NAMED,
        Party.OTHER_SYSTEM,
    }
    if parties <= by_consent:
        unknown = data.draw(st.sampled_from([None, "a topic that is not there"]))
        assert not decide(item._replace(topic=unknown), world).allowed
        assert not decide(item, replace(world, knowledge=Knowledge(None))).allowed
        assert not decide(item, replace(world, subject_birth_date=None)).allowed
    if asked.capacity in (Capacity.GUARDIAN, Capacity.SELF) and Party.NAMED not in parties:
        assert not decide(asked, replace(world, subject_birth_date=None)).allowed


def test_CO_8_the_table_has_every_act_and_names_rules_of_the_rulebook() -> None:
    """CO-8: no act falls to whoever reads the table with an answer of its own."""
    assert set(TABLE) == set(Act)
    for act, lines in TABLE.items():
        assert {line.rule for line in lines} <= RULES, act


def _readings(world: Facts, recorded_at: datetime) -> set[tuple[str, Act, str]]:
    """Who may read what, of all who could have a part in the case."""
    found = product(READERS, READING, ("learning", "health"))
    return {
        (who, act, topic)
        for who, act, topic in found
        if decide(question(who, act, topic=topic, recorded_at=recorded_at), world).allowed
    }


def _says_why(decision: Decision) -> None:
    assert decision.rule in RULES, decision
    assert decision.reason_code in SENTENCES and decision.sentence != UNKNOWN, decision
