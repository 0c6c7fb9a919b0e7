"""What an operator sees of the bus and may do about it: status, list, show, retry, discard.

Works on the databases of a suite that runs or is stopped. Shows ids, types, codes, counts and hashes, never what an
event says; what it changes is noted in var/log/ops.log.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, get_args

from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import KombuError

from deploy.ops.desk import Command, Desk, Fault
from deploy.ops.text import table, word
from services.chassis.bus.tending import Entry, NotNext, State
from services.chassis.bus.topology import DEAD, UNROUTED, inbox_queue
from services.chassis.clock import SystemClock
from services.contracts.catalogue import SERVICES

_BROKER_SECONDS = 3
_SHORT = ("service", "id", "state", "type", "subject", "sequence", "reason", "attempts", "at")


class Bus:
    """The bus of one suite."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def status(self, services: Sequence[str]) -> list[dict[str, Any]]:
        """One row a service; `fault` in place of the counts when its database does not answer. `queue` is None when
        the broker does not, or has no such queue. Of all services, also one row for each of the broker's dead ends:
        what nobody is bound to take, and what the broker itself gave up."""
        depths = self._depths([*map(inbox_queue, services), UNROUTED, DEAD])
        rows = []
        for service in services:
            row: dict[str, Any] = {
                "service": service,
                "queue": depths.get(inbox_queue(service)),
                "fault": None,
            }
            try:
                with self._desk.tending(service) as tending:
                    row |= asdict(tending.standing(SystemClock().now()))
            except Fault as fault:
                row["fault"] = str(fault)
            rows.append(row)
        if len(services) > 1:
            rows += [{"service": name, "queue": depths.get(name), "fault": None} for name in (UNROUTED, DEAD)]
        return rows

    def entries(self, services: Sequence[str], *states: State) -> list[dict[str, Any]]:
        """What waits, fails, is dead or could not be read, by service."""
        found = []
        for service in services:
            with self._desk.tending(service) as tending:
                found += [_told(service, entry) for entry in tending.entries(*states)]
        return found

    def show(self, service: str, id: str) -> dict[str, Any]:
        """One of them. Raises Fault when there is none."""
        with self._desk.tending(service) as tending:
            for entry in tending.entries(ids=[id]):
                return _told(service, entry)
        raise Fault(f"{service} has nothing parked, dead or unreadable with the id {id}")

    def retry(self, service: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Have failing and dead events tried anew (no `ids`: all); the service does so at once if it runs.

        Raises Fault, and has nothing tried, when one of the ids names nothing that fails or is dead.
        """
        with self._desk.tending(service) as tending:
            there = {entry.id for entry in tending.entries("failing", "dead", ids=ids)} if ids else set()
            if unknown := [id for id in ids if id not in there]:
                raise Fault(f"{service} has nothing that fails or is dead with the id {', '.join(unknown)}")
            told = [_told(service, entry) for entry in tending.retry(ids, SystemClock().now())]
        for row in told:
            self._desk.note("retry", row)
        return told

    def discard(self, service: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Let these go for good (no `ids`: all that are dead), and note each before and after.

        Raises Fault at the first that is unknown or whose turn it is not; those before it are gone.
        """
        gone = []
        with self._desk.tending(service) as tending:
            chosen = list(ids) or [entry.id for entry in tending.entries("dead", limit=None)]
            for id in chosen:
                found = tending.entries(ids=[id])
                if not found:
                    raise Fault(f"{service} has nothing with the id {id}")
                row = _told(service, found[0])
                self._desk.note("discard_begun", row)
                try:
                    tending.discard(id)
                except NotNext:
                    self._desk.note("discard_refused", row)
                    raise Fault(
                        f"{id} waits for an earlier event of its subject: that one comes first"
                    ) from None
                self._desk.note("discarded", row)
                gone.append(row)
        return gone

    def _depths(self, queues: Sequence[str]) -> dict[str, int]:
        """Messages in each of these queues that stands; asked for passively, so that nothing is made."""
        depths: dict[str, int] = {}
        if self._desk.engines.amqp_url is None:
            return depths
        try:
            with Connection(self._desk.engines.amqp_url, connect_timeout=_BROKER_SECONDS) as connection:
                connection.connect()
                for queue in queues:
                    channel = connection.channel()  # one that names a queue that is not there is closed
                    try:
                        declared = channel.queue_declare(queue, passive=True)
                    except AMQPError:
                        continue
                    depths[queue] = int(declared.message_count)
                    channel.close()
        except (AMQPError, KombuError, OSError):
            pass
        return depths


def _told(service: str, entry: Entry) -> dict[str, Any]:
    return {"service": service, **asdict(entry)}


def _some(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", choices=SERVICES, help="this one alone")


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", choices=SERVICES)


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    _some(parser)
    parser.add_argument("--state", choices=get_args(State), action="append", default=[])


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("id", metavar="ID")


def _retry_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("ids", nargs="*", metavar="ID", help="as `list` shows them")
    parser.add_argument("--all", action="store_true", help="all that fail or are dead")


def _discard_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("ids", nargs="*", metavar="ID", help="as `list` shows them")
    parser.add_argument("--all", action="store_true", help="all that are dead")
    parser.add_argument("--yes", action="store_true", help="without it nothing is done")


def _services(asked: argparse.Namespace) -> Sequence[str]:
    return [asked.service] if asked.service else SERVICES


def _check_chosen(asked: argparse.Namespace) -> str | None:
    return "name ids, or say --all" if bool(asked.ids) == asked.all else None


def _check_discard(asked: argparse.Namespace) -> str | None:
    if not asked.yes:
        return "what is discarded is gone for the service that should have handled it: say --yes"
    return _check_chosen(asked)


def _status_text(rows: list[dict[str, Any]]) -> str:
    return table([_status_words(row) for row in rows])


def _list_text(rows: list[dict[str, Any]]) -> str:
    return table([{name: word(row[name]) for name in _SHORT} for row in rows]) if rows else "nothing"


def _show_text(rows: list[dict[str, Any]]) -> str:
    return "\n".join(f"{name:<13} {word(value)}" for name, value in rows[0].items())


def _status_words(row: dict[str, Any]) -> dict[str, str]:
    words = {"service": str(row["service"]), "queue": word(row["queue"])}
    if row["fault"]:
        return words | {"fault": str(row["fault"])}
    if "unsent" not in row:
        return words
    for name in ("unsent", "oldest_unsent", "waiting", "failing", "dead", "undecodable"):
        words[name] = word(row[name])
    oldest = max(row["streams"].items(), key=lambda pair: pair[1], default=None)
    words["oldest knowledge"] = f"{oldest[0]}: {word(oldest[1])} s" if oldest else "-"
    return words


COMMANDS = (
    Command(
        "status",
        "Counts and ages of every outbox, queue and inbox.",
        _some,
        lambda desk, asked: Bus(desk).status(_services(asked)),
        _status_text,
    ),
    Command(
        "list",
        "Events that wait, fail or are dead, and bodies that could not be read; the first 1000 of a service.",
        _list_arguments,
        lambda desk, asked: Bus(desk).entries(_services(asked), *asked.state),
        _list_text,
    ),
    Command(
        "show",
        "One of them, without what it says.",
        _show_arguments,
        lambda desk, asked: [Bus(desk).show(asked.service, asked.id)],
        _show_text,
    ),
    Command(
        "retry",
        "Try failing and dead events anew, with all their tries.",
        _retry_arguments,
        lambda desk, asked: Bus(desk).retry(asked.service, asked.ids),
        _list_text,
        _check_chosen,
    ),
    Command(
        "discard",
        "Let events, or unreadable bodies, go for good.",
        _discard_arguments,
        lambda desk, asked: Bus(desk).discard(asked.service, asked.ids),
        _list_text,
        _check_discard,
    ),
)
