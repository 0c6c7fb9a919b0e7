"""Reading and applying the mutants: one-hunk patches, found in the file by their text and not by line
numbers."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
_NAME = re.compile(r"(?P<rule>[A-Z]{2}-\d+)_(?P<slug>\w+)\.patch")


class BadPatch(ValueError):
    """A patch that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule: in `file` the block `old` becomes `new`, and `test` must fail."""

    rule: str
    slug: str
    test: str
    file: str
    old: str
    new: str

    @property
    def is_pure(self) -> bool:
        """Whether its test needs neither broker nor database."""
        return self.test.startswith("tests/rules/")

    def apply(self, text: str) -> str:
        """The file's text with the rule broken. Raises BadPatch when the block is not there exactly once."""
        at = f"\n{text}".count(f"\n{self.old}")
        if at != 1:
            raise BadPatch(f"{self.rule}_{self.slug}: its lines stand {at} times in {self.file}, not once")
        return f"\n{text}".replace(f"\n{self.old}", f"\n{self.new}")[1:]


def load(folder: Path = HERE) -> list[Mutant]:
    """All mutants by rule and slug. Raises BadPatch for the first that is malformed."""
    return [read(path) for path in files(folder)]


def files(folder: Path = HERE) -> list[Path]:
    """The patches by rule and slug, in whichever folder they stand."""
    return sorted(folder.rglob("*.patch"), key=_order)


def read(path: Path) -> Mutant:
    """One patch file. Raises BadPatch naming it."""
    name = _NAME.fullmatch(path.name)
    if name is None:
        raise BadPatch(f"{path.name}: must be called <RULE-ID>_<slug>.patch")
    lines = path.read_text(encoding="utf-8").splitlines()
    test = lines[0].removeprefix("# test: ").strip() if lines and lines[0].startswith("# test: ") else ""
    targets = [
        line.removeprefix("+++ b/").split("\t")[0].strip() for line in lines if line.startswith("+++ b/")
    ]
    hunks = [number for number, line in enumerate(lines) if line.startswith("@@")]
    if "::" not in test or len(targets) != 1 or len(hunks) != 1:
        raise BadPatch(f"{path.name}: needs '# test: file::name' first, one file and one hunk")
    hunk = [line or " " for line in lines[hunks[0] + 1 :] if not line.startswith("\\")]
    old = "".join(f"{line[1:]}\n" for line in hunk if line[0] in " -")
    new = "".join(f"{line[1:]}\n" for line in hunk if line[0] in " +")
    if old == new:
        raise BadPatch(f"{path.name}: changes nothing")
    return Mutant(name["rule"], name["slug"], test, targets[0], old, new)


def bears_its_rule(mutant: Mutant, root: Path = ROOT) -> bool:
    """Whether the named test exists and bears the rule's id, in its name or docstring."""
    file, _, path = mutant.test.partition("::")
    function = path.split("::")[-1].split("[")[0]
    if not (root / file).is_file():
        return False
    for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function:
            words = f"{node.name.replace('_', '-')} {ast.get_docstring(node) or ''}"
            return re.search(rf"\b{mutant.rule}\b", words) is not None
    return False


def _order(path: Path) -> tuple[str, int, str]:
    rule, _, slug = path.stem.partition("_")
    family, _, number = rule.partition("-")
    return family, int(number) if number.isdigit() else 0, slug
