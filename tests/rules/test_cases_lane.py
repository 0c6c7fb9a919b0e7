"""What a report to child protection must say, and that no case stands in its way (PR-1, PR-2, LV-9)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.cases.lane.domain import ChildInReport, Report, check, demand_reporter, kind_of
from services.kernel.errors import Forbidden, InvalidInput
from services.kernel.facts import Role, RoleFact
from services.kernel.lane import ReportKind
from tests.rules.cases_story import MONDAY, TEACHER

ROLE = RoleFact(
    TEACHER.person_id, TEACHER.unit_id, TEACHER.service_id, Role.EMPLOYEE, MONDAY - timedelta(days=900)
)
REPORT = Report(
    report_id="report-1", municipality="granli", kind=ReportKind.PROTECTED, suspicion="violence",
    child=ChildInReport(number="12851890287", name="A Child"), text="What was seen", guardians_informed="no",
    guardians_informed_reason="It could put the child in danger", police_contacted=False,
    reporter_person_id=TEACHER.person_id, filed_at=MONDAY,
)  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_every_employee_at_work_may_report(role: Role) -> None:
    """PR-1, LV-9: whoever has a role in the unit now; there is no case, level or consent to ask for."""
    roles = (replace(ROLE, role=role),)
    asked = ("employee", TEACHER.person_id, TEACHER.unit_id, roles, MONDAY)
    assert demand_reporter(*asked) == TEACHER.person_id


@pytest.mark.parametrize(
    "capacity, person, unit, now",
    [
        ("guardian", TEACHER.person_id, TEACHER.unit_id, MONDAY),
        ("anonymous", None, None, MONDAY),
        ("employee", "p-other", TEACHER.unit_id, MONDAY),
        ("employee", TEACHER.person_id, "unit-other", MONDAY),
        ("employee", TEACHER.person_id, TEACHER.unit_id, MONDAY - timedelta(days=901)),
    ],
)
def test_nobody_else_reports_in_the_lane(capacity: str, person: str, unit: str, now: object) -> None:
    """PR-1: the duty is an employee's own; others find the telephone numbers."""
    with pytest.raises(Forbidden):
        demand_reporter(capacity, person, unit, (ROLE,), now)  # type: ignore[arg-type]


@pytest.mark.parametrize("informed", ["no", "deferred"])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_report_says_why_the_guardians_are_not_informed(informed: str, reason: str | None) -> None:
    """PR-2: yes, no or deferred; the latter two with their reason."""
    report = replace(REPORT, guardians_informed=informed, guardians_informed_reason=reason)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as refused:
        check(report)
    assert refused.value.fields == {"guardians_informed_reason": "required"}
    assert check(replace(report, guardians_informed_reason="Afraid")) is not None
    assert check(replace(report, guardians_informed="yes")) is not None


def test_a_report_with_the_guardians_needs_them_informed() -> None:
    """PR-2: they read it; so they are told of it first."""
    with pytest.raises(InvalidInput) as refused:
        check(replace(REPORT, kind=ReportKind.WITH_GUARDIANS))
    assert refused.value.fields == {"guardians_informed": "guardians_not_informed"}
    check(replace(REPORT, kind=ReportKind.WITH_GUARDIANS, guardians_informed="yes"))


def test_a_report_says_whom_it_is_about() -> None:
    """PR-1: a known child, or a description of an unknown one."""
    with pytest.raises(InvalidInput) as refused:
        check(replace(REPORT, child=ChildInReport(description=" ")))
    assert refused.value.fields == {"child_description": "required"}
    check(replace(REPORT, child=ChildInReport(description="A boy of about six, red cap")))


@pytest.mark.parametrize("suspicion", ["violence", "abuse", "neglect"])
def test_PR_2_what_is_suspected_makes_a_report_protected_unless_said_otherwise(suspicion: str) -> None:
    """PR-2: protected is the default; whoever suspects none of these says which kind it is."""
    assert kind_of(None, suspicion) is ReportKind.PROTECTED
    assert kind_of("with_guardians", suspicion) is ReportKind.WITH_GUARDIANS
    with pytest.raises(InvalidInput) as refused:
        kind_of(None, "other")
    assert refused.value.fields == {"kind": "required"}
