"""Care orders in their table; found by unit and by child."""

from typing import Any

import sqlalchemy as sa

from services.cases.domain.care import CareOrder
from services.cases.domain.errors import StaleEdit
from services.cases.storage.tables import care_orders, persons
from services.chassis.storage import AnyConnection, WriteTransaction, upsert
from services.kernel.facts import GuardiansSee


def of_child(conn: AnyConnection, municipality: str, child_id: str) -> list[CareOrder]:
    """All orders for a child, past ones too, in the order of their first day."""
    return _found(conn, municipality, care_orders.c.child_id == child_id)


def of_unit(conn: AnyConnection, municipality: str, unit_id: str) -> list[CareOrder]:
    """All orders that a unit of child protection keeps."""
    return _found(conn, municipality, care_orders.c.unit_id == unit_id)


def by_id(conn: AnyConnection, municipality: str, order_id: str) -> CareOrder | None:
    """One order; None when there is no such."""
    return next(iter(_found(conn, municipality, care_orders.c.order_id == order_id)), None)


def lock_child(tx: WriteTransaction, municipality: str, child_id: str) -> None:
    """Let nobody else change what holds for this child until the commit."""
    row = sa.select(persons.c.person_id).where(
        persons.c.municipality == municipality, persons.c.person_id == child_id
    )
    tx.execute(row.with_for_update())


def demand_version(order: CareOrder, expected: int | None) -> None:
    """Refuse an edit of a version that is no longer the order's (LG-8)."""
    if expected is not None and expected != order.version:
        raise StaleEdit(changed=["valid_to", "guardians_see", "topics"])


def save(tx: WriteTransaction, municipality: str, order: CareOrder) -> int:
    """Store an order as it now is; its new version."""
    order.version += 1
    upsert(
        tx,
        care_orders,
        {"municipality": municipality, "order_id": order.order_id},
        {
            "child_id": order.child_id,
            "unit_id": order.unit_id,
            "set_by": order.set_by,
            "valid_from": order.valid_from,
            "valid_to": order.valid_to,
            "guardians_see": order.guardians_see.value,
            "topics": list(order.topics),
            "version": order.version,
        },
    )
    return order.version


def _found(conn: AnyConnection, municipality: str, which: Any) -> list[CareOrder]:
    if not municipality:
        raise ValueError("no care orders without a municipality (SE-7)")
    found = sa.select(care_orders).where(care_orders.c.municipality == municipality, which)
    rows = conn.execute(found.order_by(care_orders.c.valid_from, care_orders.c.order_id))
    return [
        CareOrder(
            row.order_id,
            row.child_id,
            row.unit_id,
            row.set_by,
            row.valid_from,
            row.valid_to,
            GuardiansSee(row.guardians_see),
            tuple(row.topics),
            row.version,
        )
        for row in rows
    ]
