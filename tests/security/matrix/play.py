"""The matrix in motion: brings the stage to a state, calls all its cells, and compares them with the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.journeys.people import until
from tests.security.matrix import table
from tests.security.matrix.calls import Caller
from tests.security.matrix.cast import CHILD, ROLES, Cast, Role
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
        self.caller = Caller(self.cast, table.how_called())
        for role in ROLES:
            self.cast.person(role.code)

    def cells(self, part: str) -> list[Cell]:
        """Every role at every route: on the case in which it has its part, in the state in which the stage stands; or
        at what names nothing of a family's case."""
        return self._all(part, table.called_in(part), partial(self.ids, part))

    def others_case(self, relation: str) -> list[Cell]:
        """Every role on a case in which it has no part."""
        routes = [route for route in table.how_called() if table.is_of_a_case(route)]
        return self._all(relation, routes, lambda role: self.stage.others[relation].ids)

    def ids(self, part: str, role: Role) -> dict[str, str]:
        """What the role may find there."""
        if part in STATES:
            return self.stage.story(part, role).ids
        story = self.stage.own[CHILD]
        return story.ids | story.beside | self._message(role)

    def _message(self, role: Role) -> dict[str, str]:
        """The newest message of whoever is expected to have one."""
        if table.expected(table.WITHOUT, "GET /innboks/{message_id}").cells[role.code] != "yes":
            return {}
        person = self.cast.person(role.code)
        found = until(lambda: person.get("/inbox", limit=1)["items"], 15, f"{role.code} has a message")
        return {"message_id": str(found[0]["message_id"])}

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
        used = table.how_called()[route].get("again")
        if used and got == "yes" and part in (*STATES, table.WITHOUT):
            self.stage.story(part, role).renew(used)
        told = (
            answer.text[:300]
            if "json" in answer.headers.get("Content-Type", "")
            else answer.headers.get("Location", "")
        )
        return Cell(part, route, role.code, got, told)
