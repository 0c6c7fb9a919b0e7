"""One stage for the whole folder, since it takes its time to build; its states come in their order, each built once."""

from __future__ import annotations

import pytest

from tests.security.matrix import table
from tests.security.matrix.play import Matrix
from tests.security.matrix.stage import STATES
from tests.support.suite import Suite


@pytest.fixture(scope="session")
def matrix(suite: Suite) -> Matrix:
    return Matrix(suite.url, suite.var)


@pytest.fixture(scope="session", params=(*STATES, table.WITHOUT), ids=lambda part: part.replace(" ", "_"))
def part(request: pytest.FixtureRequest, matrix: Matrix) -> str:
    """A state of the case of one's own, which the stage has been brought to; then what names no case."""
    matrix.stage.reach(request.param)
    return str(request.param)
