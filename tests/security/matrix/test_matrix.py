"""Every route, as every role, on every kind of case, called for real and held against expected.md (SE-3, SE-7)."""

from __future__ import annotations

from collections.abc import Iterable

import requests

from tests.security.matrix import table
from tests.security.matrix.cast import ROLES
from tests.security.matrix.play import Cell, Matrix
from tests.security.matrix.players import OTHER, SAME
from tests.security.matrix.routes import all_routes, told_routes
from tests.support.suite import Suite


def as_expected(cells: Iterable[Cell]) -> None:
    """All cells are as the table has them; else each that is not, on a line of its own."""
    wrong = [line for cell in cells if (line := cell.against())]
    assert not wrong, f"{len(wrong)} cells are not as in expected.md:\n" + "\n".join(wrong)


def test_CO_8_no_route_is_without_a_row() -> None:
    """A new address, or a new method of an old one, says in routes.yaml and expected.md who may; else this is red."""
    known = set(table.how_called())
    assert set(all_routes()) - known == set(), "see tests/security/matrix/README.md"
    assert known - set(all_routes()) == set(), "routes.yaml names what is not there"
    for part, rows in table.parts().items():
        for row in rows.values():
            assert list(row.cells) == [role.code for role in ROLES], f"{part}: {row.what}"
            assert row.rule, f"{part}: {row.what} names no rule"
        for route in table.called_in(part):
            table.expected(part, route)


def test_CO_8_no_route_is_allowed_to_nobody() -> None:
    """Rows of refusals alone prove little: either there is nothing on the stage that could be found, or nobody needs
    the route. Whatever is allowed to nobody says in routes.yaml why."""
    for route, how in table.how_called().items():
        allowed = [
            role
            for part in table.parts()
            if route in table.called_in(part)
            for role, word in table.expected(part, route).cells.items()
            if word == "yes"
        ]
        assert bool(allowed) != ("nobody" in how), (
            f"{route}: {how.get('nobody') or 'allowed to nobody, and no reason'}"
        )


def test_the_openapi_document_tells_no_route_that_is_not_there(suite: Suite) -> None:
    """What others are told of the API is what is called here."""
    told = told_routes(requests.get(f"{suite.url}/api/openapi.json", timeout=20).json())
    assert told <= set(table.how_called()), told - set(table.how_called())
    assert len(told) > 40


def test_SE_3_another_familys_case_is_not_there(matrix: Matrix) -> None:
    as_expected(matrix.others_case(SAME))


def test_SE_7_a_case_of_the_other_municipality_is_not_there(matrix: Matrix) -> None:
    as_expected(matrix.others_case(OTHER))


def test_SE_3_in_a_case_of_their_own_each_may_what_the_table_says(matrix: Matrix, part: str) -> None:
    """In each state of it; and at last what names no case."""
    as_expected(matrix.cells(part))
