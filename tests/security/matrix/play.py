"""The matrix in motion: brings the stage to a state, calls all its cells, and compares them with the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.security.matrix import table
from tests.security.matrix.calls import Caller
from tests.security.matrix.cast import ROLES, Cast, Role
from tests.security.matrix.neighbours import neighbours
from tests.security.matrix.stage import STATES, Stage

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One call and what came of it. `told` is the beginning of the answer, for whoever looks for the reason."""

    part: str
    route: str
    role: str
    got: str
    told: str = ""

    def against(self) -> str | None:
        """None when it is as expected, else the line to print."""
        row = table.expected(self.part, self.route)
        wanted = row.cells[self.role]
        if self.got == wanted:
            return None
        return f"{self.route} as {self.role}, {self.part}: expected {wanted} ({row.rule}), got {self.got} {self.told}"


class Matrix:
    """All of it against one running suite."""

    def __init__(self, url: str, var: Path) -> None:
        self.cast = Cast(url, var)
        self.stage = Stage(self.cast)
        self.neighbours = neighbours(self.cast)
        self.caller = Caller(self.cast, table.how_called())
        for role in ROLES:
            self.cast.person(role.code)

    def without_a_case(self) -> list[Cell]:
        """Every role at every route that names nothing of a family's."""
        routes = [route for route in table.how_called() if not table.is_of_a_case(route)]
        return self._all(table.WITHOUT, routes, lambda role: {"report_id": self.stage.report_id})

    def own_case(self, state: str) -> list[Cell]:
        """Every role on the case in which it has its part, in one of the states; they come in their order."""
        for each in STATES[STATES.index(self.stage.at) + 1 if self.stage.at else 0 : STATES.index(state) + 1]:
            self.stage.build(each)
        assert self.stage.at == state, f"the stage has gone past {state}"
        return self._all(state, self._of_a_case(), lambda role: self.stage.ids[role.case])

    def others_case(self, relation: str) -> list[Cell]:
        """Every role on a case in which it has no part."""
        return self._all(relation, self._of_a_case(), lambda role: self.neighbours[relation])

    def _of_a_case(self) -> list[str]:
        return [route for route in table.how_called() if table.is_of_a_case(route)]

    def _all(self, part: str, routes: Iterable[str], ids_of: Any) -> list[Cell]:
        """Those that use something up come last, one after the other: meanwhile it would be missing for others."""
        using = [route for route in routes if "again" in table.how_called()[route]]
        others = [route for route in routes if route not in using]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            rows = list(pool.map(lambda role: self._as(role, part, others, ids_of(role)), ROLES))
        rows += [self._as(role, part, using, ids_of(role)) for role in ROLES]
        return [cell for row in rows for cell in row]

    def _as(self, role: Role, part: str, routes: Iterable[str], ids: Mapping[str, str]) -> list[Cell]:
        return [self._cell(role, part, route, ids) for route in routes]

    def _cell(self, role: Role, part: str, route: str, ids: Mapping[str, str]) -> Cell:
        answer = self.caller.call(route, role.code, ids)
        got = self.caller.word(route, answer)
        if got == "yes" and part in STATES:
            self.stage.again(table.how_called()[route].get("again"), role.case)
        told = (
            answer.text[:300]
            if "json" in answer.headers.get("Content-Type", "")
            else answer.headers.get("Location", "")
        )
        return Cell(part, route, role.code, got, told)
