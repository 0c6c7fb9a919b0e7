"""How much of the log page's time goes into deciding and opening records, by sampling the processes that answer it.

Only a suite whose processes run under `sampled.py` can be asked (`make_sampled`): the product has no hook for it. A
tick counts where it was seen, with all that a decision or an opening calls; what is neither is the page's other work:
reading rows, the access record, calls on the wire, JSON, and the gateway's part.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.processes import wait_until
from tests.support.suite import Suite

SAMPLED = ("gateway", "cases", "consent", "relay_log")
CLIENTS = (1, 16)
TARGET_PERCENT = 10.0
_WRITE_SECONDS = 30.0

KINDS = (
    ("opening", ("services/chassis/sealed.py:Sealed.open",)),
    ("loading", ("services/chassis/access/facts.py:",)),
    ("deciding", ("services/kernel/access.py:", "services/chassis/access/decisions.py:CaseAccess.")),
)
"""What a stack counts as: the first kind that has a function in it."""


@dataclass(frozen=True)
class Share:
    """Of the log page at so many clients: percent of the processor time of all processes that answer it. `loading`:
    of the facts that a decision rests on, told apart. `of_service`: deciding and opening, of relay_log's time alone,
    which does nearly all of both."""

    clients: int
    ticks: int
    deciding: float
    opening: float
    loading: float
    of_service: float


def make_sampled(suite: Suite) -> None:
    """Start the processes that answer the log page again, so that they can be sampled."""
    suite.restart_as("tests.bench.sampled", SAMPLED)


def can_be_sampled(suite: Mapping[str, Any]) -> bool:
    """Whether the suite that suite.json tells of runs so."""
    return all(_pid_file(suite, name).exists() and int(_pid_file(suite, name).read_text()) == suite["pids"][name]
               for name in SAMPLED)  # fmt: skip


def shares(suite: Mapping[str, Any], ask: Callable[[int], object]) -> list[dict[str, Any]]:
    """Sample while `ask(clients)` asks for the log page, with one client and with many."""
    return [asdict(_share(clients, _sampled(suite, ask, clients))) for clients in CLIENTS]


def counted(stacks: Mapping[str, int]) -> Counter[str]:
    """Ticks of each kind; "other" is the rest."""
    found: Counter[str] = Counter()
    for stack, ticks in stacks.items():
        kinds = (kind for kind, functions in KINDS if any(each in stack for each in functions))
        found[next(kinds, "other")] += ticks
    return found


def table(told: list[dict[str, Any]] | None) -> str:
    """The lines that a person reads."""
    if told is None:
        return (
            "deciding and opening on the log page: NOT measured, the running suite can't be sampled; "
            "stop it, and `make bench` starts one that can"
        )
    return "\n".join(_line(each) for each in told)


def _line(told: dict[str, Any]) -> str:
    both = told["deciding"] + told["opening"]
    return (
        f"log page, {told['clients']} clients: deciding {told['deciding']:.1f}% and opening {told['opening']:.1f}% "
        f"of its processor time ({told['of_service']:.1f}% of relay_log's; loading the facts {told['loading']:.1f}% "
        f"beside), {told['ticks']} ticks; at most {TARGET_PERCENT:g}%: "
        f"{'reached' if both <= TARGET_PERCENT else 'NOT reached'}"
    )


def _sampled(
    suite: Mapping[str, Any], ask: Callable[[int], object], clients: int
) -> dict[str, dict[str, int]]:
    files = {name: _pid_file(suite, name).with_suffix(".json") for name in SAMPLED}
    for file in files.values():
        file.unlink(missing_ok=True)
    for name in SAMPLED:
        os.kill(suite["pids"][name], signal.SIGUSR1)
    ask(clients)
    for name in SAMPLED:
        os.kill(suite["pids"][name], signal.SIGUSR2)
    for name, file in files.items():
        wait_until(file.exists, seconds=_WRITE_SECONDS, what=f"the samples of {name}")
    return {name: json.loads(file.read_text()) for name, file in files.items()}


def _share(clients: int, stacks: Mapping[str, Mapping[str, int]]) -> Share:
    by_process = {name: counted(each) for name, each in stacks.items()}
    whole = sum(by_process.values(), Counter[str]())
    service = by_process["relay_log"]
    return Share(
        clients,
        whole.total(),
        _percent(whole["deciding"], whole),
        _percent(whole["opening"], whole),
        _percent(whole["loading"], whole),
        _percent(service["deciding"] + service["opening"], service),
    )


def _percent(ticks: int, of: Counter[str]) -> float:
    return round(100 * ticks / of.total(), 1) if of else 0.0


def _pid_file(suite: Mapping[str, Any], name: str) -> Path:
    return Path(suite["var"]) / "run" / "sampled" / f"{name}.pid"
