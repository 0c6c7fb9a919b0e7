"""The operator's command on a suite that is stopped: what it shows, changes and notes, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from deploy import engines
from deploy.ops.__main__ import main
from gateway.storage import metadata as gateway_metadata
from services.chassis import quiet_faults
from services.chassis.bus import topology
from services.chassis.clock import SystemClock
from services.chassis.keys import ensure_key_material
from services.chassis.storage import Database
from tests.services.test_bus_tending import World
from tests.support.bus import open_database, rows, seen
from tests.support.databases import Databases


class Desk:
    """A state folder whose consent service is `world`, and somebody who types commands."""

    def __init__(self, var: Path, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.var, self.world, self._capsys = var, world, capsys

    def run(self, *words: str) -> tuple[int, Any]:
        """(exit code, what was printed as JSON)."""
        self._capsys.readouterr()
        code = main([*words, "--json", "--var", str(self.var)])
        said = self._capsys.readouterr()
        return code, json.loads(said.out or said.err)

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.var / "log" / "ops.log").read_text().splitlines()]


@pytest.fixture
def desk(
    databases: Databases, var_dir: Path, amqp_url: str, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    ensure_key_material(var_dir)
    (var_dir / "run").mkdir()
    url = databases.bus()
    engines.keep(var_dir, {"STAFETT_AMQP_URL": amqp_url, "STAFETT_CONSENT_DATABASE_URL": url})
    with Connection(amqp_url) as connection:
        topology.declare(connection.channel(), topology.Catalogue.published())
    world = World(open_database(url, "beta"), open_database(databases.bus(), "alpha"))
    yield Desk(var_dir, world, capsys)
    world.db.close()
    world.source.close()


def test_status_tells_of_each_service_and_of_those_that_do_not_answer(desk: Desk) -> None:
    desk.world.make_dead("t1")
    code, found = desk.run("status")
    assert code == 1, "four of the five have no database"
    by_name = {row["service"]: row for row in found}
    told = by_name["consent"]
    assert (told["dead"], told["waiting"], told["failing"], told["unsent"], told["queue"]) == (1, 2, 0, 0, 0)
    assert "no database" in by_name["cases"]["fault"]
    assert not (desk.var / "db" / "cases.sqlite3").exists()
    assert by_name[topology.UNROUTED]["queue"] == by_name[topology.DEAD]["queue"] == 0
    assert desk.run("status", "--service", "consent")[0] == 0


def test_list_and_show_tell_no_more_than_ids_codes_and_hashes(desk: Desk) -> None:
    first, *_ = desk.world.make_dead("t1")
    desk.world.inbox.receive(b'{"name": "Kari Nordmann"}')
    code, listed = desk.run("list", "--service", "consent")
    assert (code, [row["state"] for row in listed]) == (0, ["dead", "waiting", "waiting", "undecodable"])
    assert [row["id"] for row in desk.run("list", "--service", "consent", "--state", "dead")[1]] == [first]
    assert desk.run("show", "consent", first)[1][0]["reason"] == "handler_failed"
    code, refused = desk.run("show", "consent", "nothing")
    assert (code, list(refused)) == (1, ["fault"])
    assert "Nordmann" not in json.dumps(listed)
    assert all("data" not in row and "event" not in row for row in listed)


def test_retry_lets_the_service_try_again(desk: Desk) -> None:
    first, *_ = desk.world.make_dead("t1")
    assert [row["id"] for row in desk.run("retry", "consent", "--all")[1]] == [first]
    desk.world.failing = set()
    desk.world.clock.advance(days=400)
    desk.world.inbox.retry_due()
    assert seen(desk.world.db) == [1, 2, 3]
    assert [line["act"] for line in desk.log()] == ["retry"]


def test_retry_of_what_is_not_there_says_so_and_tries_nothing(desk: Desk) -> None:
    first, *_ = desk.world.make_dead("t1")
    assert desk.run("retry", "consent", first, "no-such-event")[0] == 1
    desk.run("retry", "consent", first)
    assert [line["act"] for line in desk.log()] == ["retry"]


def test_discard_asks_for_a_yes_and_notes_who_did_what(desk: Desk) -> None:
    first, _, third = desk.world.make_dead("t1")
    with pytest.raises(SystemExit) as usage:
        desk.run("discard", "consent", first)
    assert usage.value.code == 2
    assert desk.run("discard", "consent", third, "--yes")[0] == 1
    assert len(rows(desk.world.db, "parked")) == 3
    code, gone = desk.run("discard", "consent", "--all", "--yes")
    assert (code, [row["id"] for row in gone]) == (0, [first])
    desk.world.inbox.retry_due()
    assert seen(desk.world.db) == [2, 3]
    assert [(line["act"], line["id"]) for line in desk.log()] == [
        ("discard_begun", third),
        ("discard_refused", third),
        ("discard_begun", first),
        ("discarded", first),
    ]
    assert all(line["by"] and line["sha256"] for line in desk.log())


@pytest.mark.parametrize(
    "words", [["retry", "consent"], ["retry", "consent", "x", "--all"], ["discard", "consent", "--yes"]]
)
def test_ids_or_all_and_not_both(words: list[str]) -> None:
    with pytest.raises(SystemExit) as usage:
        main(words)
    assert usage.value.code == 2


def test_PR_3_what_failed_in_the_lane_is_told_to_operators(
    desk: Desk, make_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PR-3: of each service and the gateway, and the exit code says that there is something; no log does."""
    for service in ("cases", "directory", "relay_log", "notifications"):
        url = engines.find(desk.var).databases["consent"]
        monkeypatch.setenv(f"STAFETT_{service.upper()}_DATABASE_URL", url)
    gateway = Database(make_database("gateway"), gateway_metadata, "gateway")
    monkeypatch.setenv("STAFETT_GATEWAY_DATABASE_URL", gateway.engine.url.render_as_string(False))
    gateway.migrate()
    assert desk.run("lane-faults") == (0, [])
    now = SystemClock().now()
    try:
        for what, error, when in (
            ("seen", KeyError("Kari"), now),
            ("old", KeyError("Kari"), now - timedelta(days=40)),
        ):
            quiet_faults.keep(gateway, what, error, when, "granli")
    finally:
        gateway.close()
    code, [told] = desk.run("lane-faults")
    assert code == 1 and "Kari" not in json.dumps(told)
    assert (told["service"], told["what"], told["municipality"], told["times"], told["error_type"]) == (
        "gateway", "seen", "granli", 1, "builtins.KeyError",
    )  # fmt: skip
    assert len(desk.run("lane-faults", "--days", "60")[1]) == 2
    monkeypatch.setenv("STAFETT_CASES_DATABASE_URL", f"sqlite:///{desk.var}/none.sqlite3")
    code, found = desk.run("lane-faults")
    assert (
        code == 1
        and [row["service"] for row in found] == ["gateway", "cases"]
        and "no database" in found[1]["fault"]
    )


