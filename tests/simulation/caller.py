"""People at the API who do not give up: each act bears a key of its own, and is asked for until it is answered."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from gateway.api.routes import ROUTES, Route
from services.contracts.base import Procedure
from tests.journeys.people import Demo, Person, Unexpected

TIMEOUT = 20.0
FIRST_PAUSE, LAST_PAUSE = 0.2, 2.0
INTERNAL = "internal_error"
"""The code under which every answer 500 is counted."""
BELIEVED = 3
"""So many refusals of a login are believed."""
_LOST_SESSION = frozenset({"not_logged_in", "csrf_failed"})
_BROKEN = (requests.RequestException, Unexpected, KeyError, ValueError, AssertionError)


@dataclass
class Act:
    """One act of one person, and what became of it: "done", "refused" or, when nobody ever answered, "unanswered"."""

    key: str
    procedure: Procedure
    who: str
    path: str
    outcome: str = "unanswered"
    tries: int = 0
    status: int = 0
    code: str = ""
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass
class Journal:
    """What all players did, as they were answered. `faults` counts answers that were no answer, by their code."""

    acts: list[Act] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, act: Act) -> None:
        with self._lock:
            self.acts.append(act)

    def fault(self, code: str) -> None:
        with self._lock:
            self.faults[code] = self.faults.get(code, 0) + 1

    def of(self, outcome: str) -> list[Act]:
        with self._lock:
            return [act for act in self.acts if act.outcome == outcome]


class LoginRefused(Exception):
    """The suite knows nobody who could act so."""


@dataclass(frozen=True)
class Role:
    """A person in a capacity."""

    key: str
    capacity: str
    unit_id: str | None = None


class Caller:
    """The people of one player; each logs in when first needed, and again when the session is gone.

    `patient()` says whether it is still worth asking again.
    """

    def __init__(
        self, url: str, demo: Demo, name: str, journal: Journal, patient: Callable[[], bool]
    ) -> None:
        self._url, self._demo, self._name = url, demo, name
        self._journal, self._patient = journal, patient
        self._people: dict[Role, Person] = {}
        self._number = 0

    def number_of(self, key: str) -> str:
        """The identity number of somebody of the demo."""
        return self._demo.number(key)

    def act(self, role: Role, method: str, path: str, body: dict[str, Any], etag: str | None = None) -> Act:
        """Do one thing, once: the same key and the same words each time, until there is an answer."""
        self._number += 1
        act = Act(f"{self._name}-{self._number}", procedure_of(method, path), role.key, path)
        headers = {"Idempotency-Key": act.key} | ({"If-Match": etag} if etag else {})
        try:
            answer = self._ask(role, method, path, headers, body, act)
        except LoginRefused:
            answer, act.outcome, act.code = None, "refused", "login_refused"
        if answer is not None:
            act.outcome = "done" if answer.ok else "refused"
            act.status, told = answer.status_code, answer.json()
            act.answer, act.code = told, "" if answer.ok else str(told.get("code"))
        self._journal.keep(act)
        return act

    def read(self, role: Role, path: str) -> tuple[dict[str, Any], str]:
        """What can be read there, and its ETag; ({}, "") when it is refused, or never answered."""
        try:
            answer = self._ask(role, "GET", path, {}, None, None)
        except LoginRefused:
            return {}, ""
        if answer is None or not answer.ok:
            return {}, ""
        return answer.json(), answer.headers.get("ETag", "")

    def status(self, role: Role, path: str) -> int:
        """The status that a read of `path` is answered with; 0 when there is no answer, or no login."""
        try:
            answer = self._ask(role, "GET", path, {}, None, None)
        except LoginRefused:
            return 0
        return answer.status_code if answer is not None else 0

    def _ask(
        self, role: Role, method: str, path: str, headers: dict[str, str], body: Any, act: Act | None
    ) -> requests.Response | None:
        pause = FIRST_PAUSE
        while True:
            person = self._logged_in(role)
            if person is None:
                return None
            if act is not None:
                act.tries += 1
            answer, fault = self._once(person, method, path, headers, body)
            if answer is not None:
                return answer
            self._journal.fault(fault)
            if fault in _LOST_SESSION:
                del self._people[role]
            if not self._patient():
                return None
            time.sleep(pause)
            pause = min(LAST_PAUSE, pause * 2)

    def _once(
        self, person: Person, method: str, path: str, headers: dict[str, str], body: Any
    ) -> tuple[requests.Response | None, str]:
        """(the answer, ""), or (None, why there is none that can be believed)."""
        try:
            answer = person.http.request(
                method, f"{self._url}/api{path}", json=body, timeout=TIMEOUT,
                headers=headers | {"Stafett-CSRF": person.csrf},
            )  # fmt: skip
            code = "" if answer.ok else str(answer.json().get("code"))
        except (requests.RequestException, ValueError) as error:
            return None, type(error).__name__
        if answer.status_code == 500:
            return None, INTERNAL
        if code in _LOST_SESSION or answer.status_code > 500 or answer.status_code == 429:
            return None, code
        return answer, ""

    def _logged_in(self, role: Role) -> Person | None:
        """Raises LoginRefused for who is nobody here (a family that knows of no case); None when nobody answers.

        One refusal is not believed: a session can end between the login and the choice when the clock is stepped."""
        level, refusals = "substantial" if role.capacity == "employee" else "high", 0
        while role not in self._people:
            try:
                person = Person(self._url, self._demo, role.key)
                self._people[role] = person.log_in(role.capacity, role.unit_id, level)
            except _BROKEN as error:
                refused = isinstance(error, Unexpected) and any(
                    each in str(error) for each in (": 403", "can't act")
                )
                failed = INTERNAL if ": 500" in str(error) else "login_failed"
                self._journal.fault("login_refused" if refused else failed)
                refusals += refused
                if refusals >= BELIEVED:
                    raise LoginRefused from None
                if not self._patient():
                    return None
                time.sleep(FIRST_PAUSE)
        return self._people[role]


def _pattern(route: Route) -> re.Pattern[str]:
    return re.compile(re.sub(r"<\w+>", "[^/]+", route.rule))


_PATTERNS = [(route.method, _pattern(route), route.procedure) for route in ROUTES]


def procedure_of(method: str, path: str) -> Procedure:
    """The procedure that answers an address of the API."""
    return next(each for how, where, each in _PATTERNS if how == method and where.fullmatch(path))
