"""An employee registers a concern: the child is taken over from the register, and a case at level 0 begins (LV-2)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.cases.commands.people import ask_register, kin, register
from services.cases.domain.case import Case
from services.cases.domain.errors import Forbidden, InvalidInput, NotAChild, NotInUnit
from services.cases.domain.people import RegisteredPerson, may_be_subject
from services.cases.storage import cases, notes, staff
from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.storage import AnyConnection
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import PEOPLE, ConcernRaised, HolderChanged
from services.kernel.calendar import local_date
from services.kernel.facts import Post
from services.kernel.impartiality import OwnFamily

ADULT = "adult"
FOLLOWS_UP = frozenset({"universal", "supporting"})
"""Kinds of services (DI-2) that follow a child up when a service for adults has raised the concern (LV-14)."""


def prepare(context: Context, request: dict[str, Any]) -> RegisteredPerson:
    """Ask the register before the transaction: only for an employee at work, only by a number that is accepted here."""
    with context.read() as reading:
        acting_post(reading, reading.conn, request["unit_id"])
    registered = ask_register(context, request["child_number"], "child_number")
    if not may_be_subject(registered.birth_date, request["subject_kind"], local_date(context.now)):
        raise NotAChild
    return registered


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Register the child and the concern. The answer is the same whether the child was known here or not, so that it
    bears the case's version alone: the child's event, where there was one, goes before the case's on the same way."""
    post = acting_post(uow, uow.tx, request["unit_id"])
    child_id = register(uow, uow.prepared)
    family = kin(uow, uow.prepared, child_id)
    if post.person_id in family:
        raise OwnFamily("child_number")
    owner = _who_follows_up(uow, post, family, request)
    raised = Raised(post.person_id, request["parent_agreed_on"] if owner != post else None)
    case = begin(uow, child_id, request["subject_kind"], owner, request["concern"], request["topic"], raised)
    uow.access("LV-2", "raise_concern", case.case_id, child_id)
    uow.versions.pop(f"{PEOPLE}:{child_id}", None)
    return {"id": case.case_id, "version": case.version}


@dataclass(frozen=True, slots=True)
class Raised:
    """Who raised a concern, and from a service for adults: when the parent agreed to it (LV-14)."""

    by_person_id: str
    parent_agreed_on: date | None = None


def begin(
    uow: UnitOfWork,
    subject_id: str,
    kind: str,
    owner: Post,
    concern: str,
    topic: str | None,
    raised: Raised | None = None,
) -> Case:
    """A case at level 0 begins with its concern, and is told of (LV-2)."""
    policy, raised = access.policy_of(uow.tx, uow.municipality, uow.now), raised or Raised(owner.person_id)
    case = Case.begin(
        new_id(), uow.municipality, subject_id, kind, owner, uow.now, policy, raised.by_person_id,
        raised.parent_agreed_on,
    )  # fmt: skip
    cases.add(uow.tx, uow.keys, case)
    notes.add(
        uow.tx, uow.keys, uow.municipality, case.case_id, "concern", raised.by_person_id, uow.now,
        text=concern, topic=topic,
    )  # fmt: skip
    uow.record(
        ConcernRaised,
        case.case_id,
        {
            "case_id": case.case_id,
            "subject_person_id": subject_id,
            "subject_kind": case.subject_kind,
            "owner_person_id": owner.person_id,
            "owner_unit_id": owner.unit_id,
            "owner_service_id": owner.service_id,
            "registered_at": case.registered_at,
            "decide_by": case.limit.decide_by,
        },
    )
    if case.holder is not None:
        tell_holder(uow, case.case_id, case.holder, None, "appointed")
    return case


def _who_follows_up(uow: UnitOfWork, post: Post, family: frozenset[str], request: dict[str, Any]) -> Post:
    """LV-14: a service for adults raises a child's concern with the parent's word, and does not follow the child up
    itself: the leader of the unit that it names does. Everybody else owns what they raise (LV-2). SE-3: a unit that
    only one of the child's family leads is told of as one that nobody leads, which gives no tie away."""
    if (
        request["subject_kind"] != "child"
        or staff.kind_of(uow.tx, uow.municipality, post.service_id) != ADULT
    ):
        return post
    agreed, unit_id = request["parent_agreed_on"], request["follow_up_unit_id"]
    faults: dict[str, str] = {}
    if agreed is None or agreed > local_date(uow.now):
        faults["parent_agreed_on"] = "required" if agreed is None else "date_in_future"
    leader = staff.leader_of(uow.tx, uow.municipality, unit_id, uow.now, family) if unit_id else None
    if leader is None:
        faults["follow_up_unit_id"] = "no_leader" if unit_id else "required"
    elif staff.kind_of(uow.tx, uow.municipality, leader.service_id) not in FOLLOWS_UP:
        faults["follow_up_unit_id"] = "does_not_follow_up"
    if faults:
        raise InvalidInput(fields=faults, rule="LV-14")
    assert leader is not None
    return leader


def tell_holder(uow: UnitOfWork, case_id: str, holder: Post, before: Post | None, how: str) -> None:
    """Tell who holds the relay from now on (HO-1)."""
    uow.record(
        HolderChanged,
        case_id,
        {
            "case_id": case_id,
            "holder_person_id": holder.person_id,
            "holder_unit_id": holder.unit_id,
            "previous_person_id": before.person_id if before else None,
            "at": uow.now,
            "how": how,
        },
    )


def acting_post(work: Reading | UnitOfWork, conn: AnyConnection, unit_id: str) -> Post:
    """The asker's post in the unit for which they act; every employee may register a concern there."""
    if work.actor.capacity != "employee":
        raise Forbidden(code="not_an_employee", rule="LV-2")
    found = access.post_of(conn, work.municipality, work.actor.person_id, unit_id, work.now)
    if found is None or work.actor.unit_id != unit_id:
        raise NotInUnit("unit_id")
    return found
