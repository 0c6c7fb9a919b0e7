"""What a report to child protection must say; no level, step or consent is asked for (LV-9, PR-1, PR-2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.kernel.errors import Forbidden, InvalidInput
from services.kernel.facts import Capacity, RoleFact, in_force
from services.kernel.lane import ReportKind
from services.kernel.legal_basis import LANE_GROUNDS, Basis

Suspicion = Literal["violence", "abuse", "neglect", "other"]
Informed = Literal["yes", "no", "deferred"]


@dataclass(frozen=True, slots=True)
class ChildInReport:
    """Whom the report is about, as far as the reporter knows. `number` and `name`: when the child is known."""

    number: str | None = None
    name: str | None = None
    birth_date: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was filed; it is never changed."""

    report_id: str
    municipality: str
    kind: ReportKind
    suspicion: Suspicion
    child: ChildInReport
    text: str
    guardians_informed: Informed
    guardians_informed_reason: str | None
    police_contacted: bool
    reporter_person_id: str
    filed_at: datetime


_PROTECTED_UNLESS_SAID = frozenset({"violence", "abuse", "neglect"})


def kind_of(said: str | None, suspicion: str) -> ReportKind:
    """PR-2: what the reporter said; else protected, where violence, abuse or grave neglect is suspected. Whoever
    suspects none of these says which it is."""
    if said is not None:
        return ReportKind(said)
    if suspicion in _PROTECTED_UNLESS_SAID:
        return ReportKind.PROTECTED
    raise InvalidInput(fields={"kind": "required"}, rule="PR-2")


def ground_of(said: str | None, kind: ReportKind, suspicion: str) -> Basis:
    """CO-11: what the reporter said; else the duty to report, which a suspicion of violence, abuse or grave neglect
    calls forth, and so does a report behind the guardians' back; else that they know of it."""
    if said is None:
        serious = kind is ReportKind.PROTECTED or suspicion != "other"
        return Basis.DUTY_TO_REPORT if serious else Basis.GUARDIANS_KNOW
    ground = Basis(said)
    if ground not in LANE_GROUNDS:
        raise InvalidInput(fields={"ground": "not_a_choice"}, rule="CO-11")
    if ground is Basis.GUARDIANS_KNOW and kind is not ReportKind.WITH_GUARDIANS:
        raise InvalidInput(fields={"ground": "guardians_not_with_it"}, rule="CO-11")
    return ground


def demand_reporter(
    capacity: str, person_id: str | None, unit_id: str | None, roles: tuple[RoleFact, ...], now: datetime
) -> str:
    """Every employee may report, at once, whatever the state of a case or its consent (PR-1, LV-9); the duty is
    personal, so the report is theirs. The reporter's person id."""
    at_work = any(
        role.person_id == person_id and role.unit_id == unit_id and in_force(role, now) for role in roles
    )
    if capacity != Capacity.EMPLOYEE or person_id is None or not at_work:
        raise Forbidden(code="not_an_employee", rule="PR-1")
    return person_id


def check(report: Report) -> Report:
    """Refuse a report that does not say what it must (PR-2): whom it is about, and why guardians are not informed;
    made with the guardians it can be only when they are."""
    faults: dict[str, str] = {}
    child = report.child
    if child.number is None and not (child.description or "").strip():
        faults["child_description"] = "required"
    if report.guardians_informed != "yes" and not (report.guardians_informed_reason or "").strip():
        faults["guardians_informed_reason"] = "required"
    if report.kind is ReportKind.WITH_GUARDIANS and report.guardians_informed != "yes":
        faults["guardians_informed"] = "guardians_not_informed"
    if faults:
        raise InvalidInput(fields=faults, rule="PR-2")
    return report
