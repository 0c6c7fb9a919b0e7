"""One kill -9 of teller, hearer and broker, each started again, while events are told: what is lost, doubled or
reordered.

An event counts from the commit of its teller, and is handled when its hearer has committed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from tests.bench.bus.systems import Child, Engines, Silent, System

RATE = 200
GROWS_BY = 100
PART_SECONDS = 15.0
QUIET_SECONDS = 6.0
"""Longer than the longest pause between two tries at the broker."""
END_SECONDS = 45.0


@dataclass(frozen=True)
class Losses:
    """Of so many committed events: those that were never handled, those handled again, those handled after a later
    one of their subject."""

    committed: int
    lost: int
    doubled: int
    reordered: int


def crash(engines: Engines, system: System, seconds: float) -> Losses:
    """Tell for so many seconds after the teller's death; kill the hearer and the broker meanwhile."""
    with engines.place(system) as (amqp_url, told_url, heard_url):
        told, heard = _Rows(told_url, system), _Rows(heard_url, system)

        def hear() -> Child:
            child = Child(system, "hearer", amqp_url, heard_url, "record").ready()
            child.order("drain", count=1, seconds=0)
            return child

        def tell(first: int, seconds: float) -> Child:
            child = Child(system, "teller", amqp_url, told_url).ready()
            child.order("steady", first=first, rate=RATE, seconds=seconds)
            return child

        hearer, teller = hear(), tell(0, END_SECONDS)
        try:
            _grows(heard)
            teller.kill()
            teller = tell(max(told.committed(), default=-1) + 1, seconds)
            _grows(heard)
            hearer.kill()
            hearer = hear()
            _grows(heard)
            engines.broker.kill()
            engines.broker.start()
            with suppress(Silent):
                teller.answered(seconds + END_SECONDS)
            committed = told.committed()
            _settles(heard, committed)
            return _losses(committed, heard.seen())
        finally:
            for child in (teller, hearer):
                child.kill()
            told.close()
            heard.close()


class _Rows:
    """What stands in the database of a teller or a hearer."""

    def __init__(self, url: str, system: System) -> None:
        self._engine, self._is_ours = sa.create_engine(url), system.is_ours

    def committed(self) -> set[int]:
        """The numbers of all events that the teller has committed."""
        statement = "SELECT data FROM outbox" if self._is_ours else "SELECT n FROM told"
        with self._engine.connect() as connection:
            found = connection.scalars(sa.text(statement)).all()
        return {_number(each) for each in found}

    def seen(self) -> list[tuple[str, int]]:
        """(subject, number) of all that was handled, in that order."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.text("SELECT subject, n FROM seen ORDER BY row"))
            return [(row.subject, row.n) for row in found]

    def close(self) -> None:
        self._engine.dispose()


def _number(value: object) -> int:
    data = json.loads(value) if isinstance(value, str) else value
    return int(data["n"]) if isinstance(data, dict) else int(str(data))


def _grows(heard: _Rows) -> None:
    """Wait until some more were handled; a system that does not get on is not waited for longer than a while."""
    before = len(heard.seen())
    _wait(lambda: len(heard.seen()) >= before + GROWS_BY, PART_SECONDS)


def _settles(heard: _Rows, committed: set[int]) -> None:
    """Wait until all are handled, or nothing has come for a while."""
    limit = time.monotonic() + END_SECONDS
    while time.monotonic() < limit:
        before = len(heard.seen())
        if {n for _, n in heard.seen()} >= committed:
            return
        _wait(lambda b=before: len(heard.seen()) > b, QUIET_SECONDS)
        if len(heard.seen()) == before:
            return


def _wait(true: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and not true():
        time.sleep(0.05)


def _losses(committed: set[int], seen: list[tuple[str, int]]) -> Losses:
    handled: set[int] = set()
    last: dict[str, int] = {}
    doubled = reordered = 0
    for subject, n in seen:
        if n in handled:
            doubled += 1
            continue
        handled.add(n)
        reordered += n < last.get(subject, -1)
        last[subject] = max(n, last.get(subject, -1))
    return Losses(len(committed), len(committed - handled), doubled, reordered)
