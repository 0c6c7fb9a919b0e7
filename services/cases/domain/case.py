"""A case: its level, steps, time limit, relay holder and handover in one aggregate, so that one row under one lock
holds HO-1. Methods decide and change; what happened is kept in `happened` for the case's history."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from services.cases.domain import errors, levels
from services.cases.domain.cover import Window, covered
from services.cases.domain.deadlines import TimeLimit
from services.kernel.errors import ConsentMissing
from services.kernel.facts import Post
from services.kernel.policies import Policy

ENDED_BY_FAMILY = "family_wish"
"""With which outcome a case closes whose log the family has ended (LG-11)."""

Answer = Literal["agreed", "other_wish", "not_asked"]
State = Literal["open", "closed", "joined"]


@dataclass(frozen=True, slots=True)
class FamilyAnswer:
    """What the family answered about who should hold the relay; `reason`: their wish, or why they were not asked."""

    answer: Answer
    reason: str | None = None

    def check(self) -> None:
        """Refuse an answer that lacks its reason (HO-5)."""
        if self.answer != "agreed" and not (self.reason or "").strip():
            raise errors.FamilyReasonNeeded


@dataclass(frozen=True, slots=True)
class Handover:
    """A proposal that waits for its answer (HO-2). `reason` is narrative."""

    handover_id: str
    by_person_id: str
    to: Post
    proposed_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the case's history (LV-1): `codes` may stand in clear, `told` is narrative."""

    at: datetime
    what: str
    by_person_id: str | None
    codes: dict[str, Any] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """A move that was made. `appointed`: the holder who began with it; `service_ids`: the other services that take
    part from now on."""

    from_level: int
    to_level: int
    service_ids: tuple[str, ...]
    appointed: Post | None = None


