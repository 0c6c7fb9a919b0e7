"""Statements given to the driver as they stand: values and errors are those of SQLAlchemy, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.prepared import Prepared, PreparedChange
from services.chassis.storage import Database, UtcDateTime, new_metadata
from tests.support.postgres import PrivatePostgres

AT = datetime(2026, 11, 25, 21, 30, 15, 123456, tzinfo=UTC)
metadata = new_metadata()
things = sa.Table(
    "things",
    metadata,
    sa.Column("thing_id", sa.String(8), primary_key=True),
    sa.Column("at", UtcDateTime),
    sa.Column("day", sa.Date),
    sa.Column("flag", sa.Boolean),
    sa.Column("codes", sa.JSON),
    sa.Column("bytes", sa.LargeBinary),
    sa.Column("count", sa.Integer),
)
ROWS = [
    {"thing_id": "a", "at": AT, "day": date(2024, 2, 29), "flag": True, "codes": {"x": [1, None]}, "bytes": b"\0\1",
     "count": 3},
    {"thing_id": "b", "at": None, "day": None, "flag": False, "codes": None, "bytes": None, "count": None},
    {"thing_id": "c'%s:x", "at": AT.replace(year=2027), "day": None, "flag": None, "codes": [], "bytes": b"",
     "count": 0},
]  # fmt: skip
ALL = sa.select(things).order_by(things.c.thing_id)
AMONG = ALL.where(things.c.thing_id.in_(sa.bindparam("ids", expanding=True)))


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url, metadata, "cases")
    with database.write() as tx:
        metadata.create_all(tx.connection)
        tx.execute(things.insert(), ROWS)
    yield database
    database.close()


def both(db: Database, statement: Any, given: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """What the statement gives prepared, and by SQLAlchemy."""
    prepared = Prepared(statement)
    with db.read() as conn:
        first = prepared.rows(conn, given)
        assert prepared.rows(conn, given) == first, "the second time as the first"
        return first, list(conn.execute(statement, given))


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        (ALL, {}),
        (ALL.where(things.c.at >= sa.bindparam("since")), {"since": AT, "another": "is passed over"}),
        (ALL.where(things.c.day == sa.bindparam("day"), things.c.count == 3), {"day": date(2024, 2, 29)}),
        (ALL.where(things.c.thing_id == sa.literal("c'%s:x")), {}),
        (ALL.where(things.c.thing_id == sa.bindparam("id")).limit(1), {"id": "c'%s:x"}),
        (sa.union_all(sa.select(sa.literal("u").label("kind"), things.c.at), sa.select(things.c.thing_id, things.c.at))
         .order_by("kind"), {}),
    ],
)  # fmt: skip
def test_values_are_those_of_sqlalchemy(db: Database, statement: Any, given: dict[str, Any]) -> None:
    mine, theirs = both(db, statement, given)
    assert mine and [tuple(row) for row in mine] == [tuple(row) for row in theirs]
    assert [dict(row._mapping) for row in mine] == [dict(row._mapping) for row in theirs]


@pytest.mark.parametrize("length", [0, 1, 2, 3, 20, 21, 60])
def test_a_list_of_any_length_is_asked_for(db: Database, length: int) -> None:
    ids = ["a", "c'%s:x", *(f"no{number}" for number in range(60))][:length]
    mine, theirs = both(db, AMONG, {"ids": ids})
    assert len(mine) == min(length, 2) and [tuple(row) for row in mine] == [tuple(row) for row in theirs]


def test_one_statement_serves_lists_of_several_lengths(db: Database) -> None:
    among = Prepared(AMONG)
    with db.read() as conn:
        found = [among.values(conn, {"ids": ids}) for ids in (["a", "b"], ["b"], [], ["b", "a"])]
    assert found == [["a", "b"], ["b"], [], ["a", "b"]]


def test_a_value_is_never_part_of_the_statement(db: Database) -> None:
    mine, _ = both(db, ALL.where(things.c.thing_id == sa.bindparam("id")), {"id": "x' OR '1'='1"})
    assert mine == []


def test_what_a_transaction_wrote_is_read_in_it(db: Database) -> None:
    with db.write() as tx:
        tx.execute(things.insert(), {"thing_id": "d"})
        assert Prepared(AMONG).first(tx, {"ids": ["d"]}).thing_id == "d"
    with db.read() as conn:
        assert Prepared(AMONG).first(conn, {"ids": ["e"]}) is None


def test_an_instant_without_a_zone_is_refused(db: Database) -> None:
    since = Prepared(ALL.where(things.c.at >= sa.bindparam("since")))
    with db.read() as conn, pytest.raises(ValueError, match="time zone"):
        since.rows(conn, {"since": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_a_value_that_is_missing_is_an_error(db: Database) -> None:
    one = Prepared(ALL.where(things.c.thing_id == sa.bindparam("id")))
    with db.read() as conn:
        assert one.rows(conn, {"id": "a"})
        with pytest.raises(KeyError):
            one.rows(conn, {})


def test_the_drivers_errors_are_raised_as_sqlalchemys(db: Database) -> None:
    """So that a service answers that its database fails, and the pool hears of a connection that broke."""
    all_of_them = Prepared(ALL)
    with db.write() as tx:
        tx.execute(sa.text("ALTER TABLE things RENAME TO others"))
    with db.read() as conn, pytest.raises(sa.exc.DBAPIError):
        all_of_them.rows(conn, {})
    with db.write() as tx:
        tx.execute(sa.text("ALTER TABLE others RENAME TO things"))
    with db.read() as conn:
        assert len(all_of_them.rows(conn, {})) == 3


def test_a_connection_that_broke_is_not_used_again(postgres: PrivatePostgres) -> None:
    db = Database(postgres.fresh_database("broken"), metadata, "cases")
    with db.write() as tx:
        metadata.create_all(tx.connection)
    nothing = Prepared(ALL)
    with pytest.raises(sa.exc.OperationalError) as told, db.read() as conn, db.read() as other:
        pid = conn.execute(sa.text("SELECT pg_backend_pid()")).scalar()
        other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        nothing.rows(conn, {})
    assert told.value.connection_invalidated
    with db.read() as conn:
        assert nothing.rows(conn, {}) == []
    db.close()


def test_a_row_is_added_and_changed_as_sqlalchemy_would(db: Database) -> None:
    add = PreparedChange(things.insert())
    named = things.c.thing_id == sa.bindparam("id")
    count = PreparedChange(things.update().where(named).values(count=sa.bindparam("now")))
    fresh = [{**row, "thing_id": f"{row['thing_id']}-2"} for row in ROWS]
    with db.write() as tx:
        assert [add.run(tx, row) for row in fresh] == [1, 1, 1]
        assert [count.run(tx, {"id": id, "now": 9}) for id in ("a-2", "not there", "b-2")] == [1, 0, 1]
    with db.read() as conn:
        stand = {row.thing_id: row._mapping for row in conn.execute(ALL)}
    assert stand["a-2"] == {**fresh[0], "count": 9}
    assert stand["b-2"] == {**fresh[1], "count": 9}
    assert stand["c'%s:x-2"] == fresh[2]


def test_a_change_of_which_a_value_is_missing_is_an_error_and_changes_nothing(db: Database) -> None:
    add = PreparedChange(things.insert())
    for _ in range(2):
        with pytest.raises((KeyError, sa.exc.InvalidRequestError)), db.write() as tx:
            add.run(
                tx, {"thing_id": "d", "at": None, "day": None, "flag": None, "codes": None, "bytes": None}
            )
        with db.write() as tx:
            add.run(tx, {**ROWS[1], "thing_id": "e"})
            tx.execute(things.delete().where(things.c.thing_id == "e"))
    with db.read() as conn:
        assert len(list(conn.execute(ALL))) == len(ROWS)


def test_a_row_that_stands_already_is_refused_as_sqlalchemy_would(db: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), db.write() as tx:
        PreparedChange(things.insert()).run(tx, ROWS[0])
