"""`make bench`: how fast the case page and the log page are, beside a bare RPC echo through the same gateway; what one
access decision costs, and how much of the log page's time goes into deciding and opening.

Full decision, encryption and durable access record; 1 and 16 clients; three rounds in rotated order, medians of them.
It measures the running suite (var/run/suite.json) when there is one, and else one of its own with the demo data.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from deploy.supervisor import is_ready
from tests.bench import deciding, share
from tests.journeys.people import ROOT, Demo, Person, until

TEACHER = "amund-kvitneslia"
"""An employee of the demo with cases at several levels; the one with the most to show is measured."""
CLIENTS = (1, 16)
TARGET_RATIO = 6.0
TARGET_MB = 800
_MB = 1024 * 1024
_ANY_NUMBER = 1_000_000


@dataclass(frozen=True)
class Effort:
    """How much is asked: rounds, and for each of a round's measurements at most so many requests and seconds."""

    rounds: int = 3
    requests: int = 300
    seconds: float = 15.0
    idle: float = 10.0


FULL, SMALL = Effort(), Effort(rounds=1, requests=60, seconds=4.0, idle=0.0)


@dataclass(frozen=True)
class Line:
    """One line of the table: medians over the rounds. Latencies in milliseconds."""

    page: str
    clients: int
    p50: float
    p99: float
    per_second: float
    ratio: float
    """p50 beside the echo's at as many clients."""


