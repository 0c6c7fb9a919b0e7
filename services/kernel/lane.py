"""Who reads a report in the protected lane (PR-2, PR-5). Apart from the case's decision: nothing there knows
of a lane."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.kernel.calendar import age_at
from services.kernel.facts import Capacity, Decision, GuardianFact, Role, RoleFact, in_force
from services.kernel.policies import ADULT_AGE
from services.kernel.signers import is_responsible


class LaneAct(StrEnum):
    """What a reader of a report may do with it besides (PR-5)."""

    FOLLOW_UP = "follow_up"  # take it, and answer the reporter
    NAME_READERS = "name_readers"
    READ_ACCESS = "read_access"  # the lane's own access record of it


class ReportKind(StrEnum):
    """PR-2: with the guardians (visible to them), or protected."""

    WITH_GUARDIANS = "with_guardians"
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class LaneNamedFact:
    """Somebody whom the reporter or child protection named as reader."""

    person_id: str
    valid_from: datetime
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class LaneQuestion:
    """Who asks to read a report, as what, when."""

    municipality: str
    person_id: str
    capacity: Capacity
    now: datetime
    unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """What the decision rests on. `roles` and `family` need hold the asker's only; `guardians` only where the kind
    shows them the report. `family`: the child, and whoever is or was tied to it, with or without responsibility,
    also where the register tells of a tie that is linked nowhere (PR-6). `subject_birth_date`: where guardians may
    read; without it no age is known (AG-7)."""

    municipality: str
    kind: ReportKind
    reporter: str
    named: tuple[LaneNamedFact, ...] = ()
    roles: tuple[RoleFact, ...] = ()
    guardians: tuple[GuardianFact, ...] = ()
    family: frozenset[str] = frozenset()
    subject_birth_date: date | None = None


def may_read_lane_report(question: LaneQuestion, facts: LaneFacts) -> Decision:
    """PR-5: the reporter, child protection of that municipality, and whom they name; but none of the child's own
    family reads as one who works there or is named. PR-2: a report made with the guardians is theirs to read too, until
    the child is 18 (AG-5).
    To all others it does not exist: a refusal never tells that the thing is there (PR-3)."""
    if question.municipality != facts.municipality:
        return _absent("SE-7", "other_municipality")
    if question.capacity is Capacity.EMPLOYEE:
        return _employee(question, facts)
    if question.capacity is Capacity.GUARDIAN and facts.kind is ReportKind.WITH_GUARDIANS:
        mine = (guardian for guardian in facts.guardians if guardian.person_id == question.person_id)
        if any(is_responsible(guardian, question.now) for guardian in mine):
            return _as_guardian(question, facts)
    return _absent("PR-5", "not_a_reader")


def _as_guardian(question: LaneQuestion, facts: LaneFacts) -> Decision:
    """AG-5: guardians' access ends when the child is 18, of reports as of all else."""
    if facts.subject_birth_date is None:
        return _absent("AG-7", "birth_date_not_known")
    if age_at(facts.subject_birth_date, question.now) >= ADULT_AGE:
        return _absent("AG-5", "subject_is_adult")
    return _readable("PR-2", "allowed_as_guardian")


def lane_acts(question: LaneQuestion, facts: LaneFacts) -> frozenset[LaneAct]:
    """PR-5: child protection follows a report up, and reads who has read it; it and the reporter name further
    readers. Whoever may not read the report may do nothing with it."""
    if question.capacity is not Capacity.EMPLOYEE or not may_read_lane_report(question, facts).allowed:
        return frozenset()
    roles = _roles_now(question, facts)
    if _in_child_protection(question, facts, roles):
        return frozenset(LaneAct)
    return frozenset({LaneAct.NAME_READERS}) if question.person_id == facts.reporter else frozenset()


def _roles_now(question: LaneQuestion, facts: LaneFacts) -> list[RoleFact]:
    return [
        role
        for role in facts.roles
        if role.person_id == question.person_id
        and role.unit_id == question.unit_id
        and in_force(role, question.now)
    ]


def _in_child_protection(question: LaneQuestion, facts: LaneFacts, roles: list[RoleFact]) -> bool:
    """Whether the asker stands to the report as child protection: nobody does to their own family's."""
    return question.person_id not in facts.family and any(
        role.role is Role.CHILD_PROTECTION for role in roles
    )


def _employee(question: LaneQuestion, facts: LaneFacts) -> Decision:
    roles = _roles_now(question, facts)
    if not roles:
        return _absent("CO-10", "role_not_in_force")
    if question.person_id == facts.reporter:
        return _readable("PR-5", "allowed_as_reporter")
    if _in_child_protection(question, facts, roles):
        return _readable("PR-5", "allowed_as_child_protection")
    if question.person_id in facts.family:
        return _absent("PR-5", "not_a_reader")
    if any(named.person_id == question.person_id and in_force(named, question.now) for named in facts.named):
        return _readable("PR-5", "allowed_as_named")
    return _absent("PR-5", "not_a_reader")


def _readable(rule: str, reason: str) -> Decision:
    return Decision(True, rule, reason, sees_thing=True)


def _absent(rule: str, reason: str) -> Decision:
    return Decision(False, rule, reason, sees_thing=False)
