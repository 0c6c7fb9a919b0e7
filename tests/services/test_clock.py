"""The clock of a sandbox: moved by a file while all runs, and refused where consents are real."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from environs import EnvError

from services.chassis.clock import SteppedClock, SystemClock, clock_of
from services.chassis.settings import Settings

HOUR = timedelta(hours=1)


def ahead(clock: SteppedClock) -> float:
    """Hours that a clock is ahead of the machine's."""
    return round((clock.now() - datetime.now(UTC)) / HOUR, 3)


def test_all_who_read_the_file_step_together_forward_and_back(tmp_path: Path) -> None:
    here, there = SteppedClock(tmp_path / "step"), SteppedClock(tmp_path / "step")
    assert ahead(here) == ahead(there) == 0, "no file: the machine's time"
    here.set_step(5 * HOUR)
    assert ahead(here) == ahead(there) == 5
    there.set_step(-2 * HOUR)
    assert ahead(here) == ahead(there) == -2
    (tmp_path / "step").unlink()
    assert ahead(here) == ahead(there) == 0
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize("nonsense", ["", "tomorrow", "nan", "inf", "1e12", "3600 s"])
def test_what_is_no_step_moves_nothing(tmp_path: Path, nonsense: str) -> None:
    clock = SteppedClock(tmp_path / "step")
    clock.set_step(3 * HOUR)
    assert ahead(clock) == 3
    (tmp_path / "step").write_text(nonsense)
    assert ahead(clock) == 3


def test_a_process_has_the_machines_clock_unless_a_sandbox_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAFETT_CLOCK_FILE", raising=False)
    assert isinstance(clock_of(Settings.load("cases").clock_file), SystemClock)
    monkeypatch.setenv("STAFETT_CLOCK_FILE", str(tmp_path / "step"))
    monkeypatch.setenv("STAFETT_SANDBOX", "1")
    assert isinstance(clock_of(Settings.load("cases").clock_file), SteppedClock)


def test_outside_a_sandbox_no_process_starts_with_a_clock_that_can_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFETT_CLOCK_FILE", str(tmp_path / "step"))
    monkeypatch.setenv("STAFETT_SANDBOX", "0")
    with pytest.raises(EnvError, match="sandbox"):
        Settings.load("cases")