def test_addresses_with_passwords_rest_sealed(var_dir: Path) -> None:
    ensure_key_material(var_dir)
    (var_dir / "run").mkdir()
    url = "postgresql+psycopg://stafett:hemmelig@db.example/cases"
    engines.keep(
        var_dir, {"STAFETT_CASES_DATABASE_URL": url, "STAFETT_AMQP_URL": "amqp://u:hemmelig@b.example//"}
    )
    assert b"hemmelig" not in (var_dir / "run" / "engines.sealed").read_bytes()
    found = engines.find(var_dir, {})
    assert found.databases["cases"] == url
    assert found.databases["consent"] == f"sqlite:///{var_dir}/db/consent.sqlite3"
    assert "hemmelig" not in repr(found)
    other = engines.find(var_dir, {"STAFETT_CASES_DATABASE_URL": "sqlite:///elsewhere"})
    assert other.databases["cases"] == "sqlite:///elsewhere", "what the environment says goes first"


def test_a_database_that_is_down_is_told_and_nothing_else_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFETT_DIRECTORY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    found = {row["service"]: row for row in desk.run("status")[1]}
    assert "does not answer" in found["directory"]["fault"]
    assert found["consent"]["fault"] is None
    empty = desk.var / "db" / "cases.sqlite3"
    Database(f"sqlite:///{empty}", desk.world.db.metadata, "cases").close()
    assert "never started" in desk.run("list", "--service", "cases")[1]["fault"]
