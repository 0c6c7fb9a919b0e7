"""The suite on a folder that is seeded once and made anew for each play: same data, same ports, same instant."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.broker import PrivateBroker
from deploy.processes import free_port
from deploy.steps import ROOT
from services.chassis.clock import SteppedClock
from services.contracts.catalogue import HEARS, SERVICES, STREAMS
from services.kernel.calendar import local_date
from tests.journeys.people import until
from tests.support.stored import connect, unsent
from tests.support.suite import Suite

AHEAD = timedelta(minutes=30)
"""From when the folder is seeded to the instant at which each play begins, by its clock: later than both by ours."""
LASTS = timedelta(minutes=45)
"""More than a play takes, by its clock, on however busy a machine."""


@dataclass
class World:
    """A seeded folder, and a copy of it to go back to."""

    broker: PrivateBroker
    folder: Path
    port: int
    begins: datetime

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def clock(self) -> SteppedClock:
        return SteppedClock(self.folder / "clock-step")

    def now(self) -> datetime:
        """The time as the suite has it."""
        return self.clock.now()

    @classmethod
    def seeded(cls, broker: PrivateBroker, folder: Path) -> World:
        """Seed, let every timer have its first round at the instant at which plays begin, and keep a copy."""
        begins = (datetime.now(UTC) + AHEAD).replace(second=0, microsecond=0)
        if local_date(begins) != local_date(begins + LASTS):  # a day has to be the same from end to end
            begins += LASTS
        world = cls(broker, folder, free_port(), begins)
        with world._running(folder / "var") as suite:
            world.clock.set_step(begins - datetime.now(UTC))
            env = {**suite.running.plan.env, "STAFETT_CLOCK_FILE": str(folder / "clock-step")}
            command = [sys.executable, "-m", "tests.security.noninterference.timers"]
            subprocess.run(command, cwd=ROOT, env=env, check=True)
            world.settle()
        shutil.copytree(world.var, folder / "seeded")
        return world

    @contextmanager
    def anew(self) -> Iterator[Suite]:
        """The suite as it was when it had been seeded, at the instant at which every play begins."""
        shutil.rmtree(self.var)
        shutil.copytree(self.folder / "seeded", self.var)
        self.clock.set_step(self.begins - datetime.now(UTC))
        with self._running(self.var) as suite:
            self.settle(heard=True)
            yield suite

    @contextmanager
    def _running(self, var: Path) -> Iterator[Suite]:
        env = {"STAFETT_CLOCK_FILE": str(self.folder / "clock-step")}
        with Suite(var, self.broker, port=self.port, **env) as suite:
            yield suite

    def settle(self, heard: bool = False) -> None:
        """Wait until nothing is under way: every event is sent and handled, every letter gone. `heard`: and a heartbeat
        of every stream, told from now on, is wholly applied."""
        since = self.now() if heard else None
        until(lambda: not self._under_way(since), 40, "nothing is under way any more")

    def _under_way(self, since: datetime | None) -> str:
        if any(unsent(self.var, name) for name in SERVICES):
            return "events are unsent"
        told = {name: _numbers(self.var, name, "stream_sequences") for name in SERVICES}
        for name in SERVICES:
            handled = _numbers(self.var, name, "inbox_positions")
            for stream in HEARS[name]:
                for key, number in told[STREAMS[stream]].items():
                    if key[0] == stream and handled.get(key, 0) < number:
                        return f"{name} has not handled {key}"
            if since is not None and self._oldest(name) < since:
                return f"{name} has not heard"
        with closing(connect(self.var, "notifications")) as conn:
            waiting = conn.execute("SELECT count(*) FROM attempts WHERE outcome = 'waiting'").fetchone()[0]
            waiting += conn.execute(
                "SELECT count(*) FROM egress_rows JOIN subscriptions USING (municipality, subscription_id)"
                " WHERE way != 'feed'"
            ).fetchone()[0]
        return "something waits to be sent" if waiting else ""

    def _oldest(self, service: str) -> datetime:
        with closing(connect(self.var, service)) as conn:
            rows = dict(conn.execute("SELECT stream, as_of FROM stream_state").fetchall())
        known = [rows.get(stream) for stream in HEARS[service]]
        if not all(known):
            return datetime.min.replace(tzinfo=UTC)
        return min((datetime.fromisoformat(str(at)).replace(tzinfo=UTC) for at in known), default=self.now())


def _numbers(var: Path, service: str, table: str) -> dict[tuple[str, str], int]:
    with closing(connect(var, service)) as conn:
        return {
            (row[0], row[1]): row[2] for row in conn.execute(f"SELECT stream, subject, sequence FROM {table}")
        }
