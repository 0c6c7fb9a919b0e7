"""Who asks in the lane, with what its decision needs of them; commands and queries decide by the same (PR-5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.cases.domain.errors import Forbidden, NotFound
from services.cases.domain.people import RegisteredGuardian, Tie, is_protected
from services.cases.lane.domain import ChildInReport
from services.cases.lane.storage import guardians, readers, record, reports
from services.cases.storage import care, people, staff
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context
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
        self._children = Children()
        self._kin: frozenset[str] = frozenset()
        self._look_up: str | None = None
        if actor.capacity in ("guardian", "employee") and actor.person_id:
            self._kin = _ever_tied_to(work, actor.person_id)
            self._look_up = _look_up_of(work, actor.person_id)
        if self.question.capacity is Capacity.GUARDIAN:
            self._children = children_of(work, work.municipality, self.question.person_id, self._look_up)

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
        return list(self._children.ties)

    def tells_reporter(self, row: Any) -> bool:
        """PR-6: whether the asker is told by name who reported. A guardian is not where the address of the child, or of
        another adult of theirs, is protected: it tells where the child goes."""
        return self.question.capacity is not Capacity.GUARDIAN or row.child_index not in self._children.hidden

    def facts(self, row: Any) -> LaneFacts:
        """What the decision about one report rests on."""
        guardian, birth_date = self._children.ties.get(row.child_index, (None, None))
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


def replayed(context: Context, answer: Mapping[str, Any]) -> None:
    """That an answer was given again to the same key stands in the lane's own record (SE-1, PR-3)."""
    who = (context.actor, context.municipality, context.now)
    context.services.lane_record.write([record.line(*who, "replayed", "SE-1", answer.get("id"))])


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


def keep_guardians(
    uow: UnitOfWork,
    report_id: str,
    kind: ReportKind,
    child: ChildInReport,
    told: Sequence[RegisteredGuardian],
) -> bool:
    """Keep with whom a report is made, as the register tells it today (PR-2); of a protected one nobody, so that no
    look-up ever meets it (PR-3). Whether they were others before."""
    if kind is not ReportKind.WITH_GUARDIANS or child.number is None or child.birth_date is None:
        return False
    return guardians.keep(uow.tx, uow.keys, uow.municipality, report_id, child, told, local_date(uow.now))


def family_ids(work: Reading | UnitOfWork, numbers: Sequence[str]) -> frozenset[str]:
    """By person id, as far as they are known here: those with these identity numbers, the child's first, and who is or
    was tied to it here."""
    conn, keys, place = work.conn, work.keys, work.municipality
    ids = [people.id_by_number(conn, keys, place, number) for number in numbers]
    tied = people.family_of(conn, place, ids[0]) if ids and ids[0] else frozenset()
    return tied | {each for each in ids if each}


@dataclass(frozen=True, slots=True)
class Children:
    """A guardian's children by the lane's look-up value of each: the tie of today with the child's birth date, and
    those for whom an address is protected."""

    ties: dict[str, tuple[GuardianFact, date]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()


def children_of(work: Reading | UnitOfWork, place: str, person_id: str, look_up: str | None) -> Children:
    """Of whom somebody is a guardian today in a municipality (PR-2): as cases knows of their ties to a child, and where
    it knows of none, as the register told when reports were made with them and in each day's round since.
    `look_up`: the lane's look-up value of their number.

    Under a care order child protection says what guardians see, and has the report (GU-4); and where an address is
    protected nobody is a guardian but whom somebody has linked by hand (PR-6)."""
    ties: dict[str, tuple[GuardianFact, date]] = {}
    hidden, known = set(), set()
    today = local_date(work.now)
    for child_id, number in people.children_numbers(work.conn, work.keys, place, person_id):
        index = reports.child_index(work.keys, place, number)
        known.add(index)
        if _hides_address(work, place, child_id):
            hidden.add(index)
        if _under_care_order(work, place, child_id):
            continue
        birth_date, _ = people.birth_and_grade(work.conn, place, child_id)
        for tie in people.ties_of(work.conn, place, child_id):
            if tie.guardian_id == person_id and tie.holds(today):
                ties[index] = _as_fact(tie), birth_date
    for told in guardians.of_guardian(work.conn, work.keys, place, look_up, person_id) if look_up else ():
        if told.child_index not in known and not _closed_to_register(work, place, told.child_number):
            ties[told.child_index] = told.fact, told.child_birth_date
    return Children(ties, frozenset(hidden))


def readable_with_guardian(
    work: Reading | UnitOfWork, place: str, person_id: str, look_up: str
) -> tuple[Any, Decision] | None:
    """The newest report in a municipality that somebody may read as a guardian, and the decision; None when there is
    none. No protected report is looked at (PR-3)."""
    children = children_of(work, place, person_id, look_up)
    question = LaneQuestion(place, person_id, Capacity.GUARDIAN, work.now)
    for row in reports.rows(work.conn, place, with_guardians_of=list(children.ties)):
        fact, birth_date = children.ties[row.child_index]
        facts = LaneFacts(
            place,
            ReportKind(row.kind),
            row.reporter_person_id,
            guardians=(fact,),
            subject_birth_date=birth_date,
        )
        if (decision := may_read_lane_report(question, facts)).allowed:
            return row, decision
    return None


def _as_fact(tie: Tie) -> GuardianFact:
    return GuardianFact(
        tie.guardian_id,
        tie.relation,
        tie.has_responsibility,
        tie.verified,
        midnight(tie.valid_from or date(1900, 1, 1)),
        midnight(tie.valid_to) if tie.valid_to else None,
    )


def _closed_to_register(work: Reading | UnitOfWork, place: str, child_number: str) -> bool:
    """Whether what cases knows of a child keeps from reading who is a guardian by the register alone."""
    child_id = people.id_by_number(work.conn, work.keys, place, child_number)
    return child_id is not None and (
        _under_care_order(work, place, child_id) or _hides_address(work, place, child_id)
    )


def _under_care_order(work: Reading | UnitOfWork, place: str, child_id: str) -> bool:
    today = local_date(work.now)
    orders = care.standing_of(work.conn, place, child_id)
    return any(order.valid_from <= today and not order.over(today) for order in orders)


def _hides_address(work: Reading | UnitOfWork, place: str, child_id: str) -> bool:
    """Whether an address is protected, the child's or that of an adult who is tied to it."""
    return any(
        is_protected(people.birth_and_grade(work.conn, place, each)[1])
        for each in people.family_of(work.conn, place, child_id)
    )


def _look_up_of(work: Reading | UnitOfWork, person_id: str) -> str | None:
    """The lane's look-up value of a person's own number, also of one whom the lane alone knows."""
    number = people.number_of(work.conn, work.keys, work.municipality, person_id)
    if number is None:
        return guardians.index_of(work.conn, work.municipality, person_id)
    return reports.child_index(work.keys, work.municipality, number)


def _ever_tied_to(work: Reading | UnitOfWork, person_id: str) -> frozenset[str]:
    """The lane's look-up values of all children to whom somebody is, was or is to be tied, by register or paper: also
    one that is over, under a care order, and where they are linked nowhere (PR-6)."""
    conn, keys, place = work.conn, work.keys, work.municipality
    tied = {child_id for child_id, _ in people.children_numbers(conn, keys, place, person_id)}
    if own := people.index_of(conn, place, person_id):
        tied |= set(people.subjects_of_unlinked(conn, place, own))
    numbers = (people.number_of(conn, keys, place, child_id) for child_id in tied)
    return frozenset(reports.child_index(keys, place, number) for number in numbers if number)
