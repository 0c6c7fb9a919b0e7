"""The one access decision (CO-8): who may do what with a case, for which topic, now. Denial by default.

Read the table first: a line names the parties, the rule that lets them, and what must hold besides.
`parties.py` says as what somebody stands to the case, `conditions.py` what each word in the table means."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from services.kernel.conditions import (
    BY_TIME,
    Condition,
    Refused,
    after_talk,
    asked_or_needed,
    at_level_0,
    comment_consent,
    consent_when_it_was,
    ends_for_the_family,
    family_knows,
    has_consented,
    has_log,
    is_closed,
    is_open,
    let_by_care_order,
    let_write,
    must_sign,
    named_for_topic,
    not_frozen,
    not_given_apart,
    of_third_person,
    own_answer,
    signs_alone,
    some_consent,
    topic_consent,
    within_guardians_need,
)
from services.kernel.facts import (
    CONSENT_NOT_KNOWN,
    Act,
    Audience,
    Capacity,
    Decision,
    Facts,
    Knowledge,
    Question,
)
from services.kernel.parties import BY_OFFICE, THIRD_PARTIES, NoStanding, Party, Standing, standings


class Line(NamedTuple):
    """One line of the table: these parties may, by this rule, when all the conditions hold."""

    parties: frozenset[Party]
    rule: str
    conditions: tuple[Condition, ...]


def allow(parties: Party | frozenset[Party], rule: str, *conditions: Condition) -> Line:
    """A line of the table."""
    return Line(frozenset({parties}) if isinstance(parties, Party) else parties, rule, conditions)


OWNER, LEADER, HOLDER, NAMED = Party.OWNER, Party.OWN_LEADER, Party.OWN_HOLDER, Party.NAMED
COLLEAGUE, GUARDIAN, CHILD = Party.OWN_PARTICIPANT, Party.GUARDIAN, Party.CHILD
EMERGENCY = Party.EMERGENCY
CARE, LIMITED = Party.CARE, Party.LIMITED_GUARDIAN
OUTSIDE_HOLDER = Party.OTHER_HOLDER
OUTSIDE_WRITERS = frozenset({Party.OTHER_HOLDER, Party.OTHER_PARTICIPANT})
INSIDE = frozenset({OWNER, LEADER, HOLDER, COLLEAGUE})
OUTSIDE = OUTSIDE_WRITERS | {Party.OTHER_LEADER}
FAMILY = frozenset({GUARDIAN, CHILD})
OWN_SYSTEM, OTHER_SYSTEM = Party.OWN_SYSTEM, Party.OTHER_SYSTEM

TABLE: dict[Act, tuple[Line, ...]] = {
    Act.SEE_CASE: (
        allow(INSIDE, "SE-3"),
        allow(Party.OWN_RECEIVER, "HO-2"),
        allow(OUTSIDE | {Party.OTHER_RECEIVER}, "CO-1", has_log, some_consent),
        allow(FAMILY, "LG-7", family_knows),
        allow(frozenset({CARE, LIMITED}), "GU-4", family_knows),
        allow(NAMED, "GU-2", has_log),
        allow(EMERGENCY, "SE-3"),
        allow(OWN_SYSTEM, "LG-1", has_log),
        allow(OTHER_SYSTEM, "CO-1", has_log, consent_when_it_was),
    ),
    Act.READ_NOTES: (
        allow(OWNER, "LV-17"),
        allow(frozenset({LEADER, HOLDER, CHILD}), "LV-17", after_talk),
        allow(GUARDIAN, "LV-17", after_talk, within_guardians_need, not_given_apart),
        allow(CARE, "GU-4", after_talk, within_guardians_need, not_given_apart),
    ),
    Act.WRITE_NOTES: (allow(OWNER, "LV-2", at_level_0, is_open),),
    Act.READ_PLAN: (
        allow(INSIDE, "LG-1", has_log),
        allow(OUTSIDE, "CO-1", has_log, topic_consent),
        allow(GUARDIAN, "LG-1", has_log, within_guardians_need),
        allow(CARE, "GU-4", has_log, within_guardians_need),
        allow(LIMITED, "GU-4", has_log, let_by_care_order, within_guardians_need),
        allow(CHILD, "LG-1", has_log),
        allow(NAMED, "GU-2", has_log, named_for_topic),
        allow(EMERGENCY, "SE-3", has_log),
        allow(OWN_SYSTEM, "LG-1", has_log),
        allow(OTHER_SYSTEM, "CO-1", has_log, topic_consent),
    ),
    Act.READ_LOG_ITEM: (
        allow(INSIDE, "LG-7", has_log),
        allow(OUTSIDE, "CO-1", has_log, topic_consent),
        allow(GUARDIAN, "LG-7", has_log, within_guardians_need),
        allow(CARE, "GU-4", has_log, within_guardians_need),
        allow(LIMITED, "GU-4", has_log, let_by_care_order, within_guardians_need),
        allow(CHILD, "LG-7", has_log),
        allow(NAMED, "GU-2", has_log, named_for_topic),
        allow(EMERGENCY, "SE-3", has_log),
        allow(OWN_SYSTEM, "LG-1", has_log),
        allow(OTHER_SYSTEM, "CO-1", has_log, topic_consent),
    ),
    Act.READ_VIEW: (
        allow(OWNER, "LG-5"),
        allow(frozenset({LEADER, HOLDER, COLLEAGUE}), "LG-5", family_knows),
        allow(OUTSIDE, "CO-1", has_log, topic_consent),
        allow(GUARDIAN, "LG-5", family_knows, within_guardians_need, not_given_apart),
        allow(CARE, "GU-4", family_knows, within_guardians_need, not_given_apart),
        allow(LIMITED, "GU-4", family_knows, let_by_care_order, within_guardians_need, not_given_apart),
        allow(CHILD, "LG-5", family_knows),
        allow(NAMED, "GU-2", has_log, named_for_topic, not_given_apart),
        allow(EMERGENCY, "SE-3", has_log, not_given_apart),
        allow(OWN_SYSTEM, "LG-5", has_log),
        allow(OTHER_SYSTEM, "CO-1", has_log, topic_consent),
    ),
    Act.READ_CONSENT: (
        allow(frozenset({OWNER, LEADER, HOLDER}), "CO-1"),
        allow(OUTSIDE_HOLDER, "CO-1", has_log, some_consent),
        allow(GUARDIAN, "CO-7", family_knows, asked_or_needed),
        allow(CARE, "GU-4", family_knows, asked_or_needed),
        allow(CHILD, "CO-7", family_knows),
        allow(EMERGENCY, "SE-3", has_log),
        allow(OWN_SYSTEM, "CO-1", has_log),
        allow(OTHER_SYSTEM, "CO-1", has_log, consent_when_it_was),
    ),
    Act.READ_REPORT: (
        allow(INSIDE, "LG-10"),
        allow(OUTSIDE, "LG-10", has_log, some_consent),
        allow(FAMILY, "LG-10", family_knows),
        allow(CARE, "GU-4", family_knows),
        allow(NAMED, "GU-2", has_log),
        allow(EMERGENCY, "SE-3", has_log),
    ),
    Act.WRITE_PLAN: (
        allow(frozenset({HOLDER, COLLEAGUE}), "LG-7", has_log, is_open, let_write),
        allow(OUTSIDE_WRITERS, "LG-7", has_log, is_open, not_frozen, let_write, topic_consent),
    ),
    Act.WRITE_LOG: (
        allow(frozenset({HOLDER, COLLEAGUE}), "LG-7", has_log, is_open, let_write),
        allow(OUTSIDE_WRITERS, "LG-7", has_log, is_open, not_frozen, let_write, topic_consent),
    ),
    Act.COMMENT: (
        allow(INSIDE | FAMILY, "LG-7", has_log, is_open),
        allow(CARE, "GU-4", has_log, is_open),
        allow(OUTSIDE, "LG-7", has_log, is_open, not_frozen, comment_consent),
    ),
    Act.MANAGE: (
        allow(HOLDER, "HO-7", has_log, is_open),
        allow(OUTSIDE_HOLDER, "HO-7", has_log, is_open, some_consent),
    ),
    Act.DECIDE_LEVEL: (
        allow(OWNER, "LV-2", at_level_0, is_open),
        allow(frozenset({HOLDER, LEADER}), "LV-4", has_log, is_open),
        allow(OUTSIDE_HOLDER, "LV-4", has_log, is_open, some_consent),
    ),
    Act.CLOSE: (
        allow(OWNER, "LV-2", at_level_0, is_open),
        allow(frozenset({HOLDER, LEADER}), "LV-1", has_log, is_open),
        allow(OUTSIDE_HOLDER, "LV-1", has_log, is_open, some_consent),
    ),
    Act.END_LOG: (
        allow(FAMILY, "LG-11", has_log, is_open, ends_for_the_family, has_consented),
        allow(CARE, "GU-4", has_log, is_open, ends_for_the_family, has_consented),
    ),
    Act.REOPEN: (allow(frozenset({OWNER, LEADER, HOLDER}), "LV-20", is_closed),),
    Act.PROPOSE_HANDOVER: (
        allow(frozenset({HOLDER, LEADER}), "HO-2", has_log, is_open),
        allow(OUTSIDE_HOLDER, "HO-2", has_log, is_open, some_consent),
    ),
    Act.ANSWER_HANDOVER: (
        allow(frozenset({Party.OWN_RECEIVER, Party.OTHER_RECEIVER}), "HO-2", has_log, is_open),
    ),
    Act.REQUEST_CONSENT: (
        allow(frozenset({OWNER, HOLDER}), "LV-8", family_knows, is_open),
        allow(OUTSIDE_HOLDER, "LV-8", has_log, is_open, some_consent),
    ),
    Act.NAME_PERSON: (allow(CHILD, "AG-5", has_log, is_open, signs_alone),),
    Act.SIGN_CONSENT: (
        allow(FAMILY, "GU-1", family_knows, is_open, must_sign),
        allow(CARE, "GU-4", family_knows, is_open, must_sign),
    ),
    Act.WITHDRAW_CONSENT: (allow(FAMILY, "CO-3", family_knows), allow(CARE, "GU-4", family_knows)),
    Act.GIVE_FEEDBACK: (allow(FAMILY, "LG-10", family_knows), allow(CARE, "GU-4", family_knows)),
    Act.KEEP_FAMILY: (
        allow(frozenset({OWNER, LEADER, HOLDER}), "GU-3", is_open),
        allow(OUTSIDE_HOLDER, "GU-3", has_log, is_open, some_consent),
    ),
    Act.REGISTER_BIRTH: (allow(frozenset({OWNER, HOLDER}), "LV-18", is_open),),
    Act.READ_ACCESS: (
        allow(LEADER, "SE-2"),
        allow(FAMILY, "SE-2", family_knows),
        allow(CARE, "GU-4", family_knows),
    ),
    Act.REGISTER_CONSENT: (
        allow(frozenset({OWNER, HOLDER}), "CO-6", family_knows, is_open),
        allow(OUTSIDE_HOLDER, "CO-6", has_log, is_open, some_consent),
    ),
    Act.READ_EVIDENCE: (
        allow(frozenset({OWNER, LEADER, HOLDER}), "CO-6"),
        allow(OUTSIDE_HOLDER, "CO-6", has_log, some_consent),
        allow(FAMILY, "CO-6", own_answer),
    ),
}


def _index(table: dict[Act, tuple[Line, ...]]) -> dict[tuple[Act, Party], Line]:
    """The table by act and party; a party that stood in two lines of one act would be a contradiction."""
    index: dict[tuple[Act, Party], Line] = {}
    for act, lines in table.items():
        for line in lines:
            for party in line.parties:
                if (act, party) in index:
                    raise ValueError(f"{act}: {party} stands in two lines")
                index[act, party] = line
    return index


_LINES = _index(TABLE)
_ITEMS = frozenset({Act.READ_NOTES, Act.READ_PLAN, Act.READ_LOG_ITEM, Act.READ_VIEW})
_READING = _ITEMS | {Act.SEE_CASE, Act.READ_CONSENT, Act.READ_REPORT, Act.READ_ACCESS}
_PERSONAL = frozenset({Audience.READER, Audience.EXPORT, Audience.SEARCH, Audience.NOTIFICATION})
_TOLD_OUTSIDE = (_ITEMS - {Act.READ_NOTES}) | {Act.SEE_CASE, Act.READ_CONSENT}


@cache
def _allowed(rule: str, party: Party) -> Decision:
    return Decision(True, rule, f"allowed_as_{party}", sees_thing=True)


@cache
def _denied(rule: str, reason: str, sees_thing: bool = False) -> Decision:
    return Decision(False, rule, reason, sees_thing)


_OTHER_MUNICIPALITY = _denied("SE-7", "other_municipality")
_AUDIENCE_CLOSED = _denied("CO-8", "audience_not_open")
_NOT_KNOWN = _denied("CO-9", CONSENT_NOT_KNOWN, sees_thing=True)


def decide(question: Question, facts: Facts) -> Decision:
    """CO-8: the answer to one question about one case, naming the rule that allowed or refused it.

    SE-7: a question asked in another municipality than the case's finds nothing. Outside systems are told, and
    a reader's other outlets (export, search, notification) only read; statistics have no line of their own
    yet: all else is denied. A refusal's `sees_thing` says whether the asker may know that the thing is there
    (403) or not (404)."""
    return Deciding(facts).decide(question)


Way = tuple[Standing, Line]
"""One tie of the asker, with the line that the table has for it and an act."""


class Deciding:
    """`decide` for many questions on the same facts: as what an asker stands to the case, and which line of the table
    each tie has for an act, is found once for all that they ask in turn at one instant, since no item changes it."""

    __slots__ = ("_asker", "_facts", "_found", "_ways")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._asker: tuple[object, ...] = ()
        self._found: list[Standing] | NoStanding = []
        self._ways: dict[Act, list[Way]] = {}

    def decide(self, question: Question) -> Decision:
        """CO-8: see the function."""
        ties = self._ties(question)
        if isinstance(ties, Decision):
            return ties
        decision = self._weigh(question, ties)
        if (
            decision.allowed
            or decision is _NOT_KNOWN
            or question.act in _ITEMS
            or question.act is Act.SEE_CASE
        ):
            return decision
        overview = self._weigh(question.on(Act.SEE_CASE, None), ties)
        sees = overview.allowed or overview is _NOT_KNOWN
        return _denied(decision.rule, decision.reason_code, sees)

    def allows(self, question: Question) -> bool:
        """Whether `decide` would allow it: for whoever need not know why not."""
        ties = self._ties(question)
        return not isinstance(ties, Decision) and self._weigh(question, ties).allowed

    def by_time(self, question: Question) -> bool:
        """Whether any line that the asker has for the act looks at when an item was recorded (BY_TIME). Where none
        does, the same question about one of another time has the same answer."""
        ties = self.standings(question)
        if isinstance(ties, NoStanding):
            return False
        return any(not BY_TIME.isdisjoint(line.conditions) for _, line in self._ways_of(question.act, ties))

    def readable_topics(self, question: Question) -> frozenset[str]:
        """See the function."""
        act = question.act if question.act in _ITEMS else Act.READ_LOG_ITEM
        return frozenset(
            topic for topic in self._facts.policy.topic_codes if self.allows(question.on(act, topic))
        )

    def standings(self, question: Question) -> list[Standing] | NoStanding:
        """As what the asker stands to the case (parties.standings)."""
        asker = (question.person_id, question.capacity, question.unit_id, question.service_id, question.now)
        if asker != self._asker:
            self._asker, self._found, self._ways = asker, standings(question, self._facts), {}
        return self._found

    def _ties(self, question: Question) -> list[Standing] | Decision:
        """The ties that the table is asked for; or the refusal, where no line of it counts."""
        if question.municipality != self._facts.case.municipality:
            return _OTHER_MUNICIPALITY
        if not _audience_open(question):
            return _AUDIENCE_CLOSED
        found = self.standings(question)
        if isinstance(found, NoStanding):
            return _denied(found.rule, found.reason)
        return found

    def _weigh(self, question: Question, ties: list[Standing]) -> Decision:
        """What the table says for these ties."""
        return _by_table(question, self._facts, self._ways_of(question.act, ties))

    def _ways_of(self, act: Act, ties: list[Standing]) -> list[Way]:
        """The asker's ties for which the act has a line, strongest first."""
        found = self._ways.get(act)
        if found is None:
            found = [(tie, line) for tie in ties if (line := _LINES.get((act, tie.party))) is not None]
            self._ways[act] = found
        return found


