"""A real browser for journeys: people of the demo log in as they would, and each page is looked at as it is passed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import TracebackType

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SHOTS = Path(os.environ.get("STAFETT_VAR") or ROOT / "var") / "screenshots"
CHROMIUM = "/usr/bin/chromium"
PATIENCE = 60_000
"""Milliseconds to wait for a thing on a page."""

expect.set_options(timeout=PATIENCE)

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def press(page: Page, name: str) -> None:
    """Press the button with these words (a regular expression) in the page itself, not in what stands round it."""
    page.locator("main").get_by_role("button", name=re.compile(name)).click()


class BrowserAt:
    """Chromium on one suite. `with BrowserAt(suite.url) as browser: page = browser.log_in("Solveig Brekkmo")`."""

    def __init__(self, url: str, folder: str) -> None:
        self.url, self.folder = url, SHOTS / folder
        self.faults: list[str] = []
        self._without_scripts: list[Page] = []
        self._play = sync_playwright()

    def __enter__(self) -> BrowserAt:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._browser = self._play.__enter__().chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.close()
        self._play.__exit__(kind, error, trace)

    def visit(self, path: str, *, scripts: bool = True) -> Page:
        """A new browser window of somebody who is not logged in; what goes wrong in it is noted."""
        context = self._browser.new_context(
            viewport={"width": 1280, "height": 900}, locale="nb-NO", java_script_enabled=scripts
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        if not scripts:
            self._without_scripts.append(page)
        page.on("response", self._note)
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.goto(f"{self.url}{path}")
        return page

    def log_in(self, name: str, *, high: bool = False, scripts: bool = True) -> Page:
        """A new browser window in which this person has logged in; with `high` at the level that a signature needs."""
        page = self.visit(f"/logg-inn/{'bekreft' if high else 'videre'}?next=/hjem", scripts=scripts)
        page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first.click()
        page.wait_for_load_state()
        return page

    def look(self, page: Page, name: str, *, axe: bool = True) -> None:
        """Take pictures at two widths; note what is wrong: no single h1, overflow at 320 px, what axe-core finds.

        Only with scripts: axe-core waits for ever for a timer that never comes."""
        if page in self._without_scripts:
            raise ValueError(f"{name}: a page without scripts can't be looked at")
        headings = page.locator("h1")
        try:
            expect(headings).to_have_count(1)  # also where the page is still on its way
        except AssertionError:
            self.faults.append(f"{name}: {headings.count()} h1")
        page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        page.set_viewport_size({"width": 320, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            self.faults.append(f"{name}: {over} px too wide at 320")
        page.set_viewport_size({"width": 360, "height": 800})
        page.screenshot(path=self.folder / f"{name}-360.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
        if axe:
            asked = {"runOnly": _RULES, "resultTypes": ["violations"]}
            found = Axe().run(page, options=asked).response["violations"]
            self.faults += [f"{name}: axe {each['id']}: {each['nodes'][0]['html'][:120]}" for each in found]

    def _note(self, response: object) -> None:
        status = getattr(response, "status", 0)
        if status >= 500:
            self.faults.append(f"{status} from {getattr(response, 'url', '')}")

    def _listen(self, message: ConsoleMessage) -> None:
        """The page's own errors: its scripts, and what its content security policy stops. A 404 may be meant."""
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console at {message.location.get('url')}: {message.text}")
