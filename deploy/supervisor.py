"""Keeps the processes of a plan alive: starts them, waits for readiness, restarts what dies, stops all.

Small on purpose (not honcho): it restarts with backoff, knows readiness, and stops the broker last.
"""

from __future__ import annotations

import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

from deploy.plan import Child, Plan
from deploy.processes import StartFailed, kill, spawn, stop, tail, wait_until
from deploy.steps import ROOT

READY_LIMIT = 60.0
STOP_LIMIT = 10.0
LONG_ENOUGH = 30.0  # seconds of life after which a process counts as healthy again
MAX_BACKOFF = 30.0
GIVE_UP_AT_START = 4  # deaths of one process before the suite was ever ready
LOG_LIMIT = 10 * 1024 * 1024


class Supervisor:
    """The running processes of one plan, by name. All methods belong to the main thread."""

    def __init__(self, plan: Plan, say: Callable[[str], None] = print) -> None:
        self.plan = plan
        self._say = say
        self._children = {child.name: child for child in plan.children}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}
        self._deaths: dict[str, int] = {}
        self._due: dict[str, float] = {}

    @property
    def pids(self) -> dict[str, int]:
        """Process id of each child that runs now."""
        return {name: process.pid for name, process in self._running.items() if process.poll() is None}

    def start(self, names: Iterable[str] | None = None) -> None:
        """Start the named children (all when None); returns at once."""
        for name in names if names is not None else self._children:
            self._start_one(self._children[name])

    def wait_ready(
        self,
        names: Iterable[str] | None = None,
        *,
        seconds: float = READY_LIMIT,
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        """Return when all named children answer ready; raise StartFailed naming the one that does not, and why."""
        waiting = list(names if names is not None else self._children)
        limit = time.monotonic() + seconds
        while waiting:
            self.revive()
            for name in list(waiting):
                if is_ready(self._children[name].ready_url):
                    waiting.remove(name)
                    if on_ready:
                        on_ready(name)
                elif self._deaths.get(name, 0) >= GIVE_UP_AT_START:
                    raise StartFailed(f"{name} does not stay up.{tail(self._children[name].log)}")
            if waiting and time.monotonic() > limit:
                first = self._children[waiting[0]]
                raise StartFailed(f"Not ready within {seconds:.0f} s: {', '.join(waiting)}.{tail(first.log)}")
            if waiting:
                time.sleep(0.1)

    def revive(self) -> None:
        """Restart children that have died, each with a growing pause; call it again and again."""
        now = time.monotonic()
        for name, process in list(self._running.items()):
            if process.poll() is None:
                continue
            if name not in self._due:
                if now - self._started[name] > LONG_ENOUGH:
                    self._deaths[name] = 0
                pause = min(0.5 * 2 ** self._deaths.get(name, 0), MAX_BACKOFF)
                self._deaths[name] = self._deaths.get(name, 0) + 1
                self._due[name] = now + pause
                self._say(
                    f"{name} ended with code {process.returncode}; again in {pause:g} s (var/log/{name}.log)"
                )
            elif now >= self._due[name]:
                self._start_one(self._children[name])

    def kill(self, name: str) -> None:
        """Kill one child as a crash would (kill -9); `start([name])` or `revive()` brings it back."""
        kill(self._running[name])

    def stop_one(self, name: str) -> None:
        """Stop one child in good order and forget it, so that it is not revived."""
        stop(self._running.pop(name, None), seconds=STOP_LIMIT)
        self._due.pop(name, None)

    def stop(self) -> None:
        """Stop all children at once and wait for them; those that do not end in time are killed."""
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + STOP_LIMIT
        for process in self._running.values():
            try:
                process.wait(max(0.05, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            kill(process)
        self._running.clear()

    def _start_one(self, child: Child) -> None:
        self._due.pop(child.name, None)
        _rotate(child.log)
        with child.log.open("ab") as output:
            self._running[child.name] = spawn(child.argv, env=child.env, cwd=ROOT, output=output)
        self._started[child.name] = time.monotonic()


def is_ready(url: str) -> bool:
    """Whether a health address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def wait_for(url: str, seconds: float = READY_LIMIT) -> None:
    """Return when `url` answers 200; raise StartFailed after the limit."""
    wait_until(lambda: is_ready(url), seconds=seconds, what=url, pause=0.1)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
