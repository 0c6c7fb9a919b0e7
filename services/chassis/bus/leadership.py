"""One active relay a database, and how it hears at once of a commit in whatever process (ADR 0023).

The right to send is a lock that the kernel, or PostgreSQL, takes back when its holder dies. A bell that nobody hears
loses nothing: the relay also looks by itself.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from services.chassis.logging import fault
from services.chassis.storage import Database, WriteTransaction

CHANNEL = "stafett_outbox"
RETRY_SECONDS = 0.5
_LOCK = 0x57AFE11
# A host that is gone without a word is noticed by PostgreSQL within eight seconds, and the lock is free.
_KEEPALIVES = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3"

log = structlog.get_logger(__name__)


def ring(tx: WriteTransaction) -> None:
    """Have the active relay look when `tx` is committed, wherever it runs; once, however many events `tx` tells.

    NOTIFY makes the commits of a whole cluster wait for each other, so it is sent only when the relay of this process
    is not the active one.
    """
    if tx.rings:
        return
    tx.rings = True
    database = tx.database
    if database.wake_sender is not None:
        tx.after_commit(database.wake_sender)
    elif database.path is not None:
        tx.after_commit(partial(_ring_from_outside, _bell_of(database.path)))
    else:
        tx.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


class Lead(ABC):
    """The right to send, of the active relay: with a bell, rung from this process by `ring` and from others by what
    subclasses listen to, and a connection to look with."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)

    def ring(self) -> None:
        """Ring it from this process."""
        with suppress(OSError):  # full: it rings already; closed: nobody waits
            self._far.send(b"!")

    def rang(self) -> bool:
        """Whether it has rung since it was asked last. To be asked before a look, never after it. Raises when this
        process has lost the right to send."""
        return _drained(self._near)

    @abstractmethod
    def look(self) -> AbstractContextManager[sa.Connection]:
        """A connection for one read."""

    def wait(self, seconds: float, *others: Any) -> None:
        """Wait until it rings, one of the `others` (sockets) can be read, or time is out."""
        select.select([self._near, *self._ears(), *others], [], [], max(0.0, seconds))

    def close(self) -> None:
        """Nobody waits any more."""
        self._near.close()
        self._far.close()

    def _ears(self) -> list[Any]:
        return []


class _FileLead(Lead):
    """Hears other processes by a datagram socket beside the SQLite file."""

    def __init__(self, db: Database, path: Path) -> None:
        super().__init__()
        self._db, self._path = db, path
        self._ear: socket.socket | None = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            path.unlink(missing_ok=True)  # of a holder that was killed: the lock is ours
            self._ear.bind(str(path))
            path.chmod(0o600)
            self._ear.setblocking(False)
        except OSError as error:  # a path of more than 107 bytes: other processes wait for the next look
            log.warning("bell_is_mute", **fault(error))
            self._ear.close()
            self._ear = None

    def rang(self) -> bool:
        outside = self._ear is not None and _drained(self._ear)
        return super().rang() or outside

    @contextmanager
    def look(self) -> Iterator[sa.Connection]:
        with self._db.read() as connection:
            yield connection

    def close(self) -> None:
        super().close()
        if self._ear is not None:
            self._ear.close()
            self._path.unlink(missing_ok=True)

    def _ears(self) -> list[Any]:
        return [self._ear] if self._ear is not None else []


class _SessionLead(Lead):
    """Hears other processes by the notifications of the session that holds the lock."""

    def __init__(self, session: sa.Connection) -> None:
        super().__init__()
        session.exec_driver_sql(f"LISTEN {CHANNEL}")
        driver: Any = session.connection.dbapi_connection
        self._wire, self._session, self._told = driver.pgconn, session, False
        driver.add_notify_handler(self._on_notify)  # of what comes in during a look

    def rang(self) -> bool:
        self._wire.consume_input()  # raises when the session is gone, and the lock with it
        while self._wire.notifies() is not None:
            self._told = True
        outside, self._told = self._told, False
        return super().rang() or outside

    @contextmanager
    def look(self) -> Iterator[sa.Connection]:
        yield self._session  # no transaction, no ping: a look is one question and its answer

    def _on_notify(self, _notification: object) -> None:
        self._told = True

    def _ears(self) -> list[Any]:
        return [self._wire.socket]


@contextmanager
def leading(db: Database, stopping: threading.Event) -> Iterator[Lead | None]:
    """Wait until this process is the one that sends from `db`, and be it within the block; None when `stopping` was
    set first."""
    with _on_file(db, db.path, stopping) if db.path is not None else _on_session(db, stopping) as lead:
        yield lead


@contextmanager
def _on_file(db: Database, path: Path, stopping: threading.Event) -> Iterator[Lead | None]:
    with path.with_name(path.name + ".relay.lock").open("w") as file:
        while not stopping.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stopping.wait(RETRY_SECONDS)
                continue
            with closing(_FileLead(db, _bell_of(path))) as lead:
                yield lead
            return
        yield None


@contextmanager
def _on_session(db: Database, stopping: threading.Event) -> Iterator[Lead | None]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        session.detach()  # the lock belongs to the session: it must end with this connection
        for statement in _KEEPALIVES.split("; "):
            session.exec_driver_sql(statement)
        while not stopping.is_set():
            if not session.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK))):
                stopping.wait(RETRY_SECONDS)
                continue
            with closing(_SessionLead(session)) as lead:
                yield lead
            return
        yield None


def _bell_of(path: Path) -> Path:
    return path.with_name(path.name + ".relay.bell")


def _ring_from_outside(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.setblocking(False)
        with suppress(OSError):  # nobody is there, or it rings already
            bell.sendto(b"!", os.fspath(path))


def _drained(ear: socket.socket) -> bool:
    """Take out what has come; whether anything had."""
    rang = False
    with suppress(BlockingIOError):
        while ear.recv(4096):
            rang = True
    return rang
