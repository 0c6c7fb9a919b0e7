"""New databases for tests, on one engine: empty, or a copy of one that was brought up once in the session.

A service that starts on a copy finds its tables at the newest revision and nothing to do, as after a restart: to make
them anew for every test costs more than most tests. Tests of migrations begin with empty databases.
"""

from __future__ import annotations

import importlib
import secrets
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from services.chassis.storage import Database
from tests.support.bus import open_database
from tests.support.postgres import PrivatePostgres

BringUp = Callable[[str], None]
"""Makes all tables in the empty database at this URL, and leaves no connection open."""


class Databases:
    """SQLite files in `folder`, or databases of `postgres`."""

    def __init__(self, folder: Path, postgres: PrivatePostgres | None = None) -> None:
        self._folder, self._postgres = folder, postgres
        self._made: list[str] = []
        self._originals: dict[str, str] = {}

    def empty(self, name: str) -> str:
        """URL of a new empty database; of SQLite's the file comes with the first connection."""
        self._made.append(self._new(name))
        return self._made[-1]

    def copy(self, name: str, bring_up: BringUp) -> str:
        """URL of a new database that holds what `bring_up` makes; it runs for the first of each `name` only."""
        if name not in self._originals:
            original = self._new(name)
            bring_up(original)
            self._originals[name] = original
        self._made.append(self._copy(name, self._originals[name]))
        return self._made[-1]

    def migrated(self, service: str) -> str:
        """URL of a new database of one of the five services, at the newest revision."""
        return self.copy(service, partial(_migrate, service))

    def bus(self) -> str:
        """URL of a new database as tests.support.bus.open_database leaves it: alike for each of its services."""
        return self.copy("bus", _bus)

    def drop_all(self) -> None:
        """Remove all that was given out; what is connected still is cut off."""
        while self._made:
            url = self._made.pop()
            if self._postgres:
                self._postgres.drop_database(url)
            else:
                _file(url).unlink(missing_ok=True)

    def _new(self, name: str) -> str:
        if self._postgres:
            return self._postgres.fresh_database(name)
        return f"sqlite:///{self._folder}/{name}-{secrets.token_hex(4)}.sqlite3"

    def _copy(self, name: str, original: str) -> str:
        if self._postgres:
            return self._postgres.fresh_database(name, like=original)
        # Whoever closes a SQLite file last writes its log back: then the file is all there is.
        assert not _file(f"{original}-wal").exists()
        url = self._new(name)
        shutil.copy(_file(original), _file(url))
        return url


def _migrate(service: str, url: str) -> None:
    metadata = importlib.import_module(f"services.{service}.service").SERVICE.metadata
    database = Database(url, metadata, service)
    database.migrate()
    database.close()


def _bus(url: str) -> None:
    open_database(url, "alpha").close()


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
