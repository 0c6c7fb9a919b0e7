"""What the events have done, checked from outside: each effect once, projections as their sources, invariants."""

from __future__ import annotations

import email
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from services.chassis.access import access_tables
from services.chassis.access.projections import HANDLERS
from services.chassis.bus.outbox import event_of
from services.chassis.storage import Database
from services.contracts import cases as contracts
from services.contracts.envelope import Event
from tests.faults.findings import Finding
from tests.faults.stores import Store, Stores

DECIDING = ("cases", "consent", "relay_log", "notifications")


def check_effects(stores: Stores, mail: Path | None = None) -> Iterator[Finding]:
    """Projections, holders, messages and e-mails. `mail` is the mail catcher's folder."""
    events = _ordinary_events(stores)
    yield _projections(stores, events)
    yield _owners_facts(stores)
    yield _one_holder(stores, events)
    yield _one_message(stores["notifications"])
    if mail is not None:
        yield _one_mail(stores["notifications"], mail)


def _ordinary_events(stores: Stores) -> list[Event]:
    """All events that facts are made from, each subject's in order."""
    found = [event_of(row) for store in stores.by_service.values() for row in store.rows("outbox")]
    return sorted(found, key=lambda event: (event.stream, event.subject, event.sequence))


# ------------------------------------------------------------ projections


def _projections(stores: Stores, events: Iterable[Event]) -> Finding:
    """The facts of each deciding service are what its sources' whole history, told once more, makes of them."""
    finding = Finding("facts that differ from their sources' history")
    metadata = sa.MetaData()
    access_tables(metadata)
    with TemporaryDirectory() as folder:
        scratch = Database(f"sqlite:///{folder}/scratch.sqlite3", metadata, "scratch")
        metadata.create_all(scratch.engine)
        with scratch.write() as tx:
            uow: Any = SimpleNamespace(tx=tx)
            for event in events:
                if event.type in HANDLERS:
                    HANDLERS[event.type](uow, event)
        expected = {name: _as_set(_all(scratch, table)) for name, table in metadata.tables.items()}
        scratch.close()
    for name, rows in expected.items():
        for service in DECIDING:
            found = _as_set(stores[service].rows(name))
            finding.looked_at += len(rows)
            finding.differences += [f"{service}.{name} lacks {row}" for row in rows - found]
            finding.differences += [f"{service}.{name} has {row}" for row in found - rows]
    return finding


def _all(db: Database, table: sa.Table) -> list[Any]:
    with db.read() as conn:
        return list(conn.execute(sa.select(table)))


def _as_set(rows: Iterable[Any]) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in rows}


def _owners_facts(stores: Stores) -> Finding:
    """What owners told is what their own tables say."""
    finding = Finding("owners' tables that differ from what they told")
    own = {
        row.case_id: (row.level, row.state, row.holder_person_id, row.holder_unit_id, row.handover_to_person_id,
                      row.talk_recorded_at is not None)
        for row in stores["cases"].rows("cases")
    }  # fmt: skip
    facts = {
        row.case_id: (row.level, row.state, row.holder_person_id, row.holder_unit_id, row.receiver_person_id,
                      row.talk_recorded)
        for row in stores["cases"].rows("facts_case")
    }  # fmt: skip
    _compare(finding, "cases", own, facts)
    log = stores["relay_log"]
    circle = {
        (row.case_id, row.person_id, row.unit_id, row.valid_from): (row.valid_to, row.may_write)
        for row in log.rows("participants")
    }
    told = {
        (row.case_id, row.person_id, row.unit_id, row.valid_from): (row.valid_to, row.may_write)
        for row in log.rows("facts_participant")
    }
    _compare(finding, "participants", circle, told)
    return finding


def _compare(finding: Finding, what: str, own: dict[Any, Any], told: dict[Any, Any]) -> None:
    finding.looked_at += len(own)
    for key in own.keys() | told.keys():
        if own.get(key) != told.get(key):
            finding.differences.append(f"{what} {key}: {own.get(key)} here, {told.get(key)} told")


# ------------------------------------------------------------ invariants


def _one_holder(stores: Stores, events: Iterable[Event]) -> Finding:
    """HO-1: from level 1 to closure one holder at every instant, so each change names the holder before it."""
    finding = Finding("cases with no holder, or a broken chain of them (HO-1)")
    for row in stores["cases"].rows("cases"):
        finding.looked_at += 1
        if row.state == "open" and (row.level >= 1) != (row.holder_person_id is not None):
            finding.differences.append(
                f"{row.case_id} at level {row.level} is held by {row.holder_person_id}"
            )
    before: dict[str, str | None] = defaultdict(lambda: None)
    for event in events:
        if event.type == contracts.HolderChanged.type:
            if event.data.get("previous_person_id") != before[event.subject]:
                finding.differences.append(
                    f"{event.subject} #{event.sequence}: held by {before[event.subject]}, "
                    f"handed over by {event.data.get('previous_person_id')}"
                )
            before[event.subject] = event.data["holder_person_id"]
    return finding


def _one_message(store: Store) -> Finding:
    """NO-2: an event tells a person once."""
    finding = Finding("messages of one event to one person, more than one (NO-2)")
    rows = store.column("messages", "municipality", "event_id", "person_id")
    finding.looked_at = len(rows)
    for (_, event_id, person_id), count in Counter(rows).items():
        if count > 1:
            finding.differences.append(f"{event_id} told {person_id} {count} times")
    return finding


def _one_mail(store: Store, folder: Path) -> Finding:
    """NO-2: a message is mailed at most once, and only if it was marked before; one that counts as sent was."""
    finding = Finding("e-mails doubled, unmarked, or said to be sent and were not (NO-2)")
    before = _outcomes(
        store
    )  # the sender may go on meanwhile: what was sent by now must lie in the folder after
    letters = Counter(_message_of(path) for path in folder.glob("*.eml"))
    outcomes = _outcomes(store)
    finding.looked_at = sum(letters.values())
    for message_id, count in letters.items():
        if count > 1:
            finding.differences.append(f"{message_id} was mailed {count} times")
        if outcomes.get(message_id) not in ("sent", "unknown"):
            finding.differences.append(f"{message_id} was mailed, and is {outcomes.get(message_id)}")
    for message_id, outcome in before.items():
        if outcome == "sent" and not letters[message_id]:
            finding.differences.append(f"{message_id} counts as sent, and was not mailed")
    return finding


def _outcomes(store: Store) -> dict[str, str]:
    return {row[0]: row[1] for row in store.column("attempts", "message_id", "outcome")}


def _message_of(path: Path) -> str:
    head = email.message_from_bytes(path.read_bytes())
    return str(head["Message-ID"]).strip("<>").split("@")[0]
