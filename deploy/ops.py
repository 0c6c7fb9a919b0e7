"""The operator's command for the bus: `python -m deploy.ops status|list|show|retry|discard` (`--help` tells more).

Works on the databases of a suite that runs or is stopped. Shows ids, types, codes, counts and hashes, never what an
event says; what it changes is noted in var/log/ops.log.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import sqlalchemy as sa
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import KombuError

from deploy.engines import Engines, find
from services.chassis.bus.tending import Entry, NotNext, State, Tending
from services.chassis.bus.topology import inbox_queue
from services.chassis.clock import SystemClock
from services.chassis.storage import Database, chassis_tables, new_metadata
from services.contracts.catalogue import SERVICES
from services.kernel.errors import Unavailable

_BROKER_SECONDS = 3
_SHORT = ("service", "id", "state", "type", "subject", "sequence", "reason", "attempts", "at")


class Fault(Exception):
    """What the operator is told when something can't be done."""


class Ops:
    """The bus of one suite, whose state is under `var`."""

    def __init__(self, var: Path, engines: Engines) -> None:
        self._var, self._engines = var, engines

    def status(self, services: Sequence[str]) -> list[dict[str, Any]]:
        """One row a service; `fault` in place of the counts when its database does not answer. `queue` is None when
        the broker does not, or has no such queue."""
        depths = self._depths(services)
        rows = []
        for service in services:
            row: dict[str, Any] = {"service": service, "queue": depths.get(service), "fault": None}
            try:
                with self._tending(service) as tending:
                    row |= asdict(tending.standing(SystemClock().now()))
            except Fault as fault:
                row["fault"] = str(fault)
            rows.append(row)
        return rows

    def entries(self, services: Sequence[str], *states: State) -> list[dict[str, Any]]:
        """What waits, fails, is dead or could not be read, by service."""
        found = []
        for service in services:
            with self._tending(service) as tending:
                found += [_told(service, entry) for entry in tending.entries(*states)]
        return found

    def show(self, service: str, id: str) -> dict[str, Any]:
        """One of them. Raises Fault when there is none."""
        with self._tending(service) as tending:
            for entry in tending.entries(ids=[id]):
                return _told(service, entry)
        raise Fault(f"{service} has nothing parked, dead or unreadable with the id {id}")

    def retry(self, service: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Have failing and dead events tried anew (no `ids`: all); the service does so at once if it runs."""
        with self._tending(service) as tending:
            told = [_told(service, entry) for entry in tending.retry(ids, SystemClock().now())]
        for row in told:
            self._note("retry", row)
        return told

    def discard(self, service: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Let these go for good (no `ids`: all that are dead), and note each before and after.

        Raises Fault at the first that is unknown or whose turn it is not; those before it are gone.
        """
        gone = []
        with self._tending(service) as tending:
            chosen = list(ids) or [entry.id for entry in tending.entries("dead", limit=None)]
            for id in chosen:
                found = tending.entries(ids=[id])
                if not found:
                    raise Fault(f"{service} has nothing with the id {id}")
                row = _told(service, found[0])
                self._note("discard_begun", row)
                try:
                    tending.discard(id)
                except NotNext:
                    self._note("discard_refused", row)
                    raise Fault(
                        f"{id} waits for an earlier event of its subject: that one comes first"
                    ) from None
                self._note("discarded", row)
                gone.append(row)
        return gone

    @contextmanager
    def _tending(self, service: str) -> Iterator[Tending]:
        url = sa.make_url(self._engines.databases[service])
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise Fault(f"{service} has no database at {url.database}")
        metadata = new_metadata()
        database = Database(self._engines.databases[service], metadata, service)
        try:
            names = sa.inspect(database.engine).get_table_names()
            if "parked" not in names:
                raise Fault(f"the database of {service} is empty: it was never started")
            chassis_tables(metadata, own_outbox={name: name for name in names if name.endswith("_outbox")})
            yield Tending(database)
        except (sa.exc.SQLAlchemyError, Unavailable) as error:
            raise Fault(f"the database of {service} does not answer ({type(error).__name__})") from None
        finally:
            database.close()

    def _depths(self, services: Sequence[str]) -> dict[str, int]:
        """Messages in each inbox queue that stands; asked for passively, so that nothing is made."""
        depths: dict[str, int] = {}
        if self._engines.amqp_url is None:
            return depths
        try:
            with Connection(self._engines.amqp_url, connect_timeout=_BROKER_SECONDS) as connection:
                connection.connect()
                for service in services:
                    channel = connection.channel()  # one that names a queue that is not there is closed
                    try:
                        declared = channel.queue_declare(inbox_queue(service), passive=True)
                    except AMQPError:
                        continue
                    depths[service] = int(declared.message_count)
                    channel.close()
        except (AMQPError, KombuError, OSError):
            pass
        return depths

    def _note(self, act: str, row: dict[str, Any]) -> None:
        line = {"at": SystemClock().now().isoformat(), "by": getpass.getuser(), "act": act, **row}
        file = self._var / "log" / "ops.log"
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
            log.write(json.dumps(line) + "\n")
            log.flush()
            os.fsync(log.fileno())


def _told(service: str, entry: Entry) -> dict[str, Any]:
    return {"service": service, **asdict(entry)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.ops", description=__doc__.split("\n")[0])
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="JSON on standard output")
    common.add_argument(
        "--var",
        type=Path,
        default=Path(os.environ.get("STAFETT_VAR", "var")),
        help="the suite's state folder",
    )
    one = argparse.ArgumentParser(add_help=False)
    one.add_argument("service", choices=SERVICES)
    some = argparse.ArgumentParser(add_help=False)
    some.add_argument("--service", choices=SERVICES, help="this one alone")
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("ids", nargs="*", metavar="ID", help="as `list` shows them")
    commands = parser.add_subparsers(dest="act", required=True, metavar="COMMAND")

    def add(name: str, help: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help, description=help, parents=[common, *parents])

    add("status", "Counts and ages of every outbox, queue and inbox.", some)
    listing = add(
        "list",
        "Events that wait, fail or are dead, and bodies that could not be read; the first 1000 of a service.",
        some,
    )
    listing.add_argument("--state", choices=get_args(State), action="append", default=[])
    add("show", "One of them, without what it says.", one).add_argument("id", metavar="ID")
    retry = add("retry", "Try failing and dead events anew, with all their tries.", one, chosen)
    retry.add_argument("--all", action="store_true", help="all that fail or are dead")
    discard = add("discard", "Let events, or unreadable bodies, go for good.", one, chosen)
    discard.add_argument("--all", action="store_true", help="all that are dead")
    discard.add_argument("--yes", action="store_true", help="without it nothing is done")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 when it could not be, 2 for a call that is not understood."""
    parser = _parser()
    asked = parser.parse_args(argv)
    var = asked.var.absolute()
    if asked.act in ("retry", "discard") and bool(asked.ids) == asked.all:
        parser.error("name ids, or say --all")
    if asked.act == "discard" and not asked.yes:
        parser.error("what is discarded is gone for the service that should have handled it: say --yes")
    ops = Ops(var, find(var))
    try:
        rows = _run(ops, asked)
    except Fault as fault:
        print(json.dumps({"fault": str(fault)}) if asked.json else fault, file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(rows, indent=1))
    else:
        print(_text(asked.act, rows))
    return 1 if any(row.get("fault") for row in rows) else 0


def _run(ops: Ops, asked: argparse.Namespace) -> list[dict[str, Any]]:
    if asked.act == "status":
        return ops.status([asked.service] if asked.service else SERVICES)
    if asked.act == "list":
        return ops.entries([asked.service] if asked.service else SERVICES, *asked.state)
    if asked.act == "show":
        return [ops.show(asked.service, asked.id)]
    return (ops.retry if asked.act == "retry" else ops.discard)(asked.service, asked.ids)


def _text(act: str, rows: list[dict[str, Any]]) -> str:
    if act == "show":
        return "\n".join(f"{name:<13} {_word(value)}" for name, value in rows[0].items())
    if act == "status":
        return _table([_status_words(row) for row in rows])
    if not rows:
        return "nothing"
    return _table([{name: _word(row[name]) for name in _SHORT} for row in rows])


def _status_words(row: dict[str, Any]) -> dict[str, str]:
    words = {"service": str(row["service"]), "queue": _word(row["queue"])}
    if row["fault"]:
        return words | {"fault": str(row["fault"])}
    for name in ("unsent", "oldest_unsent", "waiting", "failing", "dead", "undecodable"):
        words[name] = _word(row[name])
    oldest = max(row["streams"].items(), key=lambda pair: pair[1], default=None)
    words["oldest knowledge"] = f"{oldest[0]}: {_word(oldest[1])} s" if oldest else "-"
    return words


def _word(value: Any) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(rows: list[dict[str, str]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [dict(zip(names, names, strict=True)), *rows]
    widths = {name: max(len(line.get(name, "")) for line in lines) for name in names}
    return "\n".join(
        "  ".join(line.get(name, "").ljust(widths[name]) for name in names).rstrip() for line in lines
    )


if __name__ == "__main__":
    sys.exit(main())
