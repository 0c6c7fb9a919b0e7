"""The table that a person can read (expected.md), and how each route is called (routes.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
WITHOUT = "no case"
BIRTHS = ("birth", "newborn")
FURTHER = ("in care", "log ended", *BIRTHS)
"""The further states of a case, each reached from one of the common ones. In them those routes are called whose group
has a line for it: see README.md."""
_WORDS = {"-": "404"}
"""What stands in a cell for another word: refusals of which nobody hears are to be seen past."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is expected of one group of routes, or of one route, in one part of the table; `rule` says why."""

    what: str
    rule: str
    cells: dict[str, str]


_OF_A_CASE = ("case_id", "request_id", "signature_id", "withdrawal_id")


@lru_cache
def how_called() -> dict[str, dict[str, Any]]:
    """Route -> its line in routes.yaml."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((_HERE / "routes.yaml").read_text("utf-8"))["routes"]
    return found


def is_of_a_case(route: str) -> bool:
    """Whether the route names something of a family's: these are called in every state, and on others' cases."""
    return any(f"{{{name}}}" in route for name in _OF_A_CASE)


def called_in(part: str) -> list[str]:
    """The routes that are called in a part of the table."""
    routes = [route for route in how_called() if is_of_a_case(route) == (part != WITHOUT)]
    return [route for route in routes if _row(part, route)] if part in FURTHER else routes


@lru_cache
def parts() -> dict[str, dict[str, Row]]:
    """Part (a state of one's own case, others' cases, no case) -> group or route -> row. A line of the table may stand
    for several parts. Raises ValueError where two lines say the same thing's."""
    found: dict[str, dict[str, Row]] = {}
    roles: list[str] = []
    for line in (_HERE / "expected.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            roles = []
        elif cells[0] == "what":
            roles = cells[3:]
        elif roles and not set(line) <= set("|-: "):
            what, when, rule, *told = cells
            row = Row(what, rule, dict(zip(roles, (_WORDS.get(word, word) for word in told), strict=True)))
            for part in when.split(", "):
                if what in found.setdefault(part, {}):
                    raise ValueError(f"expected.md says twice who may {what!r} in {part!r}")
                found[part][what] = row
    return found


def expected(part: str, route: str) -> Row:
    """The row of a route: its own, else its group's, else that of `*`. Raises KeyError when there is none."""
    row = _row(part, route)
    if row is None:
        raise KeyError(f"expected.md has no row for {route} in the part {part!r}: see README.md")
    return row


def _row(part: str, route: str) -> Row | None:
    rows = parts()[part]
    found = (rows[name] for name in (route, how_called()[route]["group"], "*") if name in rows)
    return next(found, None)
