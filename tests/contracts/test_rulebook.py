"""The rulebook's own tables: filled in from the tests, and refused when they tell what is not so."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.rulebook_check import problems
from deploy.rulebook_fill import filled

BOOK = """Of 7 rules: nonsense.

| what is compared | test | mutants that turn it red |
| --- | --- | --- |
| any story | `tests/model/` | old |

| ID | rule | state | home | tests | mutants |
| --- | --- | --- | --- | --- | --- |
| CO-1 | What is not named is not shared. | done | `services/home.py` `decide` | old | old |
| CO-2 | It ends. | later |  |  |  |
"""
TESTS = '''
def test_CO_1_a_window_is_half_open(): pass

def test_four_in_a_row():
    """AG-4, CO-2 to CO-3"""

def test_another_rule():
    """CO-11"""
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tests" / "mutants" / "CO").mkdir(parents=True)
    (tmp_path / "tests" / "rules").mkdir()
    (tmp_path / "services").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "services" / "home.py").write_text("def decide(): ...\n")
    (tmp_path / "tests" / "rules" / "test_consent.py").write_text(TESTS)
    (tmp_path / "tests" / "mutants" / "CO" / "CO-1_never_ends.patch").write_text("")
    (tmp_path / "tests" / "mutants" / "CO" / "CO-1_opens_all.patch").write_text(
        "# test: tests/model/test_all.py::test_it"
    )
    (tmp_path / "docs" / "rulebook.md").write_text(filled(BOOK, tmp_path))
    return tmp_path


def test_the_columns_come_from_the_tests_and_mutants_that_are_there(tree: Path) -> None:
    text = (tree / "docs" / "rulebook.md").read_text()
    assert "Of 2 rules: 1 done, 0 part, 1 later." in text
    assert (
        "| `tests/rules/test_consent.py`: `test_CO_1_a_window_is_half_open` | `never_ends`, `opens_all` |"
        in text
    )
    assert "| any story | `tests/model/` | CO-1 `opens_all` |" in text
    assert "| later |  | `tests/rules/test_consent.py`: `test_four_in_a_row` |  |" in text
    assert problems(tree) == []


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        ("`services/home.py` `decide`", "`services/home.py` `gone`"),
        ("`services/home.py` `decide`", ""),
        ("| later |", "| soon |"),
        ("| later |", "| done |"),
    ],
)
def test_what_is_not_so_is_told(tree: Path, was: str, is_now: str) -> None:
    book = tree / "docs" / "rulebook.md"
    book.write_text(book.read_text().replace(was, is_now, 1))
    assert problems(tree)
