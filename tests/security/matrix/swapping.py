"""Every id of every request, changed to somebody else's and to nothing's: made from the table of routes, so that no new
route is forgotten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from services.chassis.ids import new_id
from tests.security.matrix import table
from tests.security.matrix.calls import Request
from tests.security.matrix.cast import BY_CODE, ROLES
from tests.security.matrix.play import Matrix
from tests.security.matrix.routes import ids_taken
from tests.support.stored import connect

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TRACE = re.compile(rb'"trace_id": ?"[0-9a-f]{32}"|00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|[0-9a-f]{32}')
_NAMED = re.compile(r"\$(?!day)")
_NOW = re.compile(rb'"at": ?"[^"]+"')
_SLOT = re.compile(r"\{(\w+)\}")
_OF_THE_MOMENT = ("Date", "Stafett-Trace", "Server-Timing", "Set-Cookie")
AT_MOST = 3
"""How often a pair is sent whose answers differ: a message that comes in between shows on every page, a leak stays."""
FAMILY = ("guardian", "youth")
PUBLIC = frozenset({
    "municipality", "service_id", "service_ids", "unit_id", "unit_ids", "to_unit_id", "to_unit_ids", "holder_unit_id",
    "follow_up_unit_id", "tool", "tool_id", "code", "level", "filename", "step", "draft_id", "cursor",
    "child_number", "form_key",
})  # fmt: skip
"""Names of what is no family's: the directory is open to all (DI-1), a draft's and a form's name is its writer's own,
and a cursor is a place in a list of one's own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an id stands in a request: in the path, the query, the body, a field of the form or the name of one; `name`
    is what it is called. A page reads only fields whose names it has made itself: by another name nothing is asked."""

    where: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A request with one id changed to somebody else's (`whose`), beside the same with an id of nothing. `seen`:
    whether each of the two left a line of a refusal in an access record."""

    route: str
    role: str
    place: Place
    whose: str
    answers: tuple[requests.Response, requests.Response]
    seen: tuple[bool, bool]

    def line(self) -> str:
        theirs, nothings = self.answers
        return (
            f"{self.route} as {self.role}: {self.place.where} {self.place.name} of {self.whose} gave "
            f"{theirs.status_code}, an id of nothing {nothings.status_code}: {theirs.text[:200]!r}"
        )

    def leaks(self) -> bool:
        """Whether the two answers differ in anything but the ids that were sent, and what is of the moment."""
        return _told(self.answers[0]) != _told(self.answers[1])

    @property
    def _free(self) -> bool:
        """Whether routes.yaml says that the id at this place is looked up nowhere, or that anybody may name it."""
        return self.place.name in table.how_called()[self.route].get("free", {})

    def stands_in_the_record(self) -> bool:
        """Whether both tries can be seen afterwards."""
        return self._free or self.place.where == "name" or all(self.seen)

    def refused(self) -> bool:
        """In the path and the query by 404. In a body or form too, or as a fault of the field: a person who is not of
        the case is told of in the same words as one who is nobody."""
        allowed = (404,) if self.place.where in ("path", "query") else (404, 422)
        return self._free or self.answers[0].status_code in allowed


def _told(answer: requests.Response) -> tuple[int, dict[str, str], int, str]:
    """Status, headers, length and body, with ids and traces made the same."""
    kept = {
        name: _ID.sub("<id>", value) for name, value in answer.headers.items() if name not in _OF_THE_MOMENT
    }
    kept["Set-Cookie"] = ",".join(sorted(answer.cookies.keys()))
    body = _NOW.sub(b'"at":"<now>"', _TRACE.sub(b"<trace>", answer.content)).decode("utf-8", "replace")
    return answer.status_code, kept, len(answer.content), _ID.sub("<id>", body)


