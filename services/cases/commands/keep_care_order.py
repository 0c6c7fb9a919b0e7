"""Child protection registers a care order, and sets how long it lasts and what the guardians see; a second person
confirms it (GU-4)."""

from typing import Any

from services.cases.commands.people import as_told, ask_register, kin, register, tell_if_changed
from services.cases.domain.care import CareOrder, OrderState, replaced_by
from services.cases.domain.errors import Forbidden, InvalidInput, NotAMinor, NotFound, NotThisChild
from services.cases.domain.people import RegisteredPerson, is_protected
from services.cases.storage import care, grounds, people, staff
from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context, Work
from services.contracts.cases import PEOPLE, CareOrderAwaits, CareOrderDecided, ProtectedOrderRegistered
from services.kernel.calendar import age_on, local_date
from services.kernel.care import may_know_order
from services.kernel.facts import Decision, GuardiansSee
from services.kernel.legal_basis import Basis
from services.kernel.policies import ADULT_AGE


def prepare(context: Context, request: dict[str, Any]) -> RegisteredPerson:
    """Ask the register before the transaction: only for child protection at work in the unit it acts for."""
    with context.read() as reading:
        staff.demand_keeper(reading)
    return _registered(context, request["child_number"])


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Register an order. Nothing follows from it, and those who can confirm it are told that it waits. The answer tells
    nothing of what was known of the child, nor whether another order stands or waits. PR-6: where the address is
    protected, who leads the unit and the coordinators are told that there is one more, and by whom; not of whom, and
    none of the family."""
    decision = staff.demand_keeper(uow)
    registered: RegisteredPerson = uow.prepared
    child_id = register(uow, registered)
    family = kin(uow, registered, child_id)
    me, unit_id = uow.actor.person_id or "", uow.actor.unit_id or ""
    if me in family:
        raise Forbidden(code="own_family", rule="GU-4")
    order = CareOrder(new_id(), child_id, unit_id, me, uow.now, request["valid_from"])
    order.set(me, *_asked(request), _topics(uow))
    version = care.save(uow.tx, uow.keys, uow.municipality, order)
    uow.access(decision.rule, "keep_care_order", None, child_id)
    second = staff.confirmers(uow.tx, uow.municipality, unit_id, uow.now) - family - {me}
    _tell(uow, CareOrderAwaits, order, second, order_id=order.order_id, by_person_id=me)
    if is_protected(registered.address_grade):
        overseers = staff.overseers(uow.tx, uow.municipality, unit_id, uow.now) - family
        _tell(uow, ProtectedOrderRegistered, order, overseers, by_person_id=me)
    uow.versions.pop(f"{PEOPLE}:{child_id}", None)
    return {"id": order.order_id, "version": version}


def prepare_decision(context: Context, request: dict[str, Any]) -> RegisteredPerson | None:
    """Before an order is confirmed: whoever does it has the number from the decision itself, and not from here; the
    register is asked anew who the child's family are."""
    number = request["child_number"]
    with context.read() as reading:
        _, order = _to_decide(reading, request["order_id"])
        if request["decision"] != OrderState.CONFIRMED.value or order.set_by == context.actor.person_id:
            return None
        if number is None:
            raise InvalidInput(fields={"child_number": "required"}, rule="GU-4")
        digits = "".join(number.split())
        named = people.id_by_number(reading.conn, reading.keys, reading.municipality, digits)
        if named != order.child_id:
            reading.access("GU-4", "care_order_confirmed", None, order.child_id, allowed=False)
            raise NotThisChild
    return _registered(context, number)


