"""`make bench-bus`: the bus beside plain nameko, FastStream and bare kombu, on one private broker in one run.

Each repeat measures all systems, in rotated order; medians over the repeats are told. See docs/measurements.md.
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
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.broker import PrivateBroker, is_installed
from deploy.packages import SETS, ensure
from tests.bench.bus.crash import Losses, crash
from tests.bench.bus.systems import BARE, OURS, ROOT, SYSTEMS, Child, Engines, System
from tests.support.postgres import PrivatePostgres

RATE = 200
PHASE_SECONDS = 60.0
HISTORY_SECONDS = 1800.0
TARGET_P50, TARGET_P99 = 10.0, 50.0
TARGET_OF_LIMIT = 0.6
TARGET_HANDLED = 1500
TARGET_HISTORY = 1_000_000 / 600


@dataclass(frozen=True)
class Effort:
    """How much is measured: repeats; events published, and then handled, at once; seconds at RATE; seconds of telling
    with a kill of each part (0: without); events of which a generation is built (0: without)."""

    repeats: int = 5
    events: int = 10_000
    seconds: float = 10.0
    crash_seconds: float = 15.0
    history: int = 1_000_000


FULL, SMALL = Effort(), Effort(repeats=1, events=300, seconds=1.0, crash_seconds=0, history=1000)


@dataclass(frozen=True)
class Sample:
    """One measurement. Latencies in milliseconds, rates a second, processor time in microseconds an event."""

    p50: float
    p99: float
    slowest: float
    published: float
    handled: float
    cpu_teller: float
    cpu_hearer: float
    cpu_broker: float
    cpu_database: float
    missing: int
    """Events of the steady part that were not handled in time."""


def measure(engines: Engines, system: System, effort: Effort) -> Sample:
    """Publish all, then handle all, then tell and hear at RATE."""
    count = effort.events
    with engines.place(system) as (amqp_url, told_url, heard_url):
        hearer = Child(system, "hearer", amqp_url, heard_url)
        teller = Child(system, "teller", amqp_url, told_url)
        try:
            hearer.ready()
            teller.ready()
            if system.is_ours:
                teller.order("fill", count=count)
                teller.answered(PHASE_SECONDS)
            teller.order("publish", count=count, seconds=PHASE_SECONDS)
            published = teller.answered(2 * PHASE_SECONDS)
            hearer.order("drain", count=count, seconds=PHASE_SECONDS)
            handled = hearer.answered(2 * PHASE_SECONDS)
            steadily = int(RATE * effort.seconds)
            cpu = engines.broker_cpu(), engines.database_cpu()
            hearer.order("collect", above=count - 1, count=count + steadily, seconds=effort.seconds + 10)
            teller.order("steady", first=count, rate=RATE, seconds=effort.seconds)
            told, heard = teller.answered(2 * PHASE_SECONDS), hearer.answered(2 * PHASE_SECONDS)
            cpu = engines.broker_cpu() - cpu[0], engines.database_cpu() - cpu[1]
        finally:
            teller.kill()
            hearer.kill()
    arrived = dict(heard["at"])
    took = sorted((arrived[n] - at) / 1e6 for n, at in told["at"] if n in arrived)
    micro = 1e6 / steadily
    return Sample(
        p50=_quantile(took, 0.5),
        p99=_quantile(took, 0.99),
        slowest=_quantile(took, 1.0),
        published=published["published"] / published["seconds"],
        handled=handled["handled"] / handled["seconds"] if handled["seconds"] else 0.0,
        cpu_teller=told["cpu"] * micro,
        cpu_hearer=heard["cpu"] * micro,
        cpu_broker=cpu[0] * micro,
        cpu_database=cpu[1] * micro,
        missing=steadily - len(took),
    )


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def run(engines: Engines, effort: Effort, systems: Sequence[System] = SYSTEMS) -> dict[str, Any]:
    """All of it; the result is what bus.json holds."""
    load = os.getloadavg()[0]
    samples: dict[str, list[Sample]] = {system.name: [] for system in systems}
    for turn in range(effort.repeats):
        shift = turn % len(systems)
        for system in (*systems[shift:], *systems[:shift]):
            _say(f"{turn + 1} of {effort.repeats}: {system.name}")
            samples[system.name].append(measure(engines, system, effort))
    losses: dict[str, Losses] = {}
    for system in systems:
        if effort.crash_seconds and system.database:
            _say(f"killing each part: {system.name}")
            losses[system.name] = crash(engines, system, effort.crash_seconds)
    history = build_generation(effort.history) if effort.history else None
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": round(load, 2),
        },
        "effort": asdict(effort),
        "rate": RATE,
        "medians": {name: _medians(of) for name, of in samples.items()},
        "samples": {name: [asdict(each) for each in of] for name, of in samples.items()},
        "losses": {name: asdict(of) for name, of in losses.items()},
        "history": history,
    }


def build_generation(count: int) -> dict[str, Any]:
    """What tests/bench/generation.py tells of a generation of so many events, on PostgreSQL."""
    _say(f"building a generation of {count} events")
    words = [sys.executable, "-m", "tests.bench.generation", "--events", str(count), "--engine", "postgresql"]
    done = subprocess.run(
        [*words, "--json"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=HISTORY_SECONDS
    )
    told: dict[str, Any] = json.loads(done.stdout)[0]
    return told


def _medians(samples: Sequence[Sample]) -> dict[str, float]:
    rows = [asdict(each) for each in samples]
    return {key: round(statistics.median(row[key] for row in rows), 2) for key in rows[0]}


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def table(result: dict[str, Any]) -> str:
    """The result as a person reads it."""
    head = ("p50 ms", "p99 ms", "max ms", "sent/s", "handled/s", "CPU us", "lost", "doubled", "reordered")
    lines = [f"{'':<18}" + "".join(f"{word:>10}" for word in head)]
    for name, of in result["medians"].items():
        losses = result["losses"].get(name)
        cpu = sum(of[part] for part in ("cpu_teller", "cpu_hearer", "cpu_broker", "cpu_database"))
        counts = [str(losses[word]) if losses else "-" for word in ("lost", "doubled", "reordered")]
        lines.append(
            f"{name:<18}{of['p50']:>10.1f}{of['p99']:>10.1f}{of['slowest']:>10.1f}"
            f"{of['published']:>10.0f}{of['handled']:>10.0f}{cpu:>10.0f}"
            + "".join(f"{count:>10}" for count in counts)
        )
    lines += [
        "",
        f"latencies and processor time (all processes, broker and database) at {result['rate']} events a second;",
        "from commit (kombu: from publish) to handled; sent/s and handled/s one after the other, at once",
    ]
    if result["losses"]:
        counts = [f"{name} {of['committed']}" for name, of in result["losses"].items()]
        lines.append(f"committed under the kills: {', '.join(counts)}")
    lines += ["", *_targets(result)]
    machine = result["machine"]
    lines.append(f"machine: {machine['cpus']} processors, load before {machine['load_before']}")
    return "\n".join(lines)


def _targets(result: dict[str, Any]) -> Iterator[str]:
    ours, limit = result["medians"][OURS.name], result["medians"][BARE.name]

    def told(what: str, value: str, reached: bool) -> str:
        return f"{what}: {value}, {'reached' if reached else 'NOT reached'}"

    yield told(f"p50 under {TARGET_P50:g} ms", f"{ours['p50']:.1f} ms", ours["p50"] < TARGET_P50)
    yield told(f"p99 under {TARGET_P99:g} ms", f"{ours['p99']:.1f} ms", ours["p99"] < TARGET_P99)
    part = ours["published"] / limit["published"]
    yield told(f"relay at {TARGET_OF_LIMIT:.0%} of the limit", f"{part:.0%}", part >= TARGET_OF_LIMIT)
    yield told(
        f"{TARGET_HANDLED} durable handled events a second",
        f"{ours['handled']:.0f}",
        ours["handled"] >= TARGET_HANDLED,
    )
    if history := result["history"]:
        rate = history["per_second"]
        yield told(
            f"a generation at {TARGET_HISTORY:.0f} events a second (1,000,000 in 10 minutes)",
            f"{rate:.0f} ({history['events']} events; writes held for {history['swap_seconds']:.1f} s)",
            rate >= TARGET_HISTORY,
        )
    for name, of in result["losses"].items():
        if name.startswith("ours"):
            bad = of["lost"] + of["doubled"] + of["reordered"]
            yield told(f"nothing lost, doubled or reordered ({name})", str(bad), bad == 0)


@contextmanager
def own_engines() -> Iterator[Engines]:
    """A broker and a PostgreSQL for the time of the bench."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stafett-bench-bus-")))
        if not is_installed():
            ensure(*SETS["broker"], progress=print)
        broker = stack.enter_context(PrivateBroker(folder / "broker"))
        postgres = PrivatePostgres()
        stack.callback(postgres.stop)
        yield Engines(broker, postgres.start(), folder)


def main() -> int:
    """Print the table and write bus.json. Exit code 0 also when a target is missed: the table says so."""
    var = Path(os.environ.get("STAFETT_VAR") or "var").absolute()
    parser = argparse.ArgumentParser(prog="make bench-bus", description=__doc__)
    parser.add_argument("--small", action="store_true", help="one short round, without kills")
    parser.add_argument(
        "--relay",
        action="store_true",
        help="only ours beside bare kombu, without kills and history: some 3 minutes",
    )
    parser.add_argument("--repeats", type=int, help="how often, in place of 5")
    parser.add_argument(
        "--out", type=Path, default=var / "bench" / "bus.json", help="where the result is written"
    )
    given = parser.parse_args()
    effort = SMALL if given.small else FULL
    if given.relay:
        effort = replace(effort, crash_seconds=0, history=0)
    if given.repeats:
        effort = replace(effort, repeats=given.repeats)
    with own_engines() as engines:
        result = run(engines, effort, (BARE, OURS) if given.relay else SYSTEMS)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result))
    print(f"written: {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
