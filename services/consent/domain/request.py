"""A request for consent and its answers: the aggregate of this service.

A request names receivers and topics and a span of time; each receiver x topic is a line of its own (CO-1). What the
answers to a line amount to is the kernel's to say (GU-1); what lines stand open makes the access windows (windows.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.kernel.facts import Facts
from services.kernel.signers import (
    SignatureState,
    guardians_groups,
    required_signers,
    say_from,
    signature_state,
    signer_groups,
)

READING_DAYS = 30
"""For so long after closing the services may still read, to fetch the final report (LG-10)."""


class Answer(StrEnum):
    """What a signer says to one line. TALK_FIRST counts as no answer, and is told to the holder."""

    YES = "yes"
    NO = "no"
    TALK_FIRST = "talk_first"


class State(StrEnum):
    """What a line is now. README.md has the table of how one becomes another; only ACTIVE shares everything."""

    ACTIVE = "active"
    PENDING = "pending"
    CONFLICTING = "conflicting"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    EXPIRED = "expired"


class Reads(StrEnum):
    """What a line lets its receiver read now: all of its topic, what was recorded before the birthday that gave the
    youth the say (AG-4), or nothing."""

    ALL = "all"
    EARLIER = "earlier"
    NOTHING = "nothing"


class Line(NamedTuple):
    """One receiver and one topic. The receiver is a service, or a person whom the consent names (GU-2, AG-5):
    then `service_id` is empty, else `person_id` is."""

    service_id: str
    topic: str
    person_id: str = ""


class Said(NamedTuple):
    """One answer of one signer to one line. Answers are kept for ever; the latest counts."""

    signer_id: str
    line: Line
    answer: Answer
    at: datetime
    signature_id: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a line was found to be when its case was last weighed; `since`: from when it stands, of one that does."""

    state: State
    since: datetime | None = None


