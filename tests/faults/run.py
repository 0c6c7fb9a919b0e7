"""`make faults`: municipalities at work while everything breaks, in turn and together; then what must be zero.

The seed gives the plan of faults, the engines of the services, and what each player chooses:
`make faults SEED=123 MINUTES=10`. Exit code 1 when something is not zero; the suite's folder is then kept.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from deploy.packages import main as ensure_packages
from deploy.plan import SERVICES
from services.chassis.clock import SteppedClock
from tests.faults.acts_check import check_acts, things
from tests.faults.bus_check import check_broker, check_bus, still_under_way
from tests.faults.doors_check import check_doors
from tests.faults.effects_check import check_effects
from tests.faults.findings import Finding, table
from tests.faults.injury import End, Injury, NotNow
from tests.faults.outsiders import check_outside, ids_told, let_in, still_to_tell
from tests.faults.plan import Fault, Shape, engines_of, plan_of, shape_of
from tests.faults.stores import Stores
from tests.journeys.people import Demo
from tests.simulation.cast import Cast, write_logins
from tests.simulation.town import Town
from tests.support.postgres import PrivatePostgres
from tests.support.suite import Suite

TELL_EVERY = 10.0
PATIENCE = 60.0
"""Seconds in which the last acts must be answered, when all faults are over."""
SETTLE = 150.0
"""Seconds in which all that was told must have come: longer than the longest pause between two tries at the broker,
than a gap's repair, and than the pauses of a handler that failed while its database was away."""

Say = Callable[[str], None]


@dataclass
class Result:
    """What a run has found, and how much was done in it."""

    findings: list[Finding] = field(default_factory=list)
    summary: str = ""
    done: int = 0
    """Acts that were done; where there are none, zeros say nothing."""

    @property
    def clean(self) -> bool:
        return self.done > 0 and not any(finding.count for finding in self.findings)


class Run:
    """One run of the fault suite, in a folder of its own. Only from the main thread."""

    def __init__(self, seed: int | str, shape: Shape, folder: Path, say: Say) -> None:
        self._seed, self._shape, self._say = seed, shape, say
        self._var = folder / "var"
        self._clock_file = folder / "clock-step"
        self._clock = SteppedClock(self._clock_file)
        self._began = 0.0

    def play(self) -> Result:
        """Start all, play, break, heal, wait, check."""
        with ExitStack() as stack:
            postgres = PrivatePostgres()
            stack.callback(postgres.stop)
            urls = self._databases(postgres.start())
            env = {f"STAFETT_{name.upper()}_DATABASE_URL": url for name, url in urls.items()}
            self._say(f"starting; on PostgreSQL: {', '.join(_on(urls, 'postgresql'))}; "
                      f"on SQLite: {', '.join(_on(urls, 'sqlite'))}")  # fmt: skip
            people = self._var.parent / "people.yaml"
            write_logins(people)
            env |= {"STAFETT_CLOCK_FILE": str(self._clock_file), "STAFETT_DEMO_PEOPLE": str(people)}
            suite = stack.enter_context(Suite(self._var, None, seed=True, **env))
            stores = Stores.of(urls)
            stores.add_witnesses()
            outsiders = let_in(suite, Cast(Demo()))
            before, told_before = things(stores), ids_told(stores)
            town = Town(suite.url, self._seed, self._clock.now, self._shape.players)
            injury = Injury(suite, postgres, stores, self._clock, self._seed)
            town.start()
            self._break(suite, injury, town)
            self._say("all faults are over; waiting for the last answers")
            town.stop(PATIENCE)
            self._settle(suite, stores, injury)
            self._say("checking")
            findings = [
                *check_acts(stores, town.journal, before),
                *check_bus(stores, injury.thrown.as_poison()),
                check_broker(suite.broker),
                *check_effects(stores, self._var / "standins" / "mail"),
                *check_doors(suite, stores, town, self._clock.now()),
                *check_outside(stores, outsiders, told_before),
            ]
            return Result(findings, _summary(town), len(town.journal.of("done")))

    def _databases(self, postgres: PrivatePostgres) -> dict[str, str]:
        (self._var / "db").mkdir(parents=True, mode=0o700)
        return {
            name: postgres.fresh_database(name) if engine == "postgresql"
            else str(URL.create("sqlite", database=str(self._var / "db" / f"{name}.sqlite3")))
            for name, engine in engines_of(self._seed).items()
        }  # fmt: skip

    # ------------------------------------------------------------ faults

    def _break(self, suite: Suite, injury: Injury, town: Town) -> None:
        """Carry out the plan; whatever a fault has begun is ended, also when this is broken off."""
        due = plan_of(self._seed, self._shape)
        open_: list[tuple[float, Fault, End]] = []
        self._began = time.monotonic()
        told = 0.0
        try:
            while self._now() < self._shape.seconds or open_:
                suite.running.processes.revive()
                town.look_after()
                for entry in [each for each in open_ if each[0] <= self._now()]:
                    open_.remove(entry)
                    entry[2]()
                    self._tell(f"{entry[1].kind:<12} {entry[1].target:<14} is over")
                self._begin_due(due, open_, injury)
                if self._now() - told > TELL_EVERY:
                    told = self._now()
                    self._tell(_progress(town))
                time.sleep(0.05)
        finally:
            for _, _, end in open_:
                end()
            injury.put_clock_right()

    def _begin_due(self, due: list[Fault], open_: list[tuple[float, Fault, End]], injury: Injury) -> None:
        busy = {fault.target for _, fault, _ in open_}
        for fault in [each for each in due if each.at <= self._now()]:
            if fault.needs & busy:
                continue
            if self._now() + _lasts(fault) > self._shape.seconds:
                due.remove(fault)
                self._tell(f"{fault.kind:<12} {fault.target:<14} is left out: no time left")
                continue
            try:
                end = injury.begin(fault)
            except NotNow:
                busy.add(fault.target)
                continue
            due.remove(fault)
            self._tell(str(fault))
            if _lasts(fault):
                open_.append((self._now() + _lasts(fault), fault, end))
                busy.add(fault.target)
            return

    def _settle(self, suite: Suite, stores: Stores, injury: Injury) -> None:
        limit, left = time.monotonic() + SETTLE, "not looked at yet"
        while left and time.monotonic() < limit:
            suite.running.processes.revive()
            try:
                left = still_under_way(stores, injury.thrown.as_poison())
                if not left and (waiting := still_to_tell(stores)):
                    left = f"{waiting} not told outside"
            except SQLAlchemyError as error:
                left = type(error).__name__
            if left:
                time.sleep(1)
        self._tell(f"under way: {left or 'nothing'}")
        for name in (*SERVICES, "gateway"):
            if not suite.is_ready(name):
                self._tell(f"{name} is not ready")

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _tell(self, line: str) -> None:
        self._say(f"{self._now():7.1f} s  {line}")


