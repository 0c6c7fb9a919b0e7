"""Building what a service remembers of others anew, and comparing it with them: rebuild, reconcile.

Both read the databases of the suite, and work beside one that runs or is stopped.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from deploy.ops.desk import Command, Desk, Fault, Rows
from deploy.ops.text import words
from services.chassis.bus.generation import (
    PAGE,
    AlreadyBuilding,
    Generation,
    NotLevel,
    Projection,
    StoredHistory,
    Unbuildable,
)
from services.chassis.bus.reconcile import unlike
from services.chassis.bus.topology import Catalogue
from services.chassis.clock import SystemClock
from services.contracts.catalogue import HEARS, SERVICES, STREAMS

_ON_ITS_WAY = timedelta(seconds=15)
_SWAP_TRIES = 5
_SAID_EVERY = 2.0


def rebuild(desk: Desk, service: str, *, check: bool = False, anew: bool = False) -> Rows:
    """Build a new generation of the service's projection and put it in place; with `check` only tell in which rows it
    differs. Goes on with one that was stopped, unless `anew`. Raises Fault."""
    projection = _projection_of(service)
    with ExitStack() as open_:
        databases = {
            name: open_.enter_context(desk.database(name)) for name in {service, *_sources_of(service)}
        }
        catalogue, clock, folder = Catalogue.published(), SystemClock(), desk.var / "db"
        history = StoredHistory(catalogue, databases.__getitem__)

        def begin() -> Generation:
            return Generation(databases[service], folder, service, projection, history, clock, catalogue)

        try:
            generation = begin()
            if anew:
                generation.discard()
                generation = begin()
        except AlreadyBuilding:
            raise Fault(f"another process is building {service} anew") from None
        try:
            with _until_told_to_stop() as stopping:
                if not generation.build(_progress(desk.say), stopping):
                    raise Fault("stopped; the same command goes on from here")
            if check:
                rows = [{"service": service, **asdict(each)} for each in generation.differences()]
            else:
                rows = [
                    {"service": service, "table": name, "rows": count}
                    for name, count in _swap(desk, generation).items()
                ]
                desk.note("rebuilt", {"service": service, "rows": sum(row["rows"] for row in rows)})
            generation.discard()
        except Unbuildable as error:
            raise Fault(f"{error}; the generation in use stays. See `list --service {service}`") from None
        finally:
            generation.close()
    return rows


def reconcile(desk: Desk, services: list[str]) -> Rows:
    """The subjects of which a service does not stand where their source has sent. Raises Fault."""
    before = SystemClock().now() - _ON_ITS_WAY
    rows: Rows = []
    for service in services:
        with ExitStack() as open_:
            databases = {
                name: open_.enter_context(desk.database(name)) for name in {service, *_sources_of(service)}
            }
            for stream in sorted(HEARS[service]):
                found = unlike(databases[STREAMS[stream]], databases[service], stream, before)
                rows += [{"service": service, **asdict(each)} for each in found]
                desk.say(f"{service}: {stream} compared")
    return rows


def _swap(desk: Desk, generation: Generation) -> dict[str, int]:
    for _ in range(_SWAP_TRIES):
        try:
            return generation.swap()
        except NotLevel:
            desk.say("the service goes on handling events; trying again")
            generation.build()
    raise Fault("the service handles events faster than they can be read; try when it has less to do")


def _projection_of(service: str) -> Projection:
    projection: Projection | None = importlib.import_module(f"services.{service}.service").SERVICE.projection
    if projection is None:
        raise Fault(f"{service} remembers nothing of others")
    return projection


def _sources_of(service: str) -> set[str]:
    return {STREAMS[stream] for stream in HEARS[service]}


@contextmanager
def _until_told_to_stop() -> Iterator[threading.Event]:
    """Ctrl-C ends the work after the page at hand."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = signal.signal(signal.SIGINT, lambda *_: stopping.set())
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, before)


def _progress(say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    began = said = time.monotonic()
    first: dict[str, int] = {}
    read: dict[str, int] = {}

    def tell(stream: str, position: int, last: int) -> None:
        nonlocal said
        first.setdefault(stream, max(0, position - PAGE))
        read[stream] = position - first[stream]
        now = time.monotonic()
        if now - said > _SAID_EVERY or position >= last:
            said = now
            rate = sum(read.values()) / max(now - began, 0.001)
            share = f"{100 * position // last} %" if last else "empty"
            say(f"{stream}: position {position} of {last} ({share}), {rate:.0f} a second")

    return tell


def _rebuild_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", choices=[name for name in SERVICES if HEARS[name]])
    parser.add_argument("--check", action="store_true", help="change nothing; tell in which rows it differs")
    parser.add_argument("--anew", action="store_true", help="do not go on with one that was stopped")


def _reconcile_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--service", choices=[name for name in SERVICES if HEARS[name]], help="this one alone"
    )


def _text(rows: Rows) -> str:
    return words(rows, "nothing differs")


def _asked_services(asked: argparse.Namespace) -> list[str]:
    return [asked.service] if asked.service else [name for name in SERVICES if HEARS[name]]


def _differs(rows: list[dict[str, Any]]) -> bool:
    return any("stands_in" in row for row in rows)


COMMANDS = (
    Command(
        "rebuild",
        "Build what a service remembers of others anew from their history, and put it in place. Ctrl-C stops it; the "
        "same command goes on.",
        _rebuild_arguments,
        lambda desk, asked: rebuild(desk, asked.service, check=asked.check, anew=asked.anew),
        _text,
        wrong=_differs,
    ),
    Command(
        "reconcile",
        "Compare what each service has handled with what its sources have sent, subject by subject; exit code 1 when "
        "something differs.",
        _reconcile_arguments,
        lambda desk, asked: reconcile(desk, _asked_services(asked)),
        _text,
        wrong=bool,
    ),
)
