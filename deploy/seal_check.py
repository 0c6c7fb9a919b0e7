"""Whether all that rests as ciphertext stays behind its seal (CO-8): what mypy can't see of a way round the decision.

- A function that deciphers is private to its module and works within `Sealed(...)`: what a repository hands out is
  sealed. The few that are not are named in OPEN_TO, with those who may call them and by which rule.
- Nobody reaches for another module's deciphering function, nor for the inside of a seal or a grant.
- No `type: ignore` silences what mypy says of them.

`python -m deploy.seal_check [ROOT]` prints each fault and ends with 1 when there is one."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deploy.steps import ROOT

SERVICES = ("directory", "cases", "consent", "relay_log", "notifications")
MINTS = {"services/chassis/sealed.py", "services/chassis/access/decisions.py"}
"""Where grants are made: the decision."""

OPEN_TO: dict[str, set[str]] = {
    # Who somebody is at login (SE-3): asked by the gateway's own token, before there is anybody to decide on.
    "services.cases.storage.people.name_of": {"services.cases.queries.resolve_login"},
    # The number by which a register is asked: it goes to the register and to nobody's screen (NO-3, GU-3).
    "services.cases.storage.people.number_of": {
        "services.cases.queries.contact_of",
        "services.cases.commands.refresh_family",
        "services.cases.commands.register_birth",
        "services.cases.commands.discuss",
        "services.cases.lane.asking",  # becomes a look-up value, by which the family is told apart (PR-5)
    },
    # Discussions have a decision of their own, kernel/care.py, and name nobody (LV-12).
    "services.cases.storage.discussions.of_unit": {"services.cases.queries.list_discussions"},
    # Care orders have a decision of their own, kernel/care.py (GU-4).
    "services.cases.storage.people.children_in_care": {"services.cases.queries.care_orders"},
    "services.cases.storage.care.reasons": {"services.cases.queries.care_orders"},
    "services.cases.storage.people.children_numbers": {"services.cases.lane.asking"},
    # The lane has a decision of its own, kernel/lane.py (PR-5).
    "services.cases.lane.storage.reports.read": {
        "services.cases.lane.queries",
        "services.cases.lane.register",  # the number, to the register and to nobody's screen
        "services.cases.lane.follow_up",  # whether a name is known
    },
    # Whom a report is about, once the reporter may see the case: it goes into the report alone (PR-1).
    "services.cases.storage.people.names_to_hide": {"services.cases.commands.discuss"},
    "services.cases.storage.people.kept_of": {"services.cases.lane.commands"},
    # Tells no more than whether the register says something else than before.
    "services.cases.lane.storage.guardians.keep": {"services.cases.lane.asking"},
    "services.cases.lane.storage.guardians.of_guardian": {
        "services.cases.lane.asking",
        "services.cases.lane.queries",  # by which name somebody is at login whom the lane alone knows
    },
    "services.cases.lane.storage.answers.answers_of": {"services.cases.lane.queries"},
    "services.cases.lane.grounds.of_report": {"services.cases.lane.queries"},
    # A draft is found by who wrote it, and by nothing else.
    "services.cases.lane.storage.drafts.draft_of": {"services.cases.lane.queries"},
    # Why somebody opened a case: for the coordinator, who has no tie to it and sees nothing else of it (SE-3).
    "services.cases.storage.emergencies.reason_of": {"services.cases.queries.emergencies"},
    # A signer's own receipt stays theirs, whatever they may read later (CO-7).
    "services.consent.storage.requests.purpose_as_signed": {"services.consent.queries.receipts"},
    "services.consent.storage.evidence.journal_as_signed": {"services.consent.queries.receipts"},
    # Held against the hash that was signed, and told to nobody (CO-7).
    "services.consent.storage.requests.is_as_signed": {"services.consent.queries.as_signed"},
}
"""Functions that decipher without a seal -> the modules that may call them."""

_DECIPHERS = {"decrypt", "decrypt_bytes", "_decrypt"}
_SEALS = {"Sealed", "_seal"}
_INSIDE = re.compile(r"^_(Sealed|Grant)__")
_SILENCED = re.compile(r"#\s*type:\s*ignore(?!\[misc\])")


@dataclass
class _Module:
    """One module: its deciphering functions by their names, and what its own names stand for."""

    path: str
    name: str
    tree: ast.Module
    lines: list[str]
    deciphering: set[str] = field(default_factory=set)
    imported: dict[str, str] = field(default_factory=dict)
    functions: list[ast.FunctionDef] = field(default_factory=list)
    methods: set[str] = field(default_factory=set)

    @property
    def service(self) -> str:
        """The service (or the chassis, the gateway) that it is of."""
        return ".".join(self.name.split(".")[:2])


def faults(root: Path = ROOT) -> list[str]:
    """All ways round the seals in the services and the gateway under `root`, as sentences."""
    modules = [_read(root, path) for path in _sources(root)]
    private = _spread(modules)
    public = {f"{each.name}.{name}" for each in modules for name in each.deciphering - private}
    found: list[str] = []
    for module in modules:
        found += [
            f"{module.path}: {name} deciphers what it hands out: let it hand out Sealed, or name it in OPEN_TO"
            for name in sorted(module.deciphering - private)
            if f"{module.name}.{name}" not in OPEN_TO
        ]
        found += [f"{module.path}:{line}: {what}" for line, what in _reaches(module, private, public)]
    gone = set(OPEN_TO) - public if root == ROOT else set()
    return found + [f"OPEN_TO: {name} deciphers nothing" for name in sorted(gone)]


def _sources(root: Path) -> Iterator[Path]:
    for folder in (*(f"services/{service}" for service in SERVICES), "services/chassis/access", "gateway"):
        for path in sorted((root / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path


def _read(root: Path, path: Path) -> _Module:
    place, text = path.relative_to(root).as_posix(), path.read_text("utf-8")
    name = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    module = _Module(place, name, ast.parse(text), text.splitlines())
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module.imported |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    module.functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)]
    classes = [node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    module.methods = {each.name for of in classes for each in of.body if isinstance(each, ast.FunctionDef)}
    return module


def _spread(modules: list[_Module]) -> set[str]:
    """Mark what deciphers, and what calls that, in each module; the private names among them. A method may be a base
    class's, of another module of the same service."""
    count = -1
    while count != (count := sum(len(each.deciphering) for each in modules)):
        methods: dict[str, set[str]] = {}
        for module in modules:
            methods.setdefault(module.service, set()).update(module.deciphering & module.methods)
        for module in modules:
            for function in module.functions:
                if _deciphers(function, module.deciphering, methods[module.service]):
                    module.deciphering.add(function.name)
    return {name for each in modules for name in each.deciphering if name.startswith("_")}


