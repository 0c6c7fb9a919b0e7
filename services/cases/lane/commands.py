"""An employee reports to child protection: from a case's page or without a case, at once (PR-1, PR-2, LV-9).

No report waits for the population register: what it does not tell now is kept as it is known here, and asked for again
later (register.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.cases.domain.errors import NotFound, UnknownNumber
from services.cases.domain.numbers import accepted
from services.cases.domain.people import RegisteredGuardian
from services.cases.lane import grounds, register
from services.cases.lane.asking import family_ids, keep_guardians
from services.cases.lane.domain import ChildInReport, Report, check, demand_reporter, ground_of, kind_of
from services.cases.lane.storage import drafts, record, reports
from services.cases.storage import people, staff
from services.chassis import access, tracing
from services.chassis.ids import new_id
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context, Work
from services.contracts.cases import LaneReportFiled
from services.kernel.facts import Act, Role


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a report is about, and the numbers of all adults whom the register ties to the child: also those who are
    linked to it nowhere (PR-6). `ask_again`: the register was silent, and is asked later; until then the adults are
    those tied to the child here. `guardians`: with whom a report is made that is made with them (PR-2)."""

    child: ChildInReport
    adults: Sequence[str] = ()
    ask_again: bool = False
    guardians: Sequence[RegisteredGuardian] = ()


def prepare(context: Context, request: dict[str, Any]) -> Found:
    """Find out whom the report is about: by the case at hand, else by the child's number.

    A register that is silent stops no report, nor does one that no longer knows the number of a case's child (PR-1):
    only a number that the reporter typed in, and can mend, is refused when nobody has it. The case is read, never noted
    as read: the family sees the ordinary access record (PR-3)."""
    with context.read() as reading:
        _reporter(reading)
        try:
            kept = _child_of_case(reading, request["case_id"]) if request["case_id"] else None
        except NotFound:
            line = record.line(
                context.actor, context.municipality, context.now, "file_report", "SE-3", None, allowed=False
            )
            context.services.lane_record.write([line])
            raise
    described = ChildInReport(description=request["child_description"])
    if kept is not None:
        child = replace(described, number=kept.number, name=kept.name, birth_date=kept.birth_date.isoformat())
    elif request["child_number"]:
        child = replace(described, number=accepted(request["child_number"], context.settings.sandbox))
    else:
        return Found(described)
    told = register.ask(context.services, child)
    if told is None:
        return Found(child, kept.adults if kept else (), ask_again=True)
    if told.child is None and kept is None:
        raise UnknownNumber
    adults = sorted({*told.adults, *(kept.adults if kept else ())})
    return Found(told.child or child, adults, guardians=told.guardians)


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """File the report, and tell child protection. Nothing outside the lane's tables changes."""
    found: Found = uow.prepared
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
    reports.add(uow.tx, uow.keys, report, found.adults, ask_again=found.ask_again)
    keep_guardians(uow, report.report_id, report.kind, report.child, found.guardians)
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
    record.note(
        uow.tx, [record.line(uow.actor, uow.municipality, uow.now, "file_report", "PR-1", report.report_id)]
    )
    drafts.file_draft(uow.tx, uow.municipality, report.reporter_person_id, request["form_key"], uow.now)
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
    drafts.keep_draft(uow.tx, uow.keys, uow.municipality, _reporter(uow), request, uow.now)
    return {}


def drop_draft(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Forget it."""
    drafts.drop_draft(uow.tx, uow.municipality, _reporter(uow), uow.now)
    return {}


def forget_old_drafts(work: Work) -> None:
    """The timer's round: what nobody has gone on with for 30 days is gone, and with each draft that is no more its key
    (SE-6). Nothing is told of it (PR-3)."""
    tracing.hush()
    with work.db.write() as tx:
        drafts.forget_old_drafts(tx, work.now)
    with work.db.write() as tx:
        drafts.destroy_spent_keys(tx, work.keys)


def _family_in_child_protection(uow: UnitOfWork, found: Found) -> list[str]:
    """Who of the child's family works in child protection: they are not told that there is a report (PR-5)."""
    numbers = [found.child.number, *found.adults] if found.child.number else []
    return sorted(
        each
        for each in family_ids(uow, numbers)
        if any(
            role.role is Role.CHILD_PROTECTION for role in staff.roles_of(uow.conn, uow.municipality, each)
        )
    )


def _reporter(work: Reading | UnitOfWork) -> str:
    actor = work.actor
    roles = staff.roles_of(work.conn, work.municipality, actor.person_id)
    return demand_reporter(actor.capacity, actor.person_id, actor.unit_id, roles, work.now)


def _child_of_case(reading: Reading, case_id: str) -> people.Kept | None:
    """The child of a case that the reporter may see; to others the case is not there."""
    asked = access.of(reading, case_id)
    if asked.facts is None or not asked.decide(Act.SEE_CASE).allowed:
        raise NotFound
    return people.kept_of(reading.conn, reading.keys, reading.municipality, asked.facts.case.subject_person)
