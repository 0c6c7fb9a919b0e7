"""CO-8: in each service that keeps what is told of somebody, a way round the decision turns `make check` red.

The ways that somebody in a hurry might try are planted in a copy of the code, each marked with the check that must name
its line: `mypy` for a type error, `seals` for deploy/seal_check.py; what is not marked is how it is meant to be."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import seal_check
from deploy.check import CHECKS

ROOT = Path(__file__).parents[2]

CASES = """
from typing import Any, cast

from services.cases.storage import notes, people
from services.cases.storage.notes import Note, _note  # seals
from services.chassis import access
from services.chassis.sealed import About, Grant, Sealed
from services.chassis.unit_of_work import Reading
from services.kernel.facts import Act, Decision

def meant(reading: Reading, case_id: str) -> list[Note]:
    sealed = notes.of_case(reading.conn, reading.keys, reading.municipality, case_id)
    return access.open_allowed(reading, case_id, Act.READ_NOTES, sealed)

def notes_unread(reading: Reading, case_id: str) -> list[Note]:
    return notes.of_case(reading.conn, reading.keys, reading.municipality, case_id)  # mypy

def first_text(reading: Reading, sealed: Sealed[Note], about: About, decision: Decision, row: Any) -> list[Any]:
    return [
        sealed.text,  # mypy
        sealed.open(),  # mypy
        sealed.open(decision),  # mypy
        sealed.open(Grant(about)),  # mypy seals
        sealed.open(Grant._mint(about, decision)),  # seals
        sealed.open(cast("Grant", decision)),  # seals
        sealed.open(object.__new__(Grant)),  # seals
        sealed._Sealed__read(),  # mypy seals
        getattr(sealed, "_Sealed__read")(),  # seals
        sealed.open(decision),  # type: ignore  # seals
        notes._note(reading.keys, row),  # seals
        people.name_of(reading.keys, row),  # seals
    ]

def told(reading: Reading, row: Any) -> str:  # seals
    return reading.keys.decrypt(f"case:{row.case_id}", row.municipality, "told", row.told)
"""

RELAY_LOG = """
from typing import Any

from services.chassis.sealed import Sealed
from services.relay_log.storage import plan
from services.relay_log.storage.entries import Entries
from services.relay_log.storage.plan import Plans
from services.relay_log.storage.store import Record

class Hasty(Plans):
    def goals_unread(self, case_id: str) -> list[Record]:
        return self.goals(case_id)  # mypy

    def goal_texts(self, case_id: str) -> list[Record]:  # seals
        return [self._goal(row, True) for row in self._rows(plan._GOALS, case_id)]

    def goal_later(self, row: Any) -> Sealed[Record]:
        return self._seal("read_plan", row, lambda: self._goal(row, True))  # mypy

    def text(self, row: Any) -> str:  # seals
        return self._decrypt(row.case_id, "goal", row.goal_id, row.text)

def entry_texts(entries: Entries, case_id: str) -> list[str]:
    texts = [entry["text"] for entry in entries.entries(case_id)]  # mypy
    return texts + [entries._entry(row, None)["text"] for row in entries.rows(case_id)]  # mypy seals
"""

CONSENT = """
from typing import Any

from services.chassis.sealed import Sealed
from services.consent.storage.requests import Requests

def purpose(repository: Requests, row: Any) -> str:
    return repository.purpose(row, "health")  # mypy

class Early(Requests):
    def purpose_sealed_too_late(self, row: Any) -> Sealed[str]:  # seals
        return Sealed(self.about(row), lambda text=self._purpose(row): text)  # mypy

    def purpose_read_first(self, row: Any) -> Sealed[str]:  # seals
        text = self._purpose(row)
        return Sealed(self.about(row), lambda: text)  # mypy

def purpose_inside(repository: Requests, row: Any) -> str:
    return repository._purpose(row)  # seals

def purpose_told(repository: Requests, row: Any) -> dict[str, str]:
    sealed: Sealed[str] = repository.purpose(row, "health")
    return {"purpose": sealed}  # mypy
"""

NOTIFICATIONS = """
from typing import Any

from services.chassis.sealed import About, Grant, Sealed
from services.kernel.facts import Decision

def letter(sealed: Sealed[str], about: About, decision: Decision) -> str:
    grant = Grant._mint(about, decision)  # seals
    return "Hei! " + sealed + sealed.open(grant)  # mypy

def told(keys: Any, row: Any) -> str:  # seals
    return keys.decrypt(f"case:{row.case_id}", row.municipality, "entry", row.text)
"""

PLANTED = {
    "services/cases/queries/planted.py": CASES,
    "services/relay_log/storage/planted.py": RELAY_LOG,
    "services/consent/queries/planted.py": CONSENT,
    "services/notifications/senders/planted.py": NOTIFICATIONS,
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The code with what is planted in it."""
    root = tmp_path_factory.mktemp("planted")
    skipped = shutil.ignore_patterns("node_modules", "__pycache__", "static", "*.json", "data")
    for folder in ("services", "deploy"):
        shutil.copytree(ROOT / folder, root / folder, ignore=skipped)
    shutil.copy2(ROOT / "pyproject.toml", root)
    for place, text in PLANTED.items():
        (root / place).write_text(text, encoding="utf-8")
    yield root
    shutil.rmtree(root)


def _marked(text: str, check: str) -> set[int]:
    marks = re.compile(r"#((?: mypy| seals)+)$")
    found = ((number, marks.search(line)) for number, line in enumerate(text.split("\n"), start=1))
    return {number for number, mark in found if mark and check in mark[1].split()}


def _lines(output: str, place: str) -> set[int]:
    return {int(line) for line in re.findall(rf"{re.escape(place)}:(\d+)", output)}


def test_CO_8_make_check_runs_both() -> None:
    words = [words for _, words in CHECKS]
    assert ("-m", "mypy") in words and ("-m", "deploy.seal_check") in words


def test_CO_8_a_planted_way_round_is_a_type_error_in_every_service(copy: Path) -> None:
    """mypy, with the configuration of `make check`, names exactly the lines that it can see."""
    words = [sys.executable, "-m", "mypy", "--no-error-summary", "--follow-imports=silent"]
    done = subprocess.run(
        [*words, f"--cache-dir={ROOT / '.mypy_cache' / 'planted-services'}", *PLANTED],
        cwd=copy, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    for place, text in PLANTED.items():
        assert _lines(done.stdout, place) == _marked(text, "mypy"), (place, done.stdout)


def test_CO_8_a_planted_way_round_that_types_do_not_see_is_named_by_the_seal_check(copy: Path) -> None:
    found = "\n".join(seal_check.faults(copy))
    for place, text in PLANTED.items():
        lines = text.split("\n")
        public = {
            number for number in _marked(text, "seals")
            if (name := re.search(r"def (\w+)", lines[number - 1])) and f"{place}: {name[1]} deciphers" in found
        }  # fmt: skip
        assert _lines(found, place) | public == _marked(text, "seals"), (place, found)


def test_CO_8_as_it_stands_nothing_goes_round() -> None:
    assert seal_check.faults() == []
