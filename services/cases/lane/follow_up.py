"""What becomes of a report: child protection takes and answers it, and further readers are named (PR-2, PR-5)."""

from datetime import timedelta
from typing import Any

from services.cases.commands.people import ask_register
from services.cases.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from services.cases.domain.people import RegisteredPerson, guardians_to_link
from services.cases.lane.asking import Asker, family_ids, keep_guardians, of_family, tell_lost
from services.cases.lane.domain import ChildInReport
from services.cases.lane.storage import answers, readers, record, reports
from services.cases.storage import staff
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import LANE, LaneReaderNamed, LaneReportAnswered
from services.kernel.calendar import midnight
from services.kernel.errors import Refusal
from services.kernel.facts import in_force
from services.kernel.lane import LaneAct, LaneNamedFact, ReportKind


class AlreadyTaken(Conflict):
    """Somebody of child protection has taken the report already."""

    code, rule = "lane_report_already_taken", "PR-5"
    detail = "Somebody has taken this report already."


class NotTaken(Conflict):
    """A report is answered by child protection once it has been taken."""

    code, rule = "lane_report_not_taken", "PR-5"
    detail = "Take the report before you answer it."


def refused(context: Context, request: dict[str, Any], refusal: Refusal) -> None:
    """Whoever tried in vain to do something with a report stands in the lane's own access record (SE-1, PR-3)."""
    who, rule = (context.actor, context.municipality, context.now), refusal.rule or "PR-5"
    line = record.line(*who, "follow_up_report", rule, request["report_id"], allowed=False)
    context.services.lane_record.write([line])


class ChildKnown(Conflict):
    """The report says which child it is about."""

    code, rule = "lane_child_known", "PR-5"
    detail = "It is known already which child this report is about."


def prepare(context: Context, request: dict[str, Any]) -> RegisteredPerson:
    """Ask the register before the transaction, for child protection and a report that gives no name."""
    with context.read() as reading:
        row = Asker(reading).demand(request["report_id"], LaneAct.FOLLOW_UP)
        _demand_unnamed(reading, row)
    return ask_register(context, request["child_number"], "child_number")


def identify(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Say which child a report is about that only described one, or gave a number of which the register was silent.
    From this answer on none of the child's family reads
    it as one who works there or is named, the one who says so included; and if one of them had taken it, it waits for
    a colleague."""
    asker, registered = Asker(uow), uow.prepared
    row = asker.demand(request["report_id"], LaneAct.FOLLOW_UP)
    _demand_unnamed(uow, row)
    child = ChildInReport(registered.number, registered.name, registered.birth_date.isoformat())
    adults = sorted({adult.number for adult in registered.guardians})
    if not reports.identify(uow.tx, uow.keys, row, child, adults, asker.question.person_id, uow.now):
        raise ChildKnown
    [known] = reports.rows(uow.conn, uow.municipality, report_id=row.report_id)
    keep_guardians(uow, row.report_id, ReportKind(row.kind), child, guardians_to_link(registered))
    if known.taken_by and of_family(uow, known, known.taken_by):
        reports.release(uow.tx, known)
    tell_lost(uow, known, family_ids(uow, [registered.number, *adults]))
    record.note(uow.tx, [asker.line("identify_child", "PR-5", row.report_id)])
    return {"id": row.report_id}


def assess(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Child protection takes a report: who, and when, is kept."""
    asker = Asker(uow)
    row = asker.demand(request["report_id"], LaneAct.FOLLOW_UP)
    if not reports.take(uow.tx, uow.municipality, row.report_id, asker.question.person_id, uow.now):
        raise AlreadyTaken
    record.note(uow.tx, [asker.line("assess_report", "PR-5", row.report_id)])
    return {"id": row.report_id}


def answer(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Let the reporter know; there may be more than one answer."""
    asker = Asker(uow)
    row = asker.demand(request["report_id"], LaneAct.FOLLOW_UP)
    if row.state == reports.RECEIVED:
        raise NotTaken
    me = asker.question.person_id
    answers.answer(uow.tx, uow.keys, row, request["text"], me, uow.now)
    record.note(uow.tx, [asker.line("answer_report", "PR-5", row.report_id)])
    told = {
        "report_id": row.report_id,
        "reporter_person_id": row.reporter_person_id,
        "by_person_id": me,
        "at": uow.now,
    }
    uow.record(LaneReportAnswered, row.report_id, told)
    return {"id": row.report_id}


def name_reader(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Open a report to one more employee of the municipality, from now until the end of a day, or until the name is
    taken back.

    PR-6: a refusal of one of the child's family would tell who that is. Child protection is told; whoever else names
    them gets the answer that they get for anybody, and the name opens nothing and is told to nobody (PR-5)."""
    asker = Asker(uow)
    row = asker.demand(request["report_id"], LaneAct.NAME_READERS)
    person_id, until = request["person_id"], request["until"]
    roles = staff.roles_of(uow.conn, uow.municipality, person_id)
    if not any(in_force(role, uow.now) for role in roles):
        raise InvalidInput(fields={"person_id": "not_an_employee"}, rule="PR-5")
    hidden = of_family(uow, row, person_id)
    if hidden and LaneAct.FOLLOW_UP in asker.acts(row):
        raise InvalidInput(fields={"person_id": "may_not_read"}, rule="PR-5")
    ends = midnight(until + timedelta(days=1)) if until else None
    if ends is not None and ends <= uow.now:
        raise InvalidInput(fields={"until": "in_the_past"}, rule="PR-5")
    me = asker.question.person_id
    readers.name_reader(uow.tx, row, LaneNamedFact(person_id, uow.now, ends), me)
    record.note(uow.tx, [asker.line("name_reader", "PR-5", row.report_id)])
    if not hidden:
        told = {"report_id": row.report_id, "person_id": person_id, "by_person_id": me, "at": uow.now}
        uow.record(LaneReaderNamed, row.report_id, told)
    return _without_number(uow, row)


def remove_reader(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Take a name back at once: child protection any, the reporter those of their own."""
    asker = Asker(uow)
    row = asker.demand(request["report_id"], LaneAct.NAME_READERS)
    named = readers.named_rows(uow.conn, uow.municipality, row.report_id)
    found = next((each for each in named if each.person_id == request["person_id"]), None)
    if found is None:
        raise NotFound
    if LaneAct.FOLLOW_UP not in asker.acts(row) and found.named_by != asker.question.person_id:
        raise Forbidden(rule="PR-5")
    readers.end_reader(uow.tx, row, found.person_id, uow.now)
    tell_lost(uow, row, [found.person_id])
    record.note(uow.tx, [asker.line("remove_reader", "PR-5", row.report_id)])
    return _without_number(uow, row)


def _without_number(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    """An answer that does not say whether somebody was told: an event's number would (PR-6)."""
    uow.versions.pop(f"{LANE}:{row.report_id}", None)
    return {"id": row.report_id}


def _demand_unnamed(work: Reading | UnitOfWork, row: Any) -> None:
    if reports.read(work.keys, row, whole=True).child.name is not None:
        raise ChildKnown
