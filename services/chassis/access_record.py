"""The access record: who read or did what, about whom, by which rule, allowed or not (SE-1). Rows are only added."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.chassis.actor import Actor
from services.chassis.ids import new_id
from services.chassis.storage import Database, WriteTransaction

if TYPE_CHECKING:
    from services.chassis.unit_of_work import Access


def rows_of(
    municipality: str, at: datetime, actor: Actor, accesses: Sequence["Access"]
) -> list[dict[str, Any]]:
    """The lines of what `actor` did in one piece of work; what they did several times over stands once."""
    return [
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


def write(
    tx: WriteTransaction, municipality: str, at: datetime, actor: Actor, accesses: Sequence["Access"]
) -> None:
    """Add the lines of one piece of work within its own transaction."""
    insert(tx, rows_of(municipality, at, actor, accesses))


def insert(tx: WriteTransaction, rows: list[dict[str, Any]]) -> None:
    """Add lines; none is ever changed or deleted."""
    if rows:
        tx.execute(tx.chassis.access_record.insert(), rows)


@dataclass(slots=True)
class _Waiting:
    rows: list[dict[str, Any]]
    turn: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    fault: BaseException | None = None


class Recorder:
    """Writes the lines of reads that end at about the same time in one transaction, durable before `write` returns.

    The first to come leads: it lets those who are ready join, writes all that wait, and hands over to the next. So a
    single reader waits for one commit, and sixteen readers share few.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._led = False

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Add these lines; raises what the database raised, and then none of them stands."""
        mine = _Waiting(rows)
        with self._lock:
            self._queue.append(mine)
            mine.leads, self._led = not self._led, True
        if mine.leads:
            time.sleep(0)  # whoever is ready to write too does so now
        else:
            mine.turn.wait()
        if mine.leads:
            self._lead()
        if mine.fault is not None:
            raise mine.fault

    def _lead(self) -> None:
        with self._lock:
            batch, self._queue = self._queue, []
        try:
            with self._db.write() as tx:
                insert(tx, [row for each in batch for row in each.rows])
        except BaseException as fault:
            for each in batch:
                each.fault = fault
        with self._lock:
            following = self._queue[0] if self._queue else None
            self._led = following is not None
            if following is not None:
                following.leads = True
        for each in batch:
            each.leads = False
            each.turn.set()
        if following is not None:
            following.turn.set()
