"""One cell of the matrix, called for real: a route as a role, on somebody's case. Its answer in the table's words."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from services.chassis.ids import new_id
from tests.journeys.main_job import today
from tests.journeys.people import Person
from tests.security.matrix.cast import BY_CODE, PLACE, Cast
from tests.security.matrix.forms import filled

FILLERS = ("holder", "owner", "asked", "guardian", "youth")
"""Whose form is filled in, the first that gets one: what they send, everybody sends."""

ADULT = "ashild-flintneset"
"""Somebody who is no child, and of whom there is no case."""

_NAME = re.compile(r"\$(\w+)")
_DAY = re.compile(r"\$day([+-]\d+)")
_SLOT = re.compile(r"\{(\w+)\}")
_HOMES = ("/hjem", "/mitt-arbeid", "/mine-saker")
_PUBLIC = {"municipality": PLACE, "service_id": "service-granli-ppt", "tool_id": "observation"}


@dataclass(frozen=True, slots=True)
class Request:
    """A call as it is sent."""

    method: str
    path: str
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    body: Any = None
    form: Mapping[str, str] | None = None


class Caller:
    """Calls cells. `ids` of a call are those of one case; what a route names besides is in routes.yaml."""

    def __init__(self, cast: Cast, routes: Mapping[str, Mapping[str, Any]]) -> None:
        self.cast, self.routes = cast, routes
        self._forms: dict[tuple[str, str], dict[str, str]] = {}
        self._turn = {code: threading.Lock() for code in BY_CODE}

    def call(self, route: str, role: str, ids: Mapping[str, str]) -> requests.Response:
        """The answer, without following it elsewhere."""
        return self.send(role, self.request(route, role, ids), alone=bool(self.routes[route].get("alone")))

    def request(self, route: str, role: str, ids: Mapping[str, str], **other: Any) -> Request:
        """The route as the role would call it. `other` stands in the place of what routes.yaml says."""
        how, (method, rule) = {**self.routes[route], **other}, route.split(" ", 1)
        own = {"my_unit": BY_CODE[role].unit_id or "none", "an_adult": self.cast.demo.number(ADULT)}
        known = {**_PUBLIC, **ids, **own}
        path = self._path(rule, how, known)
        headers = {"If-Match": f'"{how["version"]}"'} if "version" in how else {}
        form = _over(self.form(route, path, ids), _put(how["form"], known)) if "form" in how else None
        return Request(
            method, path, _put(how.get("query"), known) or {}, headers, _put(how.get("body"), known), form
        )

    def send(self, role: str, request: Request, *, alone: bool = False) -> requests.Response:
        """As the role. `alone`: in a session of its own."""
        person = self.cast.anew(role) if alone else self.cast.person(role)
        headers = dict(request.headers)
        if request.method != "GET":
            headers["Stafett-CSRF"] = person.csrf or self._token_of_nobody(person)
        with self._turn[role]:
            return person.http.request(
                request.method, f"{self.cast.url}{request.path}", params=request.query, headers=headers,
                json=request.body, data=request.form, timeout=30, allow_redirects=False,
            )  # fmt: skip

    def word(self, route: str, answer: requests.Response) -> str:
        """`yes`, `login`, `home` (sent to where they belong), or the status."""
        where, status = answer.headers.get("Location", ""), answer.status_code
        if status == 401 or (status == 302 and where.split("?")[0] == "/logg-inn"):
            return "login"
        if status == 403 and b"for_people_only" in answer.content:
            return "login"
        if status == 303 and where in _HOMES and route != "GET /hjem":
            return "yes" if self.routes[route].get("done") == "home" else "home"
        return "yes" if self._is_done(route, answer) else str(status)

    def _is_done(self, route: str, answer: requests.Response) -> bool:
        how = self.routes[route]
        done = how.get("done", 303 if "form" in how else [200, 201])
        status, _, code = str(done).partition(" ") if isinstance(done, str) else ("", "", "")
        if code:
            told = (
                answer.json()["code"] == code
                if "json" in answer.headers["Content-Type"]
                else code in answer.text
            )
            return str(answer.status_code) == status and told
        return answer.status_code in (done if isinstance(done, list) else [done])

    def _path(self, rule: str, how: Mapping[str, Any], known: Mapping[str, str]) -> str:
        named = _put(how.get("ids") or {}, known)
        return _SLOT.sub(lambda slot: str(named.get(slot[1]) or known.get(slot[1]) or new_id()), rule)

    def form(self, route: str, path: str, ids: Mapping[str, str]) -> dict[str, str]:
        """The form of the page at the same address, as the first gets it who may; kept for all."""
        key = (route, ids.get("case_id", ""))
        if key not in self._forms:
            found = self.form_as_it_stands(path)
            if not found:
                return {}
            self._forms[key] = found
        return self._forms[key]

    def form_as_it_stands(self, path: str) -> dict[str, str]:
        """As `form`, asked for now."""
        for code in FILLERS:
            with self._turn[code]:
                person = self.cast.person(code)
                page = person.http.get(f"{self.cast.url}{path}", timeout=30, allow_redirects=False)
            fields = filled(page.text) if page.status_code == 200 else {}
            if fields:
                return fields
        return {}

    def _token_of_nobody(self, person: Person) -> str:
        """Also who is not logged in has a token of forms: so that it is not for want of one that they are refused."""
        person.csrf = person.http.get(f"{self.cast.url}/api/me", timeout=20).json()["csrf"]
        return person.csrf


def _over(fields: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The fields with what is given for them; a name that ends with * is that of all that begin so."""
    put = dict(fields)
    for name, value in given.items():
        begun = [each for each in fields if each.startswith(name[:-1])] if name.endswith("*") else [name]
        put.update(dict.fromkeys(begun, value))
    return put


def _put(value: Any, known: Mapping[str, str]) -> Any:
    """The value with ids and days in the place of their names."""
    if isinstance(value, dict):
        return {name: _put(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [_put(each, known) for each in value]
    if not isinstance(value, str):
        return value
    value = _DAY.sub(lambda day: today(int(day[1])), value)
    return _NAME.sub(lambda name: new_id() if name[1] == "random" else known.get(name[1], new_id()), value)
