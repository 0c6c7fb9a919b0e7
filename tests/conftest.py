"""Fixtures for all tiers: one private broker and one private PostgreSQL a session, fresh virtual hosts and databases.

Nothing here is skipped when an engine is missing: the run fails and says what to install.
"""

from __future__ import annotations

import os

# Before psycopg is imported anywhere: without it, one query freezes all green threads of a process.
os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from sqlalchemy.engine import make_url

from deploy.broker import PrivateBroker, is_installed
from deploy.packages import SETS, ensure
from deploy.plan import SERVICES
from tests.support.databases import Databases
from tests.support.played import Played, play
from tests.support.postgres import PrivatePostgres
from tests.support.suite import Suite

# A busy machine is no fault of a rule: examples may take their time.
settings.register_profile("stafett", deadline=None)
settings.load_profile("stafett")

ENGINES = ("sqlite", "postgresql")
TIERS = ("rules", "model", "services", "contracts", "journeys", "faults", "security", "bench")


def pytest_configure() -> None:
    """Whoever is told to end stops its engines first, as at Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier (its folder), so that `-m journeys` works as the Makefile's targets do."""
    for item in items:
        for part in Path(str(item.fspath)).parts:
            if part in TIERS:
                item.add_marker(getattr(pytest.mark, part))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateBroker]:
    """One private RabbitMQ node for the whole session. A test that stops or kills it must start it again."""
    if not is_installed():
        ensure(*SETS["broker"], progress=print)
    node = PrivateBroker(tmp_path_factory.mktemp("broker")).start()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def amqp_url(broker: PrivateBroker) -> Iterator[str]:
    """URL of a virtual host that is new for each test module and dropped after it."""
    url = broker.fresh_vhost()
    yield url
    if broker.running:
        broker.drop_vhost(url)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """One private PostgreSQL cluster for the whole session, started when first asked for. It does not wait for the
    disk: a database for each test is made and dropped, which waits for hundreds of files each time."""
    cluster = PrivatePostgres(durable=False)
    try:
        yield cluster.start()
    finally:
        cluster.stop()


@pytest.fixture(scope="module", params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """Runs what uses it once on each database engine."""
    return str(request.param)


@pytest.fixture(scope="session")
def databases_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Where new SQLite databases come from."""
    return Databases(tmp_path_factory.mktemp("db"))


@pytest.fixture(scope="session")
def databases_on_postgresql(postgres: PrivatePostgres, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Where new PostgreSQL databases come from."""
    return Databases(tmp_path_factory.mktemp("db"), postgres)


@pytest.fixture(scope="module")
def databases(engine_name: str, request: pytest.FixtureRequest) -> Iterator[Databases]:
    """New databases on the engine under test, empty or brought up; dropped after the module."""
    made: Databases = request.getfixturevalue(f"databases_on_{engine_name}")
    yield made
    made.drop_all()


@pytest.fixture(scope="module")
def make_database(databases: Databases) -> Callable[[str], str]:
    """`make_database("cases")` gives the URL of a new empty database on the engine under test; as many as wanted."""
    return databases.empty


@pytest.fixture
def database_url(databases: Databases) -> str:
    """URL of an empty database that is new for each test, on SQLite and then on PostgreSQL."""
    return databases.empty("test")


@pytest.fixture
def var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder, also set as STAFETT_VAR for the time of the test."""
    var = tmp_path / "var"
    var.mkdir(mode=0o700)
    monkeypatch.setenv("STAFETT_VAR", str(var))
    return var


@pytest.fixture(scope="session")
def suite(broker: PrivateBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """The whole suite with the demo data, on SQLite, one for the session. Who kills a process starts it again."""
    with Suite(tmp_path_factory.mktemp("suite") / "var", broker) as running:
        yield running


@pytest.fixture(scope="session")
def suite_on_postgres(
    broker: PrivateBroker, postgres: PrivatePostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Suite]:
    """As `suite`, with the five services' data in PostgreSQL."""
    urls = {
        f"STAFETT_{name.upper()}_DATABASE_URL": _hasty(postgres.fresh_database(name)) for name in SERVICES
    }
    with Suite(tmp_path_factory.mktemp("suite-pg") / "var", broker, **urls) as running:
        yield running


def _hasty(url: str) -> str:
    """Let a database answer before the disk has: seeding is a thousand commits, and here no power is cut."""
    name = make_url(url).database
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as conn:
        conn.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    return url


@pytest.fixture(scope="session", params=ENGINES)
def played(request: pytest.FixtureRequest) -> Played:
    """The main job, played once a session through a suite on each database engine."""
    running = request.getfixturevalue("suite" if request.param == "sqlite" else "suite_on_postgres")
    return play(running)