def decide(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """A second person confirms an order, or refuses it with a reason; whoever registered it withdraws it. From its
    confirmation on it holds between its days, in place of every other of the child."""
    decision, found = _to_decide(uow, request["order_id"])
    me, state = uow.actor.person_id or "", OrderState(request["decision"])
    family: frozenset[str] = frozenset()
    if uow.prepared is not None:
        family = kin(uow, uow.prepared, register(uow, uow.prepared))
    if me in family:
        raise Forbidden(code="own_family", rule="GU-4")
    care.lock_child(uow.tx, uow.municipality, found.child_id)
    before = as_told(uow, found.child_id)
    order = care.by_id(uow.tx, uow.municipality, found.order_id)
    assert order is not None
    order.decide(state, me, uow.now, request["reason"])
    if state is OrderState.CONFIRMED:
        _take_effect(uow, order, family)
    version = care.save(uow.tx, uow.keys, uow.municipality, order)
    uow.access(decision.rule, f"care_order_{state}", None, order.child_id)
    if state is not OrderState.WITHDRAWN:
        _decided(uow, order, state.value, family)
    tell_if_changed(uow, order.child_id, before)
    uow.versions.pop(f"{PEOPLE}:{order.child_id}", None)
    return {"id": order.order_id, "version": version}


def change(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """End an order, or end it sooner, and set anew what the guardians see: it holds at once."""
    decision = staff.demand_keeper(uow)
    order = care.by_id(uow.tx, uow.municipality, request["order_id"])
    if order is None or order.unit_id != uow.actor.unit_id:
        raise NotFound
    _, grade = people.birth_and_grade(uow.tx, uow.municipality, order.child_id)
    family = people.family_of(uow.tx, uow.municipality, order.child_id)
    me = uow.actor.person_id or ""
    if not may_know_order(decision, me, order.set_by, order.apart(is_protected(grade)), family):
        uow.access("PR-6", "keep_care_order", None, order.child_id, allowed=False)
        raise NotFound
    care.lock_child(uow.tx, uow.municipality, order.child_id)
    order = care.by_id(uow.tx, uow.municipality, order.order_id)
    assert order is not None
    care.demand_version(order, request["expected_version"])
    before = as_told(uow, order.child_id)
    order.change(me, *_asked(request), _topics(uow))
    version = care.save(uow.tx, uow.keys, uow.municipality, order)
    uow.access(decision.rule, "keep_care_order", None, order.child_id)
    tell_if_changed(uow, order.child_id, before)
    uow.versions.pop(f"{PEOPLE}:{order.child_id}", None)
    return {"id": order.order_id, "version": version}


def expire(work: Work) -> None:
    """The timer's round: what nobody confirmed in time is over, and whoever registered it is told."""
    with work.db.read() as conn:
        known = care.municipalities(conn)
    for municipality in known:
        with work.read(municipality) as reading:
            waiting = care.awaiting(reading.conn, municipality)
        late = [order.order_id for order in waiting if work.now >= order.confirm_by]
        work.each([(municipality, order_id) for order_id in late], expire_care_order)


def expire_care_order(uow: UnitOfWork, order_id: str) -> None:
    """One of them, under the child's lock: whoever comes second finds it decided."""
    found = care.by_id(uow.tx, uow.municipality, order_id)
    assert found is not None
    care.lock_child(uow.tx, uow.municipality, found.child_id)
    order = care.by_id(uow.tx, uow.municipality, order_id)
    assert order is not None
    if order.expire(uow.now):
        uow.access("GU-4", "care_order_expired", None, order.child_id)
        care.save(uow.tx, uow.keys, uow.municipality, order)
        _decided(uow, order, order.state.value)


def _registered(context: Context, number: str) -> RegisteredPerson:
    registered = ask_register(context, number, "child_number")
    if age_on(registered.birth_date, local_date(context.now)) >= ADULT_AGE:
        raise NotAMinor
    return registered


def _to_decide(work: Reading | UnitOfWork, order_id: str) -> tuple[Decision, CareOrder]:
    """An order of the asker's unit, for those who may confirm one there; for the child's family there is none."""
    decision = staff.demand_confirmer(work)
    order = care.by_id(work.conn, work.municipality, order_id)
    if order is None or order.unit_id != work.actor.unit_id:
        raise NotFound
    if people.of_family(work.conn, work.municipality, order.child_id, work.actor.person_id or ""):
        work.access("GU-4", "keep_care_order", None, order.child_id, allowed=False)
        raise NotFound
    return decision, order


def _take_effect(uow: UnitOfWork, order: CareOrder, family: frozenset[str]) -> None:
    grounds.keep(uow, grounds.CARE_ORDER, order.order_id, Basis.CARE_ORDER)
    for other in replaced_by(order, care.standing_of(uow.tx, uow.municipality, order.child_id)):
        care.save(uow.tx, uow.keys, uow.municipality, other)
        _decided(uow, other, "replaced", family)


def _decided(uow: UnitOfWork, order: CareOrder, outcome: str, family: frozenset[str] = frozenset()) -> None:
    told = frozenset({order.set_by}) - family
    by = None if outcome == "expired" else uow.actor.person_id
    _tell(uow, CareOrderDecided, order, told, order_id=order.order_id, outcome=outcome, by_person_id=by)


def _tell(uow: UnitOfWork, kind: Any, order: CareOrder, told: frozenset[str], **data: Any) -> None:
    uow.record(kind, order.child_id, {"told_ids": sorted(told), "at": uow.now, **data})


def _asked(request: dict[str, Any]) -> tuple[Any, GuardiansSee, list[str]]:
    return request["valid_to"], GuardiansSee(request["guardians_see"]), request["topics"]


def _topics(uow: UnitOfWork) -> frozenset[str]:
    return frozenset(access.policy_of(uow.tx, uow.municipality, uow.now).topic_codes)