class Swapping:
    """Tries the requests of one running suite, each in the first state in which somebody may."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix, self._caller = matrix, matrix.caller
        self._record = Record(matrix.cast.var)
        self._tried: dict[str, list[Tried]] = {}
        self.done: dict[str, set[str]] = {}

    @staticmethod
    def routes() -> set[str]:
        """Those with an id of somebody's that anybody may call."""
        return {
            route for route, how in table.how_called().items() if "nobody" not in how and places_known(route)
        }

    def all_of(self, part: str) -> list[Tried]:
        """What came of it in one part of the table; tried once."""
        if part not in self._tried:
            routes = [route for route in table.called_in(part) if route not in self.done]
            self._tried[part] = [each for route in routes for each in self._tries(part, route)]
            for each in self._tried[part]:
                self.done.setdefault(each.route, set()).add(each.whose)
        return self._tried[part]

    def _tries(self, part: str, route: str) -> Iterator[Tried]:
        """The route's requests with each of their ids changed, as an employee and as one of the family who may."""
        for role in _allowed(part, route):
            ids = self._matrix.ids(part, BY_CODE[role])
            for request, found in self._requests(route, role, ids):
                for place in found:
                    yield from self._try(route, role, request, place, ids)

    def _requests(
        self, route: str, role: str, ids: Mapping[str, str]
    ) -> Iterator[tuple[Request, Sequence[Place]]]:
        """The route's request, and those that bear what may stand in it besides; each with the places to change. Where
        there are forms of the second kind, that of the first is not sent as it stands: it may be a good one."""
        how = self._caller.routes[route]
        others = how.get("swap", ())
        for other in ({}, *others):
            request = self._caller.request(route, role, ids, **other)
            if request.form is not None:
                request = self._good(request)
            spoken_for = not other and any("form" in each for each in others)
            yield (
                request,
                [place for place in places(route, request) if not (spoken_for and place.where == "form")],
            )

    def _good(self, request: Request) -> Request:
        """A form as its page has filled it in, where the matrix sends what stops late: an id of nobody, an old
        version."""
        filled = self._caller.form_as_it_stands(request.path)
        own = {name: value for name, value in filled.items() if name == "etag" or _ID.search(value)}
        return replace(request, form={**(request.form or {}), **own})

    def _try(
        self, route: str, role: str, request: Request, place: Place, ids: Mapping[str, str]
    ) -> Iterator[Tried]:
        kind = kind_of(place, ids)
        theirs_too = self._caller.routes[route].get("theirs", {}).get(place.name, ())
        nothing = changed(request, place, new_id())
        for whose, story in self._matrix.stage.others.items():
            known = story.beside | story.ids
            if kind not in known or whose in theirs_too:
                continue
            theirs = changed(request, place, known[kind])
            for _ in range(AT_MOST):
                answers, seen = zip(
                    *(self._made(role, each, place) for each in (theirs, nothing)), strict=True
                )
                tried = Tried(route, role, place, whose, answers, seen)
                if not tried.leaks():
                    break
            yield tried

    def _made(self, role: str, request: Request, place: Place) -> tuple[requests.Response, bool]:
        """The answer, and whether it left a line."""
        mark = self._record.mark()
        answer = self._send(role, request, place)
        return answer, self._record.has_refusal_since(mark)

    def _send(self, role: str, request: Request, place: Place) -> requests.Response:
        """What is named in a body is looked at after the version: of an old one nothing is learned, so try on."""
        answer = self._caller.send(role, request)
        if place.where == "body" and "If-Match" in request.headers:
            for version in range(1, 60):
                if answer.status_code != 412:
                    break
                answer = self._caller.send(role, replace(request, headers={"If-Match": f'"{version}"'}))
        return answer


