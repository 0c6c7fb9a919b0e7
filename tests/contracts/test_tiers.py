"""How `make test` divides the tiers among its runs, that none of them is lost, and that all end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.processes import wait_until
from deploy.steps import ROOT
from deploy.tiers import TIERS, halves, run, stages

OK, RED, NO_TESTS = (f"print('ran {code}'); raise SystemExit({code})" for code in (0, 1, 5))


def files_of(path: str) -> list[Path]:
    return (
        [ROOT / "tests" / path]
        if path.endswith(".py")
        else list((ROOT / "tests" / path).glob("**/test_*.py"))
    )


@pytest.mark.parametrize(
    "names", [list(TIERS), ["services"], ["rules"], ["rules", "services"], ["model", "bench"]]
)
@pytest.mark.parametrize("processors", [1, 2, 16])
def test_each_file_runs_once(names: list[str], processors: int) -> None:
    paths = [path for lanes in stages(names, processors) for lane in lanes for path in lane]
    assert sorted(file for path in paths for file in files_of(path)) == sorted(
        file for name in names for file in files_of(name)
    )
    assert all(lane for lanes in stages(names, processors) for lane in lanes)


def test_only_the_services_and_what_asks_nothing_of_the_time_run_at_once() -> None:
    first, second = halves("services")
    assert stages(list(TIERS), 2) == [
        [["model", *first], ["rules", "contracts", *second]],
        [["faults", "security", "journeys", "bench"]],
    ]
    assert abs(len(first) - len(second)) <= 1
    assert stages(["services"], 2) == [[first, second]]
    assert stages(list(TIERS), 1) == [[list(TIERS)]]
    assert stages(["rules", "journeys"], 2) == [[["rules", "journeys"]]]


@pytest.mark.parametrize(
    ("codes", "answer"),
    [((OK,), 0), ((OK, OK), 0), ((RED, OK), 1), ((OK, RED), 1), ((NO_TESTS, OK), 0), ((OK, NO_TESTS), 0)],
)
def test_one_red_run_is_red_for_all(
    codes: Sequence[str], answer: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([[sys.executable, "-c", code] for code in codes]) == answer
    assert capfd.readouterr().out.count("ran") == len(codes)


ENGINE = """
import pathlib, signal, pytest

HERE = pathlib.Path(__file__).parent

@pytest.fixture(scope="session")
def engine():
    (HERE / "started").touch()
    yield
    (HERE / "stopped").touch()

def test_that_waits(engine):
    signal.pause()
"""
"""A test file whose engine tells when it starts and when it was stopped in order."""


def test_told_to_end_all_runs_stop_their_engines_first(tmp_path: Path) -> None:
    lanes = [tmp_path / name for name in ("watched", "beside")]
    for lane in lanes:
        lane.mkdir()
        (lane / "test_engine.py").write_text(ENGINE)
    plugin = ["-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    commands = [[sys.executable, "-m", "pytest", *plugin, str(lane)] for lane in lanes]
    program = (
        "import signal\n"
        "from deploy import tiers\n"
        "signal.signal(signal.SIGTERM, tiers.end)\n"
        f"tiers.run({commands!r})\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        for lane in lanes:
            wait_until((lane / "started").exists, seconds=120, what="a run", process=process)
        process.terminate()
        assert process.wait(120) == 128 + signal.SIGTERM
    finally:
        process.kill()
    assert all((lane / "stopped").exists() for lane in lanes)