def _audience_open(question: Question) -> bool:
    """Whether the answer may go there at all: persons read or act, outside systems are told (CO-8)."""
    if question.capacity is Capacity.SYSTEM or question.audience is Audience.OUTSIDE:
        both = question.capacity is Capacity.SYSTEM and question.audience is Audience.OUTSIDE
        return both and question.act in _TOLD_OUTSIDE
    if question.audience is Audience.READER:
        return True
    return question.audience in _PERSONAL and question.act in _READING


def readable_topics(question: Question, facts: Facts) -> frozenset[str]:
    """The topics of which the asker may read items recorded at `question.recorded_at` (none given: now), for
    the question's own act when it reads items by topic, else for log items."""
    return Deciding(facts).readable_topics(question)


def decide_in_any_capacity(question: Question, facts: Facts) -> Decision:
    """NO-6: for a message to a person who is not logged in: allowed when any capacity of theirs would be.

    The question's capacity and unit are tried first; the refusal given is theirs."""
    first = decide(question, facts)
    if first.allowed:
        return first
    for capacity, unit in _capacities(question, facts):
        other = decide(question._replace(capacity=capacity, unit_id=unit), facts)
        if other.allowed:
            return other
    return first


def _by_table(question: Question, facts: Facts, ways: Iterable[Way]) -> Decision:
    """The first tie whose line holds allows; else the refusal of the strongest tie that has a line;
    without any line, that of the act's first rule (denial by default)."""
    refused: Refused | None = None
    unknown = False
    for tie, line in ways:
        failed = of_third_person(question, tie)
        for condition in line.conditions:
            if failed is not None:
                break
            failed = condition(question, facts, tie)
        if failed is not None:
            refused = refused or failed
        elif not _known_enough(tie.party, facts, question.now):
            unknown = True
        else:
            return _allowed(line.rule, tie.party)
    if unknown:
        return _NOT_KNOWN
    return _denied(*(refused or (TABLE[question.act][0].rule, "not_for_this_role")))


