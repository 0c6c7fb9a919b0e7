"""The access record: who read or did what, about whom, by which rule, allowed or not (SE-1). Rows are only added."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from services.chassis.actor import Actor
from services.chassis.ids import new_id
from services.chassis.storage import WriteTransaction

if TYPE_CHECKING:
    from services.chassis.unit_of_work import Access


def write(
    tx: WriteTransaction, municipality: str, at: datetime, actor: Actor, accesses: Sequence["Access"]
) -> None:
    """Add what `actor` did in one piece of work; what they did several times over stands once."""
    rows = [
        {
            "id": new_id(),
            "municipality": municipality,
            "at": at,
            "person_id": actor.person_id,
            "capacity": actor.capacity,
            "unit_id": actor.unit_id,
            "act": access.act,
            "rule": access.rule,
            "case_id": access.case_id,
            "subject_person_id": access.person_id,
            "allowed": access.allowed,
        }
        for access in dict.fromkeys(accesses)
    ]
    if rows:
        tx.execute(tx.chassis.access_record.insert(), rows)
