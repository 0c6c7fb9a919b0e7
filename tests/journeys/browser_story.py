"""What the stories in a browser share: people follow links and buttons by their words, fill in what the pages ask for,
and every page that they pass is looked at."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from services.kernel.calendar import local_date
from tests.journeys.people import Demo, until
from tests.support.browser import BrowserAt


def in_days(days: int) -> str:
    return (local_date(datetime.now(UTC)) + timedelta(days=days)).isoformat()


def button(page: Page, name: str) -> Locator:
    return page.locator("main").get_by_role("button", name=re.compile(f"^{name}"))


def link(page: Page, name: str) -> Locator:
    return page.locator("main").get_by_role("link", name=re.compile(f"^{name}")).first


def field(page: Page, label: str) -> Locator:
    return page.locator("main").get_by_label(re.compile(f"^{re.escape(label)}")).first


def shows(page: Page, text: str) -> None:
    expect(page.locator("main")).to_contain_text(text)


def reload_until(page: Page, text: str) -> None:
    """What comes with an event is there after a moment; people load the page again."""

    def shown() -> bool:
        page.reload()
        return text in page.locator("main").inner_text()

    until(shown, 10, f"“{text}” at {page.url}")


class BrowserStory:
    """The story of one person. `person`: the key of the child, youth or woman that it is about; `scripts`: whether
    JavaScript is on; `looks`: whether pages are photographed and examined."""

    def __init__(self, browser: BrowserAt, person: str, *, scripts: bool = True, looks: bool = True) -> None:
        self.browser, self.demo, self.scripts, self.looks = browser, Demo(), scripts, looks
        self.name = self.demo.name(person)
        self.first = self.name.split()[0]
        self.case = ""
        self._seen: list[str] = []

    def enter(self, key: str, capacity: str = "") -> Page:
        """A window in which they have logged in; who is known as more than one chooses `capacity`."""
        page = self.browser.log_in(self.demo.name(key), scripts=self.scripts)
        if capacity and page.url.startswith(f"{self.browser.url}/hvem-er-du"):
            page.get_by_role("radio", name=re.compile(capacity)).check()
            self.look(page, "who-are-you")
            button(page, "Fortsett").click()
        return page

    def look(self, page: Page, name: str) -> None:
        """Once for each kind of page."""
        if self.looks and name not in self._seen:
            self._seen.append(name)
            self.browser.look(page, f"{len(self._seen):02}-{name}")

    def at(self, page: Page, part: str = "") -> Page:
        """The case, or a part of it, by its address."""
        page.goto(f"{self.case}{part}")
        return page

    def open(self, page: Page) -> Page:
        """The case, from the list of all that an employee has to do with."""
        page.goto(f"{self.browser.url}/mitt-arbeid")
        page.locator("main").get_by_role("link", name=self.name, exact=True).click()
        return page

    def sign(self, key: str, capacity: str = "") -> Page:
        """CO-1, GU-1: read, answer each question, look once more, confirm who one is, sign, receipt."""
        page = self.enter(key, capacity)
        self.look(page, "my-cases")
        page.locator("article", has_text=self.name).get_by_role("link", name="Les og svar").click()
        self.look(page, "consent")
        assert page.locator("input[type=radio]:checked").count() == 0, "nothing is chosen beforehand"
        for answer in page.get_by_label("Ja", exact=True).all():
            answer.check()
        button(page, "Se over svarene").click()
        self.look(page, "consent-check")
        button(page, "Neste steg").click()
        self.look(page, "consent-step-up")
        link(page, "Bekreft med elektronisk ID").click()
        page.locator("input[name=acr][value$='-high']").check()
        page.get_by_role("button", name=re.compile(f"^{self.demo.name(key)}")).first.click()
        button(page, "Signer og send").click()
        expect(page.locator("h1")).to_have_text("Svaret ditt er sendt")
        self.look(page, f"consent-receipt-{key.split('-')[0]}")
        return page

    def is_refused(self, page: Page) -> bool:
        answer = page.goto(f"{self.case}/logg")
        return answer is not None and answer.status == 404

    def opens_as_pdf(self, page: Page, *told: str) -> None:
        """The receipt on this page comes as a PDF that can be read, and says this (CO-7)."""
        with page.expect_download() as waiting:
            link(page, "Last ned kvitteringen som PDF").click()
        pages = PdfReader(waiting.value.path()).pages
        text = " ".join(" ".join(each.extract_text() for each in pages).split())
        assert all(each in text for each in told), text

    def refused(self, page: Page) -> None:
        for part in ("", "/logg"):
            answer = page.goto(f"{self.case}{part}")
            assert answer is not None and answer.status == 404, f"{page.url} gave {answer and answer.status}"
        assert self.first not in page.locator("body").inner_text()
