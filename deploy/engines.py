"""Where a suite's broker and databases are, kept so that a tool beside it finds them, also when it is stopped.

The addresses may hold passwords: they rest sealed with the suite's own master key, in var/run/engines.sealed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.chassis.keys import Keys, Undecipherable
from services.contracts.catalogue import SERVICES

GATEWAY = "gateway"
_PURPOSE = "run.engines"
_WITH_A_DATABASE = (*SERVICES, GATEWAY)


@dataclass(frozen=True)
class Engines:
    """The broker's address (None: never told), that of outside systems' queues (the same, unless they have a virtual
    host of their own), and the database of each service and of the gateway."""

    amqp_url: str | None = field(repr=False)
    outside_amqp_url: str | None = field(repr=False)
    databases: Mapping[str, str] = field(repr=False)


def keep(var: Path, env: Mapping[str, str]) -> None:
    """Keep what `env` says. A database that it does not name is the SQLite file under `var`, and is not written."""
    names = ["STAFETT_AMQP_URL", "STAFETT_OUTSIDE_AMQP_URL", *map(_variable, _WITH_A_DATABASE)]
    told = {name: env[name] for name in names if env.get(name)}
    file = _file(var)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        handle.write(Keys.embedded(var).seal_bytes(_PURPOSE, json.dumps(told).encode()))


def find(var: Path, env: Mapping[str, str] = os.environ) -> Engines:
    """What `env` says, else what was kept at the last start, else the SQLite files under `var`."""
    told = {**_kept(var), **{name: value for name, value in env.items() if value}}
    return Engines(
        told.get("STAFETT_AMQP_URL"),
        told.get("STAFETT_OUTSIDE_AMQP_URL") or told.get("STAFETT_AMQP_URL"),
        {
            service: told.get(_variable(service)) or f"sqlite:///{var / 'db' / service}.sqlite3"
            for service in _WITH_A_DATABASE
        },
    )


def _kept(var: Path) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(Keys.embedded(var).open_bytes(_PURPOSE, _file(var).read_bytes()))
    except (OSError, Undecipherable):
        return {}
    return kept


def _file(var: Path) -> Path:
    return var / "run" / "engines.sealed"


def _variable(service: str) -> str:
    return f"STAFETT_{service.upper()}_DATABASE_URL"
