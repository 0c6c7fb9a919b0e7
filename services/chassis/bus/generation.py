"""A new generation of a projection: built beside the one in use, from the sources' history, and then put in its place.

    sources' outboxes ── history ──> intake ──> a SQLite file of its own, whatever the service's engine
                                                    │ when they are level: one transaction, under the inbox's lock
                                                    v
                                              the service's tables

The service runs on meanwhile, reads and all. What is being built can be stopped, and goes on where it was. Only the
projection's own handlers run: nothing is told, sent or begun anew by it.
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Protocol

import sqlalchemy as sa

from services.chassis.bus.history import read_between, read_page
from services.chassis.bus.inbox_rows import InboxRows, StreamState
from services.chassis.bus.intake import Intake
from services.chassis.bus.repair import Gap
from services.chassis.bus.topology import Catalogue
from services.chassis.clock import Clock
from services.chassis.storage import (
    AnyConnection,
    Database,
    WriteTransaction,
    chassis_tables,
    insert_many,
    new_metadata,
)
from services.contracts.envelope import EVERY_MUNICIPALITY, Event

PAGE = 1000
_LEVEL_WITHIN = 2.0
_SHOWN = 100

Progress = Callable[[str, int, int], None]
"""progress(stream, position read, last position)"""


@dataclass(frozen=True)
class Projection:
    """What a service remembers of events and can build anew from them: its tables, and fn(uow, event) by event type.
    The handlers read and write these tables alone, and do the same when they run again."""

    tables: tuple[sa.Table, ...]
    handlers: Mapping[str, Callable[[Any, Event], None]]


class History(Protocol):
    """Where the events of all streams are read from."""

    def page(self, stream: str, after: int, limit: int) -> tuple[list[Event], int, int]:
        """(events, position after them, last position) of a stream's feed."""
        ...

    def between(self, gap: Gap) -> list[Event]:
        """The events of one subject between two numbers, sent or not."""
        ...


class StoredHistory:
    """History read from the databases of the services that own the streams."""

    def __init__(self, catalogue: Catalogue, database_of: Callable[[str], Database]) -> None:
        self._catalogue, self._database_of = catalogue, database_of

    def page(self, stream: str, after: int, limit: int) -> tuple[list[Event], int, int]:
        """(events, position after them, last position) of a stream's feed."""
        database = self._owner(stream)
        with database.read() as conn:
            outbox = database.chassis.outbox_of(stream)
            return read_page(conn, outbox, stream, EVERY_MUNICIPALITY, after, limit)

    def between(self, gap: Gap) -> list[Event]:
        """The events of one subject between two numbers, sent or not."""
        database = self._owner(gap.stream)
        with database.read() as conn:
            outbox = database.chassis.outbox_of(gap.stream)
            return read_between(conn, outbox, gap.stream, gap.municipality, gap.subject, gap.first, gap.last)

    def _owner(self, stream: str) -> Database:
        return self._database_of(self._catalogue.streams[stream])


class NotLevel(Exception):
    """What was built could not be brought level with the service, which goes on handling events: try again."""


class Unbuildable(Exception):
    """Events that the projection's handlers refuse; `ids` are theirs."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = list(ids)
        super().__init__(f"{len(ids)} events can't be handled: {', '.join(self.ids[:5])}")


class AlreadyBuilding(Exception):
    """Another process builds a generation of this service in this folder."""


@dataclass(frozen=True)
class Difference:
    """A row that stands in one generation only: in the one in use (`old`) or in the one built anew (`new`)."""

    table: str
    key: str
    stands_in: str


class _Replay:
    """What a projection's handler is given while a generation is built."""

    def __init__(self, tx: WriteTransaction, event: Event) -> None:
        self.tx, self.municipality, self.now = tx, event.municipality, event.time
        self.traceparent: str | None = None


