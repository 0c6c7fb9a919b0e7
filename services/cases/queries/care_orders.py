"""The care orders that the asker's unit of child protection keeps, and those that wait for the asker's word (GU-4)."""

from typing import Any

from services.cases.domain.care import CareOrder, OrderState
from services.cases.domain.people import is_protected
from services.cases.storage import care, grounds, people, staff
from services.chassis.unit_of_work import Reading
from services.kernel.care import may_know_order
from services.kernel.facts import Decision


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The unit's orders, those that began last first, and of those that wait for a second person the ones that the
    asker can confirm. Each child's name is noted as read. An order that waits names no child: whoever confirms it has
    the number from the decision itself."""
    decision, me = staff.demand_confirmer(reading), reading.actor.person_id or ""
    known, awaiting = [], []
    for order in care.of_unit(reading.conn, reading.municipality, reading.actor.unit_id or ""):
        _, grade = people.birth_and_grade(reading.conn, reading.municipality, order.child_id)
        family = people.family_of(reading.conn, reading.municipality, order.child_id)
        if _keeps(decision) and may_know_order(
            decision, me, order.set_by, order.apart(is_protected(grade)), family
        ):
            known.append(order)
        elif order.state_at(reading.now) is OrderState.AWAITING and me not in family | {order.set_by}:
            awaiting.append(order)
            reading.access(decision.rule, "read_awaiting_care_order", None, order.child_id)
    return {"items": _items(reading, decision, known), "awaiting": [_awaiting(order) for order in awaiting]}


def _keeps(decision: Decision) -> bool:
    """Whether the asker keeps orders; who leads the unit, and does no more, confirms them alone."""
    return decision.reason_code == "allowed_as_child_protection"


def _items(reading: Reading, decision: Decision, known: list[CareOrder]) -> list[dict[str, Any]]:
    ids = [order.order_id for order in known]
    names = people.children_in_care(
        reading.conn, reading.keys, reading.municipality, [order.child_id for order in known]
    )
    rests_on = grounds.of(reading.conn, reading.municipality, grounds.CARE_ORDER, ids)
    refused = [order for order in known if order.state is OrderState.REFUSED]
    why = care.reasons(reading.conn, reading.keys, reading.municipality, refused)
    for child_id in sorted(names):
        reading.access(decision.rule, "read_care_order", None, child_id)
    return [
        {
            "order_id": order.order_id,
            "version": order.version,
            "child_name": names[order.child_id],
            **_says(order),
            "set_by": order.set_by,
            **rests_on.get(order.order_id, grounds.NONE),
            "state": order.state_at(reading.now).value,
            "registered_at": order.registered_at,
            "confirm_by": order.confirm_by if order.state is OrderState.AWAITING else None,
            "decided_by": order.decided_by,
            "decided_at": order.decided_at,
            "reason": why.get(order.order_id),
        }
        for order in reversed(known)
    ]


def _awaiting(order: CareOrder) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "registered_by": order.set_by,
        "registered_at": order.registered_at,
        "confirm_by": order.confirm_by,
        **_says(order),
    }


def _says(order: CareOrder) -> dict[str, Any]:
    return {
        "valid_from": order.valid_from,
        "valid_to": order.valid_to,
        "guardians_see": order.guardians_see.value,
        "topics": list(order.topics),
    }
