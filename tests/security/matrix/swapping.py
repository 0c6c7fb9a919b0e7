"""Requests of a story, each tried with every id in it changed to somebody else's, just before it is made itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from services.chassis.ids import new_id
from tests.journeys.people import Person

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TRACE = re.compile(rb'"trace_id": ?"[0-9a-f]{32}"|00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|[0-9a-f]{32}')


_OF_NOBODY = ("/api/me", "/api/me/capacity")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an id stands in a request: in the path, the query or the body; `name` is what it is called there."""

    where: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A request with one id changed: to somebody else's (`whose`), beside the same with an id of nothing."""

    person: Person
    route: str
    place: Place
    whose: str
    foreign: str
    answer: requests.Response
    to_nothing: requests.Response

    @property
    def key(self) -> tuple[str, Place, str | None]:
        return self.route, self.place, self.person.key

    def line(self) -> str:
        return (
            f"{self.route} as {self.person.key}: {self.place.where} {self.place.name} of {self.whose} gave "
            f"{self.answer.status_code}, an id of nothing {self.to_nothing.status_code}: {self.answer.text[:300]}"
        )

    def leaks(self) -> bool:
        """Whether the two answers differ in anything but the ids that were sent, and the trace."""
        return _told(self.answer, self.foreign) != _told(self.to_nothing, None)


def _told(answer: requests.Response, foreign: str | None) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, with ids and traces made the same."""
    kept = {
        name: _ID.sub("<id>", value)
        for name, value in answer.headers.items()
        if name not in ("Date", "Stafett-Trace", "Server-Timing", "Set-Cookie", "Content-Length")
    }
    body = _TRACE.sub(b"<trace>", answer.content)
    return answer.status_code, kept, _ID.sub("<id>", body.decode("utf-8", "replace")).encode()


class Swapping:
    """Tries each request that is good with others' ids first. `pool`: whose -> kind of id -> ids."""

    def __init__(self, pool: Mapping[str, Mapping[str, list[str]]]) -> None:
        self._pool = pool
        self._seen: set[tuple[Any, ...]] = set()
        self.tried: list[Tried] = []

    def watch(self, person: Person) -> Person:
        """Have the person's requests tried from now on."""
        made = person.http.request

        def request(method: str, url: str, **given: Any) -> requests.Response:
            address = urlsplit(url)
            if not address.path.startswith("/api/") or address.path in _OF_NOBODY:
                return made(method, url, **given)
            tried = list(self._try_all(person, made, method, url, given))
            answer: requests.Response = made(method, url, **given)
            if answer.ok:
                self.tried += tried
                self._seen |= {each.key for each in tried}
            return answer

        person.http.request = request  # type: ignore[method-assign]
        person.http.get = lambda url, **given: request("GET", url, **given)  # type: ignore[method-assign]
        return person

    def _try_all(
        self, person: Person, made: Any, method: str, url: str, given: Mapping[str, Any]
    ) -> Iterator[Tried]:
        """One try for each id and each whose; what the person has sent at this place before is not tried again."""
        path = urlsplit(url).path
        route = f"{method} {_ID.sub('{id}', path)}"
        for place in _places(url, given):
            if (route, place, person.key) in self._seen:
                continue
            for whose, ids in self._pool.items():
                for foreign in ids.get(kind_of(place.name), ())[:1]:
                    answers = [
                        self._made(made, method, url, given, place, value) for value in (foreign, new_id())
                    ]
                    yield Tried(person, route, place, whose, foreign, *answers)

    @staticmethod
    def _made(
        made: Any, method: str, url: str, given: Mapping[str, Any], place: Place, value: str
    ) -> requests.Response:
        address, changed = _changed(url, given, place, value)
        answer: requests.Response = made(method, address, **changed)
        return answer


def kind_of(name: str) -> str:
    """The kind of thing that an id is of: `case`, `goal`, `person`, ..."""
    plain = name.removesuffix("s").removesuffix("_id")
    return "person" if "person" in plain or plain in ("invited", "present") else plain


def _places(url: str, given: Mapping[str, Any]) -> Iterator[Place]:
    address = urlsplit(url)
    parts = address.path.split("/")
    for before, part in pairwise(parts):
        if _ID.fullmatch(part):
            yield Place("path", _KINDS.get(before, before), part)
    query = {**dict(parse_qsl(address.query)), **(given.get("params") or {})}
    for name, value in query.items():
        if isinstance(value, str) and _ID.fullmatch(value):
            yield Place("query", name, value)
    yield from _in_body("", given.get("json"))


_KINDS = {
    "cases": "case_id", "goals": "goal_id", "measures": "measure_id", "meetings": "meeting_id",
    "participants": "participant_id", "handovers": "handover_id", "consent-requests": "request_id",
    "receipts": "signature_id", "lane-reports": "report_id",
}  # fmt: skip


def _in_body(name: str, value: Any) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _in_body(key, each)
    elif isinstance(value, list):
        for each in value:
            yield from _in_body(name, each)
    elif isinstance(value, str) and _ID.fullmatch(value):
        yield Place("body", name, value)


def _changed(url: str, given: Mapping[str, Any], place: Place, value: str) -> tuple[str, dict[str, Any]]:
    """The request with the id at one place changed; without the key that makes the same request happen once."""
    new = dict(given)
    headers = {name: each for name, each in (given.get("headers") or {}).items() if name != "Idempotency-Key"}
    if headers:
        new["headers"] = headers
    if place.where == "path":
        address = urlsplit(url)
        return address._replace(path=address.path.replace(place.value, value)).geturl(), new
    if place.where == "query":
        new["params"] = {
            name: value if each == place.value else each for name, each in (given.get("params") or {}).items()
        }
        return url, new
    new["json"] = json.loads(json.dumps(given["json"]).replace(place.value, value))
    return url, new


def harvest(person: Person, *paths: str) -> dict[str, list[str]]:
    """Kind of id -> ids, in all that a person may read at these addresses."""
    found: dict[str, list[str]] = {}
    for path in paths:
        answer = person.http.get(f"{person.url}/api{path}", timeout=20)
        if answer.status_code == 200:
            _collect(answer.json(), found)
    return found


def _collect(value: Any, into: dict[str, list[str]], name: str = "") -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            _collect(each, into, key)
    elif isinstance(value, list):
        for each in value:
            _collect(each, into, name)
    elif isinstance(value, str) and _ID.fullmatch(value):
        ids = into.setdefault(kind_of(name), [])
        if value not in ids:
            ids.append(value)
