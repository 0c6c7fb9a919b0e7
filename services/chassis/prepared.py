"""Statements that are executed again and again: written out once for each engine, then given to its driver as they
stand.

SQLAlchemy writes a statement out once too, but looks the text up, and makes a context and a result for it, at each use:
on a page of some forty small statements that is a third of the work. Values are converted by the columns' types, so
that both ways give the same.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.chassis.storage import AnyConnection, WriteTransaction

Convert = Callable[[Any], Any]

_LONGEST = 20
"""A list of more values has its statement written out by SQLAlchemy, or there would be one text for each length."""


class Parameter(NamedTuple):
    """One value as the driver wants it: `given` by name, the one at `place` in a list; or always the same."""

    name: str
    given: str | None
    place: int | None
    convert: Convert | None
    always: Any


class Text(NamedTuple):
    """A statement as a driver takes it."""

    sql: str
    parameters: tuple[Parameter, ...]
    by_name: bool


class Prepared:
    """One SELECT. `rows` and `first` answer rows with a column's value by its name, as SQLAlchemy's do."""

    def __init__(self, statement: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
        self.statement = statement
        self._columns = list(statement.selected_columns)
        self._row = _row_type([column.name for column in self._columns])
        self._lists = sorted({str(bound.key) for bound in _bound(statement) if bound.expanding})
        self._texts: dict[tuple[Any, ...], Text] = {}
        self._converts: dict[str, list[tuple[int, Convert]]] = {}

    def rows(self, conn: AnyConnection, given: Mapping[str, Any]) -> list[Any]:
        """All rows, for the values `given` by the names of the bound parameters; other names are passed over."""
        connection = conn.connection if isinstance(conn, WriteTransaction) else conn
        dialect = connection.dialect
        lengths = [len(given[name]) for name in self._lists]
        if lengths and max(lengths) > _LONGEST:
            return list(connection.execute(self.statement, given))
        key = (dialect.name, *lengths)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = _written_out(self.statement, connection, given)
        found, described = ask(connection, text, given)
        converts = self._converts.get(dialect.name)
        if converts is None:
            converts = self._converts[dialect.name] = self._conversions(connection, described)
        make = self._row._make
        if not converts:
            return [make(values) for values in found]
        return [make(_converted(list(values), converts)) for values in found]

    def first(self, conn: AnyConnection, given: Mapping[str, Any]) -> Any:
        """The first row, or None. All are read: for statements that find one."""
        return next(iter(self.rows(conn, given)), None)

    def values(self, conn: AnyConnection, given: Mapping[str, Any]) -> list[Any]:
        """The first column of all rows."""
        return [row[0] for row in self.rows(conn, given)]

    def _conversions(self, connection: Connection, described: Any) -> list[tuple[int, Convert]]:
        found: list[tuple[int, Convert]] = []
        for place, column in enumerate(self._columns):
            of_type = column.type.dialect_impl(connection.dialect)
            convert = of_type.result_processor(connection.dialect, described[place][1])
            if convert is not None:
                found.append((place, convert))
        return found


class PreparedChange:
    """One INSERT, UPDATE or DELETE of which every value is bound: by the column's name in an INSERT. A column's default
    is not made here."""

    def __init__(self, statement: sa.Insert | sa.Update | sa.Delete) -> None:
        self.statement = statement
        self._texts: dict[str, Text] = {}

    def run(self, tx: WriteTransaction, given: Mapping[str, Any]) -> int:
        """How many rows it changed."""
        name = tx.dialect.name
        text = self._texts.get(name)
        if text is None:
            text = self._texts[name] = _written_out(self.statement, tx.connection, given)
        changed: int = _given_to_driver(tx.connection, text, given, attrgetter("rowcount"))
        return changed


def _written_out(statement: Any, connection: Connection, given: Mapping[str, Any]) -> Text:
    compiled = statement.compile(dialect=connection.dialect)
    state = compiled.construct_expanded_state(
        {name: given[name] for name in compiled.params if name in given}
    )
    origins = {
        name: (source, place)
        for source, names in state.parameter_expansion.items()
        for place, name in enumerate(names)
    }
    by_name = state.positiontup is None
    names = state.positiontup or list(state.parameters)
    parameters = []
    for name in names:
        source, place = origins.get(name, (name, None))
        of_type = compiled.binds[source].type.dialect_impl(connection.dialect)
        convert = of_type.bind_processor(connection.dialect)
        if source in given:
            parameters.append(Parameter(name, source, place, convert, None))
        else:
            value = state.parameters[name]
            parameters.append(Parameter(name, None, None, None, convert(value) if convert else value))
    return Text(state.statement, tuple(parameters), by_name)


def _row_type(names: list[str]) -> Any:
    """Named tuples that answer `_mapping` too, as SQLAlchemy's rows do."""
    named = namedtuple("Row", names)  # type: ignore[misc]
    return type("Row", (named,), {"__slots__": (), "_mapping": property(named._asdict)})


def _bound(statement: Any) -> list[Any]:
    return [each for each in sa.sql.visitors.iterate(statement) if isinstance(each, sa.BindParameter)]


def _converted(values: list[Any], converts: list[tuple[int, Convert]]) -> list[Any]:
    for place, convert in converts:
        values[place] = convert(values[place])
    return values


def ask(connection: Connection, text: Text, given: Mapping[str, Any]) -> tuple[list[Any], Any]:
    """What the driver answers, and how it describes the columns."""
    found: tuple[list[Any], Any] = _given_to_driver(connection, text, given, _all_of)
    return found


def _all_of(cursor: Any) -> tuple[list[Any], Any]:
    return cursor.fetchall(), cursor.description


def _given_to_driver(
    connection: Connection, text: Text, given: Mapping[str, Any], taken: Callable[[Any], Any]
) -> Any:
    """The one way to the driver: what is `taken` of its cursor. Its errors are raised as SQLAlchemy's, and a broken
    connection is told to the pool."""
    bound: list[Any] = []
    for _, source, place, convert, always in text.parameters:
        if source is None:
            bound.append(always)
            continue
        value = given[source] if place is None else given[source][place]
        bound.append(convert(value) if convert is not None else value)
    values: Any = (
        dict(zip((each.name for each in text.parameters), bound, strict=True)) if text.by_name else bound
    )
    driver: Any = connection.connection.dbapi_connection
    try:
        return taken(driver.execute(text.sql, values))
    except connection.dialect.loaded_dbapi.Error as error:
        connection._handle_dbapi_exception(error, text.sql, values, None, None)