def _deciphers(function: ast.FunctionDef, known: set[str], methods: set[str]) -> bool:
    """Whether it deciphers before it is asked to open: outside of what it gives to a seal."""
    for node in _outside_seals(function):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                mine = isinstance(called.value, ast.Name) and called.value.id in ("self", "cls")
                if called.attr in _DECIPHERS or (mine and called.attr in known | methods):
                    return True
            elif isinstance(called, ast.Name) and called.id in known:
                return True
    return False


def _outside_seals(node: ast.AST) -> Iterator[ast.AST]:
    """All of it but what is done when a seal is opened: the body of a function given to it. What stands beside that (a
    default value, another argument) is done at once."""
    sealing = isinstance(node, ast.Call) and _name_of(node.func) in _SEALS
    for child in ast.iter_child_nodes(node):
        if sealing and isinstance(child, ast.Lambda):
            yield from _outside_seals(child.args)
            continue
        yield child
        yield from _outside_seals(child)


def _reaches(module: _Module, private: set[str], public: set[str]) -> Iterator[tuple[int, str]]:
    """What in a module goes round a seal: (line, what)."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            yield from _reaches_by_attribute(module, node, private, public)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                yield from _asked(module, node.lineno, f"{node.module}.{each.name}", private, public)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _INSIDE.match(node.value):
            yield node.lineno, f"{node.value} is the inside of a seal"
        elif isinstance(node, ast.Call) and _makes_a_grant(node):
            yield node.lineno, "a grant is made by the decision alone"
    for number, line in enumerate(module.lines, start=1) if module.path.startswith("services/") else ():
        if _SILENCED.search(line):
            yield number, "type: ignore (but for [misc]) could hide a way round the decision"


def _reaches_by_attribute(
    module: _Module, node: ast.Attribute, private: set[str], public: set[str]
) -> Iterator[tuple[int, str]]:
    on = node.value.id if isinstance(node.value, ast.Name) else ""
    if node.attr == "_mint" and module.path not in MINTS:
        yield node.lineno, "only the decision mints grants"
    elif _INSIDE.match(node.attr):
        yield node.lineno, f"{node.attr} is the inside of a seal"
    elif on in module.imported:
        yield from _asked(module, node.lineno, f"{module.imported[on]}.{node.attr}", private, public)
    elif node.attr in private and on not in ("self", "cls"):
        yield node.lineno, f"{node.attr} deciphers, and is private to its module"


def _asked(
    module: _Module, line: int, name: str, private: set[str], public: set[str]
) -> Iterator[tuple[int, str]]:
    """What may be said against a module's use of another's function."""
    last = name.rsplit(".", 1)[1]
    if last in private:
        yield line, f"{last} deciphers, and is private to its module"
    elif name in public and module.name not in OPEN_TO.get(name, set()):
        yield line, f"{name} deciphers without a seal, and is not for this module"


def _makes_a_grant(call: ast.Call) -> bool:
    """Grant(...), cast("Grant", ...), object.__new__(Grant), Grant.__new__(...)."""
    name = _name_of(call.func)
    names = {_name_of(each) or (each.value if isinstance(each, ast.Constant) else None) for each in call.args}
    if name in ("cast", "__new__") and names & {"Grant", "Sealed"}:
        return True
    of = _name_of(call.func.value) if isinstance(call.func, ast.Attribute) else None
    return name == "Grant" or (name == "__new__" and of == "Grant")


def _name_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def main(argv: list[str]) -> int:
    found = faults(Path(argv[0]).resolve() if argv else ROOT)
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"{len(found)} ways round the decision")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
