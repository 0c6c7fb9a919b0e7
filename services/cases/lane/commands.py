"""An employee reports to child protection: from a case's page or without a case, at once (PR-1, PR-2, LV-9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.cases.domain.errors import NotFound, UnknownNumber
from services.cases.domain.numbers import accepted
from services.cases.lane import grounds, storage
from services.cases.lane.domain import ChildInReport, Report, check, demand_reporter, ground_of, kind_of
from services.cases.storage import people, staff
from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import LaneReportFiled
from services.kernel.facts import Act, Role


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a report is about, and the numbers of all adults whom the register ties to the child: also those who are
    linked to it nowhere (PR-6)."""

    child: ChildInReport
    adults: Sequence[str] = ()


def prepare(context: Context, request: dict[str, Any]) -> Found:
    """Find out whom the report is about: from the case at hand, else from the register by the child's number.

    The case is read, never noted as read: the family sees the ordinary access record (PR-3)."""
    with context.read() as reading:
        _reporter(reading)
        try:
            number = _number_in_case(reading, request["case_id"]) if request["case_id"] else None
        except NotFound:
            line = storage.line(
                context.actor, context.municipality, context.now, "file_report", "SE-3", None, allowed=False
            )
            context.services.lane_record.write([line])
            raise
    if number is None and request["child_number"]:
        number = accepted(request["child_number"], context.settings.sandbox)
    if number is None:
        return Found(ChildInReport(description=request["child_description"]))
    registered = context.services.registers.population.find(number)
    if registered is None:
        raise UnknownNumber
    child = ChildInReport(
        number, registered.name, registered.birth_date.isoformat(), request["child_description"]
    )
    return Found(child, sorted({adult.number for adult in registered.guardians}))


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """File the report, and tell child protection. Nothing outside the lane's tables changes."""
    found: Found = request["_prepared"]
    report = check(
        Report(
            report_id=new_id(),
            municipality=uow.municipality,
            kind=kind_of(request["kind"], request["suspicion"]),
            suspicion=request["suspicion"],
            child=found.child,
            text=request["text"],
            guardians_informed=request["guardians_informed"],
            guardians_informed_reason=request["guardians_informed_reason"],
            police_contacted=request["police_contacted"],
            reporter_person_id=_reporter(uow),
            filed_at=uow.now,
        )
    )
    ground = ground_of(request["ground"], report.kind, report.suspicion)
    storage.add(uow.tx, uow.keys, report, found.adults)
    version = access.ground_version(uow.tx, uow.municipality, ground, uow.now)
    grounds.keep(
        uow.tx,
        uow.keys,
        uow.municipality,
        report.report_id,
        ground,
        version,
        report.reporter_person_id,
        uow.now,
    )
    storage.note(
        uow.tx, [storage.line(uow.actor, uow.municipality, uow.now, "file_report", "PR-1", report.report_id)]
    )
    storage.drop_draft(uow.tx, uow.municipality, report.reporter_person_id)
    filed = {
        "report_id": report.report_id,
        "kind": report.kind.value,
        "at": uow.now,
        "not_to": _family_in_child_protection(uow, found),
    }
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


def _family_in_child_protection(uow: UnitOfWork, found: Found) -> list[str]:
    """Who of the child's family works in child protection: they are not told that there is a report (PR-5)."""
    numbers = [found.child.number, *found.adults] if found.child.number else []
    ids = {people.id_by_number(uow.conn, uow.keys, uow.municipality, number) for number in numbers}
    child = people.id_by_number(uow.conn, uow.keys, uow.municipality, numbers[0]) if numbers else None
    if child:
        ids |= {tie.guardian_id for tie in people.ties_of(uow.conn, uow.municipality, child)}
    return sorted(
        each
        for each in ids
        if each
        and any(
            role.role is Role.CHILD_PROTECTION for role in staff.roles_of(uow.conn, uow.municipality, each)
        )
    )


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
