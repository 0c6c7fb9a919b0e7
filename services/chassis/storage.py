"""One service's database, SQLite or PostgreSQL, behind the same two doors: `read()` and `write()`.

Everything that must be equal on both engines (durability, snapshots, UTC instants, upserts, migrations)
lives here.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, CursorResult, Dialect, Engine, ScalarResult, make_url

from services.chassis.tables import (
    ChassisTables,
    UtcDateTime,
    chassis_tables,
    create_chassis_tables,
    create_faults_table,
    create_heads_table,
    create_outbox_table,
    faults_table,
    heads_table,
)
from services.kernel.errors import Unavailable

__all__ = [
    "AnyConnection",
    "ChassisTables",
    "Database",
    "DatabaseBusy",
    "UtcDateTime",
    "WriteTransaction",
    "chassis_tables",
    "create_chassis_tables",
    "create_faults_table",
    "create_heads_table",
    "create_outbox_table",
    "faults_table",
    "heads_table",
    "insert_ignore",
    "insert_many",
    "new_metadata",
    "upsert",
]

BUSY_SECONDS = 5.0
_WAIT_SECONDS = 0.02
_CHUNK = 1000
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_MIGRATION_LOCK = 0x57AFE77
# No statement waits for ever: neither for another's lock, nor for a client that forgot its transaction.
_LIMITS = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
_REVISION = re.compile(r"""^(revision|down_revision)\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)
_ROOT = Path(__file__).resolve().parents[2]

log = logging.getLogger(__name__)


class DatabaseBusy(Unavailable):
    """No turn to write, or no connection, within the time limit; nothing was begun."""

    detail = "The database is busy. Try again in a moment."


def new_metadata() -> sa.MetaData:
    """A MetaData whose constraints have names, so that later migrations can change them on both engines."""
    return sa.MetaData(naming_convention=_NAMING)


