"""`python -m deploy.tiers rules services …`: pytest over the named tiers (all when none is named).

It first makes sure that the engines a tier needs are installed; nothing is skipped for want of one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from types import FrameType
from typing import IO

from deploy.packages import main as ensure_packages
from deploy.processes import spawn, stop
from deploy.steps import ROOT

# Tier -> the system packages that it needs, in the order in which the tiers run: the quick ones first.
TIERS: dict[str, tuple[str, ...]] = {
    "rules": (),
    "contracts": (),
    "model": ("broker",),
    "services": ("broker", "postgresql"),
    "faults": ("broker", "postgresql"),
    "security": ("broker", "postgresql"),
    "journeys": ("broker", "browser", "curl"),
    "bench": ("broker",),
}
TIMELESS = {"model": 0, "rules": 1, "contracts": 1}
"""Tiers of one process that ask nothing of the time, and the half of the services' (its place) with which each shares a
pytest: so both halves end at about the same time."""
_NO_TESTS = 5
_END_SECONDS = 60.0
"""For a pytest that is broken off, to stop its engines."""

Lanes = list[list[str]]
"""The pytests that run at once, each by its paths under tests/. The first is watched, the others tell at the end."""


def stages(names: Sequence[str], processors: int) -> list[Lanes]:
    """The tiers in the order in which they run, one stage after the other.

    Where there is more than one processor the services' tests run in two halves at once, each with engines of its own:
    one test after the other, they keep no more than one processor busy. What plays with the whole suite has the
    machine for itself: there limits of time are held, and a browser clicks.
    """
    if processors == 1 or "services" not in names:
        return [[list(names)]]
    whole = [name for name in names if name not in TIMELESS and name != "services"]
    lanes = [
        [*(name for name in names if TIMELESS.get(name) == place), *half]
        for place, half in enumerate(halves("services"))
    ]
    return [lanes, *([[whole]] if whole else [])]


def halves(tier: str) -> tuple[list[str], list[str]]:
    """The test files of a tier, in two heaps that take about as long: every other one, the longest first."""
    files = sorted(
        (ROOT / "tests" / tier).glob("**/test_*.py"), key=lambda file: file.stat().st_size, reverse=True
    )
    paths = [str(file.relative_to(ROOT / "tests")) for file in files]
    return sorted(paths[::2]), sorted(paths[1::2])


def run(commands: Sequence[Sequence[str]]) -> int:
    """Run the first in view and the others beside it, whose output is printed after it. The first code that is not 0
    (or "no tests") is the answer; whatever stops this stops them all."""
    with ExitStack() as stack:
        view: IO[bytes] = stack.enter_context(os.fdopen(os.dup(1), "wb"))
        outputs: list[IO[bytes]] = [stack.enter_context(TemporaryFile()) for _ in commands[1:]]
        processes = []
        for command, output in zip(commands, [view, *outputs], strict=True):
            processes.append(spawn(command, cwd=ROOT, env=os.environ, output=output))
            stack.callback(stop, processes[-1], seconds=_END_SECONDS)
        codes = [process.wait() for process in processes]
        for output in outputs:
            output.seek(0)
            print(output.read().decode("utf-8", "replace"), flush=True)
    return next((code for code in codes if code not in (0, _NO_TESTS)), 0)


def main(arguments: Sequence[str]) -> int:
    """Run the tiers, stage by stage, in as few pytests as that takes, so that they share engines. Words with a "-" go
    to each. Returns the first code that tells of a fault. Told to end, it ends them, and their engines, first."""
    signal.signal(signal.SIGTERM, end)
    words = [word for word in arguments if word.startswith("-")]
    names = [word for word in arguments if not word.startswith("-")] or list(TIERS)
    there = [name for name in names if any((ROOT / "tests" / name).glob("**/test_*.py"))]
    for name in sorted(set(names) - set(there)):
        print(f"{name}: no tests yet", flush=True)
    if not there:
        return 0
    needed = dict.fromkeys(package for name in there for package in TIERS[name])
    if ensure_packages(list(needed)):
        return 1
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=10", *words]
    codes = [
        run([[*command, *(f"tests/{path}" for path in lane)] for lane in lanes])
        for lanes in stages(there, os.cpu_count() or 1)
    ]
    return next((code for code in codes if code), 0)


def end(number: int, _frame: FrameType | None) -> None:
    """The handler of a signal after which all that was started is stopped; the code is what a shell expects."""
    signal.signal(number, signal.SIG_IGN)  # a second one must not tear the end apart
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
