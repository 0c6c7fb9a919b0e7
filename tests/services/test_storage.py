"""Storage on both engines: durable writes, snapshots, one writer at a time, instants, upserts, migrations."""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.chassis.storage import (
    Database,
    DatabaseBusy,
    UtcDateTime,
    chassis_tables,
    insert_ignore,
    new_metadata,
    upsert,
)

FIRST = '''
"""The chassis tables."""
from alembic import op
from services.chassis.storage import create_chassis_tables, create_outbox_table
revision = "0001"
down_revision = None
def upgrade() -> None:
    create_chassis_tables(op)
    create_outbox_table(op, "lane_outbox")
'''
SECOND = '''
"""Things."""
import sqlalchemy as sa
from alembic import op
from services.chassis.storage import UtcDateTime
revision: str = "0002"
down_revision: str | None = "0001"
def upgrade() -> None:
    op.create_table("thing", sa.Column("id", sa.String(64), primary_key=True), sa.Column("at", UtcDateTime))
'''


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_first.py").write_text(textwrap.dedent(FIRST))
    (versions / "0002_things.py").write_text(textwrap.dedent(SECOND))
    return versions.parent


@pytest.fixture
def open_database(database_url: str, migrations: Path) -> Iterator[Callable[[], Database]]:
    opened: list[Database] = []

    def open_() -> Database:
        metadata = new_metadata()
        chassis_tables(metadata, own_outbox={"cases.lane": "lane_outbox"})
        sa.Table(
            "thing", metadata, sa.Column("id", sa.String(64), primary_key=True), sa.Column("at", UtcDateTime)
        )
        opened.append(Database(database_url, metadata, "test", migrations))
        return opened[-1]

    yield open_
    for database in opened:
        database.close()


@pytest.fixture
def db(open_database: Callable[[], Database]) -> Database:
    database = open_database()
    database.migrate()
    return database


def thing(db: Database) -> sa.Table:
    return db.metadata.tables["thing"]


def ids(db: Database) -> list[str]:
    with db.read() as conn:
        return list(conn.scalars(sa.select(thing(db).c.id).order_by(thing(db).c.id)))


def test_migrated_tables_are_those_that_code_reads(db: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with db.read() as conn:
        assert (
            compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), db.metadata) == []
        )
    assert db.version() == "0002"


def test_two_that_migrate_at_once_both_end_at_the_newest_version(
    open_database: Callable[[], Database],
) -> None:
    databases = [open_database() for _ in range(3)]
    faults: list[Exception] = []

    def migrate(database: Database) -> None:
        try:
            database.migrate()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert faults == []
    assert {database.version() for database in databases} == {"0002"}


def test_a_failed_migration_leaves_the_version_before(
    open_database: Callable[[], Database], migrations: Path
) -> None:
    database = open_database()
    database.migrate()
    (migrations / "versions" / "0003_broken.py").write_text(
        'from alembic import op\nimport sqlalchemy as sa\nrevision = "0003"\ndown_revision = "0002"\n'
        'def upgrade():\n    op.create_table("half", sa.Column("id", sa.Integer))\n    raise RuntimeError\n'
    )
    with pytest.raises(RuntimeError):
        database.migrate()
    assert database.version() == "0002"
    with database.read() as conn:
        assert not sa.inspect(conn).has_table("half")


def test_hooks_run_after_commit_and_never_after_rollback(db: Database) -> None:
    seen: list[list[str]] = []
    with db.write() as tx:
        tx.execute(thing(db).insert(), {"id": "a"})
        tx.after_commit(lambda: 1 / 0)
        tx.after_commit(lambda: seen.append(ids(db)))
        assert seen == []
    assert seen == [["a"]]
    with pytest.raises(LookupError), db.write() as tx:
        tx.execute(thing(db).insert(), {"id": "b"})
        tx.after_commit(lambda: seen.append(["never"]))
        raise LookupError
    assert (ids(db), seen) == (["a"], [["a"]])


def test_a_reader_sees_one_snapshot_and_cannot_be_stopped_by_a_writer(db: Database) -> None:
    with db.read() as conn:
        count = sa.select(sa.func.count()).select_from(thing(db))
        assert conn.scalar(count) == 0
        with db.write() as tx:
            tx.execute(thing(db).insert(), {"id": "a"})
        assert conn.scalar(count) == 0
    assert ids(db) == ["a"]


def test_writers_take_turns_and_no_increment_is_lost(db: Database) -> None:
    state = db.chassis.stream_sequences
    with db.write() as tx:
        upsert(tx, state, {"stream": "s", "subject": "x"}, {"municipality": "m", "sequence": 0})

    def increment() -> None:
        for _ in range(20):
            with db.write() as tx:
                now = tx.scalar(sa.select(state.c.sequence).with_for_update())
                upsert(tx, state, {"stream": "s", "subject": "x"}, {"municipality": "m", "sequence": now + 1})

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with db.read() as conn:
        assert conn.scalar(sa.select(state.c.sequence)) == 80


def test_a_writer_that_gets_no_turn_is_told_so(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if not db.is_sqlite:
        return  # PostgreSQL has no turns: it locks rows
    monkeypatch.setattr("services.chassis.storage.BUSY_SECONDS", 0.05)
    with db.write(), pytest.raises(DatabaseBusy), db.write():
        pass
    assert db.answers()


def test_instants_are_aware_utc_and_naive_ones_are_refused(db: Database) -> None:
    at = datetime(2026, 3, 29, 2, 30, 1, 123456, tzinfo=timezone(timedelta(hours=2)))
    with db.write() as tx:
        tx.execute(thing(db).insert(), {"id": "a", "at": at})
    with db.read() as conn:
        found = conn.scalar(sa.select(thing(db).c.at))
        assert conn.scalar(sa.select(thing(db).c.id).where(thing(db).c.at <= at)) == "a"
    assert found == at
    assert found.tzinfo is UTC
    with pytest.raises(sa.exc.StatementError), db.write() as tx:
        tx.execute(thing(db).insert(), {"id": "b", "at": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_upsert_changes_the_row_that_stands_and_insert_ignore_leaves_it(db: Database) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with db.write() as tx:
        upsert(tx, thing(db), {"id": "a"}, {"at": None})
        upsert(tx, thing(db), {"id": "a"}, {"at": at})
        assert insert_ignore(tx, thing(db), {"id": "b"})
        assert not insert_ignore(tx, thing(db), {"id": "a", "at": None})
    with db.read() as conn:
        assert conn.scalar(sa.select(thing(db).c.at).where(thing(db).c.id == "a")) == at


def test_the_database_file_is_its_owners_alone(db: Database) -> None:
    if db.path is not None:
        assert db.path.stat().st_mode & 0o077 == 0
