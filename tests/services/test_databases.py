"""The databases that tests begin with: as a service leaves them after its first start, and each for itself."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.cases.service import CasesService
from services.chassis import storage
from services.chassis.storage import Database
from tests.support.databases import Databases


def test_a_copy_is_migrated_empty_and_nobody_elses(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = (Database(databases.migrated("cases"), CasesService.metadata, "cases") for _ in range(2))
    monkeypatch.delattr(storage, "_upgrade")  # a start on a copy finds nothing to do
    for each in (mine, other):
        each.migrate()

    heads = mine.chassis.stream_state
    with mine.write() as tx:
        tx.execute(heads.insert(), {"stream": "cases.case", "as_of": None})
    with mine.read() as conn:
        assert len(conn.execute(sa.select(heads)).all()) == 1
    with other.read() as conn:
        for table in CasesService.metadata.sorted_tables:
            assert conn.execute(sa.select(table)).first() is None, table.name
    for each in (mine, other):
        each.close()


def test_what_is_empty_has_not_even_tables(databases: Databases) -> None:
    database = Database(databases.empty("cases"), CasesService.metadata, "cases")
    assert database.version() is None
    assert sa.inspect(database.engine).get_table_names() == []
    database.close()
