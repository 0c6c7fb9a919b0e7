"""People of the demo who use the suite over HTTP: each with a browser's cookies, logged in as real ones are."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
import yaml

from deploy.demo import make_data

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 6
"""How many times longer than where nothing else is at work something is waited for: it costs nothing when it comes."""
AT_ONCE = 1.0
"""CO-10: seconds within which a loss of access is felt elsewhere. Its p99 is `make bench-losses`' to measure; a story
waits PATIENCE times as long, and tells how long it was."""


class Unexpected(AssertionError):
    """An answer that the story does not allow."""


class Demo:
    """What a suite knows of its demo people: their numbers, by key. `var` is the state folder of a suite that another
    process began, perhaps on another day; without it, they are those of the suites that this process begins."""

    def __init__(self, var: Path | None = None) -> None:
        made = make_data.make(make_data.first_day())
        staff, families = made[make_data.STAFF][1]["staff"], made[make_data.FAMILIES][1]["families"]
        if var is not None:
            families = yaml.safe_load((var / make_data.OWN_FAMILIES).read_text("utf-8"))["families"]
        everyone = [*staff, *(p for family in families for p in (*family["adults"], *family["children"]))]
        self.by_key: dict[str, dict[str, Any]] = {person["key"]: person for person in everyone}

    def number(self, key: str) -> str:
        """The identity number (test series) of a person."""
        return str(self.by_key[key]["number"])

    def name(self, key: str) -> str:
        return str(self.by_key[key]["name"])


class Person:
    """One person at the API. Calls raise Unexpected when the status is another than `expect`."""

    def __init__(self, url: str, demo: Demo, key: str | None = None) -> None:
        self.url, self.demo, self.key = url, demo, key
        self.http = requests.Session()
        self.csrf = ""
        self.etag: str | None = None

    def log_in(
        self, capacity: str, unit_id: str | None = None, level: str = "substantial", expect: int = 200
    ) -> Person:
        """Through the identity provider, and then as `capacity` (of `unit_id`). `level` "high" is a step-up."""
        answer = self.answer_of_login(level)
        if answer.status_code != expect:
            raise Unexpected(f"login of {self.key}: {answer.status_code}, expected {expect}")
        if expect != 200:
            return self
        me = self.get("/me")
        self.csrf = me["csrf"]
        wanted = [
            each["index"] for each in me["capacities"]
            if each["capacity"] == capacity and (unit_id is None or each["unit_id"] == unit_id)
        ]  # fmt: skip
        if not wanted:
            raise Unexpected(f"{self.key} can't act as {capacity} {unit_id or ''}")
        if me["chosen"] is None or me["chosen"] != me["capacities"][wanted[0]]:
            self.post("/me/capacity", {"index": wanted[0]})
            self.csrf = self.get("/me")["csrf"]
        return self

    def answer_of_login(self, level: str = "substantial") -> requests.Response:
        """What the browser has once the identity provider has sent it back."""
        assert self.key is not None
        start = "/logg-inn/bekreft" if level == "high" else "/logg-inn/videre"
        to_provider = self.http.get(
            f"{self.url}{start}", params={"next": "/api/me"}, allow_redirects=False, timeout=60
        )
        hint = urlencode({"login_hint": f"testid:{self.demo.number(self.key)}_idporten-loa-{level}"})
        return self.http.get(f"{to_provider.headers['Location']}&{hint}", timeout=60)

    def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        """GET of the API; keeps the ETag for the next edit."""
        answer = self.http.get(f"{self.url}/api{path}", params=query, timeout=60)
        self._expect(answer, expect)
        self.etag = answer.headers.get("ETag")
        return answer.json()

    def post(
        self,
        path: str,
        body: Any = None,
        expect: int | tuple[int, ...] = (200, 201),
        method: str = "POST",
        **headers: str,
    ) -> Any:
        """POST (or PATCH) of the API, with the session's token."""
        given = {"Stafett-CSRF": self.csrf} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        answer = self.http.request(
            method, f"{self.url}/api{path}", json=body or {}, headers=given, timeout=60
        )
        self._expect(answer, expect)
        return answer.json()

    def page(self, path: str, expect: int = 200) -> str:
        """A page's HTML."""
        answer = self.http.get(f"{self.url}{path}", timeout=60)
        self._expect(answer, expect)
        return answer.text

    def _expect(self, answer: requests.Response, expect: int | tuple[int, ...]) -> None:
        allowed = (expect,) if isinstance(expect, int) else expect
        if answer.status_code not in allowed:
            told = answer.text[:600] if "json" in answer.headers.get("Content-Type", "") else ""
            raise Unexpected(
                f"{self.key or 'anonymous'}: {answer.request.method} {answer.request.path_url} "
                f"gave {answer.status_code}, expected {expect}. {told}"
            )


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait for a condition to be true and give its value; Unexpected after the limit, which is PATIENCE times the
    seconds that it may take where nothing else is at work."""
    limit = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > limit:
            raise Unexpected(f"not within {seconds * PATIENCE:g} s: {what}")
        time.sleep(0.02)
