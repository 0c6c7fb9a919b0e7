"""The gateway's own database is away: whoever asks is told to come back, and what was done is not called undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.app import Means, create_app
from gateway.composition.names import Remembered
from gateway.sessions import COOKIE
from gateway.storage import metadata
from services.chassis.actor import Signer
from services.chassis.clock import SystemClock
from services.chassis.keys import Keys
from services.chassis.keys.material import ensure_key_material
from services.chassis.rpc.client import RpcClient
from services.chassis.settings import Settings
from services.chassis.storage import Database
from tests.journeys.people import Demo, Person
from tests.support.stored import counts
from tests.support.suite import Suite

SCHOOL, TEACHER, CHILD = "unit-granli-barneskole", "amund-kvitneslia", "ada-rognskaret"


@pytest.fixture
def nobody_there(var_dir: Path) -> Iterator[FlaskClient]:
    """A client of a gateway whose PostgreSQL does not answer."""
    ensure_key_material(var_dir)
    url = "postgresql+psycopg://nobody@127.0.0.1:1/gateway"
    db = Database(url, metadata, "gateway")
    settings = Settings("gateway", var_dir, "amqp://127.0.0.1:1//", url)
    client = RpcClient(settings.amqp_url, var_dir, "gateway")
    signer = Signer(var_dir, "gateway")
    means = Means(settings, db, Keys.embedded(var_dir), SystemClock(), signer, client, Remembered())
    yield create_app(means).test_client()
    db.close()


@pytest.mark.parametrize(
    ("address", "kind"),
    [("/api/cases", "application/problem+json"), ("/mitt-arbeid", "text/html; charset=utf-8")],
)
def test_whoever_can_not_be_known_is_told_when_to_come_back(
    nobody_there: FlaskClient, address: str, kind: str
) -> None:
    nobody_there.set_cookie(f"{COOKIE}_8000", "a-session")
    answer = nobody_there.get(address)
    assert (answer.status_code, answer.content_type) == (503, kind)
    assert answer.headers["Retry-After"]


def test_a_gateway_without_its_memory_lives(nobody_there: FlaskClient) -> None:
    assert nobody_there.get("/health/live").status_code == 200
    assert nobody_there.get("/health/ready").status_code == 503


def test_what_was_done_is_answered_as_done_although_the_session_can_not_be_written(suite: Suite) -> None:
    teacher = Person(suite.url, Demo(), TEACHER).log_in("employee", SCHOOL)
    told = {"child_number": teacher.demo.number(CHILD), "unit_id": SCHOOL, "concern": "Hun er mye alene."}
    before = counts(suite.var)["cases.cases"]
    with closing(sqlite3.connect(suite.var / "db" / "gateway.sqlite3", isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        done = teacher.http.post(
            f"{suite.url}/api/cases", json=told, headers={"Stafett-CSRF": teacher.csrf}, timeout=20
        )
        lock.execute("ROLLBACK")
    assert done.status_code == 201, done.text
    assert done.headers["Stafett-Seen"], "what it changed is told, though the session could not keep it"
    assert counts(suite.var)["cases.cases"] == before + 1
    assert teacher.get(f"/cases/{done.json()['id']}")["level"] == 0
