"""The table that a person can read (expected.md), and how each route is called (routes.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
WITHOUT = "without a case"


@dataclass(frozen=True, slots=True)
class Row:
    """What is expected of one group of routes, or of one route, in one part of the table; `rule` says why."""

    what: str
    rule: str
    cells: dict[str, str]


@lru_cache
def how_called() -> dict[str, dict[str, Any]]:
    """Route -> its line in routes.yaml."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((_HERE / "routes.yaml").read_text("utf-8"))["routes"]
    return found


def is_of_a_case(route: str) -> bool:
    """Whether the route names something of a family's: these are called in every state, and on others' cases."""
    return any(f"{{{name}}}" in route for name in ("case_id", "request_id", "signature_id"))


@lru_cache
def parts() -> dict[str, dict[str, Row]]:
    """Part of the table (its heading) -> group or route -> row."""
    found: dict[str, dict[str, Row]] = {}
    part, roles = "", list[str]()
    for line in (_HERE / "expected.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            part, roles = line.removeprefix("## ").partition(":")[0].strip(), []
            found[part] = {}
        elif line.startswith("|") and part:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not roles:
                roles = cells[2:]
            elif not set(line) <= set("|-: "):
                found[part][cells[0]] = Row(cells[0], cells[1], dict(zip(roles, cells[2:], strict=True)))
    return found


def expected(part: str, route: str) -> Row:
    """The row of a route: its own, else its group's, else that of `*`. Raises KeyError when there is none."""
    rows = parts()[part]
    for name in (route, how_called()[route]["group"], "*"):
        if name in rows:
            return rows[name]
    raise KeyError(f"expected.md has no row for {route} in the part {part!r}: see README.md")
