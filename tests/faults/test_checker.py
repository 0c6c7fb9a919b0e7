"""The check after faults can fail: each kind of harm, planted in a copy of a suite's databases, shows in its row."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from deploy.plan import SERVICES
from services.contracts.catalogue import PROCEDURES
from tests.faults.acts_check import check_acts, things
from tests.faults.bus_check import Poison, check_bus, still_under_way
from tests.faults.effects_check import check_effects
from tests.faults.findings import Finding, table
from tests.faults.outsiders import GRANTED, Outsider, check_outside
from tests.faults.stores import Stores
from tests.journeys.people import until
from tests.simulation.caller import Act, Journal
from tests.support.suite import Suite

PARKED = (
    "INSERT INTO parked SELECT stream, subject, sequence + 1, municipality, '{}', 'gap', 0, NULL, "
    "'2026-11-20 09:00:00', NULL FROM inbox_positions WHERE stream = 'cases.case' LIMIT 1"
)
ONE_MORE_MESSAGE = (
    "INSERT INTO messages (municipality, message_id, event_id, person_id, kind, at, topics) "
    "SELECT municipality, 'planted', event_id, person_id, 'another', at, '' FROM messages LIMIT 1"
)
NUMBERS = "SELECT min(number) FROM witness_of_inbox WHERE stream = 'cases.case' AND sequence ="
FIRST = "SELECT min(number) FROM witness_of_inbox WHERE stream = 'cases.case' AND sequence = 2"
SWAPPED = (
    f"UPDATE witness_of_inbox SET number = -1 WHERE number = ({FIRST})",
    """UPDATE witness_of_inbox SET number = 1000000 WHERE stream = 'cases.case' AND sequence = 1
       AND subject = (SELECT subject FROM witness_of_inbox WHERE number = -1)""",
)
LEFT_OUT = "UPDATE outbox SET sequence = sequence + 90 WHERE sequence = 2"
ONE_MORE_WINDOW = """INSERT INTO facts_window SELECT municipality, case_id, 99, 'service-granli-ppt', 'home',
    '2026-01-01 00:00:00', NULL FROM facts_case LIMIT 1"""

HARM: dict[str, tuple[str, tuple[str, ...], str]] = {
    "an event was never sent": ("consent", ("UPDATE outbox SET sent_at = NULL WHERE row = 1",), "events not sent"),
    "an event was lost": (
        "relay_log",
        ("DELETE FROM inbox WHERE event_id = (SELECT max(event_id) FROM inbox)",),
        "events lost on their way",
    ),
    "an event was taken in twice": (
        "notifications",
        ("INSERT INTO inbox SELECT 'planted', stream, subject, sequence, handled_at FROM inbox LIMIT 1",),
        "events taken in twice, or told by nobody",
    ),
    "two events came in the wrong order": ("consent", SWAPPED, "order broken"),
    "a subject stands behind": (
        "cases",
        ("UPDATE inbox_positions SET sequence = sequence - 1 WHERE stream = 'relay_log.log'",),
        "order broken",
    ),
    "a number was left out": ("cases", (LEFT_OUT,), "order broken"),
    "an event is parked": ("consent", (PARKED,), "events parked or dead, other than poison"),
    "a body was not readable": (
        "cases",
        ("INSERT INTO undecodable VALUES ('planted', 'abc', X'00', '2026-11-20 09:00:00')",),
        "bodies kept as unreadable, other than poison; poison not kept",
    ),
    "a projection has another level": (
        "consent",
        ("UPDATE facts_case SET level = 3",),
        "facts that differ from their sources' history",
    ),
    "a projection has a window too many": (
        "relay_log",
        (ONE_MORE_WINDOW,),
        "facts that differ from their sources' history",
    ),
    "an owner did not tell of a participant": (
        "relay_log",
        ("UPDATE participants SET may_write = NOT may_write",),
        "owners' tables that differ from what they told",
    ),
    "nobody holds a case": (
        "cases",
        ("UPDATE cases SET holder_person_id = NULL WHERE level >= 1",),
        "cases with no holder, or a broken chain of them (HO-1)",
    ),
    "a person was told twice": (
        "notifications",
        (ONE_MORE_MESSAGE,),
        "messages of one event to one person, more than one (NO-2)",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def quiet(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the databases of a suite with the demo data, taken when nothing is under way."""
    until(lambda: not still_under_way(_stores(suite.var / "db"), Poison()), 60, "all events have come")
    copy = tmp_path_factory.mktemp("quiet")
    for name in SERVICES:
        source, target = (sqlite3.connect(folder / f"{name}.sqlite3") for folder in (suite.var / "db", copy))
        with closing(source), closing(target):
            source.backup(target)
    _stores(copy).add_witnesses()
    return copy


@pytest.fixture
def databases(quiet: Path, tmp_path: Path) -> Path:
    return shutil.copytree(quiet, tmp_path / "db")


def _stores(folder: Path) -> Stores:
    return Stores.of({name: f"sqlite:///{folder}/{name}.sqlite3" for name in SERVICES})


def _plant(databases: Path, service: str, *statements: str) -> None:
    with closing(sqlite3.connect(databases / f"{service}.sqlite3")) as conn, conn:
        for statement in statements:
            assert conn.execute(statement).rowcount > 0, f"nothing was planted by {statement}"


def _check(databases: Path, poison: Poison = Poison()) -> dict[str, Finding]:  # noqa: B008
    found = [*check_bus(_stores(databases), poison), *check_effects(_stores(databases))]
    return {finding.what: finding for finding in found}


