"""Cases with a population register that a test can change: two families of the demo, in a file of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from services.cases.commands import refresh_family
from services.chassis.access_record import read_line
from services.chassis.actor import Actor, service_actor
from services.chassis.work import Work
from services.contracts import cases, directory
from tests.services.cases_house import SERVICES, House, demo_families, house

FAMILIES = ("fagerdalen", "stillvik")


class Register:
    """The stand-in for the national register: a file, read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self._path, self._times = path, 0
        self.families = {each["key"]: deepcopy(each) for each in demo_families() if each["key"] in FAMILIES}
        self.tell()

    def tie(self, adult: str, family: str = "fagerdalen") -> dict[str, Any]:
        """The tie of an adult, by key, to be changed; `tell` lets the register say it."""
        ties: list[dict[str, Any]] = self.families[family]["ties"]
        return next(tie for tie in ties if tie["adult"] == adult)

    def tell(self) -> None:
        """Write the file; each time is another to the clock of files."""
        self._path.write_text(yaml.safe_dump({"families": list(self.families.values())}), encoding="utf-8")
        self._times += 1
        os.utime(self._path, (self._times, self._times))


class Persons(House):
    """The house, with words for what is done about persons."""

    register: Register

    def refresh(self, case_id: str, actor: Actor) -> None:
        self.register.tell()
        self.ask(cases.RefreshFamily, actor, case_id=case_id)

    def night(self) -> None:
        """The timer's round."""
        refresh_family.all_once_a_day(Work(self.app))

    def family(self, case_id: str, actor: Actor) -> dict[str, Any]:
        return self.ask(cases.GetFamily, actor, case_id=case_id)

    def last_told(self) -> dict[str, Any]:
        return self.told(cases.PersonChanged)[-1]


def employ(the: House, number: str, unit: str, role: str = "employee") -> Actor:
    """Somebody of a family begins to work in the municipality."""
    me = the.ask(cases.RegisterEmployee, service_actor("directory"), number=number, name="Noen Forelder")[
        "id"
    ]
    post = {"unit_id": unit, "service_id": SERVICES[unit], "role": role, "valid_from": "2020-01-01"}
    the.hear(directory.StaffChanged, me, {"person_id": me, "roles": [post]})
    the.keep_up()
    return Actor("granli", "employee", me, unit, "high")


def recorded(the: House, act: str) -> list[tuple[str | None, bool, str]]:
    """Who tried an act, whether it was allowed, and why (not), as the access record has it."""
    table = the.app.db.chassis.access_record
    with the.app.db.read() as conn:
        rows = conn.execute(sa.select(table).where(table.c.act == act).order_by(table.c.position)).all()
    lines = [read_line(the.app.keys, row) for row in rows]
    return [(line.person_id, line.allowed, line.reason) for line in lines]


@pytest.fixture
def persons(cases_url: str, var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Persons]:
    path = var_dir / "register.yaml"
    register = Register(path)
    monkeypatch.setenv("STAFETT_REGISTER_FILE", str(path))
    with house(cases_url, var_dir, kind=Persons) as made:
        assert isinstance(made, Persons)
        made.register = register
        yield made
