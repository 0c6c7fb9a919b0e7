"""Starting, stopping and waiting for child processes and ports: the few primitives that all of deploy stands on.

Children get a session of their own (so that Ctrl-C reaches the supervisor only) and die with their parent.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class StartFailed(Exception):
    """Something could not be started; the text says what, and what to do next."""


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | None = None,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child whose output goes to `output`. With `user` (root only) it runs as that user.

    Call it from the main thread: the kernel ties the child's life to the calling thread.
    """
    target = output if output is not None else subprocess.DEVNULL
    return subprocess.Popen(
        list(argv),
        env=dict(env) if env is not None else None,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=target,
        stderr=subprocess.STDOUT if output is not None else subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent,  # only a prctl call: safe between fork and exec
        user=user,
        extra_groups=[] if user else None,
    )


def stop(process: subprocess.Popen[bytes] | None, *, seconds: float, first: int = signal.SIGTERM) -> None:
    """Ask a child to end; after `seconds` kill its whole process group. Safe to call twice."""
    if process is None:
        return
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(process)
    _kill_group(process.pid)


def kill(process: subprocess.Popen[bytes] | None) -> None:
    """Kill a child and all of its process group without a word, as a crash would."""
    if process is None:
        return
    _kill_group(process.pid)
    if process.poll() is None:
        process.kill()
    process.wait()


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def free_port() -> int:
    """A port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int, *, but: int | None = None) -> list[int]:
    """`count` different free ports on loopback, none of them `but`, which is promised already."""
    probes = [socket.socket() for _ in range(count + 1)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        found = [int(probe.getsockname()[1]) for probe in probes]
        return [port for port in found if port != but][:count]
    finally:
        for probe in probes:
            probe.close()


def port_is_taken(port: int) -> bool:
    """Whether a server could not bind `port` on loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def wait_until(
    condition: Callable[[], bool],
    *,
    seconds: float,
    what: str,
    process: subprocess.Popen[bytes] | None = None,
    log: Path | None = None,
    pause: float = 0.05,
) -> None:
    """Return when `condition()` holds; raise StartFailed when the limit passes or `process` ends first."""
    limit = time.monotonic() + seconds
    while not condition():
        if process is not None and process.poll() is not None:
            raise StartFailed(f"{what} ended with code {process.returncode}.{tail(log)}")
        if time.monotonic() > limit:
            raise StartFailed(f"{what} was not ready within {seconds:.0f} s.{tail(log)}")
        time.sleep(pause)


def tail(log: Path | None, lines: int = 15) -> str:
    """The end of a log file as text for an error message; empty when there is none."""
    if log is None or not log.exists():
        return ""
    last = log.read_text(errors="replace").splitlines()[-lines:]
    return f" See {log}:\n  " + "\n  ".join(last) if last else f" See {log}"
