"""Renders every page template with sample view models, takes pictures at two widths and looks for faults:
overflow at 320 and 360 px, and what axe-core finds. `python -m tests.support.preview [part of a name] [--no-axe]`."""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from playwright.sync_api import Browser, ConsoleMessage, sync_playwright

from gateway.frame import format as words
from tests.support import (
    preview_coordinator,
    preview_employee,
    preview_family,
    preview_log,
    preview_people,
    preview_public,
)
from tests.support.preview_samples import Sample

SAMPLES = [
    *preview_public.samples(),
    *preview_employee.samples(),
    *preview_log.samples(),
    *preview_family.samples(),
    *preview_coordinator.samples(),
    *preview_people.samples(),
]
ROOT = Path(__file__).resolve().parents[2]
GATEWAY = ROOT / "gateway"
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BROWSER_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def environment() -> Environment:
    """Jinja as the gateway sets it up. A page's own models must be complete; optional parts chain to nothing."""
    env = Environment(
        loader=FileSystemLoader(GATEWAY / "templates"), autoescape=True, undefined=ChainableUndefined
    )
    words.install(env, now=lambda: NOW)
    return env


def unshown(env: Environment) -> list[str]:
    """Page templates that no sample shows."""
    pages = {
        name for name in env.list_templates() if not name.startswith("macros/") and name.endswith(".html")
    }
    return sorted(pages - {"base.html"} - {sample.template for sample in SAMPLES})


def render(out: Path, part: str = "") -> list[Sample]:
    """Writes each sample page as HTML under `out`; gives those written."""
    env = environment()
    written = []
    for sample in SAMPLES:
        if part in sample.name:
            html = env.get_template(sample.template).render(**sample.model)
            (out / f"{sample.name}.html").write_text(html, "utf-8")
            written.append(sample)
    return written


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Static files from the gateway, pages from the preview folder."""

    def translate_path(self, path: str) -> str:
        clean = path.split("?")[0]
        return (
            str(GATEWAY / clean.lstrip("/"))
            if clean.startswith("/static/")
            else super().translate_path(clean)
        )

    def log_message(self, format: str, *args: Any) -> None:
        return

    def end_headers(self) -> None:
        self.send_header(
            "Content-Security-Policy",
            "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:",
        )
        super().end_headers()


def _look(browser: Browser, base: str, sample: Sample, out: Path, axe: bool) -> list[str]:
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"{sample.name}: console: {message.text}")

    def failed(error: Exception) -> None:
        faults.append(f"{sample.name}: script: {error}")

    for width in (1280, 360):
        context = browser.new_context(viewport={"width": width, "height": 800}, locale="nb-NO")
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", failed)
        page.goto(f"{base}/{sample.name}.html", wait_until="load")
        if page.locator("h1").count() != 1:
            faults.append(f"{sample.name}: {page.locator('h1').count()} h1")
        if (
            page.locator("main .ds-button:not([data-variant]):visible").count() > 1
            and not sample.many_buttons
        ):
            faults.append(f"{sample.name}: more than one primary button")
        page.screenshot(path=out / f"{sample.name}-{width}.png", full_page=True)
        for narrow in (360, 320) if width == 360 else ():
            page.set_viewport_size({"width": narrow, "height": 800})
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if over > 0:
                faults.append(f"{sample.name}: {over} px too wide at {narrow}")
        if axe and width == 1280:
            for broken in Axe().run(page, options={"runOnly": AXE_TAGS}).response["violations"]:
                faults.append(f"{sample.name}: axe {broken['id']}: {broken['nodes'][0]['html'][:140]}")
        context.close()
    return faults


def main() -> int:
    """Renders, looks, prints what is wrong; 1 when something is."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    out = ROOT / "var" / "preview"
    out.mkdir(parents=True, exist_ok=True)
    part = arguments[0] if arguments else ""
    samples = render(out, part)
    faults = [f"no sample shows {name}" for name in unshown(environment())] if not part else []
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Handler, directory=str(out))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER_ARGS)
        for sample in samples:
            faults += _look(
                browser, f"http://127.0.0.1:{server.server_port}", sample, out, "--no-axe" not in sys.argv
            )
        browser.close()
    server.shutdown()
    print("\n".join(faults) if faults else f"{len(samples)} pages look right")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
