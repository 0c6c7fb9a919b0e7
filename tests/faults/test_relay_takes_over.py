"""The process whose relay is active is killed (SIGKILL) while it sends: the next one sends on within two seconds, and
nothing is lost or out of order."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from kombu import Connection

from services.chassis.bus import outbox
from services.chassis.storage import Database
from tests.support.bus import AT, THING_CHANGED, arrived, open_database, rows, tell, wait_until

ROOT = Path(__file__).resolve().parents[2]
WITHIN_SECONDS = 2.0
BACKLOG, SUBJECTS = 12_000, 7


@pytest.fixture
def stand_by(amqp_url: str) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process with a relay; it has begun to send, or waits for its turn, when this returns."""
    started: list[subprocess.Popen[str]] = []

    def start(database_url: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tests.faults.bus_child", "stand-by", database_url, amqp_url]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        started.append(subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout is not None
        assert started[-1].stdout.readline() == "standing by\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def sent(db: Database) -> int:
    outbox_table = db.chassis.outbox
    with db.read() as conn:
        return int(
            conn.scalar(sa.select(sa.func.count(outbox_table.c.sent_at)).select_from(outbox_table)) or 0
        )


def test_the_next_relay_sends_within_two_seconds_and_nothing_is_lost(
    stand_by: Callable[[str], subprocess.Popen[str]], make_database: Callable[[str], str], amqp_url: str
) -> None:
    # given two processes on one database, of which one sends
    url = make_database("alpha")
    db = open_database(url, "alpha")
    first = stand_by(url)
    tell(db, "t0", 0)
    wait_until(lambda: sent(db) == 1)
    stand_by(url)

    # when it is killed while it sends
    with db.write() as tx:
        for n in range(1, BACKLOG):
            data = {"thing_id": f"t{n % SUBJECTS}", "n": n}
            outbox.append(tx, "granli", THING_CHANGED, f"t{n % SUBJECTS}", data, AT)
    wait_until(lambda: sent(db) > 1)
    first.kill()
    killed, before = time.monotonic(), sent(db)
    assert before < BACKLOG

    # then the other one sends on in time
    wait_until(lambda: sent(db) > before, WITHIN_SECONDS)
    assert time.monotonic() - killed < WITHIN_SECONDS

    # and all has come, at first in the order of its subject; the positions have no hole
    wait_until(lambda: sent(db) == BACKLOG)
    with Connection(amqp_url) as connection:
        told = [event.data["n"] for event in arrived(connection, "beta.inbox")[0]]
    for subject in range(SUBJECTS):
        of_subject = [n for n in dict.fromkeys(told) if n % SUBJECTS == subject]
        assert of_subject == list(range(subject, BACKLOG, SUBJECTS))
    assert sorted(row.position for row in rows(db, "outbox")) == list(range(1, BACKLOG + 1))
    db.close()
