"""What journeys share: a browser on the suite, each module with a folder of pictures, and the people of the demo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.people import Demo
from tests.support.browser import BrowserAt
from tests.support.suite import Suite


@pytest.fixture(scope="module")
def browser(suite: Suite, request: pytest.FixtureRequest) -> Iterator[BrowserAt]:
    """Chromium at the module's suite. Its pictures lie in `employee` for test_pages_employee.py, and so on."""
    folder = request.module.__name__.rpartition(".")[2].removeprefix("test_").removeprefix("pages_")
    with BrowserAt(suite.url, folder.replace("_", "-")) as opened:
        yield opened


@pytest.fixture(scope="module")
def demo() -> Demo:
    """The numbers and names of the suite's demo people."""
    return Demo()
