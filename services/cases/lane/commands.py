"""An employee reports to child protection: from a case's page or without a case, at once (PR-1, PR-2, LV-9)."""

from typing import Any

from services.cases.domain.errors import NotFound, UnknownNumber
from services.cases.domain.numbers import accepted
from services.cases.lane import storage
from services.cases.lane.domain import ChildInReport, Report, check, demand_reporter, kind_of
from services.cases.storage import people, staff
from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import LaneReportFiled
from services.kernel.facts import Act


def prepare(context: Context, request: dict[str, Any]) -> ChildInReport:
    """Find out whom the report is about: from the case at hand, else from the register by the child's number.

    The case is read, never noted as read: the family sees the ordinary access record (PR-3)."""
    with context.read() as reading:
        _reporter(reading)
        number = _number_in_case(reading, request["case_id"]) if request["case_id"] else None
    if number is None and request["child_number"]:
        number = accepted(request["child_number"], context.settings.sandbox)
    if number is None:
        return ChildInReport(description=request["child_description"])
    registered = context.services.registers.population.find(number)
    if registered is None:
        raise UnknownNumber
    return ChildInReport(
        number, registered.name, registered.birth_date.isoformat(), request["child_description"]
    )


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """File the report, and tell child protection. Nothing outside the lane's tables changes."""
    report = check(
        Report(
            report_id=new_id(),
            municipality=uow.municipality,
            kind=kind_of(request["kind"], request["suspicion"]),
            suspicion=request["suspicion"],
            child=request["_prepared"],
            text=request["text"],
            guardians_informed=request["guardians_informed"],
            guardians_informed_reason=request["guardians_informed_reason"],
            police_contacted=request["police_contacted"],
            reporter_person_id=_reporter(uow),
            filed_at=uow.now,
        )
    )
    storage.add(uow.tx, uow.keys, report)
    storage.note(
        uow.tx, [storage.line(uow.actor, uow.municipality, uow.now, "file_report", "PR-1", report.report_id)]
    )
    storage.drop_draft(uow.tx, uow.municipality, report.reporter_person_id)
    filed = {"report_id": report.report_id, "kind": report.kind.value, "at": uow.now}
    uow.record(LaneReportFiled, report.report_id, filed)
    return {"id": report.report_id}


def keep_draft(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep what an employee has begun to write, in the lane and nowhere else (PR-5)."""
    storage.keep_draft(uow.tx, uow.keys, uow.municipality, _reporter(uow), request, uow.now)
    return {}


def drop_draft(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Forget it."""
    storage.drop_draft(uow.tx, uow.municipality, _reporter(uow))
    return {}


def _reporter(work: Reading | UnitOfWork) -> str:
    actor = work.actor
    roles = staff.roles_of(work.conn, work.municipality, actor.person_id)
    return demand_reporter(actor.capacity, actor.person_id, actor.unit_id, roles, work.now)


def _number_in_case(reading: Reading, case_id: str) -> str | None:
    """The child of a case that the reporter may see; to others the case is not there."""
    asked = access.of(reading, case_id)
    if asked.facts is None or not asked.decide(Act.SEE_CASE).allowed:
        raise NotFound
    return people.number_of(reading.conn, reading.keys, reading.municipality, asked.facts.case.subject_person)
