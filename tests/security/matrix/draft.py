"""`python -m tests.security.matrix.draft URL VAR [PART ...]`: what a running suite answers, as rows for expected.md.

A draft to be read against the rulebook, row by row, not to be copied: the table says what ought to be."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.security.matrix import table
from tests.security.matrix.cast import ROLES
from tests.security.matrix.neighbours import OTHER, SAME
from tests.security.matrix.play import Cell, Matrix
from tests.security.matrix.stage import STATES


def rows(part: str, cells: list[Cell]) -> list[str]:
    """The part's rows: one a group, and one for each route that differs from most of its group."""
    by_route: dict[str, dict[str, str]] = defaultdict(dict)
    for cell in cells:
        by_route[cell.route][cell.role] = cell.got
    groups: dict[str, list[str]] = defaultdict(list)
    for route in by_route:
        groups[table.how_called()[route]["group"]].append(route)
    lines = [
        f"## {part}",
        "",
        _line("what", "rule", [role.code for role in ROLES]),
        _line("---", "---", ["---"] * len(ROLES)),
    ]
    for group, routes in groups.items():
        told = [tuple(by_route[route][role.code] for role in ROLES) for route in routes]
        usual = max(told, key=told.count)
        lines.append(_line(group, "", list(usual)))
        lines += [
            _line(route, "", list(each)) for route, each in zip(routes, told, strict=True) if each != usual
        ]
    return [*lines, ""]


def _line(what: str, rule: str, cells: list[str]) -> str:
    return "| " + " | ".join([what, rule, *cells]) + " |"


def main() -> int:
    url, var, *parts = sys.argv[1:]
    matrix = Matrix(url, Path(var))

    def tell(part: str, called: Callable[[], list[Cell]]) -> None:
        if not parts or part in parts:
            print("\n".join(rows(part, called())), flush=True)

    tell(table.WITHOUT, matrix.without_a_case)
    for relation in (SAME, OTHER):
        tell(relation, partial(matrix.others_case, relation))
    for state in STATES:
        tell(state, partial(matrix.own_case, state))
    return 0


if __name__ == "__main__":
    sys.exit(main())