class WriteTransaction:
    """One write transaction: execute statements, and say what is to happen once it has been committed."""

    rings = False
    """Whether the relay hears of its commit (bus/leadership.py)."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self.connection = connection
        self.database = database
        self.metadata = database.metadata
        self._after_commit: list[Callable[[], None]] = []

    @property
    def dialect(self) -> Dialect:
        """The engine's dialect."""
        return self.connection.dialect

    @property
    def chassis(self) -> ChassisTables:
        """The chassis tables of this database."""
        return ChassisTables.of(self.metadata)

    def execute(
        self,
        statement: sa.Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Execute a statement; a sequence of parameters executes it for each."""
        result: CursorResult[Any] = self.connection.execute(statement, parameters)
        return result

    def scalar(self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        return self.connection.scalar(statement, parameters)

    def scalars(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None
    ) -> ScalarResult[Any]:
        """The first column of every row."""
        return self.connection.scalars(statement, parameters)

    def take_turn(self, name: str) -> None:
        """Wait until no other transaction has this turn; it is had to the end. On SQLite one writes at a time."""
        if self.dialect.name == "postgresql":
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
            self.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    @contextmanager
    def undone_if_it_raises(self) -> Iterator[None]:
        """What is written in the block stands only if the block ends; what was written before stands anyway."""
        with self.connection.begin_nested():
            yield

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call `act` once the transaction is durable and its lock released; never if it is rolled back.

        What `act` raises is logged, not raised: the change has happened.
        """
        self._after_commit.append(act)

    def _committed(self) -> None:
        for act in self._after_commit:
            try:
                act()
            except Exception:
                log.exception("after_commit_failed")


AnyConnection = Connection | WriteTransaction


class Database:
    """The database of `service` at `url` (`sqlite:///path` or `postgresql+psycopg://...`).

    `migrations` is the folder that holds `versions/`; by default the service's own.
    """

    wake_sender: Callable[[], None] | None = None
    """Wakes the relay of this process; there while it is the one that sends from this database."""

    def __init__(
        self,
        url: str,
        metadata: sa.MetaData,
        service: str,
        migrations: Path | None = None,
    ) -> None:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.metadata = metadata
        self.service = service
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.migrations = migrations or _migrations_of(service)
        self.path = Path(parsed.database or "").absolute() if self.is_sqlite else None
        self._turn = threading.Lock() if self.is_sqlite else None
        self.engine = _sqlite_engine(parsed, self.path) if self.path else _postgresql_engine(parsed)
        self._reading = self.engine.execution_options(
            **({} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        )
        self._writing = self.engine.execution_options(stafett_write=True)

    @property
    def chassis(self) -> ChassisTables:
        """The chassis tables of this database."""
        return ChassisTables.of(self.metadata)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one snapshot, no changes."""
        with self._connect(self._reading) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        """A write transaction: durable when the block ends, rolled back if it raises.

        On SQLite one writes at a time. Keep it short: no RPC and no other waiting inside. Raises
        DatabaseBusy.
        """
        if self._turn is not None and not self._turn.acquire(timeout=BUSY_SECONDS):
            raise DatabaseBusy
        try:
            with self._connect(self._writing) as connection, connection.begin():
                transaction = WriteTransaction(connection, self)
                yield transaction
        finally:
            if self._turn is not None:
                self._turn.release()
        transaction._committed()

    @contextmanager
    def _connect(self, engine: Engine) -> Iterator[Connection]:
        try:
            connection = engine.connect()
        except sa.exc.TimeoutError as error:
            raise DatabaseBusy from error
        with connection:
            yield connection

    def answers(self) -> bool:
        """Whether the database can be written to now."""
        try:
            with self.write() as tx:
                tx.scalar(sa.select(1))
        except (sa.exc.SQLAlchemyError, DatabaseBusy):
            return False
        return True

    def version(self) -> str | None:
        """The revision at which the database stands; None when it is empty."""
        with self._connect(self._writing) as connection, connection.begin():
            return self._version(connection)

    @staticmethod
    def _version(connection: Connection) -> str | None:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return version

    def migrate(self) -> None:
        """Bring the database to the newest revision, in one transaction; of two processes one does it, one
        waits."""
        head = _head(self.migrations / "versions")
        with self.read() as reading:
            if self._version(reading) == head:
                return
        with self.write() as tx:
            if not self.is_sqlite:
                tx.execute(sa.text("SET LOCAL lock_timeout = 0"))
                tx.execute(sa.text("SET LOCAL statement_timeout = 0"))
                tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            if self._version(tx.connection) != head:
                _upgrade(tx.connection, self.metadata, self.migrations / "versions")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def upsert(tx: AnyConnection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert the row with `key`, or give the row that has it these `values`."""
    tx.execute(_upsert(tx.dialect.name, table, tuple(key), tuple(values)), {**key, **values})


def insert_ignore(tx: AnyConnection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key stands there already; whether it was inserted."""
    return tx.execute(_insert_ignore(tx.dialect.name, table), dict(values)).first() is not None


# Statements are made once: making one anew costs more than executing it.


@cache
def _upsert(dialect: str, table: sa.Table, key: tuple[str, ...], values: tuple[str, ...]) -> Any:
    statement = _insert(dialect, table)
    if not values:
        return statement.on_conflict_do_nothing(index_elements=key)
    given = {name: statement.excluded[name] for name in values}
    return statement.on_conflict_do_update(index_elements=key, set_=given)


@cache
def _insert_ignore(dialect: str, table: sa.Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing().returning(sa.literal(1))


def insert_many(tx: WriteTransaction, table: sa.Table, rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows, each with a value for every column in the table's order, as fast as the engine can; their number."""
    count = 0
    if tx.dialect.name == "postgresql":
        raw: Any = tx.connection.connection.driver_connection
        columns = ", ".join(column.name for column in table.columns)
        with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        return count
    names = [column.name for column in table.columns]
    left = iter(rows)
    while chunk := [dict(zip(names, row, strict=True)) for row in islice(left, _CHUNK)]:
        tx.execute(table.insert(), chunk)
        count += len(chunk)
    return count


def _insert(dialect: str, table: sa.Table) -> Any:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _migrations_of(service: str) -> Path:
    own = _ROOT / "services" / service
    return (own if own.is_dir() else _ROOT / service) / "migrations"


def _sqlite_engine(url: sa.URL, path: Path) -> Engine:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)
    engine = sa.create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        pool_size=5,
        max_overflow=15,
        pool_timeout=BUSY_SECONDS,
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = (
            None  # we say BEGIN ourselves: the driver's own never comes before a SELECT
        )
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        _to_wal(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("stafett_write")
        words = "BEGIN IMMEDIATE" if write else "BEGIN"
        driver: Any = connection.connection.dbapi_connection
        try:
            driver.execute(words)
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, words, None, None, None)

    return engine


def _to_wal(cursor: Any) -> None:
    """Of several that open a new database at once one can change its mode, and SQLite lets nobody wait for that."""
    limit = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > limit:
                raise
            time.sleep(_WAIT_SECONDS)


def _postgresql_engine(url: sa.URL) -> Engine:
    engine = sa.create_engine(
        url,
        connect_args={"connect_timeout": int(BUSY_SECONDS), "options": _LIMITS},
        pool_size=5,
        max_overflow=15,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,
    )
    engine.dialect.use_insertmanyvalues_wo_returning = True  # many rows go in one statement, not in one each
    return engine


def _head(versions: Path) -> str | None:
    """The newest revision in a folder of version files, read without importing them."""
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for file in versions.glob("*.py"):
        for kind, revision in _REVISION.findall(file.read_text(encoding="utf-8")):
            found[kind].add(revision)
    heads = found["revision"] - found["down_revision"]
    if len(heads) > 1:
        raise RuntimeError(f"{versions} has several newest revisions: {sorted(heads)}")
    return heads.pop() if heads else None


def _upgrade(connection: Connection, metadata: sa.MetaData, versions: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations_env"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(versions))
    config.attributes.update(connection=connection, metadata=metadata)
    command.upgrade(config, "head")