def _known_enough(party: Party, facts: Facts, now: datetime) -> bool:
    """CO-9: whether what the party's access rests on is known as of late. Family and the owning unit read on."""
    if party in THIRD_PARTIES:
        return consent_status_known(facts, now)
    return party not in BY_OFFICE or office_known(facts, now)


def consent_status_known(facts: Facts, now: datetime) -> bool:
    """CO-9: no access of a third party rests on knowledge older than the policy's age, nor on parked or
    missing events."""
    return _fresh(facts.knowledge, facts, now)


def office_known(facts: Facts, now: datetime) -> bool:
    """CO-9: an emergency, and child protection in the guardians' place, rest on no consent, and do not wait for it; but
    that the emergency was ended, the address protected, the order or the role over, is told by case, people and staff,
    whose word must be as fresh."""
    return _fresh(facts.office_knowledge or facts.knowledge, facts, now)


def _fresh(known: Knowledge, facts: Facts, now: datetime) -> bool:
    if known.parked or known.as_of is None:
        return False
    return now - known.as_of <= timedelta(seconds=facts.policy.knowledge_seconds)


def _capacities(question: Question, facts: Facts) -> Iterable[tuple[Capacity, str | None]]:
    yield Capacity.GUARDIAN, None
    yield Capacity.SELF, None
    for unit in sorted({role.unit_id for role in facts.roles if role.person_id == question.person_id}):
        yield Capacity.EMPLOYEE, unit
