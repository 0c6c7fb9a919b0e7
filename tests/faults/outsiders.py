"""Outside systems beside the players: one a municipality, told of the cases of one unit by a queue of its own.

What lies in their queues at the end is what they were told: the owning unit's system is told every event of its cases
that it is granted (LG-1), at least once, with the same number each time, in order, and nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kombu import Connection

from deploy.steps import ROOT
from tests.faults.findings import Finding
from tests.faults.stores import Stores
from tests.simulation.cast import Cast
from tests.support.suite import Suite

GRANTED = ("cases.level_moved.v1", "cases.holder_changed.v1", "relay_log.plan_changed.v1")
"""Events of cases from level 1 on alone: whether an event of level 0 is told hangs on when it is decided."""


@dataclass(frozen=True)
class Outsider:
    """One system: for which unit it acts, and where its queue is."""

    municipality: str
    unit_id: str
    url: str
    queue: str

    def read(self) -> list[dict[str, Any]]:
        """All that lies in its queue, in order; it stays there."""
        found: list[dict[str, Any]] = []
        with Connection(self.url, connect_timeout=10) as connection:
            channel = connection.channel()
            while message := channel.basic_get(self.queue, no_ack=False):
                found.append(json.loads(message.body))
        return found


def let_in(suite: Suite, cast: Cast) -> list[Outsider]:
    """A system for the unit of each municipality whose children's cases are most often played."""
    owners = Counter(
        (child.municipality, worker.service_id, worker.unit_id)
        for child in cast.children
        for worker in child.owners[:1]
    )
    chosen: dict[str, tuple[str, str]] = {}
    for (municipality, service_id, unit_id), _ in owners.most_common():
        chosen.setdefault(municipality, (service_id, unit_id))
    return [_subscribe(suite, place, *unit) for place, unit in chosen.items()]


def _subscribe(suite: Suite, municipality: str, service_id: str, unit_id: str) -> Outsider:
    command = [
        sys.executable, "-m", "deploy.ops", "subscribe", "--municipality", municipality, "--recipient", "fagsystem",
        "--service", service_id, "--unit", unit_id, "--events", ",".join(GRANTED), "--way", "queue",
        "--json", "--var", str(suite.var),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    [row] = json.loads(done.stdout)
    return Outsider(municipality, unit_id, row["url"], row["queue"])


def still_to_tell(stores: Stores) -> int:
    """How many events wait to be told outside."""
    return len(stores["notifications"].column("egress_rows", "event_id"))


def check_outside(stores: Stores, outsiders: Sequence[Outsider], before: set[str]) -> Iterator[Finding]:
    """What each was told, against what was committed since it was let in (`before`: the events told until then)."""
    lost, more, order = (
        Finding("events not told to the owning unit's system"),
        Finding("events told outside to whom they are not granted"),
        Finding("numbers outside with gaps, twice, or out of order"),
    )
    for outsider in outsiders:
        due = _due(stores, outsider, before)
        got = outsider.read()
        lost.looked_at += len(due)
        more.looked_at += len(got)
        order.looked_at += len(got)
        ids = {event["id"] for event in got}
        lost.differences += [f"{outsider.unit_id}: {due[id].type} {id}" for id in sorted(due.keys() - ids)]
        more.differences += [f"{outsider.unit_id}: {id}" for id in sorted(ids - due.keys())]
        order.differences += _disorder(outsider, got, due)
    yield from (lost, more, order)


def ids_told(stores: Stores) -> set[str]:
    """The ids of all events that could be granted, as they stand now."""
    return {
        id
        for service in ("cases", "relay_log")
        for id, type_ in stores[service].column("outbox", "id", "type")
        if type_ in GRANTED
    }


@dataclass(frozen=True)
class Due:
    """An event that is to be told, and its place among those of its subject."""

    type: str
    stream: str
    subject: str
    sequence: int


def _due(stores: Stores, outsider: Outsider, before: set[str]) -> dict[str, Due]:
    cases = stores["cases"].column("cases", "case_id", "municipality", "owner_unit_id")
    own = {id for id, *owner in cases if owner == [outsider.municipality, outsider.unit_id]}
    return {
        id: Due(*place)
        for service in ("cases", "relay_log")
        for id, *place in stores[service].column("outbox", "id", "type", "stream", "subject", "sequence")
        if place[0] in GRANTED and place[2] in own and id not in before
    }


def _disorder(outsider: Outsider, got: list[dict[str, Any]], due: dict[str, Due]) -> list[str]:
    """One number an event, one event a number, none left out, and a subject's numbers rise as its events'."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for event in got:
        numbers[event["id"]].add(event["recipientseq"])
    found = [f"{id} has the numbers {sorted(each)}" for id, each in numbers.items() if len(each) > 1]
    told = Counter(number for each in numbers.values() for number in each)
    found += [f"{number} is the number of {count} events" for number, count in told.items() if count > 1]
    missing = set(range(1, max(told, default=0) + 1)) - told.keys()
    found += [f"{number} is no event's number" for number in sorted(missing)]
    last: dict[tuple[str, str], int] = {}
    for event in sorted(got, key=lambda each: int(each["recipientseq"])):
        if (place := due.get(event["id"])) is None:
            continue
        if place.sequence < last.get((place.stream, place.subject), 0):
            found.append(f"{place.type} {place.subject} #{event['recipientseq']} came after a later one")
        last[place.stream, place.subject] = place.sequence
    return [f"{outsider.unit_id}: {each}" for each in found]
