"""A service is killed (SIGKILL) at the worst points of an event's way; all arrives exactly once and in
order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bus import open_database, rows, seen, tell

ROOT = Path(__file__).resolve().parents[2]
KILLED = -signal.SIGKILL


@pytest.fixture
def child(amqp_url: str) -> Callable[..., int]:
    """Run a child to its end; its exit code."""

    def run(mode: str, database_url: str, *numbers: int) -> int:
        words = [
            sys.executable,
            "-m",
            "tests.faults.bus_child",
            mode,
            database_url,
            amqp_url,
            *map(str, numbers),
        ]
        return subprocess.run(
            words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60
        ).returncode

    return run


def test_nothing_is_lost_doubled_or_out_of_order_whoever_is_killed_when(
    child: Callable[..., int], make_database: Callable[[str], str]
) -> None:
    teller, hearer = make_database("alpha"), make_database("beta")
    alpha, beta = open_database(teller, "alpha"), open_database(hearer, "beta")

    # given a service that is killed after its commit, before its events were published
    assert child("commit-and-die", teller) == KILLED
    assert [row.data["n"] for row in rows(alpha, "outbox") if row.sent_at is None][-1] == 19

    # and again when its relay was about to send them
    assert child("begin-and-die", teller) == KILLED
    assert [row.data["n"] for row in rows(alpha, "outbox") if row.sent_at is None][-1] == 19

    # and again after the broker confirmed them, before they were marked as sent
    assert child("send-and-die", teller) == KILLED
    assert [row for row in rows(alpha, "outbox") if row.sent_at is None]

    # and a hearer that is killed after its commit, before it acknowledged
    assert child("hear", hearer, 19, 4) == KILLED

    # when both are started again, and one more event is told behind all that comes again
    tell(alpha, "t2", 20)
    assert child("send", teller) == 0
    assert child("hear", hearer, 20, -1) == 0

    # then every event was handled once, in the order of its subject
    assert sorted(seen(beta)) == list(range(21))
    for subject in range(3):
        assert seen(beta, f"t{subject}") == list(range(subject, 21, 3))
    assert rows(beta, "parked") == []
    assert all(row.sent_at for row in rows(alpha, "outbox"))
    alpha.close()
    beta.close()
