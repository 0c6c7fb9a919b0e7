"""What every operator's command is given: the suite's folder, engines and databases, and a log of what was done."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from deploy.engines import GATEWAY, Engines
from services.chassis.bus.tending import Tending
from services.chassis.clock import SystemClock
from services.chassis.storage import Database, chassis_tables, new_metadata
from services.chassis.tables import QUIET_FAULTS
from services.contracts.catalogue import STREAMS
from services.kernel.errors import Unavailable

NO_BROKER = (
    "no suite was ever started in {}: --var or STAFETT_VAR says in which folder it is, or STAFETT_AMQP_URL where its "
    "broker is"
)


class Fault(Exception):
    """What the operator is told when something can't be done."""


@dataclass(frozen=True)
class Desk:
    """One suite, whose state is under `var`: it may be running or stopped. `say` tells how long work goes on."""

    var: Path
    engines: Engines
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)

    @contextmanager
    def tending(self, service: str) -> Iterator[Tending]:
        """The bus of one service's database. Raises Fault when it is not there or does not answer."""
        with self.database(service) as database:
            yield Tending(database)

    @contextmanager
    def database(self, service: str) -> Iterator[Database]:
        """One service's database, with its chassis tables, or the gateway's. Raises Fault when it is not there or does
        not answer."""
        url = sa.make_url(self.engines.databases[service])
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise Fault(
                f"no database at {url.database} (--var or STAFETT_VAR says in which folder the suite is)"
            )
        metadata = new_metadata()
        database = Database(self.engines.databases[service], metadata, service)
        try:
            names = sa.inspect(database.engine).get_table_names()
            if QUIET_FAULTS not in names:
                raise Fault(f"the database of {service} is empty: it was never started")
            if service != GATEWAY:
                chassis_tables(metadata, own_outbox=_own_outboxes(service, names))
            yield database
        except (sa.exc.SQLAlchemyError, Unavailable) as error:
            raise Fault(f"the database of {service} does not answer ({type(error).__name__})") from None
        finally:
            database.close()

    def note(self, act: str, row: dict[str, Any]) -> None:
        """Write down who did what, durably, before it is told."""
        line = {"at": SystemClock().now().isoformat(), "by": getpass.getuser(), "act": act, **row}
        file = self.var / "log" / "ops.log"
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
            log.write(json.dumps(line) + "\n")
            log.flush()
            os.fsync(log.fileno())


def _own_outboxes(service: str, names: Collection[str]) -> dict[str, str]:
    """Which of the service's streams have an outbox of their own: `<last word of the stream>_outbox`."""
    found = {
        stream: f"{stream.rpartition('.')[2]}_outbox" for stream, owner in STREAMS.items() if owner == service
    }
    return {stream: name for stream, name in found.items() if name in names}


Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Command:
    """One command: its name, a sentence of help, its arguments, what it does, and how its rows read as text. `check`
    says what is wrong with a call before anything is done, else None; `wrong`, whether the rows call for somebody."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Desk, argparse.Namespace], Rows]
    text: Callable[[Rows], str]
    check: Callable[[argparse.Namespace], str | None] = lambda asked: None
    wrong: Callable[[Rows], bool] = lambda rows: any(row.get("fault") for row in rows)
