"""Who is on stage: every role of the matrix with its person of the demo, logged in as real ones are; and a program."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.journeys.people import Demo, Person

UNIT, PPT_UNIT, HEALTH_UNIT = (
    "unit-granli-bjorkelia", "unit-granli-ppt-kontor", "unit-granli-helsestasjonen",
)  # fmt: skip
PPT, HEALTH = "service-granli-ppt", "service-granli-helsestasjon"
CHILD, YOUTH, NAMED = "ravn-flintneset", "sander-lindasmo", "fredrik-snofonn"
PLACE, OTHER_PLACE = "granli", "storvik"
TOKEN_GOOD_FOR = 300.0
"""Seconds for which a program's token is used; it is good for twice as long."""


@dataclass(frozen=True, slots=True)
class Role:
    """One column of the table. `capacity` None: nobody is logged in. `case`: whose case is "their own"."""

    code: str
    key: str | None
    capacity: str | None
    unit_id: str | None = None
    case: str = CHILD
    level: str = "substantial"


ROLES: tuple[Role, ...] = (
    Role("anonymous", None, None),
    Role("citizen", "kristin-orrevang", None),
    Role("guardian", "ashild-flintneset", "guardian", level="high"),
    Role("parent", "oyvind-slettemyr", "guardian"),
    Role("named", NAMED, "guardian"),
    Role("neighbour", "gerd-torvmyra", "guardian"),
    Role("youth", YOUTH, "self", case=YOUTH, level="high"),
    Role("owner", "solveig-brekkmo", "employee", UNIT),
    Role("holder", "live-rognbakken", "employee", UNIT),
    Role("topic", "henrik-solnesvik", "employee", PPT_UNIT),
    Role("no_topic", "ingvild-tangvoll", "employee", HEALTH_UNIT),
    Role("asked", "lene-bergsvagen", "employee", HEALTH_UNIT),
    Role("partner", "cecilie-stromhella", "employee", "unit-storvik-brua"),
    Role("emergency", "tobias-rimbakken", "employee", "unit-granli-miljoteam"),
    Role("outsider", "mona-seljebotn", "employee", "unit-granli-maltrosten"),
    Role("leader", "turid-haugnesli", "employee", UNIT),
    Role("their_leader", "gunn-elise-trollmark", "employee", PPT_UNIT),
    Role("coordinator", "ragnhild-moanes", "employee", "unit-granli-koordinering"),
    Role("protection", "espen-lysvollen", "employee", "unit-granli-barnevern-kontor", level="high"),
    Role("admin", "ola-petter-nybraten", "employee", "unit-granli-koordinering"),
    Role("machine", None, None),
)  # fmt: skip
BY_CODE = {role.code: role for role in ROLES}
MOTHER, FATHER, NEWBORN = "tora-jernbraten", "per-kristian-vinterstol", "jonathan-jernbraten"
AT_A_BIRTH = {
    "guardian": Role("guardian", FATHER, "guardian", level="high"),
    "youth": Role("youth", MOTHER, "self", level="high"),
}
"""Who has the family's parts where a child is born: the newborn's father, and the mother as the subject of her own
case."""


class Cast:
    """The people of the roles and of the stories, each logged in once. The citizen has tried: no municipality knows
    them. `instead`: who plays some roles at the time."""

    def __init__(self, url: str, var: Path) -> None:
        self.url, self.demo, self.var = url, Demo(), var
        self.instead: Mapping[str, Role] = {}
        self._people: dict[tuple[str | None, ...], Person] = {}
        self._others: dict[str, tuple[float, Person]] = {}

    def person(self, code: str) -> Person:
        """Who plays the role; logged in when first asked for, a program again before its token ends."""
        role = self._role(code)
        if role.key is not None and role.capacity is not None:
            return self.play(role.key, role.capacity, role.unit_id, role.level)
        if code not in self._others or time.monotonic() - self._others[code][0] > TOKEN_GOOD_FOR:
            self._others[code] = (time.monotonic(), self.anew(code))
        return self._others[code][1]

    def play(self, key: str, capacity: str, unit_id: str | None = None, level: str = "substantial") -> Person:
        """Somebody of the demo, logged in when first asked for."""
        known = (key, capacity, unit_id, level)
        if known not in self._people:
            self._people[known] = Person(self.url, self.demo, key).log_in(capacity, unit_id, level)
        return self._people[known]

    def anew(self, code: str) -> Person:
        """Who plays the role, with a session of their own."""
        role = self._role(code)
        person = Person(self.url, self.demo, role.key)
        if code == "machine":
            person.http.headers["Authorization"] = f"Bearer {self._token()}"
        if role.key is None:
            return person
        if role.capacity is None:
            return person.log_in("guardian", expect=403)
        return person.log_in(role.capacity, role.unit_id, role.level)

    def _role(self, code: str) -> Role:
        return self.instead.get(code, BY_CODE[code])

    def _token(self) -> str:
        """Of a program that has every scope there is."""
        name = f"matrix-{secrets.token_hex(4)}"
        client = operate(self.var, "add-client", "--name", name, "--scopes", "catalogue.read")
        asked = {"grant_type": "client_credentials"}
        given = (client["client_id"], client["client_secret"])
        answer = requests.post(f"{self.url}/outside/v1/token", data=asked, auth=given, timeout=20)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


def operate(var: Path, *words: str) -> dict[str, Any]:
    """The operator's command, for the municipality of the roles; its one row."""
    command = [
        sys.executable,
        "-m",
        "deploy.ops",
        *words,
        "--municipality",
        PLACE,
        "--json",
        "--var",
        str(var),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows[0]