class Bench:
    """The measurements of one suite, told by its suite.json."""

    def __init__(self, suite: dict[str, Any], effort: Effort) -> None:
        self.suite, self.effort = suite, effort
        self.person = Person(suite["public_url"], Demo(Path(suite["var"])), TEACHER).log_in("employee")
        self.case_id = self._fullest_case()
        self.pages = {
            "ping": "/api/ping",
            "case": f"/api/cases/{self.case_id}/page",
            "log": f"/api/cases/{self.case_id}/log",
        }

    def _fullest_case(self) -> str:
        cases = [each for each in self.person.get("/cases", limit=100)["items"] if each["level"] >= 1]
        sizes = {
            each["case_id"]: len(json.dumps(self.person.get(f"/cases/{each['case_id']}/page")))
            for each in cases
        }
        return max(sizes, key=lambda case_id: sizes[case_id])

    def run(self) -> dict[str, Any]:
        """All of it; the result is what latest.json holds."""
        time.sleep(self.effort.idle)
        idle = memory(self.suite["pids"])
        load = os.getloadavg()[0]
        size = len(json.dumps(self.person.get(f"/cases/{self.case_id}/page")))
        self._warm_up()
        samples: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
        order = [(page, clients) for clients in CLIENTS for page in self.pages]
        for turn in range(self.effort.rounds):
            shift = turn * len(order) // self.effort.rounds
            for page, clients in [*order[shift:], *order[:shift]]:
                samples.setdefault((page, clients), []).append(self._measure(page, clients))
        lines = [asdict(line) for line in _lines(samples)]
        alone = next(line for line in lines if (line["page"], line["clients"]) == ("case", 1))
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {
                "cpus": os.cpu_count(),
                "python": platform.python_version(),
                "load_before": round(load, 2),
            },
            "effort": asdict(self.effort),
            "case_page_bytes": size,
            "lines": lines,
            "case_page_ratio": alone["ratio"],
            "memory_mb_idle": idle,
            "memory_mb_after": memory(self.suite["pids"]),
            "decision": deciding.result(),
            "shares": self._shares(),
        }

    def _shares(self) -> list[dict[str, Any]] | None:
        """None where the suite can't be sampled."""
        if not share.can_be_sampled(self.suite):
            return None
        return share.shares(self.suite, lambda clients: self._ask("log", clients, _ANY_NUMBER))

    def _warm_up(self) -> None:
        for page in self.pages:
            self._ask(page, 4, 20)

    def _measure(self, page: str, clients: int) -> tuple[float, float, float]:
        """p50 and p99 in milliseconds, and requests a second."""
        told = self._ask(page, clients, self.effort.requests)
        if told["wrong"]:
            raise SystemExit(
                f"{page}: {len(told['wrong'])} answers were not 200 but {sorted(set(told['wrong']))}"
            )
        latencies = sorted(1000 * each for each in told["latencies"])
        p99 = latencies[min(len(latencies) - 1, int(0.99 * len(latencies)))]
        return statistics.median(latencies), p99, len(latencies) / told["elapsed"]

    def _ask(self, page: str, clients: int, requests: int) -> dict[str, Any]:
        at = urlsplit(self.suite["public_url"])
        cookie = "; ".join(f"{each.name}={each.value}" for each in self.person.http.cookies)
        wish = {
            "host": at.hostname, "port": at.port, "path": self.pages[page], "cookie": cookie,
            "clients": clients, "requests": requests, "seconds": self.effort.seconds,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.client"],
            input=json.dumps(wish), capture_output=True, text=True, check=True, cwd=ROOT, timeout=120,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def _lines(samples: dict[tuple[str, int], list[tuple[float, float, float]]]) -> Iterator[Line]:
    medians = {
        key: [statistics.median(each) for each in zip(*rounds, strict=True)]
        for key, rounds in samples.items()
    }
    for (page, clients), (p50, p99, per_second) in sorted(medians.items(), key=lambda each: each[0][1]):
        ratio = p50 / medians["ping", clients][0]
        yield Line(page, clients, round(p50, 2), round(p99, 2), round(per_second, 1), round(ratio, 2))


def memory(pids: dict[str, int]) -> dict[str, float]:
    """Proportional set size of each process with its children, in MB, and their sum."""
    sizes = {name: round(sum(map(_pss, _with_children(pid))) / _MB, 1) for name, pid in pids.items()}
    return {**sizes, "sum": round(sum(sizes.values()), 1)}


def _with_children(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def table(result: dict[str, Any]) -> str:
    """The result as a person reads it."""
    rows = [f"{'page':<6}{'clients':>8}{'p50 ms':>10}{'p99 ms':>10}{'req/s':>10}{'x echo':>9}"]
    rows += [
        f"{line['page']:<6}{line['clients']:>8}{line['p50']:>10.1f}{line['p99']:>10.1f}"
        f"{line['per_second']:>10.0f}{line['ratio']:>9.2f}"
        for line in result["lines"]
    ]
    ratio = result["case_page_ratio"]
    reached = "reached" if ratio <= TARGET_RATIO else "NOT reached"
    rows.append(f"case page at 1 client: {ratio:.2f} times the echo; at most {TARGET_RATIO:g}: {reached}")
    rows += [deciding.table(result["decision"]), share.table(result["shares"])]
    rows.append(
        f"machine: {result['machine']['cpus']} processors, load before {result['machine']['load_before']}"
    )
    rows += ["", f"{'memory (PSS)':<16}{'idle MB':>10}{'after MB':>10}"]
    idle, after = result["memory_mb_idle"], result["memory_mb_after"]
    rows += [f"{name:<16}{idle[name]:>10.1f}{after.get(name, 0):>10.1f}" for name in idle]
    reached = "reached" if idle["sum"] < TARGET_MB else "NOT reached"
    rows.append(f"whole suite idle: {idle['sum']:.0f} MB; under {TARGET_MB}: {reached}")
    return "\n".join(rows)


@contextmanager
def a_suite(told: Path) -> Iterator[dict[str, Any]]:
    """The running suite that `told` (suite.json) names, else a new one for the time of the bench."""
    if told.exists():
        suite = json.loads(told.read_text())
        if is_ready(f"{suite['public_url']}/health/ready"):
            yield suite
            return
    from tests.support.suite import Suite

    print("no running suite; starting one with the demo data", flush=True)
    with tempfile.TemporaryDirectory(prefix="stafett-bench-") as folder, Suite(Path(folder) / "var") as own:
        share.make_sampled(own)
        yield json.loads((own.var / "run" / "suite.json").read_text())


def main() -> int:
    """Print the table and write latest.json. Exit code 0 also when a target is missed: the table says so."""
    var = Path(os.environ.get("STAFETT_VAR") or "var").absolute()
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--small", action="store_true", help="one short round, as in make test")
    parser.add_argument(
        "--suite", type=Path, default=var / "run" / "suite.json", help="where a suite tells of itself"
    )
    parser.add_argument(
        "--out", type=Path, default=var / "bench" / "latest.json", help="where the result is written"
    )
    given = parser.parse_args()
    with a_suite(given.suite) as suite:
        until(lambda: is_ready(f"{suite['public_url']}/health/ready"), 30, "the gateway is ready")
        result = Bench(suite, SMALL if given.small else FULL).run()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result))
    print(f"written: {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
