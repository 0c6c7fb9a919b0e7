"""Who writes lines: a command within its own transaction; reads that end together, in one that they share."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from services.chassis.access_record.chain import Chain
from services.chassis.access_record.lines import lines_of
from services.chassis.actor import Actor
from services.chassis.keys import Keys
from services.chassis.storage import Database, WriteTransaction
from services.chassis.tables import ChassisTables

if TYPE_CHECKING:
    from services.chassis.unit_of_work import Access


def chain_of(service: str, metadata: sa.MetaData) -> Chain:
    """The chain of a service's access record."""
    tables = ChassisTables.of(metadata)
    return Chain(f"{service}/access", tables.access_record, tables.access_heads)


class AccessRecord:
    """The access record of one service (SE-1): every line is durable before the answer that it is about leaves."""

    def __init__(self, db: Database, keys: Keys, service: str) -> None:
        self.chain = chain_of(service, db.metadata)
        self._keys = keys
        self._recorder = Recorder(db, self.chain)

    def write(
        self,
        tx: WriteTransaction,
        municipality: str,
        at: datetime,
        actor: Actor,
        accesses: Sequence[Access],
    ) -> None:
        """Add the lines of one piece of work within its own transaction, as the last that it does."""
        if accesses:
            self.chain.append(tx, lines_of(self._keys, municipality, at, actor, accesses))

    def write_now(self, municipality: str, at: datetime, actor: Actor, accesses: Sequence[Access]) -> None:
        """Add the lines of a read, or of what was refused; raises what the database raised."""
        if accesses:
            self._recorder.write(lines_of(self._keys, municipality, at, actor, accesses))


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

    def __init__(self, db: Database, chain: Chain) -> None:
        self._db, self._chain = db, chain
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
                self._chain.append(tx, [row for each in batch for row in each.rows])
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
