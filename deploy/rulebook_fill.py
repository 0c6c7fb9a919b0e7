"""Fills in what docs/rulebook.md can be told by the tests themselves: the columns of tests and mutants, those
of the tests that hold many rules at once, and the count.

`python -m deploy.rulebook_fill` writes; rule, state and home are written by people, and stay as they are.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from deploy.rulebook_check import RULE_ID, STATES, rows
from deploy.steps import ROOT
from tests.mutants.patches import files

_ID_IN_NAME = re.compile(r"_([A-Z]{2})_(\d+)(?!\d)")
_ID_IN_TEXT = re.compile(r"\b([A-Z]{2}-\d+)\b")
_SPAN_IN_TEXT = re.compile(r"\b([A-Z]{2})-(\d+) to (?:[A-Z]{2}-)?(\d+)\b")
_COUNT = re.compile(r"^Of \d+ rules: .*$", re.MULTILINE)
_WIDE = re.compile(r"^\| (?P<what>[^|]+) \| `(?P<test>tests/[\w/.]+)` \| [^|]* \|$")
_SHOWN = 3


def filled(text: str, root: Path = ROOT) -> str:
    """The rulebook with those columns as the tests stand now."""
    tests, mutants = _tests(root / "tests"), _mutants(root / "tests" / "mutants")
    lines = [_wide(_row(line, root, tests, mutants), root) for line in text.splitlines()]
    states = Counter(row.state for row in rows(text))
    counted = ", ".join(f"{states[state]} {state}" for state in STATES)
    return _COUNT.sub(f"Of {states.total()} rules: {counted}.", "\n".join(lines) + "\n")


def _row(
    line: str, root: Path, tests: dict[str, dict[Path, list[str]]], mutants: dict[str, list[str]]
) -> str:
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if not line.startswith("|") or len(cells) < 6 or not RULE_ID.match(cells[0]):
        return line
    cells[4] = "<br>".join(
        f"`{path.relative_to(root)}`: {_some(names)}" for path, names in sorted(tests[cells[0]].items())
    )
    cells[5] = ", ".join(f"`{slug}`" for slug in mutants[cells[0]])
    return f"| {' | '.join(cells)} |"


def _wide(line: str, root: Path) -> str:
    """A row `| what | test | mutants |` of a test that holds many rules: the mutants that name it, rule by rule."""
    found = _WIDE.match(line)
    if found is None:
        return line
    told = []
    for rule, slugs in sorted(_mutants(root / "tests" / "mutants", found["test"]).items()):
        told.append(f"{rule} {', '.join(f'`{slug}`' for slug in slugs)}")
    return f"| {found['what']} | `{found['test']}` | {'; '.join(told)} |"


def _some(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _tests(folder: Path) -> dict[str, dict[Path, list[str]]]:
    """Rule -> file -> the tests that bear its id, in their name or in their own docstring."""
    found: dict[str, dict[Path, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for rule in sorted(set(_borne(node))):
                    found[rule][path].append(node.name)
    return found


def _borne(node: ast.FunctionDef) -> Iterator[str]:
    for letters, number in _ID_IN_NAME.findall(node.name):
        yield f"{letters}-{number}"
    said = ast.get_docstring(node) or ""
    yield from _ID_IN_TEXT.findall(said)
    for letters, first, last in _SPAN_IN_TEXT.findall(said):
        yield from (f"{letters}-{number}" for number in range(int(first), int(last) + 1))


def _mutants(folder: Path, test: str = "") -> dict[str, list[str]]:
    """Rule -> its mutants; only those that a test whose path begins with `test` must turn red for."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in files(folder):
        rule, _, slug = path.stem.partition("_")
        if not test or path.read_text(encoding="utf-8").startswith(f"# test: {test}"):
            found[rule].append(slug)
    return found


def main() -> None:
    """Write the rulebook anew."""
    book = ROOT / "docs" / "rulebook.md"
    book.write_text(filled(book.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
