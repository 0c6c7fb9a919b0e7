"""After the main job, and a report in the lane, nothing readable of a demo family lies at rest: in no database, broker
file, log or metric.

Exempt are employees' names, and the files of the stand-ins for login, register and mail.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from sqlalchemy.engine import make_url

from deploy.packages import postgresql_bin
from deploy.plan import SERVICES
from tests.journeys.main_job import KINDERGARTEN, TEACHER
from tests.journeys.people import Demo
from tests.support.dump import Secrets
from tests.support.played import Played

STAND_INS = ("standins", "log/standins.log")
SENTENCE = "Tuva sto ved vinduet mens de andre lekte."
NUMBER = Demo().number("tuva-fagerdalen")
REPORTED = "Hun turte ikke gå hjem da bilen hans sto der."
BEGUN = "I går kom hun uten jakke og hadde merker på armen."


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    return Secrets((REPORTED, BEGUN))


@pytest.fixture(scope="module")
def told(played: Played) -> Played:
    """The main job, a report about a child whom nobody knows, and a draft of another (PR-5)."""
    teacher = played.job.person(TEACHER, "employee", KINDERGARTEN)
    teacher.post("/lane-reports", {
        "child_description": "En jente på lekeplassen", "kind": "protected", "suspicion": "violence", "text": REPORTED,
        "guardians_informed": "no", "guardians_informed_reason": "Jeg vet ikke hvem de er.", "police_contacted": False,
    })  # fmt: skip
    teacher.post("/lane-draft", {"text": BEGUN})
    return played


def test_PR_5_no_file_of_the_suite_tells_of_a_family(told: Played, secrets: Secrets) -> None:
    """PR-5: nor of what was reported or begun in the lane, whose text rests under keys of its own."""
    found, files = secrets.in_files(told.suite.var, exempt=STAND_INS)
    assert files > 15, "databases, keys and logs were there to be read"
    assert not found, "\n".join(map(str, found))


def test_no_file_of_the_broker_tells_of_a_family(told: Played, secrets: Secrets) -> None:
    base = told.suite.broker.base
    assert list(base.glob("data/**/quorum/**/*.wal")), "the quorum queues' log was there to be read"
    found, _ = secrets.in_files(base)
    assert not found, "\n".join(map(str, found))


def test_no_metric_tells_of_a_family(told: Played, secrets: Secrets) -> None:
    for child in told.suite.running.plan.children:
        if child.name == "standins":
            continue
        answer = requests.get(child.ready_url.replace("/health/ready", "/metrics"), timeout=5)
        assert answer.status_code == 200 and "# HELP" in answer.text, f"{child.name} has metrics"
        found = list(secrets.in_bytes(f"metrics of {child.name}", answer.content, is_text=True))
        assert not found, "\n".join(map(str, found))


def test_PR_5_no_table_in_postgresql_tells_of_a_family(told: Played, secrets: Secrets) -> None:
    """PR-5: as in the files of SQLite."""
    env = told.suite.running.plan.env
    urls = [env[name] for each in SERVICES if (name := f"STAFETT_{each.upper()}_DATABASE_URL") in env]
    for url in urls:  # none on SQLite, whose files were read above
        dump = _pg_dump(url)
        assert b"COPY public.access_record" in dump
        found = list(secrets.in_bytes(make_url(url).database or "", dump))
        assert not found, "\n".join(map(str, found))


def _pg_dump(url: str) -> bytes:
    programs = postgresql_bin()
    assert programs is not None
    at = make_url(url)
    return subprocess.run(
        [str(programs / "pg_dump"), "-h", str(at.host), "-p", str(at.port), "-U", str(at.username), str(at.database)],
        env=os.environ | {"PGPASSWORD": str(at.password)}, capture_output=True, check=True, timeout=60,
    ).stdout  # fmt: skip


# ------------------------------------------------------------ the search itself can fail


def _in_a_table(folder: Path, value: object) -> None:
    with closing(sqlite3.connect(folder / "db" / "planted.sqlite3", isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("CREATE TABLE planted (value)")
        conn.execute("INSERT INTO planted VALUES (?)", (value,))
        # Copied while it is open: the row stands in the write-ahead log alone.
        shutil.copytree(folder / "db", folder / "copy")
    (folder / "copy" / "planted.sqlite3").unlink()
    shutil.rmtree(folder / "db")


PLANTED: dict[str, Callable[[Path], object]] = {
    "a name in a write-ahead log": lambda folder: _in_a_table(folder, "Tuva Elvestrand Fagerdalen"),
    "a surname in JSON": lambda folder: _in_a_table(folder, '{"name": "Bl\\u00e5fjellhaug"}'),
    "a number amid digits": lambda folder: _in_a_table(folder, f"99{NUMBER}99"),
    "a sentence in a blob": lambda folder: _in_a_table(folder, b"\x00\x07" + SENTENCE.encode() + b"\xff"),
    "a sentence in base64": lambda folder: (folder / "segment").write_bytes(b64encode(b"{}" + SENTENCE.encode())),
    "a name in UTF-16": lambda folder: (folder / "segment").write_bytes("Marit Elvestrand".encode("utf-16-le")),
    "a first name in a log": lambda folder: (folder / "cases.log").write_text('{"event": "saw Tuva"}\n'),
    "a sentence in a dump's hex": lambda folder: (folder / "dump").write_text(rf"\\x{SENTENCE.encode().hex()}"),
}  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "db").mkdir()
    yield tmp_path


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(what: str, copy: Path, secrets: Secrets) -> None:
    PLANTED[what](copy)
    found, _ = secrets.in_files(copy)
    assert found, what


def test_employees_and_public_texts_are_no_secret(copy: Path, secrets: Secrets) -> None:
    (copy / "cases.log").write_text("Solveig Brekkmo at Bjørkelia barnehage, service-granli-ppt\n")
    assert secrets.in_files(copy) == ([], 1)