class Generation:
    """A new generation of the projection of `service`, for the one in `live`. It stands in a file in `folder` until it
    is put in place: what the same handlers built before, and neither swapped nor discarded, is gone on with. Raises
    AlreadyBuilding."""

    def __init__(
        self,
        live: Database,
        folder: Path,
        service: str,
        projection: Projection,
        history: History,
        clock: Clock,
        catalogue: Catalogue,
    ) -> None:
        self._live, self._projection, self._history = live, projection, history
        metadata = new_metadata()
        chassis_tables(metadata)
        for table in projection.tables:
            table.to_metadata(metadata)
        self._file = folder / f"{service}.generation.sqlite3"
        self._lock = _only_one(self._file.with_name(self._file.name + ".lock"))
        made_by = self._file.with_name(self._file.name + ".made_by")
        words = _words_of(projection)
        if not made_by.is_file() or made_by.read_text(encoding="utf-8") != words:
            self._unlink()  # what other handlers, or other tables, have made of history is of no use
            made_by.write_text(words, encoding="utf-8")
        self._beside = Database(f"sqlite:///{self._file}", metadata, service)
        with self._beside.write() as tx:
            metadata.create_all(tx.connection)
        self._rows = InboxRows(self._beside.chassis)
        self._intake = Intake(
            self._beside, service, projection.handlers, _Replay, clock, batch_seconds=_LEVEL_WITHIN
        )
        streams = {catalogue.events[kind].stream for kind in projection.handlers}
        own = {stream for stream in streams if catalogue.streams[stream] == service}
        self._own = own
        self._streams = sorted(own | (streams & catalogue.hears.get(service, frozenset())))

    def build(self, progress: Progress = lambda *_: None, stopping: threading.Event | None = None) -> bool:
        """Read what is left of the history; whether the end was reached, and not stopped before."""
        for stream in self._streams:
            for position, last in self._read(stream, stopping):
                progress(stream, position, last)
            if stopping is not None and stopping.is_set():
                return False
        return True

    def swap(self) -> dict[str, int]:
        """Put it in the place of the one in use, in one transaction; the number of rows of each table.

        Raises NotLevel when the service handles faster than the history can be read, or does not let go of its inbox,
        Unbuildable when events are parked. Then nothing has changed.
        """
        self._come_near()
        with self._live.write() as tx:
            self._bring_level(tx)
            return {table.name: self._exchange(tx, table) for table in self._projection.tables}

    def differences(self) -> list[Difference]:
        """The rows in which it differs from the one in use, at one instant; at most 100 of each table and side."""
        found: list[Difference] = []
        self._come_near()
        with self._live.write() as tx:
            self._bring_level(tx)
            for table in self._projection.tables:
                found += self._compared(tx, table)
        return found

    def discard(self) -> None:
        """Let go of what was built."""
        self._beside.close()
        self._unlink()
        self.close()

    def _unlink(self) -> None:
        for ending in ("", "-wal", "-shm"):
            self._file.with_name(self._file.name + ending).unlink(missing_ok=True)

    def close(self) -> None:
        """Close its connections; what was built stays, and the next one goes on with it."""
        self._beside.close()
        self._lock.close()

    def _read(self, stream: str, stopping: threading.Event | None) -> Iterator[tuple[int, int]]:
        with self._beside.read() as conn:
            state = self._rows.state_of(conn, stream)
        while not (stopping is not None and stopping.is_set()):
            events, position, last = self._history.page(stream, state.read, PAGE)
            self._intake.take(events)
            whole = position >= last
            with self._beside.write() as tx:
                self._rows.read_up_to(tx, stream, position, state, complete=whole)
            yield position, last
            if whole:
                return
            state = StreamState(read=position)

    def _come_near(self) -> None:
        """Take in what is not sent yet, or was handled since, while nobody waits for it."""
        with self._live.read() as conn:
            behind = self._behind(conn)
        for gap in behind:
            self._intake.take(self._history.between(gap))

    def _bring_level(self, tx: WriteTransaction) -> None:
        """Hold the service's inbox and its telling, and take in what it has handled or told and this has not yet: no
        more than there is time for, since whoever writes there waits."""
        self._hold(tx)
        behind = self._behind(tx)
        limit = time.monotonic() + _LEVEL_WITHIN
        while behind:
            if time.monotonic() > limit:
                raise NotLevel
            gap = behind.pop()
            self._intake.take(self._history.between(gap))
            come = self._come_to(gap)
            if come < gap.first:
                raise NotLevel  # the history lacks it
            if come < gap.last:
                behind.append(replace(gap, first=come + 1))
        self._refuse_parked()

    def _hold(self, tx: WriteTransaction) -> None:
        if self._live.is_sqlite:  # a SQLite write transaction is alone already
            return
        tx.execute(sa.text("SET LOCAL statement_timeout = 0"))  # a large table takes its time
        try:
            tx.execute(sa.text("LOCK TABLE inbox_positions, stream_sequences IN EXCLUSIVE MODE"))
        except sa.exc.OperationalError as error:
            raise NotLevel from error

    def _come_to(self, gap: Gap) -> int:
        """How far the subject has come here, what could not be handled among it."""
        with self._beside.read() as conn:
            return self._rows.come(conn, gap.stream, [gap.subject]).get(gap.subject, 0)

    def _behind(self, conn: AnyConnection) -> list[Gap]:
        """The subjects that have come further in the service than here."""
        here = self._positions()
        behind: list[Gap] = []
        heard = [stream for stream in self._streams if stream not in self._own]
        chassis = self._live.chassis
        for table, streams in ((chassis.inbox_positions, heard), (chassis.stream_sequences, self._own)):
            rows = conn.execute(sa.select(table).where(table.c.stream.in_(sorted(streams))))
            for row in rows:
                at = here.get((row.stream, row.subject), 0)
                if at < row.sequence:
                    behind.append(Gap(row.municipality, row.stream, row.subject, at + 1, row.sequence))
        return behind

    def _positions(self) -> dict[tuple[str, str], int]:
        table = self._beside.chassis.inbox_positions
        with self._beside.read() as conn:
            return {(row.stream, row.subject): row.sequence for row in conn.execute(sa.select(table))}

    def _refuse_parked(self) -> None:
        parked = self._beside.chassis.parked
        with self._beside.read() as conn:
            ids = [row.event["id"] for row in conn.execute(sa.select(parked.c.event).limit(_SHOWN))]
        if ids:
            raise Unbuildable(ids)

    def _exchange(self, tx: WriteTransaction, table: sa.Table) -> int:
        tx.execute(table.delete())
        with self._beside.read() as conn:
            return insert_many(tx, table, conn.execute(sa.select(table)))

    def _compared(self, tx: WriteTransaction, table: sa.Table) -> Iterator[Difference]:
        columns = [sa.Column(column.name, column.type) for column in table.columns]
        new = sa.Table(f"new_{table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])
        new.create(tx.connection)
        with self._beside.read() as conn:
            insert_many(tx, new, conn.execute(sa.select(table)))
        for one, other, where in ((table, new, "old"), (new, table, "new")):
            rows = sa.except_(sa.select(*one.columns), sa.select(*other.columns)).limit(_SHOWN)
            for row in tx.execute(rows):
                key = "/".join(str(row._mapping[column.name]) for column in table.primary_key)
                yield Difference(table.name, key, where)
        new.drop(tx.connection)


def _only_one(path: Path) -> IO[str]:
    """Hold `path` until it is closed. Raises AlreadyBuilding."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AlreadyBuilding from None
    return file


def _words_of(projection: Projection) -> str:
    """What a generation is made by, as a hash: the tables, and the source of the handlers' modules."""
    tables = [repr(table) for table in projection.tables]
    modules = sorted({handler.__module__ for handler in projection.handlers.values()})
    sources = [inspect.getsource(sys.modules[name]) for name in modules]
    return hashlib.sha256("\n".join([*tables, *sources]).encode()).hexdigest()
