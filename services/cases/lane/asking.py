"""Who asks in the lane, with what its decision needs of them; commands and queries decide by the same (PR-5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from services.cases.domain.errors import Forbidden, NotFound
from services.cases.domain.people import is_protected
from services.cases.lane.storage import readers, record, reports
from services.cases.storage import care, people, staff
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.contracts.cases import LaneReadersLost
from services.kernel.calendar import local_date, midnight
from services.kernel.facts import Capacity, Decision, GuardianFact, Role, RoleFact, in_force
from services.kernel.lane import (
    LaneAct,
    LaneFacts,
    LaneQuestion,
    ReportKind,
    lane_acts,
    may_read_lane_report,
)


class Asker:
    """The asker's roles and ties, loaded once."""

    def __init__(self, work: Reading | UnitOfWork) -> None:
        self._work = work
        actor = work.actor
        self.question = LaneQuestion(
            work.municipality, actor.person_id or "", Capacity(actor.capacity), work.now, actor.unit_id
        )
        self._roles: tuple[RoleFact, ...] = staff.roles_of(work.conn, work.municipality, actor.person_id)
        self._children: dict[str, tuple[GuardianFact, date]] = {}
        self._hidden: frozenset[str] = frozenset()
        self._kin: frozenset[str] = frozenset()
        self._look_up: str | None = None
        if actor.capacity in ("guardian", "employee") and actor.person_id:
            self._children, self._hidden = _children_of(work, actor.person_id)
            self._kin = _ever_tied_to(work, actor.person_id)
            self._look_up = _look_up_of(work, actor.person_id)

    @property
    def child_protection(self) -> bool:
        """Whether the asker is at work in child protection now."""
        return self.question.capacity is Capacity.EMPLOYEE and any(
            role.role is Role.CHILD_PROTECTION
            and role.unit_id == self.question.unit_id
            and in_force(role, self.question.now)
            for role in self._roles
        )

    @property
    def children(self) -> Sequence[str]:
        """The lane's look-up values of the asker's children."""
        return list(self._children)

    def tells_reporter(self, row: Any) -> bool:
        """PR-6: whether the asker is told by name who reported. A guardian of a child whose address is protected is
        not: it tells where the child goes."""
        return self.question.capacity is not Capacity.GUARDIAN or row.child_index not in self._hidden

    def facts(self, row: Any) -> LaneFacts:
        """What the decision about one report rests on."""
        guardian, birth_date = self._children.get(row.child_index, (None, None))
        return LaneFacts(
            municipality=row.municipality,
            kind=ReportKind(row.kind),
            reporter=row.reporter_person_id,
            named=readers.named_readers(self._work.conn, row.municipality, row.report_id),
            roles=self._roles,
            guardians=(guardian,) if guardian else (),
            family=frozenset({self.question.person_id} if self._of_family(row) else ()),
            subject_birth_date=birth_date,
        )

    def _of_family(self, row: Any) -> bool:
        return row.child_index in self._kin or self._look_up in (row.child_index or "", *row.adults)

    def decide(self, row: Any) -> Decision:
        """The kernel's answer for one report (PR-5)."""
        return may_read_lane_report(self.question, self.facts(row))

    def acts(self, row: Any) -> frozenset[LaneAct]:
        """What the asker may do with one report besides."""
        return lane_acts(self.question, self.facts(row))

    def line(self, act: str, rule: str, report_id: str, allowed: bool = True) -> dict[str, Any]:
        """A line of the lane's own access record."""
        work = self._work
        return record.line(work.actor, work.municipality, work.now, act, rule, report_id, allowed)

    def demand(self, report_id: str, act: LaneAct) -> Any:
        """The report's row, to do this with it. NotFound for whoever may not read it, as for a report that is not
        there; Forbidden for a reader who may not do this."""
        found = reports.rows(self._work.conn, self._work.municipality, report_id=report_id)
        if not found or not self.decide(found[0]).allowed:
            raise NotFound
        if act not in self.acts(found[0]):
            raise Forbidden(rule="PR-5")
        return found[0]


def of_family(work: Reading | UnitOfWork, row: Any, person_id: str) -> bool:
    """Whether somebody is the child that a report is about, or was ever tied to it (PR-5)."""
    own = _look_up_of(work, person_id)
    return row.child_index in _ever_tied_to(work, person_id) or own in (row.child_index or "", *row.adults)


