"""The databases of a suite, looked at from outside: what each service was told, told others, took in and keeps."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from services.contracts.catalogue import SERVICES

WITNESS = "witness_of_inbox"
"""A table that the fault suite adds: a trigger writes down each row of an inbox in the order of its coming."""


@dataclass
class Store:
    """One service's database, to be read. `rows` gives a table's rows, typed as the service itself reads them."""

    service: str
    engine: sa.Engine
    metadata: sa.MetaData

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def rows(self, table: str, *where: Any) -> list[sa.Row[Any]]:
        with self.engine.connect() as conn:
            return list(conn.execute(sa.select(self.metadata.tables[table]).where(*where)))

    def column(self, table: str, *names: str) -> list[tuple[Any, ...]]:
        columns = self.metadata.tables[table].c
        with self.engine.connect() as conn:
            return [tuple(row) for row in conn.execute(sa.select(*(columns[name] for name in names)))]

    @property
    def outboxes(self) -> list[str]:
        """The common outbox and those that streams have of their own."""
        return [name for name in self.metadata.tables if name == "outbox" or name.endswith("_outbox")]

    def add_witness(self) -> None:
        """Begin to write down the order in which the inbox's rows come. What stands there already came before."""
        with self.engine.begin() as conn:
            for statement in _WITNESS_SQLITE if self.is_sqlite else _WITNESS_POSTGRESQL:
                conn.execute(sa.text(statement))

    def witnessed(self) -> list[sa.Row[Any]]:
        """(event_id, stream, subject, sequence) in the order of their coming; empty without a witness."""
        with self.engine.connect() as conn:
            if not sa.inspect(conn).has_table(WITNESS):
                return []
            return list(conn.execute(sa.text(f"SELECT * FROM {WITNESS} ORDER BY number")))


_COLUMNS = "event_id, stream, subject, sequence"
_NEW = ", ".join(f"NEW.{name}" for name in _COLUMNS.split(", "))
_BEFORE = f"INSERT INTO {WITNESS} ({_COLUMNS}) SELECT {_COLUMNS} FROM inbox ORDER BY sequence"
_TYPED = "event_id TEXT, stream TEXT, subject TEXT, sequence BIGINT"
_WRITE = f"INSERT INTO {WITNESS} ({_COLUMNS}) VALUES ({_NEW});"
_WITNESS_SQLITE = (
    f"CREATE TABLE {WITNESS} (number INTEGER PRIMARY KEY AUTOINCREMENT, {_TYPED})",
    _BEFORE,
    f"CREATE TRIGGER {WITNESS}_writes AFTER INSERT ON inbox BEGIN {_WRITE} END",
)
_WITNESS_POSTGRESQL = (
    f"CREATE TABLE {WITNESS} (number BIGSERIAL PRIMARY KEY, {_TYPED})",
    _BEFORE,
    f"CREATE FUNCTION {WITNESS}_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_WRITE} RETURN NEW; END $$",
    f"CREATE TRIGGER {WITNESS}_writes AFTER INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION {WITNESS}_write()",
)


@dataclass
class Stores:
    """All services' databases. No connection stays open: a database can be restarted or dropped beneath it."""

    by_service: dict[str, Store] = field(default_factory=dict)

    @classmethod
    def of(cls, urls: Mapping[str, str]) -> Stores:
        """The stores at these addresses (SQLAlchemy's), with the tables that each service's own code names."""
        found = {}
        for service in SERVICES:
            engine = sa.create_engine(urls[service], poolclass=sa.NullPool)
            metadata = importlib.import_module(f"services.{service}.service").SERVICE.metadata
            found[service] = Store(service, engine, metadata)
        return cls(found)

    def __getitem__(self, service: str) -> Store:
        return self.by_service[service]

    def add_witnesses(self) -> None:
        """See Store.add_witness."""
        for store in self.by_service.values():
            store.add_witness()
