"""One process of the suite that can be sampled: `python -m tests.bench.sampled <service|gateway>` is
`services.chassis.run` with two signals, so that the product has no hook for it.

SIGUSR1 begins: at each tick of the time that the processor spends on this process (the kernel's, 4 ms on most) it notes
which functions are being run; all green threads are the main thread's, so the frame that a signal interrupts is theirs.
SIGUSR2 ends, and writes {stack: ticks} to var/run/sampled/<name>.json; <name>.pid beside it says that the process can
be asked. A stack is `file:function` from the outermost to the innermost, with ";" between.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

TICK = 0.001
_ROOT = Path(__file__).resolve().parents[2]


class Sampler:
    """Counts the stacks that are on the processor while it is asked to."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._found: Counter[tuple[CodeType, ...]] = Counter()

    def listen(self) -> None:
        """Begin at SIGUSR1, end and write at SIGUSR2."""
        signal.signal(signal.SIGUSR1, self._begin)
        signal.signal(signal.SIGUSR2, self._end)
        signal.signal(signal.SIGPROF, self._note)

    def _begin(self, _number: int, _frame: FrameType | None) -> None:
        self._found.clear()
        signal.setitimer(signal.ITIMER_PROF, TICK, TICK)

    def _note(self, _number: int, frame: FrameType | None) -> None:
        stack: list[CodeType] = []
        while frame is not None:
            stack.append(frame.f_code)
            frame = frame.f_back
        self._found[tuple(stack)] += 1

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        told = {";".join(map(_name, reversed(stack))): ticks for stack, ticks in self._found.items()}
        fresh = self._out.with_suffix(".new")
        fresh.write_text(json.dumps(told))
        fresh.replace(self._out)


def _name(code: CodeType) -> str:
    """A function as `services/kernel/access.py:decide`; of packages that are not ours from `site-packages` on."""
    path = code.co_filename.removeprefix(f"{_ROOT}/").rpartition("site-packages/")[2]
    return f"{path}:{code.co_qualname}"


def main(name: str) -> None:
    """Run the process as the supervisor would."""
    folder = Path(os.environ["STAFETT_VAR"]) / "run" / "sampled"
    folder.mkdir(parents=True, exist_ok=True)
    Sampler(folder / f"{name}.json").listen()
    (folder / f"{name}.pid").write_text(str(os.getpid()))
    sys.argv = ["services.chassis.run", name]
    runpy.run_module("services.chassis.run", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
