"""Care orders in their table; found by unit and by child."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from services.cases.domain.care import CareOrder, OrderState
from services.cases.domain.errors import StaleEdit
from services.cases.storage.tables import care_orders, persons
from services.chassis.keys import Keys
from services.chassis.storage import AnyConnection, WriteTransaction, upsert
from services.kernel.facts import GuardiansSee


def standing_of(conn: AnyConnection, municipality: str, child_id: str) -> list[CareOrder]:
    """The orders for a child that a second person confirmed, past ones too, in the order of their first day. No other
    decides, ends or tells anything (GU-4)."""
    confirmed = care_orders.c.state == OrderState.CONFIRMED.value
    return _found(conn, municipality, (care_orders.c.child_id == child_id) & confirmed)


def of_unit(conn: AnyConnection, municipality: str, unit_id: str) -> list[CareOrder]:
    """All orders that were registered in a unit of child protection."""
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


def municipalities(conn: AnyConnection) -> list[str]:
    """Where an order waits for a second person: for the timer, which then works in one at a time (SE-7)."""
    waits = care_orders.c.state == OrderState.AWAITING.value
    return list(conn.execute(sa.select(care_orders.c.municipality).where(waits).distinct()).scalars())


def awaiting(conn: AnyConnection, municipality: str) -> list[CareOrder]:
    """The orders that wait for a second person, or have waited too long."""
    return _found(conn, municipality, care_orders.c.state == OrderState.AWAITING.value)


def save(tx: WriteTransaction, keys: Keys, municipality: str, order: CareOrder) -> int:
    """Store an order as it now is; its new version. Why it was refused is ciphertext under the child's key."""
    order.version += 1
    why = order.reason and keys.encrypt(
        f"person:{order.child_id}", municipality, _field(order.order_id), order.reason
    )
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
            "registered_at": order.registered_at,
            "state": order.state.value,
            "decided_by": order.decided_by,
            "decided_at": order.decided_at,
            "reason": why or None,
        },
    )
    return order.version


def reasons(
    conn: AnyConnection, keys: Keys, municipality: str, orders: Iterable[CareOrder]
) -> dict[str, str]:
    """By order: why it was refused, for the one who registered it, after the kernel's own decision (GU-4)."""
    child = {order.order_id: order.child_id for order in orders}
    found = sa.select(care_orders.c.order_id, care_orders.c.reason).where(
        care_orders.c.municipality == municipality,
        care_orders.c.order_id.in_(list(child)),
        care_orders.c.reason.is_not(None),
    )
    return {
        row.order_id: keys.decrypt(
            f"person:{child[row.order_id]}", municipality, _field(row.order_id), row.reason
        )
        for row in conn.execute(found)
    }


def _field(order_id: str) -> str:
    return f"care_order_reason:{order_id}"


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
            row.registered_at,
            row.valid_from,
            row.valid_to,
            GuardiansSee(row.guardians_see),
            tuple(row.topics),
            row.version,
            OrderState(row.state),
            row.decided_by,
            row.decided_at,
        )
        for row in rows
    ]
