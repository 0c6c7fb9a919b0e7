"""What a draft of the policy would do to a running case on its first day, beside the policy that would stand then.

Pure: the same rules that weigh a case weigh it twice, with one policy and with the other; nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.consent.domain.moments import renew_from
from services.consent.domain.request import Line, Reads, Request, State
from services.kernel.access import decide, readable_topics
from services.kernel.facts import Act, Capacity, Facts, Question
from services.kernel.parties import acting_holder
from services.kernel.policies import Policy

_RANK = {Reads.NOTHING: 0, Reads.EARLIER: 1, Reads.ALL: 2}


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes in one case. A line is a service, or a person by name, with a topic; `to_sign` names requests with
    their signers, `losing` and `gaining` ones of the family with a topic (empty: the case itself)."""

    closing: frozenset[Line]
    narrowing: frozenset[Line]
    opening: frozenset[Line]
    to_sign: frozenset[tuple[str, str]]
    renewals: int
    losing: frozenset[tuple[str, str]]
    gaining: frozenset[tuple[str, str]]
    needs_holder: bool

    def __bool__(self) -> bool:
        """Whether anything of the case changes."""
        several = (self.closing, self.narrowing, self.opening, self.to_sign, self.losing, self.gaining)
        return any(several) or self.renewals > 0 or self.needs_holder


def effect(requests: Sequence[Request], facts: Facts, draft: Policy, at: datetime) -> Effect:
    """The effect of `draft` at `at`, its first instant; `facts` bear the policy that would stand then without it.

    GU-1, AG-2, AG-3: who must sign, and so what is open; AG-4: what waits for the youth's word; AG-1, AG-6: what the
    family reads; CO-2: when it is time to ask again; HO-1: whether there must be a holder."""
    after_facts = replace(facts, policy=draft)
    before, after = weighed(requests, facts, at), weighed(requests, after_facts, at)
    was, becomes = _reads(before, facts, at), _reads(after, after_facts, at)
    lines = {*was, *becomes}
    rank = {line: (_RANK[was[line]], _RANK[becomes[line]]) for line in lines}
    readers, readers_after = _family(facts, at), _family(after_facts, at)
    return Effect(
        closing=frozenset(line for line, (old, new) in rank.items() if new == 0 < old),
        narrowing=frozenset(line for line, (old, new) in rank.items() if 0 < new < old),
        opening=frozenset(line for line, (old, new) in rank.items() if new > old),
        to_sign=_to_sign(after, after_facts, at) - _to_sign(before, facts, at),
        renewals=_renewals(before, facts, after_facts, at),
        losing=readers - readers_after,
        gaining=readers_after - readers,
        needs_holder=_lacks_holder(after_facts) and not _lacks_holder(facts),
    )


def weighed(requests: Iterable[Request], facts: Facts, at: datetime) -> list[Request]:
    """The requests as they would be found at `at`."""
    return [replace(each, weighed=each.weigh(facts, at)) for each in requests]


def _reads(requests: Iterable[Request], facts: Facts, at: datetime) -> dict[Line, Reads]:
    """What each receiver reads of each topic: the most that any request gives them."""
    found: dict[Line, Reads] = {}
    for request in requests:
        for line in request.lines:
            reads = request.reads(line, facts, at)
            if _RANK[reads] >= _RANK[found.get(line, Reads.NOTHING)]:
                found[line] = reads
    return found


def _to_sign(requests: Iterable[Request], facts: Facts, at: datetime) -> frozenset[tuple[str, str]]:
    """(request, signer) of those whose word is missing."""
    return frozenset(
        (request.request_id, person_id)
        for request in requests
        if not request.over(at)
        for person_id, topics in request.signers(facts, at).items()
        if any(line.topic in topics and not request.has_granted(person_id, line) for line in request.lines)
    )


def _renewals(requests: Iterable[Request], facts: Facts, after: Facts, at: datetime) -> int:
    """CO-2: how many consents in force are to be asked for again on another day."""
    running = (
        request
        for request in requests
        if request.ended_at is None
        and any(request.state(line, facts, at) is State.ACTIVE for line in request.lines)
    )
    return sum(renew_from(request, facts) != renew_from(request, after) for request in running)


def _family(facts: Facts, at: datetime) -> frozenset[tuple[str, str]]:
    """Who of the family reads the case, and which topics of its plan."""
    asked = [(facts.case.subject_person, Capacity.SELF)]
    asked += [
        (person_id, Capacity.GUARDIAN) for person_id in sorted({tie.person_id for tie in facts.guardians})
    ]
    found: set[tuple[str, str]] = set()
    for person_id, capacity in asked:
        question = Question(facts.case.municipality, person_id, capacity, Act.SEE_CASE, at)
        if decide(question, facts).allowed:
            found.add((person_id, ""))
        topics = readable_topics(question._replace(act=Act.READ_PLAN), facts)
        found |= {(person_id, topic) for topic in topics}
    return frozenset(found)


def _lacks_holder(facts: Facts) -> bool:
    """HO-1: a running case at a level from which there is to be a holder, and that has none."""
    case = facts.case
    lacking = acting_holder(facts) is None
    return not case.closed and case.level >= facts.policy.holder_from_level and lacking