def tell_lost(uow: UnitOfWork, row: Any, person_ids: Iterable[str]) -> None:
    """Tell who of these, having been told of a report as named or in child protection, reads it no more: no message
    of it is shown or sent to them any more (PR-5, NO-6). The lane's stream is told, with ids alone."""
    named = readers.named_readers(uow.conn, uow.municipality, row.report_id)
    had_names = {each.person_id for each in named}
    lost = []
    for person_id in sorted(set(person_ids)):
        roles = staff.roles_of(uow.conn, uow.municipality, person_id)
        facts = LaneFacts(
            uow.municipality,
            ReportKind(row.kind),
            row.reporter_person_id,
            named,
            roles,
            family=frozenset({person_id} if of_family(uow, row, person_id) else ()),
        )
        was_told = person_id in had_names or any(role.role is Role.CHILD_PROTECTION for role in roles)
        if was_told and not _reads_at_work(uow, facts, person_id):
            lost.append(person_id)
    if lost:
        told = {"report_id": row.report_id, "person_ids": lost, "at": uow.now}
        uow.record(LaneReadersLost, row.report_id, told)


def _reads_at_work(uow: UnitOfWork, facts: LaneFacts, person_id: str) -> bool:
    questions = (
        LaneQuestion(uow.municipality, person_id, Capacity.EMPLOYEE, uow.now, role.unit_id)
        for role in facts.roles
    )
    return any(may_read_lane_report(question, facts).allowed for question in questions)


def family_ids(work: Reading | UnitOfWork, numbers: Sequence[str]) -> frozenset[str]:
    """By person id, as far as they are known here: those with these identity numbers, the child's first, and who is or
    was tied to it here."""
    conn, keys, place = work.conn, work.keys, work.municipality
    ids = [people.id_by_number(conn, keys, place, number) for number in numbers]
    tied = people.family_of(conn, place, ids[0]) if ids and ids[0] else frozenset()
    return tied | {each for each in ids if each}


def _look_up_of(work: Reading | UnitOfWork, person_id: str) -> str | None:
    """The lane's look-up value of a person's own number."""
    number = people.number_of(work.conn, work.keys, work.municipality, person_id)
    return reports.child_index(work.keys, work.municipality, number) if number else None


def _ever_tied_to(work: Reading | UnitOfWork, person_id: str) -> frozenset[str]:
    """The lane's look-up values of all children to whom somebody is, was or is to be tied, by register or paper: also
    one that is over, under a care order, and where they are linked nowhere (PR-6)."""
    conn, keys, place = work.conn, work.keys, work.municipality
    tied = {child_id for child_id, _ in people.children_numbers(conn, keys, place, person_id)}
    if own := people.index_of(conn, place, person_id):
        tied |= set(people.subjects_of_unlinked(conn, place, own))
    numbers = (people.number_of(conn, keys, place, child_id) for child_id in tied)
    return frozenset(reports.child_index(keys, place, number) for number in numbers if number)


def _children_of(
    work: Reading | UnitOfWork, guardian_id: str
) -> tuple[dict[str, tuple[GuardianFact, date]], frozenset[str]]:
    """The asker's tie of today, and the child's birth date, by the lane's look-up value of each child; and of which of
    these the address is protected. Under a care order child protection says what guardians see, and has the report
    (GU-4)."""
    found: dict[str, tuple[GuardianFact, date]] = {}
    hidden: set[str] = set()
    today = local_date(work.now)
    for child_id, number in people.children_numbers(work.conn, work.keys, work.municipality, guardian_id):
        orders = care.of_child(work.conn, work.municipality, child_id)
        if any(order.valid_from <= today and not order.over(today) for order in orders):
            continue
        birth_date, grade = people.birth_and_grade(work.conn, work.municipality, child_id)
        index = reports.child_index(work.keys, work.municipality, number)
        if is_protected(grade):
            hidden.add(index)
        for tie in people.ties_of(work.conn, work.municipality, child_id):
            if tie.guardian_id == guardian_id and tie.holds(today):
                fact = GuardianFact(
                    guardian_id,
                    tie.relation,
                    tie.has_responsibility,
                    tie.verified,
                    midnight(tie.valid_from or date(1900, 1, 1)),
                    midnight(tie.valid_to) if tie.valid_to else None,
                )
                found[index] = fact, birth_date
    return found, frozenset(hidden)
