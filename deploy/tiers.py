"""`python -m deploy.tiers rules services …`: pytest over the named tiers (all when none is named).

It first makes sure that the engines a tier needs are installed; nothing is skipped for want of one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile

from deploy.packages import main as ensure_packages
from deploy.processes import stop
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
BESIDE = frozenset({"rules", "contracts", "model"})
"""Tiers of one process that ask nothing of the time: where there is more than one processor they run beside the
services', which wait for engines about half of the time, in a pytest with engines of its own."""
_NO_TESTS = 5
_END_SECONDS = 60.0
"""For a pytest that is broken off, to stop its engines."""


def lanes(names: Sequence[str], processors: int) -> list[list[str]]:
    """The tiers by the pytest that runs them: the first is watched, the second tells what it has to tell at the end."""
    beside = [name for name in names if name in BESIDE]
    rest = [name for name in names if name not in BESIDE]
    return [rest, beside] if processors > 1 and beside and "services" in rest else [list(names)]


def run(commands: Sequence[Sequence[str]]) -> int:
    """Run the first in the foreground and the others beside it, whose output is printed after it. The first code that
    is not 0 (or "no tests") is the answer; whatever stops this stops them all."""
    with ExitStack() as stack:
        beside = []
        for command in commands[1:]:
            output = stack.enter_context(TemporaryFile())
            process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
            stack.callback(stop, process, seconds=_END_SECONDS, first=signal.SIGINT)
            beside.append((process, output))
        codes = [subprocess.run(commands[0], cwd=ROOT, check=False).returncode]
        for process, output in beside:
            codes.append(process.wait())
            output.seek(0)
            print(output.read().decode("utf-8", "replace"), flush=True)
    return next((code for code in codes if code not in (0, _NO_TESTS)), 0)


def main(arguments: Sequence[str]) -> int:
    """Run the tiers in one pytest, so that they share engines, or in two at once (`lanes`). Words with a "-" go to it.
    Returns its code."""
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
    return run(
        [[*command, *(f"tests/{name}" for name in lane)] for lane in lanes(there, os.cpu_count() or 1)]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
