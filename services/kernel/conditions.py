"""What must hold besides the tie: one small function a condition, named as the table in access.py reads.

Each answers None when it holds, else the rule that refuses and a stable reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from services.kernel.calendar import birthday_instant
from services.kernel.facts import Facts, GuardiansSee, Question, Spanning, WindowFact, in_force
from services.kernel.parties import OWN_PEOPLE, Party, Standing
from services.kernel.signers import as_signer, care_order, required_signers, say_from, signer_groups


class Refused(NamedTuple):
    rule: str
    reason: str


Condition = Callable[[Question, Facts, Standing], Refused | None]

NO_LOG = Refused("LG-1", "no_log_at_level_0")
PAST_LEVEL_0 = Refused("LV-2", "not_at_level_0")
CASE_CLOSED = Refused("LG-10", "case_closed")
CASE_OPEN = Refused("LV-20", "case_not_closed")
LOG_FROZEN = Refused("LG-1", "log_frozen")
BEFORE_TALK = Refused("LV-17", "talk_not_recorded")
MAY_NOT_WRITE = Refused("LG-7", "not_let_write")
NO_CONSENT = Refused("CO-1", "no_consent_in_force")
TOPIC_MISSING = Refused("CO-1", "topic_missing")
TOPIC_UNKNOWN = Refused("CO-1", "topic_not_known")
NOT_CONSENTED = Refused("CO-1", "topic_not_consented")
AGE_UNKNOWN = Refused("AG-7", "birth_date_not_known")
SAY_PASSED = Refused("AG-4", "youth_has_not_answered")
NOT_MARKED = Refused("AG-6", "not_needed_by_guardians")
NOT_LET = Refused("GU-4", "not_let_by_child_protection")
THIRD_PERSON = Refused("GU-6", "third_person_has_not_agreed")
GIVEN_APART = Refused("LG-5", "view_given_apart")
NOT_OWN_ANSWER = Refused("GU-5", "not_own_answer")
YOUTH_ALONE = Refused("AG-2", "youth_consents_alone")
GUARDIANS_SIGN = Refused("AG-2", "guardians_consent")
NEVER_CONSENTED = Refused("LG-11", "has_not_consented")
NOBODY_SIGNS = Refused("GU-3", "responsibility_not_known")


def at_level_0(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LV-2: level 0 is the owner's clarifying; its work ends with it."""
    return None if facts.case.level == 0 else PAST_LEVEL_0


