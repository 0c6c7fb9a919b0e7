"""Child protection registers a care order, and sets how long it lasts and what the guardians see (GU-4)."""

from typing import Any

from services.cases.commands.people import as_told, ask_register, kin, register, tell_if_changed
from services.cases.domain.care import CareOrder, demand_no_other
from services.cases.domain.errors import Forbidden, NotAMinor, NotFound
from services.cases.domain.people import RegisteredPerson, is_protected
from services.cases.storage import care, grounds, people, staff
from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import PEOPLE, ProtectedOrderRegistered
from services.kernel.calendar import age_on, local_date
from services.kernel.care import may_know_order
from services.kernel.facts import Decision, GuardiansSee
from services.kernel.legal_basis import Basis
from services.kernel.policies import ADULT_AGE


def prepare(context: Context, request: dict[str, Any]) -> RegisteredPerson:
    """Ask the register before the transaction: only for child protection at work in the unit it acts for."""
    with context.read() as reading:
        staff.demand_keeper(reading)
    registered = ask_register(context, request["child_number"], "child_number")
    if age_on(registered.birth_date, local_date(context.now)) >= ADULT_AGE:
        raise NotAMinor
    return registered


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Register an order. The child's guardians see what it says from its first day on; nothing, where it says nothing.
    The answer tells nothing of what was known of the child. PR-6: where the address is protected, who leads the unit
    and the coordinators are told that there is one more, and by whom; not of whom, and none of the family."""
    decision = staff.demand_keeper(uow)
    registered: RegisteredPerson = uow.prepared
    child_id = register(uow, registered)
    family = kin(uow, registered, child_id)
    if uow.actor.person_id in family:
        raise Forbidden(code="own_family", rule="GU-4")
    care.lock_child(uow.tx, uow.municipality, child_id)
    before = as_told(uow, child_id)
    order = CareOrder(
        new_id(), child_id, uow.actor.unit_id or "", uow.actor.person_id or "", request["valid_from"]
    )
    _set(uow, order, request)
    demand_no_other(order, care.of_child(uow.tx, uow.municipality, child_id))
    grounds.keep(uow, grounds.CARE_ORDER, order.order_id, Basis.CARE_ORDER)
    if is_protected(registered.address_grade):
        overseers = staff.overseers(uow.tx, uow.municipality, order.unit_id, uow.now)
        told = {"told_ids": sorted(overseers - family), "by_person_id": order.set_by, "at": uow.now}
        uow.record(ProtectedOrderRegistered, child_id, told)
    return _save(uow, order, before, decision)


def change(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Set an order's last day, and what the guardians see, anew: it holds at once."""
    decision = staff.demand_keeper(uow)
    order = care.by_id(uow.tx, uow.municipality, request["order_id"])
    if order is None or order.unit_id != uow.actor.unit_id:
        raise NotFound
    _, grade = people.birth_and_grade(uow.tx, uow.municipality, order.child_id)
    family = people.family_of(uow.tx, uow.municipality, order.child_id)
    if not may_know_order(decision, uow.actor.person_id or "", order.set_by, is_protected(grade), family):
        uow.access("PR-6", "keep_care_order", None, order.child_id, allowed=False)
        raise NotFound
    care.lock_child(uow.tx, uow.municipality, order.child_id)
    order = care.by_id(uow.tx, uow.municipality, order.order_id)
    assert order is not None
    care.demand_version(order, request["expected_version"])
    before = as_told(uow, order.child_id)
    _set(uow, order, request)
    demand_no_other(order, care.of_child(uow.tx, uow.municipality, order.child_id))
    return _save(uow, order, before, decision)


def _set(uow: UnitOfWork, order: CareOrder, request: dict[str, Any]) -> None:
    order.set(
        uow.actor.person_id or "",
        request["valid_to"],
        GuardiansSee(request["guardians_see"]),
        request["topics"],
        access.policy_of(uow.tx, uow.municipality, uow.now).topic_codes,
    )


def _save(uow: UnitOfWork, order: CareOrder, before: dict[str, Any], decision: Decision) -> dict[str, Any]:
    version = care.save(uow.tx, uow.municipality, order)
    uow.access(decision.rule, "keep_care_order", None, order.child_id)
    tell_if_changed(uow, order.child_id, before)
    uow.versions.pop(f"{PEOPLE}:{order.child_id}", None)
    return {"id": order.order_id, "version": version}