class Record:
    """The access records of all services, the lane's too: whether somebody has been refused since a mark."""

    def __init__(self, var: Path) -> None:
        self._var = var

    def mark(self) -> dict[str, int]:
        return {f"{service}.{name}": self._last(service, name) for service, name in _RECORDS}

    def has_refusal_since(self, mark: Mapping[str, int]) -> bool:
        return any(
            self._read(
                service,
                f"SELECT 1 FROM {name} WHERE rowid > ? AND allowed = 0 LIMIT 1",
                mark[f"{service}.{name}"],
            )
            for service, name in _RECORDS
        )

    def _last(self, service: str, name: str) -> int:
        return int(
            self._read(service, f"SELECT coalesce(max(rowid), 0) FROM {name} WHERE rowid > ?", 0)[0][0]
        )

    def _read(self, service: str, query: str, after: int) -> list[Any]:
        with closing(connect(self._var, service)) as conn:
            return list(conn.execute(query, (after,)))


_RECORDS = (
    ("cases", "access_record"), ("cases", "lane_access"), ("consent", "access_record"), ("relay_log", "access_record"),
    ("notifications", "access_record"), ("directory", "access_record"),
)  # fmt: skip


def _allowed(part: str, route: str) -> list[str]:
    """An employee and one of the family who may call the route, as the table says; the first of each."""
    may = [role.code for role in ROLES if table.expected(part, route).cells[role.code] == "yes"]
    family = [role for role in may if role in FAMILY][:1]
    return [role for role in may if BY_CODE[role].capacity == "employee"][:1] + family


def slots(route: str) -> list[str]:
    """The ids in a route's path that are somebody's."""
    return [name for name in _SLOT.findall(route) if name not in PUBLIC]


def named_in(route: str) -> set[str]:
    """The names of all that the route takes for an id of somebody's: in its path, and as its contract says."""
    return set(slots(route)) | (ids_taken(route) - PUBLIC)


def places_known(route: str) -> set[str]:
    """The names of the ids of somebody's that the route's requests in routes.yaml bear."""
    how = table.how_called()[route]
    found = set(slots(route))
    for said in (how, *how.get("swap", ())):
        found |= {
            name
            for name in (said.get("query") or {})
            if _NAMED.match(str(said["query"][name])) and name not in PUBLIC
        }
        found |= {
            place
            for place, value in _leaves("", said.get("body"))
            if _NAMED.match(str(value)) and place not in PUBLIC
        }
    return found


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each value within, with the name of the field that holds it."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(key, each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(name, each)
    else:
        yield name, value


def places(route: str, request: Request) -> Iterator[Place]:
    """All places of a request in which an id of somebody's stands."""
    _, rule = route.split(" ", 1)
    found = re.fullmatch(
        _SLOT.sub(lambda slot: f"(?P<{slot[1]}>[^/]+?)", rule.replace(".", "\\.")), request.path
    )
    assert found is not None, f"{route}: {request.path}"
    yield from (Place("path", name, found[name]) for name in slots(route))
    yield from (
        Place("query", name, value) for name, value in request.query.items() if _is_somebodys(name, value)
    )
    for name, value in dict.fromkeys(_leaves("", request.body)):
        if _is_somebodys(name, value):
            yield Place("body", name, value)
    for name, value in ((each, value) for each, value in (request.form or {}).items() if each not in PUBLIC):
        for where, text in (("name", name), ("form", value)):
            yield from (Place(where, _ID.sub("<id>", name), id) for id in _ID.findall(text))


def _is_somebodys(name: str, value: Any) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value)) and name not in PUBLIC


def kind_of(place: Place, ids: Mapping[str, str]) -> str:
    """The kind of thing that stands there: a goal, a meeting; whoever is not of the case is a person."""
    if place.where == "path" and place.name in ids:
        return place.name
    return next((name for name, value in ids.items() if value == place.value), "guardian_id")


def changed(request: Request, place: Place, id: str) -> Request:
    """The request with the id at one place changed."""

    def put(text: str) -> str:
        return text.replace(place.value, id)

    if place.where == "path":
        return replace(request, path=put(request.path))
    if place.where == "query":
        return replace(request, query={**request.query, place.name: id})
    if place.where == "body":
        return replace(request, body=json.loads(put(json.dumps(request.body))))
    return replace(request, form={put(name): put(value) for name, value in (request.form or {}).items()})
