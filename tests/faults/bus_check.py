"""The bus, checked from outside: what was committed was sent, came, once, in order, and nothing is left over."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from deploy.broker import PrivateBroker
from services.chassis.bus.topology import DEAD, UNROUTED
from services.contracts.catalogue import HEARS
from tests.faults.findings import Finding
from tests.faults.stores import Store, Stores

Subject = tuple[str, str]


@dataclass(frozen=True)
class Poison:
    """What the run itself threw into inboxes: subjects of events that can't be handled, and by service bodies that are
    no event. `doubtful` bodies may have come or not."""

    subjects: Collection[str] = ()
    bodies: Mapping[str, Collection[bytes]] = field(default_factory=dict)
    doubtful: Collection[bytes] = ()


@dataclass(frozen=True)
class Told:
    """An event as its outbox has it."""

    service: str
    event_id: str
    stream: str
    subject: str
    sequence: int
    sent: bool
    type: str

    @property
    def number(self) -> tuple[str, str, int]:
        """Its place among all events."""
        return self.stream, self.subject, self.sequence


def told_by_all(stores: Stores) -> list[Told]:
    """Every event that any service has committed."""
    columns = ("id", "stream", "subject", "sequence", "sent_at", "type")
    return [
        Told(store.service, row[0], row[1], row[2], row[3], row[4] is not None, row[5])
        for store in stores.by_service.values()
        for outbox in store.outboxes
        for row in store.column(outbox, *columns)
    ]


def check_bus(stores: Stores, poison: Poison = Poison()) -> Iterator[Finding]:
    """All that is to be said of the bus. A stream that nobody hears is sent, and lost to nobody."""
    told = told_by_all(stores)
    yield Finding("events not sent", [_name(each) for each in told if not each.sent], len(told))
    lost, more, order, left, unread = (
        Finding("events lost on their way"), Finding("events taken in twice, or told by nobody"),
        Finding("order broken"), Finding("events parked or dead, other than poison"),
        Finding("bodies kept as unreadable, other than poison; poison not kept"),
    )  # fmt: skip
    _numbered(told, order)
    for service, streams in HEARS.items():
        heard = [each for each in told if each.stream in streams]
        store = stores[service]
        _taken_in(store, heard, lost, more)
        _in_order(store, heard, order)
        _left_over(store, poison, left, unread)
    yield from (lost, more, order, left, unread)


def check_broker(broker: PrivateBroker) -> Finding:
    """Nothing has gone where no service looks: unrouted, or dead-lettered by the broker."""
    finding = Finding("messages that the broker gave to nobody")
    for line in broker.ctl("list_queues", "-p", broker.vhost, "name", "messages").splitlines():
        name, _, count = line.partition("\t")
        if name in (UNROUTED, DEAD) and count.isdigit():
            finding.looked_at += 1
            finding.differences += [f"{name} holds {count}"] if int(count) else []
    return finding


def still_under_way(stores: Stores, poison: Poison) -> str:
    """What is not yet done ("" when all is): to be asked again and again before the check."""
    told = told_by_all(stores)
    unsent = sum(not each.sent for each in told)
    came = {
        name: set(stores[name].column("inbox", "stream", "subject", "sequence"))
        for name, streams in HEARS.items()
        if streams
    }
    missing = sum(
        each.number not in numbers and each.stream in HEARS[name]
        for each in told
        for name, numbers in came.items()
    )
    parked = sum(
        row[0] not in poison.subjects
        for store in stores.by_service.values()
        for row in store.column("parked", "subject")
    )
    found = {"unsent": unsent, "not taken in": missing, "parked": parked}
    return ", ".join(f"{count} {what}" for what, count in found.items() if count)


def _name(each: Told, where: str = "") -> str:
    return f"{each.service}: {each.type} {each.stream}:{each.subject} #{each.sequence} {each.event_id}{where}"


def _numbered(told: list[Told], order: Finding) -> None:
    """Each subject's events are numbered from 1 without a gap; two versions of one event share a number."""
    numbers: dict[Subject, list[int]] = defaultdict(list)
    for each in told:
        numbers[each.stream, each.subject].append(each.sequence)
    for (stream, subject), found in numbers.items():
        if set(found) != set(range(1, max(found) + 1)):
            order.differences.append(f"outbox: {stream}:{subject} is numbered {sorted(found)}")


def _taken_in(store: Store, heard: list[Told], lost: Finding, more: Finding) -> None:
    here = store.column("inbox", "event_id", "stream", "subject", "sequence")
    ids, numbers = {row[0] for row in here}, Counter(tuple(row[1:]) for row in here)
    versions = Counter(each.number for each in heard)
    lost.looked_at += len(heard)
    more.looked_at += len(here)
    for each in heard:
        # Of an event that was told in the words of two versions, one is taken in.
        came = each.event_id in ids or (versions[each.number] > 1 and each.number in numbers)
        if not came:
            lost.differences.append(_name(each, f" is not in {store.service}"))
    known = {each.event_id: each.number for each in heard}
    for (stream, subject, sequence), count in numbers.items():
        if count > 1:
            more.differences.append(
                f"{store.service}: {stream}:{subject} #{sequence} was taken in {count} times"
            )
    for event_id, stream, subject, sequence in here:
        if known.get(event_id) != (stream, subject, sequence):
            more.differences.append(
                f"{store.service}: {stream}:{subject} #{sequence} {event_id} was never told so"
            )
    for event_id, count in Counter(row.event_id for row in store.witnessed()).items():
        if count > 1:
            more.differences.append(f"{store.service}: {event_id} came {count} times into the inbox")


def _in_order(store: Store, heard: list[Told], order: Finding) -> None:
    """Rows came in the order of their numbers, and each subject stands at its last."""
    last: dict[Subject, int] = {}
    for row in store.witnessed():
        subject = (row.stream, row.subject)
        order.looked_at += 1
        if row.sequence != last.get(subject, 0) + 1:
            order.differences.append(
                f"{store.service}: {row.stream}:{row.subject} #{row.sequence} came after #{last.get(subject, 0)}"
            )
        last[subject] = row.sequence
    ends: dict[Subject, int] = {}
    for each in heard:
        ends[each.stream, each.subject] = max(each.sequence, ends.get((each.stream, each.subject), 0))
    positions = store.column("inbox_positions", "stream", "subject", "sequence")
    stands = {(stream, subject): sequence for stream, subject, sequence in positions}
    for key, end in ends.items():
        if stands.get(key, 0) != end:
            order.differences.append(
                f"{store.service}: {key[0]}:{key[1]} stands at {stands.get(key)}, not at {end}"
            )


def _left_over(store: Store, poison: Poison, left: Finding, unread: Finding) -> None:
    for row in store.rows("parked"):
        left.looked_at += 1
        if row.subject not in poison.subjects:
            state = "dead" if row.dead_at else row.reason
            left.differences.append(f"{store.service}: {row.stream}:{row.subject} #{row.sequence} is {state}")
    kept = {row[0] for row in store.column("undecodable", "sha256")}
    ours, maybe = _hashes(poison.bodies.get(store.service, ())), _hashes(poison.doubtful)
    unread.looked_at += len(kept)
    unread.differences += [
        f"{store.service}: a body {each[:12]} that nobody threw in" for each in kept - ours - maybe
    ]
    unread.differences += [f"{store.service}: the poison {each[:12]} was not kept" for each in ours - kept]


def _hashes(bodies: Collection[bytes]) -> set[str]:
    return {hashlib.sha256(body).hexdigest() for body in bodies}