def _lasts(fault: Fault) -> float:
    return 0.0 if fault.kind == "step" else fault.seconds


def _on(urls: dict[str, str], engine: str) -> list[str]:
    return [name for name, url in urls.items() if url.startswith(engine)]


def _progress(town: Town) -> str:
    journal = town.journal
    return f"{len(journal.of('done'))} acts done, {len(journal.of('refused'))} refused, {len(town.stories)} stories"


def _summary(town: Town) -> str:
    journal = town.journal
    refusals: dict[str, int] = {}
    for act in journal.of("refused"):
        name = f"{act.status} {act.code}"
        refusals[name] = refusals.get(name, 0) + 1
    again = sum(act.tries > 1 for act in journal.of("done"))
    unanswered = len(journal.of("unanswered"))
    return (
        f"  {_progress(town)}, {unanswered} never answered; {again} of those done were asked for again\n"
        f"  no answer: {_counted(journal.faults)}\n"
        f"  refused: {_counted(refusals)}"
    )


def _counted(counts: dict[str, int]) -> str:
    return (
        ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))
        or "none"
    )


def main() -> int:
    """Run once, print the table; 1 when a row of it is not zero, or nothing was done."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", default="", help="what a run before printed, to play it again")
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="minutes of faults; 1: the form that the tests use"
    )
    given = parser.parse_args()
    seed = given.seed or str(secrets.randbelow(10**6))
    print(f"Fault suite. Seed {seed}: make faults SEED={seed} MINUTES={given.minutes:g}", flush=True)
    if ensure_packages(["broker", "postgresql"]):
        return 1
    signal.signal(
        signal.SIGTERM, lambda _number, _frame: sys.exit(1)
    )  # so that all that was started is stopped
    folder = Path(tempfile.mkdtemp(prefix="stafett-faults-"))
    os.environ.pop("STAFETT_AMQP_URL", None)
    result = Run(seed, shape_of(given.minutes), folder, lambda line: print(f"  {line}", flush=True)).play()
    print(f"\n{table(result.findings)}\n\n{result.summary}\n\nSeed {seed}.", flush=True)
    if result.clean:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    if not result.done:
        print("Nothing was done, so the zeros say nothing.", file=sys.stderr)
    print(f"The suite's folder is kept: {folder}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
