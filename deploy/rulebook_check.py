"""Whether docs/rulebook.md tells the truth: a done rule has its home, a test that bears its id, and a mutant.

A named home, test or function is really there, and each mutant finds the lines that it breaks.

Rows: `| ID | rule | state | home | tests | mutants |`. States: done, part, later. `home` is one or more paths.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.steps import ROOT
from tests.mutants.patches import BadPatch, bears_its_rule, files, read

RULE_ID = re.compile(r"^[A-Z]{2}-\d+$")
STATES = ("done", "part", "later")
PATH = re.compile(r"[\w./-]+/[\w./-]+")
NAMED = re.compile(r"`(?P<path>[\w./-]+\.py)`:? (?P<names>`\w+`(?:, `\w+`)*)")


@dataclass(frozen=True)
class Row:
    """One rule as the table states it."""

    id: str
    state: str
    home: str
    tests: str
    mutants: str


def rows(text: str) -> Iterator[Row]:
    """The table's rows, in order."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.lstrip().startswith("|") and len(cells) >= 6 and RULE_ID.match(cells[0].strip("`* ")):
            yield Row(cells[0].strip("`* "), cells[2].strip("`* ").lower(), *cells[3:6])


def problems(root: Path = ROOT) -> list[str]:
    """One sentence for each row that is not true."""
    book = root / "docs" / "rulebook.md"
    if not book.exists():
        return ["docs/rulebook.md is missing"]
    found: list[str] = []
    table = list(rows(book.read_text(encoding="utf-8")))
    if not table:
        found.append("docs/rulebook.md has no rows `| ID | rule | state | home | tests | mutants |`")
    for twice in sorted({row.id for row in table if sum(other.id == row.id for other in table) > 1}):
        found.append(f"{twice} stands twice")
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((root / "tests").rglob("test_*.py"))}
    mutants = [path.name for path in files(root / "tests" / "mutants")]
    for row in table:
        found += _row_problems(row, root, texts, mutants)
    return found


def _row_problems(row: Row, root: Path, texts: dict[Path, str], mutants: list[str]) -> list[str]:
    if row.state not in STATES:
        return [f"{row.id}: state {row.state!r} is none of {', '.join(STATES)}"]
    found = []
    for cell, name in ((row.home, "home"), (row.tests, "test"), (row.mutants, "mutant")):
        for path in PATH.findall(cell):
            if not (root / path.split("::")[0]).exists():
                found.append(f"{row.id}: {name} {path} does not exist")
        for named in NAMED.finditer(cell):
            text = _text(root / named["path"])
            for word in re.findall(r"\w+", named["names"]):
                if not re.search(
                    rf"(?:\b(?:def|class)\s+{word}\b|^\s*{word}\b[^()\n]*=)", text, re.MULTILINE
                ):
                    found.append(f"{row.id}: {named['path']} has no {word}")
    if row.state != "done":
        return found
    if not PATH.search(row.home):
        found.append(f"{row.id}: done, but no home is named")
    word = re.compile(rf"(?<![A-Z0-9-]){row.id.replace('-', '[-_]')}(?!\d)", re.IGNORECASE)
    if not any(word.search(text) for text in texts.values()):
        found.append(f"{row.id}: done, but no test bears its id")
    if not any(name.startswith(f"{row.id}_") for name in mutants):
        found.append(f"{row.id}: done, but there is no mutant tests/mutants/{row.id[:2]}/{row.id}_*.patch")
    return found


def mutant_problems(root: Path = ROOT) -> list[str]:
    """One sentence for each mutant that can't be used, or does not find its lines."""
    found = []
    for path in files(root / "tests" / "mutants"):
        try:
            mutant = read(path)
            mutant.apply(_text(root / mutant.file))
        except BadPatch as wrong:
            found.append(str(wrong))
            continue
        if not bears_its_rule(mutant, root):
            found.append(f"{path.name}: {mutant.test} is not there, or does not bear {mutant.rule}")
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    told = problems() + mutant_problems()
    print("\n".join(told))
    sys.exit(1 if told else 0)