def test_a_suite_to_which_nothing_has_happened_shows_zeros(databases: Path) -> None:
    found = _check(databases)
    assert {what: finding.differences for what, finding in found.items() if finding.count} == {}
    assert all(finding.looked_at for what, finding in found.items() if "poison" not in what), (
        "nothing was looked at"
    )


@pytest.mark.parametrize("harm", HARM)
def test_each_harm_shows_in_its_row(databases: Path, harm: str) -> None:
    service, statements, row = HARM[harm]
    _plant(databases, service, *statements)
    finding = _check(databases)[row]
    assert finding.count, f"{harm}: the table says zero"
    assert finding.differences[0] in table([finding]), "the difference itself is printed"


def test_poison_is_no_loss_and_lost_poison_is_one(databases: Path) -> None:
    _plant(databases, "consent", PARKED)
    with closing(sqlite3.connect(databases / "consent.sqlite3")) as conn:
        [(subject,)] = conn.execute("SELECT subject FROM parked").fetchall()
    found = _check(databases, Poison({subject}, {"cases": [b"no event"]}))
    assert found["events parked or dead, other than poison"].count == 0
    assert found["bodies kept as unreadable, other than poison; poison not kept"].count == 1


@pytest.mark.parametrize("harm", ["doubled", "unmarked", "lost"])
def test_an_email_twice_unmarked_or_never_sent_shows(databases: Path, tmp_path: Path, harm: str) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    letter = "X-Envelope-From: a@b.example\r\nMessage-ID: <{}@stafett.example>\r\n\r\ntext"
    with closing(sqlite3.connect(databases / "notifications.sqlite3")) as conn, conn:
        conn.execute("DELETE FROM attempts")
        conn.execute(
            "INSERT INTO attempts SELECT municipality, message_id, 'email', 'sent', at, at, 1 FROM messages LIMIT 1"
        )
        [(message,)] = conn.execute("SELECT message_id FROM attempts").fetchall()
    sent = {"doubled": [message, message], "unmarked": [message, "stranger"], "lost": []}[harm]
    for number, each in enumerate(sent):
        (mail / f"{number}.eml").write_text(letter.format(each))
    [finding] = [each for each in check_effects(_stores(databases), mail) if "e-mails" in each.what]
    assert finding.count == 1


def _act(outcome: str, key: str, **answer: object) -> Journal:
    act = Act(
        key, PROCEDURES["relay_log.add_goal"], "somebody", "/cases/x/goals", outcome, 1, 200, "", dict(answer)
    )
    return Journal([act])


@pytest.mark.parametrize(
    ("journal", "row"),
    [
        (lambda key: _act("done", "never-kept", id="g"), "acts answered, and not in the owner's database"),
        (lambda key: _act("refused", key), "acts refused, and yet done"),
        (lambda key: _act("unanswered", "never-kept"), "acts that nobody ever answered"),
        (lambda key: Journal(), "acts done twice: things that no key has made"),
    ],
)
def test_an_act_lost_or_done_unasked_shows(
    databases: Path, journal: Callable[[str], Journal], row: str
) -> None:
    stores = _stores(databases)
    before = things(stores)
    with closing(sqlite3.connect(databases / "relay_log.sqlite3")) as conn, conn:
        row_of_key = ("granli", "p", "relay_log.add_goal", "a-key", "", "{}", "2026-11-20 09:00:00")
        conn.execute("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)", row_of_key)
    if row.startswith("acts done twice"):
        _plant(databases, "relay_log", "UPDATE goals SET goal_id = 'made by nobody' WHERE rowid = 1")
    found = {each.what: each for each in check_acts(stores, journal("a-key"), before)}
    assert {what for what, finding in found.items() if finding.count} == {row}


class Handed(Outsider):
    """An outside system whose queue holds what the test says."""

    def read(self) -> list[dict[str, Any]]:
        return list(json.loads(self.queue))


def _told(databases: Path, unit: str) -> list[dict[str, Any]]:
    """What the unit's system should have been told, in order."""
    stores, found = _stores(databases), []
    own = {row.case_id for row in stores["cases"].rows("cases") if row.owner_unit_id == unit}
    for service in ("cases", "relay_log"):
        rows = sorted(stores[service].rows("outbox"), key=lambda row: row.row)
        found += [row.id for row in rows if row.type in GRANTED and row.subject in own]
    return [{"id": id, "recipientseq": number} for number, id in enumerate(found, 1)]


LOST, MORE, ORDER = (
    "events not told to the owning unit's system",
    "events told outside to whom they are not granted",
    "numbers outside with gaps, twice, or out of order",
)


@pytest.mark.parametrize(
    ("harm", "rows"),
    [
        (lambda told: told, set()),
        (lambda told: [*told, told[0]], set()),  # the same again, with its number: at least once
        (lambda told: told[:-1], {LOST}),
        (lambda told: told[1:], {LOST, ORDER}),
        (lambda told: [*told, {"id": "another", "recipientseq": len(told) + 1}], {MORE}),
        (lambda told: [*told, told[0] | {"recipientseq": len(told) + 1}], {ORDER}),
        (lambda told: [each | {"recipientseq": len(told) + 1 - each["recipientseq"]} for each in told], {ORDER}),
    ],
)  # fmt: skip
def test_what_an_outside_system_was_told_wrongly_shows(
    databases: Path, harm: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], rows: set[str]
) -> None:
    place, unit = _stores(databases)["cases"].column("cases", "municipality", "owner_unit_id")[0]
    told = _told(databases, unit)
    assert len(told) > 2, "too little was told to harm it"
    handed = Handed(place, unit, "", json.dumps(harm(told)))
    assert {each.what for each in check_outside(_stores(databases), [handed], set()) if each.count} == rows
