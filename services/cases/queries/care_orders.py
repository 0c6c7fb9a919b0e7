"""The care orders that the asker's unit of child protection keeps (GU-4)."""

from typing import Any

from services.cases.domain.people import is_protected
from services.cases.storage import care, grounds, people, staff
from services.chassis.unit_of_work import Reading
from services.kernel.care import may_know_order


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The unit's orders, those that began last first. Each child's name is noted as read."""
    decision, me = staff.demand_keeper(reading), reading.actor.person_id or ""
    known = []
    for order in care.of_unit(reading.conn, reading.municipality, reading.actor.unit_id or ""):
        _, grade = people.birth_and_grade(reading.conn, reading.municipality, order.child_id)
        family = people.family_of(reading.conn, reading.municipality, order.child_id)
        if may_know_order(decision, me, order.set_by, is_protected(grade), family):
            known.append(order)
    names = people.children_in_care(
        reading.conn, reading.keys, reading.municipality, [order.child_id for order in known]
    )
    rests_on = grounds.of(
        reading.conn, reading.municipality, grounds.CARE_ORDER, [order.order_id for order in known]
    )
    for child_id in sorted(names):
        reading.access(decision.rule, "read_care_order", None, child_id)
    return {
        "items": [
            {
                "order_id": order.order_id,
                "version": order.version,
                "child_name": names[order.child_id],
                "valid_from": order.valid_from,
                "valid_to": order.valid_to,
                "guardians_see": order.guardians_see.value,
                "topics": list(order.topics),
                "set_by": order.set_by,
                **rests_on.get(order.order_id, grounds.NONE),
            }
            for order in reversed(known)
        ]
    }
