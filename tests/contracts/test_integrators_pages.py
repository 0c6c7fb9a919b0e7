"""The pages for integrators say what the catalogue says, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

from services.contracts import pages
from services.contracts.catalogue import EVENTS

FOLDER = pages.PAGE.parent
PAGES = sorted(FOLDER.glob("*.md"))
LINK = re.compile(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)")


def test_the_table_of_events_is_the_catalogues() -> None:
    page = pages.PAGE.read_text("utf-8")
    assert page == pages.with_table(page), "run python -m services.contracts.pages"
    named = set(re.findall(r"^\| `([a-z_.]+\.v\d+)`", page, re.MULTILINE))
    assert named == {event.type for event in EVENTS.values() if event.outside is not None}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, heading in LINK.findall(page.read_text("utf-8")):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^a-z0-9æøå -]", "", each.lower()).replace(" ", "-") for each in headings}
            assert heading in slugs, heading


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_event_types_that_are_named_exist_and_may_leave(page: Path) -> None:
    services = {event.service for event in EVENTS.values()}
    for named in re.findall(r"\b([a-z_]+\.[a-z_]+\.v\d)\b", page.read_text("utf-8")):
        if named.split(".")[0] in services:
            assert EVENTS[named].outside is not None, named
