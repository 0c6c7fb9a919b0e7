"""The house that all stories of this folder share; each is a town of its own."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.model.house import House, house

IN_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="package")
def services() -> Iterator[House]:
    """In memory where the machine has a place for that: nobody cuts the power here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    place = IN_MEMORY if IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder, house(Path(folder)) as made:
        yield made
    structlog.reset_defaults()
