"""How `make test` divides the tiers among its runs, and that none of them is lost."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from deploy.tiers import TIERS, lanes, run

OK, RED, NO_TESTS = (f"print('ran {code}'); raise SystemExit({code})" for code in (0, 1, 5))


@pytest.mark.parametrize(
    "names", [list(TIERS), ["services"], ["rules"], ["rules", "services"], ["model", "bench"]]
)
@pytest.mark.parametrize("processors", [1, 2, 16])
def test_each_tier_runs_once(names: list[str], processors: int) -> None:
    divided = lanes(names, processors)
    assert sorted(name for lane in divided for name in lane) == sorted(names)
    assert all(divided)


def test_what_asks_nothing_of_the_time_runs_beside_the_services() -> None:
    assert lanes(list(TIERS), 2) == [
        ["services", "faults", "security", "journeys", "bench"],
        ["rules", "contracts", "model"],
    ]
    assert lanes(list(TIERS), 1) == [list(TIERS)]
    assert lanes(["rules", "journeys"], 2) == [["rules", "journeys"]]


@pytest.mark.parametrize(
    ("codes", "answer"),
    [((OK,), 0), ((OK, OK), 0), ((RED, OK), 1), ((OK, RED), 1), ((NO_TESTS, OK), 0), ((OK, NO_TESTS), 0)],
)
def test_one_red_run_is_red_for_all(
    codes: Sequence[str], answer: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([[sys.executable, "-c", code] for code in codes]) == answer
    assert capfd.readouterr().out.count("ran") == len(codes)


def test_what_runs_beside_is_ended_with_the_run(tmp_path: Path) -> None:
    beside = f"""
import os, pathlib, signal
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
signal.pause()
"""
    with pytest.raises(FileNotFoundError):
        run([["/no/such/program"], [sys.executable, "-c", beside]])
    told = tmp_path / "pid"
    assert not told.exists() or not psutil.pid_exists(int(told.read_text()))
