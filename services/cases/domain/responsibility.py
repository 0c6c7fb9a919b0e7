"""Parental responsibility over time: what the register and verified papers have told, one after the other, as the ties
that follow from it (GU-3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from services.cases.domain import errors
from services.cases.domain.people import RegisteredGuardian, Tie

PaperState = Literal["waiting", "verified", "refused"]


@dataclass(frozen=True, slots=True)
class Said:
    """The register's words on one adult."""

    relation: str
    has_responsibility: bool
    verified: bool
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class ToldTie:
    """What was told of one adult, and when: from its first day on it holds in place of what was told before.

    A tie whose span is empty ends what stood, and begins nothing."""

    tie: Tie
    at: datetime


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper about parental responsibility: what it says, who registered it, and who verified or refused it when.
    `same_person_reason`: why that was one and the same (narrative), on its way to be kept."""

    paper_id: str
    child_id: str
    kind: str
    tie: Tie
    recorded_by: str
    recorded_at: datetime
    state: PaperState = "waiting"
    decided_by: str | None = None
    decided_at: datetime | None = None
    same_person_reason: str | None = None

    def decide(self, state: PaperState, by: str, now: datetime, same_person_reason: str | None) -> "Paper":
        """Somebody has looked at the paper: another than who registered it, or the same with a reason (GU-3)."""
        if self.state != "waiting":
            raise errors.PaperDecided(state=self.state)
        reason = (same_person_reason or "").strip() or None
        if by == self.recorded_by and state == "verified" and reason is None:
            raise errors.SecondPersonNeeded
        kept = reason if by == self.recorded_by else None
        return replace(self, state=state, decided_by=by, decided_at=now, same_person_reason=kept)


def timeline(told: Iterable[ToldTie], papers: Iterable[Paper]) -> tuple[Tie, ...]:
    """The ties of a child as they now stand, days to come included.

    A verified paper counts from when it was verified, and what the register then says anew comes after it. A paper
    that waits changes nothing that is verified; but its claim to responsibility stands beside, unverified, and so
    nobody can sign for the child meanwhile (GU-3). A refused one is not there."""
    papers = list(papers)
    verified = [
        ToldTie(replace(paper.tie, verified=True, source="paper"), paper.decided_at or paper.recorded_at)
        for paper in papers
        if paper.state == "verified"
    ]
    ties: list[Tie] = []
    for each in sorted([*told, *verified], key=lambda each: each.at):
        ties = _stated(ties, each.tie)
    claims = [
        replace(paper.tie, verified=False, source="paper")
        for paper in papers
        if paper.state == "waiting" and paper.tie.has_responsibility and not _known(ties, paper.tie)
    ]
    return tuple(sorted([*ties, *claims], key=lambda tie: (tie.guardian_id, tie.valid_from or date.min)))


def said(told: RegisteredGuardian) -> Said:
    """What the register says of one adult, to see whether it says something else later."""
    return Said(told.relation, told.has_responsibility, told.verified, told.valid_from, told.valid_to)


def news(
    known: Mapping[str, Said], told: Mapping[str, RegisteredGuardian], since: date, today: date
) -> list[Tie]:
    """What the register tells anew, as ties: of adults of whom it says something else than it said, and of those whom
    it names no more, whose tie ends today. `since`: the first day where it names none: the child's birth the first
    time that it tells of the child, afterwards today."""
    anew = [
        Tie(
            adult,
            each.relation,
            each.has_responsibility,
            each.verified,
            each.valid_from or since,
            each.valid_to,
        )
        for adult, each in told.items()
        if known.get(adult) != said(each)
    ]
    return anew + [
        Tie(adult, each.relation, False, True, today, today)
        for adult, each in known.items()
        if adult not in told
    ]


def shown(ties: Sequence[Tie], day: date) -> list[Tie]:
    """One tie an adult, as it holds on a day; else the one that is to come. Who has none any more is left out."""
    found: dict[str, Tie] = {}
    for tie in ties:
        if not tie.over(day) and (tie.guardian_id not in found or tie.holds(day)):
            found[tie.guardian_id] = tie
    return [found[adult] for adult in sorted(found)]


def _stated(ties: Iterable[Tie], new: Tie) -> list[Tie]:
    """The ties after `new` was told: of the same adult, what began before it ends with its first day at the latest."""
    first = new.valid_from or date.min
    kept: list[Tie] = []
    for tie in ties:
        if tie.guardian_id != new.guardian_id:
            kept.append(tie)
        elif (tie.valid_from or date.min) < first:
            kept.append(replace(tie, valid_to=min(tie.valid_to or date.max, first)))
    empty = new.valid_to is not None and new.valid_to <= first
    return kept if empty else [*kept, new]


def _known(ties: Iterable[Tie], claim: Tie) -> bool:
    """Whether the claim says no more than what is verified already."""
    return any(
        tie.guardian_id == claim.guardian_id
        and tie.verified
        and tie.has_responsibility
        and tie.holds(claim.valid_from or date.min)
        for tie in ties
    )
