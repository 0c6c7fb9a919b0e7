"""`make run`: prepares what is missing, starts the whole suite in the foreground, and stops all of it in the end."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from deploy import steps
from deploy.broker import PrivateBroker
from deploy.demo.make_data import OWN_FAMILIES, number_of, write_people
from deploy.plan import SERVICES, Plan, make_plan
from deploy.processes import StartFailed, port_is_taken
from deploy.supervisor import Supervisor

STORY_CHILD = "tuva-fagerdalen"
"""Of whom the README's tour tells: whoever takes it needs her number."""


class Stopped(Exception):
    """Somebody asked the suite to stop (Ctrl-C or SIGTERM)."""


class Suite:
    """Broker and processes on one state folder. `make run` and the tests use the same one."""

    def __init__(
        self,
        var: Path,
        port: int,
        *,
        amqp_url: str | None = None,
        say: Callable[[str, str], None] = lambda step, line: None,
    ) -> None:
        self.var = var.resolve()
        self.port = port
        self._say = say
        self._amqp_url = amqp_url
        self.broker: PrivateBroker | None = None
        self._plan: Plan | None = None
        self._supervisor: Supervisor | None = None

    @property
    def plan(self) -> Plan:
        if self._plan is None:
            raise RuntimeError("the suite is not started")
        return self._plan

    @property
    def processes(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("the suite is not started")
        return self._supervisor

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, seed: bool = True) -> None:
        """Start everything and return when all parts answer ready (and the demo data stand). Raises StartFailed."""
        steps.folders(self.var)
        steps.keys(self.var, self._say)
        write_people(self.var)
        self._say("databases", _databases(self.var))
        if self._amqp_url is None:
            self._say("broker", "starting a private RabbitMQ node")
            self.broker = PrivateBroker(self.var / "broker", progress=lambda line: self._say("broker", line))
            self.broker.start()
        else:
            self._say("broker", "using STAFETT_AMQP_URL")
        if self.broker is None:
            outside = os.environ.get("STAFETT_OUTSIDE_AMQP_URL", "")
            self._plan = make_plan(self.var, self.port, self._amqp_url or "", outside)
        else:
            self._plan = make_plan(self.var, self.port, self.broker.amqp_url, self.broker.outside_url)
        if seed:
            self._seed()
        self._supervisor = Supervisor(self._plan, say=lambda line: self._say("restart", line))
        self._supervisor.start()
        for step, names in (
            ("stand-ins", ["standins"]),
            ("services", list(SERVICES)),
            ("gateway", ["gateway"]),
        ):
            self._supervisor.wait_ready(names)
            self._say(
                step, f"ready: {', '.join(names)}" if len(names) > 1 else f"ready: {self._address(names[0])}"
            )
        self._plan.write(self._all_pids())
        if seed:
            number, others = number_of(self.var, STORY_CHILD), self.var / OWN_FAMILIES
            self._say("demo people", f"Tuva's number is {number}; the others' stand in {others}")

    def tend(self) -> None:
        """Bring back what has died; to be called about five times a second."""
        if self.broker is not None and not self.broker.running:
            self._say("restart", "the broker ended; starting it again (var/broker/log)")
            self.broker.stop()
            self.broker.start()
        before = self.processes.pids
        self.processes.revive()
        if self.processes.pids != before:
            self.plan.write(self._all_pids())

    def stop(self) -> None:
        """Stop services, gateway and stand-ins, then the broker and its port mapper. Safe to call twice."""
        if self._supervisor is not None:
            self._supervisor.stop()
        if self.broker is not None:
            self.broker.stop()
        (self.var / "run" / "suite.json").unlink(missing_ok=True)

    def _all_pids(self) -> dict[str, int]:
        pids = dict(self.processes.pids)
        if self.broker is not None and self.broker.running:
            pids |= dict(zip(("broker", "epmd"), self.broker.pids, strict=False))
        return pids

    def _address(self, name: str) -> str:
        return self.plan.standins_url if name == "standins" else self.url

    def _seed(self) -> None:
        """Put in the demo data, once for each state folder, before the services start: their clock is set back."""
        done = self.var / "run" / "seeded"
        if done.exists():
            self._say("demo data", "present")
            return
        log = self.var / "log" / "seed.log"
        with (
            log.open("a") as output,
            subprocess.Popen(
                [sys.executable, "-m", "deploy.demo.seed"],
                cwd=steps.ROOT,
                env=self.plan.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            ) as seeding,
        ):
            assert seeding.stdout is not None
            try:
                for line in seeding.stdout:
                    self._say("demo data", line.strip())
            except BaseException:
                seeding.terminate()
                raise
        if seeding.returncode != 0:
            raise StartFailed(
                f"The demo data could not be put in (code {seeding.returncode}). See {log}. "
                "Run the same command again: nothing is put in twice."
            )
        done.write_text(time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime()))


def _databases(var: Path) -> str:
    elsewhere = [name for name in SERVICES if os.environ.get(f"STAFETT_{name.upper()}_DATABASE_URL")]
    own = f"SQLite in {var / 'db'}"
    return own if not elsewhere else f"{own}; set by the environment: {', '.join(elsewhere)}"


def _say(step: str, line: str) -> None:
    print(f"  {step:<22} {line}", flush=True)


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    # A second signal while stopping must not tear the stop apart.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def main() -> int:
    """Run the suite until it is told to stop. Exit code 1 with a line on what to do when it can't start."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument(
        "--prepare", action="store_true", help="only fetch and build what is missing (make setup)"
    )
    prepare_only = parser.parse_args().prepare
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    var = Path(os.environ.get("STAFETT_VAR") or "var").absolute()
    suite: Suite | None = None
    try:
        port = _port()
        if not prepare_only and port_is_taken(port):
            raise StartFailed(f"Port {port} is taken. Choose another one: PORT={port + 1} make run")
        print("Stafett is being prepared", flush=True)
        _say("Python environment", f"{sys.version.split()[0]} in {Path(sys.prefix).name}, packages present")
        steps.front_end(_say)
        amqp_url = os.environ.get("STAFETT_AMQP_URL") or None
        if amqp_url is None:
            steps.broker_package(_say)
        if prepare_only:
            return 0
        steps.folders(var)
        with steps.only_one(var):
            suite = Suite(var, port, amqp_url=amqp_url, say=_say)
            suite.start()
            print(f"Stafett is ready: {suite.url}", flush=True)
            while True:
                time.sleep(0.2)
                suite.tend()
    except Stopped:
        _say("stopping", "Stafett ends")
        return 0
    except StartFailed as problem:
        print(f"\n{problem}", file=sys.stderr, flush=True)
        return 1
    finally:
        if suite is not None:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            suite.stop()
            _say("stopping", "all stopped")


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or not 1 <= int(given) <= 65535:
        raise StartFailed(f"PORT is {given!r}, which is no port number. Try: PORT=8000 make run")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