@dataclass(slots=True)
class Case:
    """A concern, and the effort that grows out of it."""

    case_id: str
    municipality: str
    subject_person_id: str
    subject_kind: str
    owner: Post
    registered_at: datetime
    limit: TimeLimit
    level: int = 0
    state: State = "open"
    round: int = 0
    done: dict[str, datetime] = field(default_factory=dict)
    talk_recorded_at: datetime | None = None
    holder: Post | None = None
    handover: Handover | None = None
    joined_into: str | None = None
    closed_at: datetime | None = None
    warned: bool = False
    flagged: bool = False
    version: int = 0
    happened: list[Happening] = field(default_factory=list)

    # ------------------------------------------------------------ level 0

    @classmethod
    def begin(
        cls,
        case_id: str,
        municipality: str,
        subject: str,
        kind: str,
        owner: Post,
        now: datetime,
        policy: Policy,
        raised_by: str | None = None,
        parent_agreed_on: date | None = None,
    ) -> "Case":
        """A concern is registered: a case at level 0, owned by the employee whose concern it is (LV-2), or raised by a
        service for adults with a parent's word, and owned by who follows the child up (LV-14)."""
        case = cls(case_id, municipality, subject, kind, owner, now, TimeLimit.of(now, policy))
        case.done["concern_arises"] = now
        if policy.holder_from_level == 0:
            case.holder = owner
        codes = {"parent_agreed_on": parent_agreed_on.isoformat()} if parent_agreed_on else None
        case._happens(now, "concern_raised", raised_by or owner.person_id, codes)
        return case

    def record_talk(self, held_on: date, by: str, now: datetime) -> bool:
        """The talk with the family is recorded; whether it is the first, which opens the notes to them (LV-17)."""
        self._demand_open()
        first = self.talk_recorded_at is None
        if first:
            self.talk_recorded_at = now
        if self.level == 0 and self.current_step == "share":
            self.done["share"] = now
        self._happens(now, "talk_recorded", by, {"held_on": held_on.isoformat()})
        return first

    def record_form(self, tool: str, by: str, now: datetime) -> None:
        """A filled-in tool is kept with the case; before there is a plan only (LV-2)."""
        self._demand_open()
        self._happens(now, "form_recorded", by, {"tool": tool})

    def record_note(self, by: str, now: datetime) -> None:
        """A note is kept with the case; before there is a plan only (LV-2)."""
        self._demand_open()
        self._happens(now, "note_recorded", by)

    def overdue(self, now: datetime) -> bool:
        """Whether the concern should have been decided by now (LV-7)."""
        return self.state == "open" and self.level == 0 and self.limit.passed(now)

    def note_deadlines(self, now: datetime) -> str | None:
        """Tell once that the time limit is "near", once that it has "passed"; else None (LV-7).

        A warning that was missed until the limit had passed is not given any more."""
        if self.state != "open" or self.level != 0:
            return None
        if self.limit.passed(now) and not self.flagged:
            self.warned = self.flagged = True
            return "passed"
        if self.limit.near(now) and not self.warned:
            self.warned = True
            return "near"
        return None

    def join(self, into: "Case", by: str, now: datetime) -> None:
        """A later concern joins the child's running case, and ends as a case of its own (LG-1)."""
        self._demand_open()
        self._demand_talk()
        if self.level != 0 or not into.is_active or into.case_id == self.case_id:
            raise errors.LevelMoveNotAllowed(from_level=self.level, to_level=into.level)
        self.state, self.joined_into, self.closed_at = "joined", into.case_id, now
        self._happens(now, "joined", by)
        into._happens(now, "concern_joined", by)

    # ------------------------------------------------------------ level and steps

    @property
    def is_active(self) -> bool:
        """Whether this is a case with a log: open, at level 1 or above (LG-1)."""
        return self.state == "open" and self.level >= 1

    @property
    def current_step(self) -> str | None:
        """The step that is to be done now (LV-6)."""
        return levels.current_step(self.level, self.done)

    def complete_step(self, step: str, by: str, now: datetime) -> None:
        """Mark the current step as done; no other one can be (LV-6)."""
        self._demand_open()
        if step != self.current_step:
            raise errors.StepOutOfOrder(current=self.current_step, step=step)
        self.done[step] = now
        self._happens(now, "step_completed", by, {"level": self.level, "step": step})

    def move_level(
        self,
        to_level: int,
        *,
        services: Collection[str],
        windows: Iterable[Window],
        policy: Policy,
        family: FamilyAnswer,
        reason: str,
        by: str,
        now: datetime,
        against_suggestion_reason: str | None = None,
        appoint: Post | None = None,
    ) -> Move:
        """Move to another level: LV-1 which moves there are, LV-3, LV-8 who takes part, LV-4 the suggestion, HO-1 the
        holder, HO-5 the family's answer. History is kept, also on the way down (LV-11).

        `services` are those that take part from now on; the owning one goes without saying."""
        self._demand_open()
        if not levels.may_move(self.level, to_level):
            raise errors.LevelMoveNotAllowed(from_level=self.level, to_level=to_level)
        self._demand_talk()
        others = tuple(sorted(set(services) - {self.owner.service_id}))
        self._demand_cover(to_level, others, windows, now)
        self._demand_holder_stays(others)
        self._demand_reason(to_level, others, policy, against_suggestion_reason)
        family.check()
        appointed = self._appoint(to_level, policy, windows, appoint, now)
        move = Move(self.level, to_level, others, appointed)
        self.level, self.round, self.done = to_level, self.round + 1, {}
        told = {"reason": reason, "against_suggestion": against_suggestion_reason, "family": family.reason}
        codes = {"from_level": move.from_level, "to_level": to_level, "family_answer": family.answer}
        self._happens(now, "level_moved", by, {**codes, "service_ids": list(others)}, told)
        if appointed:
            self._happens(
                now, "holder_appointed", by, {"person_id": appointed.person_id, "unit_id": appointed.unit_id}
            )
        return move

    def record_birth(self, by: str, now: datetime) -> None:
        """The child of a pregnant woman's case is born (LV-18). Her case's history does not say which child it was."""
        self._demand_open()
        if self.subject_kind != "pregnant":
            raise errors.NotAPregnancy
        self._happens(now, "birth_registered", by)

    def close(self, outcome: str, reason: str, by: str, now: datetime) -> int:
        """Close the case from any level (LV-1); an unanswered handover lapses. The level it was closed at."""
        self._demand_open()
        self.state, self.closed_at, self.handover = "closed", now, None
        self._happens(now, "closed", by, {"from_level": self.level, "outcome": outcome}, {"reason": reason})
        return self.level

    def end_log(self, part: str, reason: str | None, by: str, now: datetime) -> int:
        """The family ends the log, and the case with it (LG-11). `part`: guardian, child, or child protection in the
        guardians' place. The level it ended at."""
        self._demand_open()
        self.state, self.closed_at, self.handover = "closed", now, None
        codes = {"from_level": self.level, "outcome": ENDED_BY_FAMILY, "ended_by": part}
        self._happens(now, "log_ended", by, codes, {"reason": reason})
        return self.level

    # ------------------------------------------------------------ holder and handover

    def propose_handover(
        self,
        handover_id: str,
        to: Post,
        *,
        windows: Iterable[Window],
        family: FamilyAnswer,
        by: str,
        now: datetime,
        reason: str | None = None,
    ) -> Handover:
        """Ask another to hold the relay; until they accept nothing changes hands (HO-2).

        Asking somebody else while one is asked takes the first question back: who never answers blocks nobody."""
        self._demand_open()
        if self.holder is None:
            raise errors.NoHolder
        if self.handover is not None and self.handover.to == to:
            raise errors.HandoverAlreadyProposed
        if (to.person_id, to.unit_id) == (self.holder.person_id, self.holder.unit_id):
            raise errors.HandoverToHolder
        family.check()
        self._demand_receiver_consent(to, windows, now)
        self.handover = Handover(handover_id, by, to, now, reason)
        codes = {"to_person_id": to.person_id, "to_unit_id": to.unit_id, "family_answer": family.answer}
        self._happens(now, "handover_proposed", by, codes, {"reason": reason, "family": family.reason})
        return self.handover

    def accept_handover(self, handover_id: str, *, windows: Iterable[Window], by: str, now: datetime) -> Post:
        """The receiver takes over: one assignment, so no instant has two holders or none (HO-1, HO-2).

        Consent is asked for once more: it may have ended since. The holder before is answered."""
        handover = self._open_handover(handover_id)
        self._demand_receiver_consent(handover.to, windows, now)
        before = self.holder
        if before is None:
            raise errors.NoHolder
        self.holder, self.handover = handover.to, None
        codes = {
            "person_id": handover.to.person_id,
            "unit_id": handover.to.unit_id,
            "from_person_id": before.person_id,
        }
        self._happens(now, "handover_accepted", by, codes)
        return before

    def decline_handover(
        self, handover_id: str, *, by: str, now: datetime, reason: str | None = None
    ) -> Handover:
        """The one asked declines; the holder stays (HO-2)."""
        handover = self._open_handover(handover_id)
        self.handover = None
        self._happens(now, "handover_declined", by, {"person_id": handover.to.person_id}, {"reason": reason})
        return handover

    # ------------------------------------------------------------ what the methods share

    def _demand_open(self) -> None:
        if self.state != "open":
            raise errors.CaseNotOpen(state=self.state)

    def _demand_talk(self) -> None:
        """A concern is decided with the family (LV-7): the way on from level 0 goes over the talk."""
        if self.level == 0 and self.talk_recorded_at is None:
            raise errors.TalkNotRecorded

    def _demand_cover(
        self, to_level: int, others: tuple[str, ...], windows: Iterable[Window], now: datetime
    ) -> None:
        """LV-8: at level 2 and 3 each service that takes part has active consent. LV-3: at level 1 none takes part.

        A level of cooperation without any service named would be a way round consent: it is refused."""
        if to_level == 1:
            if others:
                raise errors.InvalidInput(fields={"service_ids": "level_one_is_one_service"}, rule="LV-3")
            return
        if not others:
            raise errors.InvalidInput(fields={"service_ids": "services_needed"}, rule="LV-8")
        missing = [service for service in others if service not in covered(windows, now)]
        if missing:
            raise ConsentMissing(service_ids=missing)

    def _demand_holder_stays(self, others: tuple[str, ...]) -> None:
        """LV-11, CO-10: a service that is not needed any more is released, and so nobody of it holds the relay."""
        holder = self.holder
        if holder and holder.unit_id != self.owner.unit_id and holder.service_id not in others:
            raise errors.HolderLeftOut(service_id=holder.service_id)

    @staticmethod
    def _demand_reason(to_level: int, others: tuple[str, ...], policy: Policy, reason: str | None) -> None:
        """LV-4: a person decides; against the suggestion with a reason."""
        suggested = levels.suggest_level(others, policy)
        if to_level != suggested and not (reason or "").strip():
            raise errors.ReasonNeeded(suggested)

    def _appoint(
        self, to_level: int, policy: Policy, windows: Iterable[Window], post: Post | None, now: datetime
    ) -> Post | None:
        """HO-1: from the policy's level on there is a holder, appointed with the move that comes there; never a second.

        Who is appointed meets what a receiver meets (HO-2)."""
        if self.holder is not None:
            if post is not None and post != self.holder:
                raise errors.HolderAlreadyAppointed
            return None
        if post is None:
            if to_level >= policy.holder_from_level:
                raise errors.HolderNeeded
            return None
        self._demand_receiver_consent(post, windows, now)
        self.holder = post
        return post

    def _demand_receiver_consent(self, to: Post, windows: Iterable[Window], now: datetime) -> None:
        """HO-2: whoever works outside the owning unit holds the relay only under active consent for their service."""
        if to.unit_id != self.owner.unit_id and to.service_id not in covered(windows, now):
            raise errors.HandoverNeedsConsent(service_id=to.service_id)

    def _open_handover(self, handover_id: str) -> Handover:
        self._demand_open()
        if self.handover is None or self.handover.handover_id != handover_id:
            raise errors.HandoverNotOpen
        return self.handover

    def _happens(
        self,
        at: datetime,
        what: str,
        by: str | None,
        codes: dict[str, Any] | None = None,
        told: dict[str, str | None] | None = None,
    ) -> None:
        narrative = {key: text for key, text in (told or {}).items() if text}
        self.happened.append(Happening(at, what, by, codes or {}, narrative))
