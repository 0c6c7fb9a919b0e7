"""What the services remember of each other after the main job: level with its sources, built anew the same, and the
same for one that begins late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deploy import engines
from deploy.ops.__main__ import main
from services.chassis.app import App
from services.chassis.bus.heartbeat import Heartbeat
from services.chassis.clock import SystemClock
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.notifications.service import NotificationsService
from tests.journeys.people import until
from tests.support.played import Played

DECIDING = ("cases", "consent", "relay_log", "notifications")


class Operator:
    """Somebody at the suite that was played on."""

    def __init__(self, played: Played, capsys: pytest.CaptureFixture[str]) -> None:
        self.var, self._capsys = played.suite.var, capsys

    def run(self, *words: str) -> tuple[int, Any]:
        self._capsys.readouterr()
        code = main([*words, "--json", "--var", str(self.var)])
        said = self._capsys.readouterr()
        return code, json.loads(said.out or said.err.splitlines()[-1])

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        until(lambda: self.run("reconcile") == (0, []), 60, "every service stands where its sources are")


@pytest.fixture
def operator(played: Played, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(played, capsys)


def test_every_service_stands_where_its_sources_are_and_would_be_built_anew_the_same(
    operator: Operator,
) -> None:
    operator.settle()
    for service in DECIDING:
        assert operator.run("rebuild", service, "--check") == (0, []), service


def test_a_fact_that_was_lost_is_shown_and_comes_back_while_the_suite_runs(operator: Operator) -> None:
    operator.settle()
    url = engines.find(operator.var).databases["consent"]
    database = Database(url, NotificationsService.metadata, "consent")
    facts = database.metadata.tables["facts_case"]
    with database.write() as tx:
        lost = tx.execute(sa.select(facts).limit(1)).one()
        tx.execute(facts.delete().where(facts.c.case_id == lost.case_id))
    code, rows = operator.run("rebuild", "consent", "--check")
    assert code == 1
    assert rows == [
        {
            "service": "consent",
            "table": "facts_case",
            "key": f"{lost.municipality}/{lost.case_id}",
            "stands_in": "new",
        }
    ]
    code, rows = operator.run("rebuild", "consent")
    assert code == 0 and {row["table"] for row in rows} >= {"facts_case", "facts_window", "facts_role"}
    assert operator.run("rebuild", "consent", "--check") == (0, [])
    with database.read() as conn:
        assert conn.execute(sa.select(facts).where(facts.c.case_id == lost.case_id)).one() == lost
    database.close()


@pytest.fixture
def late(played: Played, tmp_path: Path) -> Iterator[App]:
    """A second notifications service, which was not there when all of it happened."""
    found = engines.find(played.suite.var)
    app = App(
        NotificationsService,
        Settings(
            "notifications",
            played.suite.var,
            found.amqp_url or "",
            f"sqlite:///{tmp_path}/late.sqlite3",
        ),
        clock=SystemClock(),
    )
    app.setup()
    app.rpc.start()
    until(app.rpc.connected, 10, "the late one has its line to the broker")
    yield app
    app.rpc.stop()
    app.db.close()


def test_a_service_that_begins_late_remembers_the_same_and_has_the_same_inboxes(
    operator: Operator, late: App
) -> None:
    operator.settle()
    late.catch_up.round()
    first = Database(engines.find(operator.var).databases["notifications"], late.db.metadata, "notifications")
    tables = [name for name in late.db.metadata.tables if name.startswith("facts_")]
    tables += ["inbox_positions", "messages", "parked"]

    def level() -> bool:
        """The suite's clocks go on: what was told since is heard of as the first one heard of it."""
        late.inbox.intake.take(
            [
                Heartbeat(row.stream, row.told_as_of, row.told_position)
                for row in _states(first)
                if row.told_as_of
            ]
        )
        late.catch_up.round()
        return all(_rows(late.db, name) == _rows(first, name) for name in tables)

    until(level, 60, "the late one is level with the first")
    assert _rows(late.db, "messages"), "there were inboxes to fill"
    first.close()


def _states(database: Database) -> list[Any]:
    with database.read() as conn:
        return list(conn.execute(sa.select(database.chassis.stream_state)))


def _rows(database: Database, name: str) -> list[str]:
    """The rows of a table, in an order of their own, without what is each one's own."""
    table = database.metadata.tables[name]
    with database.read() as conn:
        rows = [dict(row._mapping) for row in conn.execute(sa.select(table))]
    for row in rows:
        for own in ("message_id", "id", "read_at", "traceparent", "parked_at"):
            row.pop(own, None)
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
