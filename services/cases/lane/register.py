"""What the population register tells of whom a report is about: asked when it is filed, and later if it was silent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from services.cases.domain.people import RegisteredGuardian, RegisteredPerson, guardians_to_link
from services.cases.lane.asking import family_ids, keep_guardians, of_family, tell_lost
from services.cases.lane.domain import ChildInReport
from services.cases.lane.storage import guardians, record, reports
from services.cases.registers.population import RegisterUnavailable
from services.chassis import tracing
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Work
from services.kernel.calendar import local_date
from services.kernel.lane import ReportKind

AT_MOST = 50
"""So many reports a round: the register is others'."""
AFTER_A_FAULT = timedelta(hours=1)
"""So long waits a report with which the asking failed."""


@dataclass(frozen=True, slots=True)
class Told:
    """The register's answer: the child as it knows it, None when it knows nobody by that number; the numbers of all
    adults whom it ties to the child; and the guardians, nobody where an address is protected (PR-6)."""

    child: ChildInReport | None
    adults: Sequence[str] = ()
    guardians: Sequence[RegisteredGuardian] = ()


def ask(services: Any, child: ChildInReport) -> Told | None:
    """Ask about a child by its number; None when the register is silent. Never raises for that (PR-1)."""
    try:
        found: RegisteredPerson | None = services.registers.population.find(child.number)
    except RegisterUnavailable:
        return None
    if found is None:
        return Told(None)
    known = replace(child, name=found.name, birth_date=found.birth_date.isoformat())
    return Told(known, sorted({adult.number for adult in found.guardians}), guardians_to_link(found))


def ask_again(work: Work) -> None:
    """The timer's round: the register is asked about each report during whose filing it was silent, and whoever it ties
    to the child reads the report no more (PR-5). Nothing is told of the round (PR-3); silent still, it is asked in the
    next. A report with which it fails waits for an hour, and holds up none of the others."""
    tracing.hush()
    with work.db.read() as conn:
        waiting = reports.unasked(conn, work.now, AT_MOST)
    for row in waiting:
        try:
            told = ask(work.services, reports.read(work.keys, row, whole=True).child)
            if told is None:
                return
            with work(row.municipality) as uow:
                _fill_in(uow, row, told)
        except Exception as error:
            work.failed_quietly("ask_again", error, row.municipality)
            with work.db.write() as tx:
                reports.ask_later(tx, row, work.now + AFTER_A_FAULT)


def renew_guardians(work: Work) -> None:
    """The timer's round: the register is asked once a day who the guardians are of each child about whom a report was
    made with them. Whoever it no longer names reads none of them from then on, and whoever it names anew does (GU-3,
    CO-10). Silent, it is asked in the next round."""
    tracing.hush()
    with work.db.read() as conn:
        waiting = guardians.to_ask_about(conn, local_date(work.now), AT_MOST)
    for row in waiting:
        try:
            told = ask(work.services, reports.read(work.keys, row, whole=True).child)
            if told is None:
                return
            with work(row.municipality) as uow:
                _renew(uow, row, told)
        except Exception as error:
            work.failed_quietly("renew_guardians", error, row.municipality)


def _renew(uow: UnitOfWork, row: Any, told: Told) -> None:
    if told.child is None:
        guardians.asked(uow.tx, row, local_date(uow.now))
    elif keep_guardians(uow, row.report_id, ReportKind(row.kind), told.child, told.guardians):
        line = record.line(uow.actor, uow.municipality, uow.now, "ask_register", "GU-3", row.report_id)
        record.note(uow.tx, [line])


def _fill_in(uow: UnitOfWork, row: Any, told: Told) -> None:
    """Keep what the register told, unless child protection has said meanwhile who it is. A report that one of the
    family had taken waits for a colleague."""
    reports.asked(uow.tx, uow.keys, row, told.child, told.adults, uow.now)
    [known] = reports.rows(uow.conn, uow.municipality, report_id=row.report_id)
    if known.taken_by and of_family(uow, known, known.taken_by):
        reports.release(uow.tx, known)
    if told.child is not None and told.child.number:
        keep_guardians(uow, row.report_id, ReportKind(row.kind), told.child, told.guardians)
        tell_lost(uow, known, family_ids(uow, [told.child.number, *told.adults]))
    line = record.line(uow.actor, uow.municipality, uow.now, "ask_register", "PR-5", row.report_id)
    record.note(uow.tx, [line])