@dataclass(slots=True)
class Request:
    """What was asked, of which case, and all that was answered. `weighed`: what its lines were found to be last."""

    request_id: str
    case_id: str
    lines: tuple[Line, ...]
    valid_from: datetime
    valid_to: datetime
    requested_by: str
    requested_at: datetime
    ended_at: datetime | None = None
    said: list[Said] = field(default_factory=list)
    weighed: Mapping[Line, Weighed] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        """CO-2: a consent ends with its last day, or some days after the case was closed, whichever comes first."""
        return self.valid_to if self.ended_at is None else min(self.valid_to, self.ended_at)

    def over(self, now: datetime) -> bool:
        """Whether it has ended (CO-2)."""
        return now >= self.end

    def latest(self, signer_id: str, line: Line) -> Answer | None:
        """The signer's word that counts for the line: the last one said."""
        for each in reversed(self.said):
            if each.signer_id == signer_id and each.line == line:
                return each.answer
        return None

    def has_granted(self, signer_id: str, line: Line) -> bool:
        """Whether the signer's consent for the line stands now."""
        return self.latest(signer_id, line) is Answer.YES

    def _has_answered(self, signer_id: str, line: Line) -> bool:
        """Whether the signer has ever said yes or no to the line."""
        said = (each for each in self.said if each.signer_id == signer_id and each.line == line)
        return any(each.answer is not Answer.TALK_FIRST for each in said)

    def rests_on(self, signer_id: str, line: Line, subject_person: str) -> bool:
        """AG-4: whether the line still rests on the signer's word: their yes stands, the subject has not answered."""
        return self.has_granted(signer_id, line) and not self._has_answered(subject_person, line)

    def withdrew(self, signer_id: str, line: Line) -> bool:
        """CO-3: who said yes and then no has withdrawn."""
        words = [each.answer for each in self.said if each.signer_id == signer_id and each.line == line]
        return bool(words) and words[-1] is Answer.NO and Answer.YES in words

    def gives_way_to(self, lines: Collection[Line], now: datetime) -> bool:
        """Whether a new request for these lines takes its place: it waits for an answer to no more than they ask about,
        and nobody has said yes or no, which would stand (CO-3, CO-5). A wish to talk is what asking anew answers."""
        silent = all(each.answer is Answer.TALK_FIRST for each in self.said)
        return silent and not self.over(now) and set(self.lines) <= set(lines)

    # ------------------------------------------------------------ what a line is

    def state(self, line: Line, facts: Facts, now: datetime) -> State:
        """The state of one line.

        GU-1: active only while everyone who must sign now has said yes; silence is pending, one refusal among several
        is a conflict. What stood, and waits for somebody's word by a change that nobody signed (a birthday, AG-4; a
        change of parental responsibility, GU-3), has lapsed. GU-3: where nobody can sign, silence is all there is.
        """
        if self.over(now):
            return State.EXPIRED
        groups = signer_groups(facts, line.topic, facts.policy, now)
        found = self._signed(groups, line)
        if found is SignatureState.ACTIVE:
            return State.ACTIVE
        if found in (SignatureState.CONFLICTING, SignatureState.REFUSED):
            taken_back = any(self.withdrew(signer, line) for group in groups for signer in group)
            return State.WITHDRAWN if taken_back else State(found)
        wavers = any(self._wavers(signer, line) for group in groups for signer in group)
        return State.LAPSED if self._stood(line) and not wavers else State.PENDING

    def _wavers(self, signer_id: str, line: Line) -> bool:
        """Who said yes and now wants to talk first has given no answer any more; but that is their own act."""
        words = [each.answer for each in self.said if each.signer_id == signer_id and each.line == line]
        return bool(words) and words[-1] is Answer.TALK_FIRST and Answer.YES in words

    def _stood(self, line: Line) -> bool:
        """Whether it stood when last weighed, or had lapsed then, which it does until somebody's word ends that."""
        return line in self.weighed and self.weighed[line].state in (State.ACTIVE, State.LAPSED)

    def _signed(self, groups: frozenset[frozenset[str]], line: Line) -> SignatureState:
        signers = frozenset().union(*groups)
        granted = {
            signer for signer in signers if self.has_granted(signer, line) or self.withdrew(signer, line)
        }
        refused = {signer for signer in signers if self.latest(signer, line) is Answer.NO}
        return signature_state(groups, granted, refused)

    def reads(self, line: Line, facts: Facts, now: datetime) -> Reads:
        """What the line's receiver may read now. A consent whose first day is still to come opens nothing yet."""
        return self.state_and_reads(line, facts, now)[1]

    def state_and_reads(self, line: Line, facts: Facts, now: datetime) -> tuple[State, Reads]:
        """Both `state` and `reads`, weighed once."""
        state = self.state(line, facts, now)
        since = self._open_since(line, state, facts, now)
        if since is None or now < since:
            return state, Reads.NOTHING
        return state, Reads.ALL if state is State.ACTIVE else Reads.EARLIER

    def open_since(self, line: Line, facts: Facts, now: datetime) -> datetime | None:
        """The instant from which the line's window is open, None: it is shut.

        AG-4: what the guardians alone agreed to before the birthday that gave the youth the say stays open until the
        youth has answered. Its window begins before that day, by which the access decision knows that it does not open
        what was recorded on or after it (kernel.conditions.topic_consent). So no window that rests on the guardians'
        word begins on that day or later, whatever first day was asked for. Who has answered has: a wish to talk after a
        yes or a no leads back to nobody else's word."""
        return self._open_since(line, self.state(line, facts, now), facts, now)

    def _open_since(self, line: Line, state: State, facts: Facts, now: datetime) -> datetime | None:
        say = say_from(facts, line.topic)
        if say is None:
            return None
        if state is State.ACTIVE:
            since = self._since(signer_groups(facts, line.topic, facts.policy, now), line)
            return since if now >= say or since < say else None
        guardians = guardians_groups(facts, line.topic, now)
        silent = not self.over(now) and not self._has_answered(facts.case.subject_person, line)
        if now < say or not silent or self._signed(guardians, line) is not SignatureState.ACTIVE:
            return None
        since = self._since(guardians, line)
        return since if since < say else None

    def _since(self, groups: frozenset[frozenset[str]], line: Line) -> datetime:
        """From when the line has had the word of every group, within the request's time."""
        yes = [
            min(self._yes_since(signer, line) for signer in group if self.has_granted(signer, line))
            for group in groups
        ]
        known = self.weighed[line].since if line in self.weighed else None
        return max([self.valid_from, *yes, *([known] if known else [])])

    def _yes_since(self, signer_id: str, line: Line) -> datetime:
        """From when the signer's yes has stood without a break."""
        since: datetime | None = None
        for each in self.said:
            if each.signer_id == signer_id and each.line == line:
                since = (since or each.at) if each.answer is Answer.YES else None
        assert since is not None, "only asked of whoever has granted"
        return since

    def weigh(self, facts: Facts, now: datetime) -> dict[Line, Weighed]:
        """What every line is now, to be kept: one that comes to be active stands from now on, one that lapses is
        remembered with what it stood on, and what was refused or withdrawn stands no more."""
        found: dict[Line, Weighed] = {}
        for line in self.lines:
            state, before = self.state(line, facts, now), self.weighed.get(line)
            since = before.since if before else None
            if state is State.ACTIVE:
                since = since if before and before.state is State.ACTIVE else now
            found[line] = Weighed(state, since if state in (State.ACTIVE, State.LAPSED) else None)
        return found

    # ------------------------------------------------------------ the whole request

    def summary(self, facts: Facts, now: datetime) -> str:
        """The state of the whole request (`summed_up`)."""
        return summed_up([self.state(line, facts, now) for line in self.lines])

    def signers(self, facts: Facts, now: datetime) -> dict[str, list[str]]:
        """Everyone who is asked, with the topics for which their signature is needed (AG-2, GU-1)."""
        needed: dict[str, list[str]] = {}
        for topic in sorted({line.topic for line in self.lines}):
            for person_id in required_signers(facts, topic, facts.policy, now):
                needed.setdefault(person_id, []).append(topic)
        return needed


def summed_up(states: Collection[State]) -> str:
    """The state of a whole request, from those of its lines: "partly" where some are active and some not; where none
    is, the first of these that some line is: what waits for somebody, and then what ended it last (CO-4)."""
    if State.ACTIVE in states:
        return "active" if set(states) == {State.ACTIVE} else "partly"
    return str(next(state for state in _WITHOUT_ANY_ACTIVE if state in states))


_WITHOUT_ANY_ACTIVE = (
    State.LAPSED, State.PENDING, State.CONFLICTING, State.EXPIRED, State.WITHDRAWN, State.REFUSED,
)  # fmt: skip