def has_log(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LG-1: the relay log begins at level 1."""
    return None if facts.case.level >= 1 else NO_LOG


def is_open(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LG-10: a closed case is read, never written."""
    return CASE_CLOSED if facts.case.closed else None


def is_closed(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LV-20: only what is closed is reopened."""
    return None if facts.case.closed else CASE_OPEN


def not_frozen(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LG-1: when the last consent has ended, the log is frozen for everyone outside the owning unit."""
    return LOG_FROZEN if facts.case.frozen else None


def after_talk(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LV-17: level-0 notes are the owner's until the talk with the family is recorded."""
    return None if facts.case.talk_recorded else BEFORE_TALK


def family_knows(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LV-17: before the talk the case itself does not exist for the family; from level 1 they are told in any
    case."""
    return None if facts.case.talk_recorded or facts.case.level >= 1 else BEFORE_TALK


def let_write(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LG-7: the holder, and those the holder lets write."""
    return None if standing.may_write else MAY_NOT_WRITE


def some_consent(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """CO-1: a service that no window names now, sees not even that there is a case."""
    for window in facts.windows:
        if window.service_id == standing.service_id and in_force(window, question.now):
            return None
    return NO_CONSENT


def consent_when_it_was(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """CO-1: as `some_consent`, by a window that held already when the thing happened: what a case went through before
    is not an outside system's to be told, however late it is decided. Plan and log have HO-4's history instead."""
    happened = question.recorded_at or question.now
    for window in facts.windows:
        named = window.service_id == standing.service_id and in_force(window, question.now)
        if named and window.valid_from <= happened:
            return None
    return NO_CONSENT


def topic_consent(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """CO-1: what is not named is not shared: a window in force for this service and this topic.

    HO-4: it opens the history too, what was recorded before it began; but see AG-4."""
    if question.topic is None:
        return TOPIC_MISSING
    rules = facts.policy.topic(question.topic)
    if rules is None:
        return TOPIC_UNKNOWN
    if facts.subject_birth_date is None:
        return AGE_UNKNOWN
    refused = NOT_CONSENTED
    for window in facts.windows:
        if (
            window.service_id == standing.service_id
            and window.topic == question.topic
            and in_force(window, question.now)
        ):
            if not _youth_must_answer(window, question, facts):
                return None
            refused = SAY_PASSED
    return refused


def covering(facts: Facts, now: datetime) -> tuple[WindowFact, ...]:
    """LV-8, HO-2: the windows on which something new can rest: in force, and opening what is recorded now. What the
    guardians agreed to before the youth had the say brings in nobody (AG-4)."""
    found = []
    for window in facts.windows:
        say = say_from(facts, window.topic)
        if in_force(window, now) and say is not None and not window.valid_from < say <= now:
            found.append(window)
    return tuple(found)


def comment_consent(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LG-7: a comment on an item needs the item's topic; one to the holder about the whole needs any
    consent."""
    return (some_consent if question.topic is None else topic_consent)(question, facts, standing)


def _youth_must_answer(window: Spanning, question: Question, facts: Facts) -> bool:
    """AG-4: a window begun before the birthday that gives the youth the say rests on the guardians' word
    alone, and does not open what is recorded on or after that day. The youth's own answer begins a new
    window, on or after it."""
    say = say_from(facts, question.topic or "")
    return say is None or window.valid_from < say <= (question.recorded_at or question.now)


def named_for_topic(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """GU-2, AG-5: consent that names this person for this topic; AG-4 holds for it as for a service's."""
    refused = NOT_CONSENTED
    for window in facts.person_windows:
        named = window.person_id == question.person_id and window.topic == question.topic
        if named and in_force(window, question.now):
            if not _youth_must_answer(window, question, facts):
                return None
            refused = SAY_PASSED
    return refused


def within_guardians_need(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """AG-6: from the policy's age guardians see a limited topic only where the holder marks it as needed."""
    if question.needed_by_guardians or question.topic is None:
        return None
    rules = facts.policy.topic(question.topic)
    if rules is None:
        return TOPIC_UNKNOWN
    if rules.guardians_limited_from is None:
        return None
    if facts.subject_birth_date is None:
        return AGE_UNKNOWN
    return NOT_MARKED if question.topic in limited_topics(facts, question.now) else None


def asked_or_needed(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """AG-6: what is asked and answered on a limited topic is the youth's own, but for those whose word is asked on it
    too (AG-3), and for one's own word, which is one's own to read and take back (CO-3, `signed_by`)."""
    if question.signed_by == as_signer(question.capacity, question.person_id, question.unit_id):
        return None
    refused = within_guardians_need(question, facts, standing)
    return refused if refused is not None and must_sign(question, facts, standing) else None


def limited_topics(facts: Facts, now: datetime) -> frozenset[str]:
    """AG-6: the topics of which guardians read only what is marked, now that the youth has the policy's age."""
    born = facts.subject_birth_date
    return frozenset(
        rules.code
        for rules in facts.policy.topics
        if born is not None
        and rules.guardians_limited_from is not None
        and birthday_instant(born, rules.guardians_limited_from) <= now
    )


def let_by_care_order(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """GU-4: under a care order guardians read the topics that child protection names, and no other."""
    order = care_order(facts, question.now)
    let = order is not None and order.guardians_see is GuardiansSee.TOPICS and question.topic in order.topics
    return None if let else NOT_LET


def of_third_person(question: Question, standing: Standing) -> Refused | None:
    """GU-6: what tells of a sibling, or of how a parent is, is shown beyond the owning unit's own people to nobody but
    that person, until that person has agreed. It holds for every line of the table."""
    if question.third_person is None or question.third_person_agrees:
        return None
    if standing.party in OWN_PEOPLE or question.person_id == question.third_person:
        return None
    return THIRD_PERSON


def not_given_apart(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LG-5: a view given apart is not shown to guardians unless the child agrees."""
    return GIVEN_APART if question.given_apart and not question.child_agrees else None


def own_answer(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """GU-5: a paper bears the hand, and may bear the address, of the one who signed it; in a family each sees their
    own."""
    return None if question.signed_by == question.person_id else NOT_OWN_ANSWER


def has_consented(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LG-11: the log is ended by somebody who once said yes to it, or by the youth who has the say now, or child
    protection in the guardians' place (GU-4), whoever said yes to it before: a yes is not the price of the way out."""
    if standing.party in (Party.CHILD, Party.CARE):
        return None if facts.consented else NEVER_CONSENTED
    return None if question.person_id in facts.consented else NEVER_CONSENTED


def ends_for_the_family(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """LG-11: the youth, once they consent alone to any topic; before, each of the guardians, and not the child."""
    youth = frozenset({frozenset({facts.case.subject_person})})
    alone = any(
        signer_groups(facts, topic, facts.policy, question.now) == youth for topic in facts.policy.topic_codes
    )
    if (standing.party is Party.CHILD) == alone:
        return None
    return YOUTH_ALONE if alone else GUARDIANS_SIGN


def signs_alone(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """AG-2, AG-5: whose word alone is needed for the topic; without a topic: for any topic."""
    alone = frozenset({frozenset({question.person_id})})
    topics = facts.policy.topic_codes if question.topic is None else (question.topic,)
    if any(signer_groups(facts, topic, facts.policy, question.now) == alone for topic in topics):
        return None
    return GUARDIANS_SIGN


def must_sign(question: Question, facts: Facts, standing: Standing) -> Refused | None:
    """AG-2, GU-1: whoever must sign for the topic may; without a topic: for any topic. GU-4: child protection signs
    as its unit."""
    signer = as_signer(question.capacity, question.person_id, question.unit_id)
    topics = facts.policy.topic_codes if question.topic is None else (question.topic,)
    nobody = True
    for topic in topics:
        signers = required_signers(facts, topic, facts.policy, question.now)
        if signer in signers:
            return None
        nobody = nobody and not signers
    if nobody:
        return NOBODY_SIGNS
    return GUARDIANS_SIGN if question.person_id == facts.case.subject_person else YOUTH_ALONE


BY_TIME: frozenset[Condition] = frozenset(
    {topic_consent, comment_consent, named_for_topic, consent_when_it_was}
)
"""Those that look at when an item was recorded; all others answer alike for whatever time (a test holds them to it)."""
