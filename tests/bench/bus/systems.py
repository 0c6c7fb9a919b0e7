"""The systems that are measured, and the processes of one: started, ordered about, killed."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from amqp.exceptions import NotFound
from kombu import Connection

from deploy.broker import PrivateBroker
from tests.support.postgres import PrivatePostgres

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 30.0
QUEUES = ("beta.inbox", "gamma.inbox", "things", "evt-alpha-thing_changed--beta.handle")


@dataclass(frozen=True)
class System:
    """One way to have a service tell another. `database` is "postgresql", "sqlite", or None for one without."""

    name: str
    module: str
    database: str | None
    is_ours: bool = False


BARE = System("kombu, pipelined", "bare", None)
OURS = System("ours, PostgreSQL", "ours", "postgresql", True)
OURS_SQLITE = System("ours, SQLite", "ours", "sqlite", True)
SYSTEMS = (
    System("plain nameko", "plain_nameko", "postgresql"),
    System("FastStream", "plain_faststream", "postgresql"),
    BARE,
    OURS,
    OURS_SQLITE,
)


class Silent(Exception):
    """A process did not answer in time, or is gone."""


class Child:
    """One teller or hearer."""

    def __init__(self, system: System, role: str, amqp_url: str, database_url: str, *words: str) -> None:
        self.name = f"{system.name}, {role}"
        argv = [sys.executable, "-W", "ignore", "-m", f"tests.bench.bus.{system.module}"]
        self._process = subprocess.Popen(
            [*argv, role, amqp_url, database_url, *words], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._left = b""

    def order(self, do: str, **words: Any) -> None:
        """Order something; `answered` gives its answer."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # `answered` says that it is gone
            self._process.stdin.write(json.dumps({"do": do, **words}).encode() + b"\n")
            self._process.stdin.flush()

    def answered(self, seconds: float) -> dict[str, Any]:
        """The next answer; raises Silent when there is none in so many seconds."""
        assert self._process.stdout is not None
        limit = time.monotonic() + seconds
        while b"\n" not in self._left:
            readable, _, _ = select.select([self._process.stdout], [], [], max(0.0, limit - time.monotonic()))
            more = os.read(self._process.stdout.fileno(), 1 << 20) if readable else b""
            if not more:
                raise Silent(self.name)
            self._left += more
        line, _, self._left = self._left.partition(b"\n")
        # A library may print a line of its own.
        told: dict[str, Any] = json.loads(line) if line.startswith(b"{") else self.answered(seconds)
        return told

    def ready(self) -> Child:
        """Wait until it is started."""
        self.answered(START_SECONDS)
        return self

    def kill(self) -> None:
        """As the power goes (kill -9)."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()


class Engines:
    """The private broker and PostgreSQL that all systems share, and what they have used of the processors."""

    def __init__(self, broker: PrivateBroker, postgres: PrivatePostgres, folder: Path) -> None:
        self.broker, self._postgres, self.folder = broker, postgres, folder

    @contextmanager
    def place(self, system: System) -> Iterator[tuple[str, str, str]]:
        """(AMQP URL, teller's database URL, hearer's) for one measurement: empty queues, new databases."""
        self._empty_queues()
        urls = [self._database(system.database, role) for role in ("alpha", "beta")]
        try:
            yield self.broker.amqp_url, urls[0], urls[1]
        finally:
            for url in urls:
                if url.startswith("postgresql"):
                    self._postgres.drop_database(url)

    def _database(self, kind: str | None, name: str) -> str:
        if kind == "postgresql":
            return self._postgres.fresh_database(name)
        return f"sqlite:///{self.folder}/{name}-{time.monotonic_ns()}.sqlite3" if kind else ""

    def broker_cpu(self) -> float:
        """Processor seconds that the broker has used."""
        return _cpu(psutil.Process(self.broker.pid))

    def database_cpu(self) -> float:
        """Processor seconds that PostgreSQL has used, with the sessions that have ended."""
        return _cpu(psutil.Process(self._postgres.pid))

    def _empty_queues(self) -> None:
        with Connection(self.broker.amqp_url, connect_timeout=START_SECONDS) as connection:
            for queue in QUEUES:
                with suppress(NotFound):  # and the channel is closed
                    connection.channel().queue_purge(queue)


def _cpu(parent: psutil.Process) -> float:
    total = 0.0
    for process in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])  # its own and its ended children's, user and system
    return total
