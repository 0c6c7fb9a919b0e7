"""A request for consent and its answers: the aggregate of this service.

A request names services and topics and a span of time; each service x topic is a line of its own (CO-1). What the
answers to a line amount to is the kernel's to say (GU-1); what lines are open makes the access windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.kernel.facts import Facts
from services.kernel.signers import SignatureState, required_signers, signature_state, signer_groups

READING_DAYS = 30
"""For so long after closing the services may still read, to fetch the final report (LG-10)."""


class Answer(StrEnum):
    """What a signer says to one line. TALK_FIRST counts as no answer, and is told to the holder."""

    YES = "yes"
    NO = "no"
    TALK_FIRST = "talk_first"


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One receiving service and one topic."""

    service_id: str
    topic: str


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of one signer to one line. Answers are kept for ever; the latest counts."""

    signer_id: str
    line: Line
    answer: Answer
    at: datetime
    signature_id: str


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """What one line opens: service x topic x from x to (half-open)."""

    service_id: str
    topic: str
    valid_from: datetime
    valid_to: datetime


@dataclass(slots=True)
class Request:
    """What was asked, of which case, and all that was answered."""

    request_id: str
    case_id: str
    lines: tuple[Line, ...]
    valid_from: datetime
    valid_to: datetime
    requested_by: str
    requested_at: datetime
    ended_at: datetime | None = None
    said: list[Said] = field(default_factory=list)

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

    def withdrew(self, signer_id: str, line: Line) -> bool:
        """CO-3: who said yes and then no has withdrawn."""
        words = [each.answer for each in self.said if each.signer_id == signer_id and each.line == line]
        return bool(words) and words[-1] is Answer.NO and Answer.YES in words

    def state(self, line: Line, facts: Facts, now: datetime) -> str:
        """The state of one line: active, pending, conflicting, refused, withdrawn or expired.

        GU-1: active only while everyone who must sign has said yes; silence is pending, one refusal among several is
        a conflict. GU-3: where nobody can sign it stays pending. AG-2 lives in the kernel's `signer_groups`.
        """
        if self.over(now):
            return "expired"
        groups = signer_groups(facts, line.topic, facts.policy, now)
        signers = frozenset().union(*groups)
        granted = {
            signer for signer in signers if self.has_granted(signer, line) or self.withdrew(signer, line)
        }
        refused = {signer for signer in signers if self.latest(signer, line) is Answer.NO}
        found = signature_state(groups, granted, refused)
        if found in (SignatureState.CONFLICTING, SignatureState.REFUSED):
            return "withdrawn" if any(self.withdrew(signer, line) for signer in signers) else str(found)
        return "pending" if found is SignatureState.NOBODY_CAN_SIGN else str(found)

    def active_since(self, line: Line, facts: Facts, now: datetime) -> datetime:
        """The instant from which an active line has had all its signatures."""
        signers = required_signers(facts, line.topic, facts.policy, now)
        yes = [each.at for each in self.said if each.line == line and each.signer_id in signers]
        return max([self.valid_from, *yes])

    def summary(self, facts: Facts, now: datetime) -> str:
        """The state of the whole request, from those of its lines."""
        states = {self.state(line, facts, now) for line in self.lines}
        if len(states) == 1:
            return states.pop()
        for found in ("active", "pending", "conflicting"):
            if found in states:
                return "partly" if found == "active" else found
        return "partly"

    def signers(self, facts: Facts, now: datetime) -> dict[str, list[str]]:
        """Everyone who is asked, with the topics for which their signature is needed (AG-2, GU-1)."""
        needed: dict[str, list[str]] = {}
        for topic in sorted({line.topic for line in self.lines}):
            for person_id in required_signers(facts, topic, facts.policy, now):
                needed.setdefault(person_id, []).append(topic)
        return needed


def windows(requests: Iterable[Request], facts_of: Mapping[str, Facts], now: datetime) -> tuple[Window, ...]:
    """The access windows of a case: one for every line of every request that is active now (CO-1).

    CO-5: each request stands by itself, so a new one leaves the windows of the old ones open. Where two open the same
    service and topic without a break they are told as one; a time that neither names stays closed."""
    opened: list[Window] = []
    for request in requests:
        facts = facts_of[request.case_id]
        for line in request.lines:
            if request.state(line, facts, now) != "active":
                continue
            start = request.active_since(line, facts, now)
            opened.append(Window(line.service_id, line.topic, start, request.end))
    return tuple(_joined(opened))


def _joined(windows: Iterable[Window]) -> list[Window]:
    """The windows in order, those that overlap or touch as one."""
    joined: list[Window] = []
    for each in sorted(windows):
        last = joined[-1] if joined else None
        same = last is not None and (last.service_id, last.topic) == (each.service_id, each.topic)
        if last is not None and same and each.valid_from <= last.valid_to:
            joined[-1] = replace(last, valid_to=max(last.valid_to, each.valid_to))
        else:
            joined.append(each)
    return joined
