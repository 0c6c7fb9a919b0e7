"""No way round the decision compiles (CO-8): mypy refuses code that opens a record without it, and so does Python."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.chassis.sealed import About, Grant, SealBroken, Sealed
from services.kernel.facts import Act, Decision, Question

ROOT = Path(__file__).parents[2]
ABOUT = About("granli", "c1", Act.READ_PLAN, "learning")

# Each line marked "bypass" is a way round that somebody in a hurry might try; the rest is how it is meant to be used.
PLANTED = """
from typing import Any

from services.chassis import access
from services.chassis.sealed import About, Grant, Sealed
from services.kernel.facts import Act, Decision

def as_it_is_meant(reading: Any, goal: Sealed[str]) -> list[str]:
    grant = access.require(reading, "c1", Act.READ_PLAN, "learning")
    return [goal.open(grant), *access.open_allowed(reading, "c1", Act.READ_PLAN, [goal])]

def round_it(goal: Sealed[str], about: About, decision: Decision, grant: Grant) -> None:
    text: str = goal  # bypass: a sealed record is not the record
    goal.upper()  # bypass: nor does it act like it
    goal.open()  # bypass: no grant
    goal.open(decision)  # bypass: a decision is no grant
    goal.open(True)  # bypass
    goal.value  # bypass
    goal._Sealed__read()  # bypass
    Grant(about)  # bypass: nobody constructs a grant
    Grant()  # bypass
    grant.about = about  # bypass: nor changes one
    grant.decision = decision  # bypass
    goal.about = about  # bypass

class Master(Grant): ...  # bypass: nor makes a kind of it

class Leaking(Sealed[str]): ...  # bypass
"""


def test_no_way_round_the_decision_compiles(tmp_path: Path) -> None:
    """CO-8: mypy names exactly the planted ways round, and nothing of the meant use."""
    planted = tmp_path / "planted.py"
    planted.write_text(PLANTED, encoding="utf-8")
    words = [
        sys.executable,
        "-m",
        "mypy",
        "--follow-imports=silent",
        "--no-error-summary",
        "--check-untyped-defs",
    ]
    words += ["--explicit-package-bases", f"--cache-dir={ROOT / '.mypy_cache' / 'planted'}", "--config-file="]
    done = subprocess.run(
        [*words, "--ignore-missing-imports", str(planted)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    refused = {int(line) for line in re.findall(r"planted\.py:(\d+): error", done.stdout)}
    meant = {number for number, line in enumerate(PLANTED.split("\n"), start=1) if "# bypass" in line}
    assert refused == meant, done.stdout + done.stderr


def test_at_run_time_only_the_decision_makes_a_grant() -> None:
    allowed, denied = Decision(True, "CO-1", "ok", True), Decision(False, "CO-1", "no_consent_in_force", True)
    with pytest.raises(TypeError):
        Grant(ABOUT)  # type: ignore[arg-type]
    with pytest.raises(SealBroken):
        Grant._mint(ABOUT, denied)
    grant = Grant._mint(ABOUT, allowed)
    with pytest.raises(AttributeError):
        grant.about = About("granli", "c2", Act.READ_PLAN)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Sealed(ABOUT, lambda: "text").open(object.__new__(Grant))


@pytest.mark.parametrize("key", [None, True, Decision(True, "CO-1", "ok", True), ABOUT])
def test_nothing_but_a_grant_opens(key: object) -> None:
    with pytest.raises(SealBroken):
        Sealed(ABOUT, lambda: "text").open(key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"municipality": "storvik"},
        {"case_id": "c2"},
        {"act": Act.READ_LOG_ITEM},
        {"topic": "health"},
        {"recorded_at": datetime(2026, 11, 21, tzinfo=UTC)},
        {"given_apart": True},
    ],
)
def test_a_grant_for_one_record_opens_no_other(other: dict[str, Any]) -> None:
    """CO-8: the answer to one question is no answer to another."""
    grant = Grant._mint(ABOUT, Decision(True, "CO-1", "ok", True))
    assert Sealed(ABOUT, lambda: "text").open(grant) == "text"
    with pytest.raises(SealBroken):
        Sealed(ABOUT._replace(**other), lambda: "text").open(grant)


def test_CO_8_what_is_decided_at_once_for_records_of_all_times_differs_in_nothing_but_the_time() -> None:
    """CO-8, AG-4: a mark that were left out would give one record the answer of another."""
    assert ABOUT.but_its_time == ABOUT._replace(recorded_at=datetime(2026, 1, 2, tzinfo=UTC)).but_its_time
    for name in About._fields:
        if name != "recorded_at":
            other = ABOUT._replace(**{name: object()})  # type: ignore[arg-type]
            assert other.but_its_time != ABOUT.but_its_time, name


def test_CO_8_a_question_without_marks_is_asked_by_place() -> None:
    """CO-8: `CaseAccess` fills these in this order."""
    assert Question._fields[:9] == (
        "municipality", "person_id", "capacity", "act", "now", "unit_id", "topic", "recorded_at", "audience",
    )  # fmt: skip


def test_a_sealed_record_shows_nothing_of_itself() -> None:
    sealed = Sealed(ABOUT, lambda: "Barnet er stille")
    assert "Barnet" not in f"{sealed!r}{sealed}"
    assert not hasattr(sealed, "__dict__") and not hasattr(sealed, "_Sealed__value")


def test_only_access_mints_grants() -> None:
    """What mypy can't see: the one private door is used by one module."""
    door = re.compile(r"\b_mint\(|object\.__new__\(Grant|cast\(\s*\"?Grant")
    files = [path for folder in ("services", "gateway", "deploy") for path in (ROOT / folder).rglob("*.py")]
    users = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if "node_modules" not in path.parts
        and path.name != "seal_check.py"
        and door.search(path.read_text("utf-8"))
    }
    assert users == {"services/chassis/sealed.py", "services/chassis/access/decisions.py"}
