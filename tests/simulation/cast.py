"""Who plays: children of the demo with their guardians, who sees them every day, and who else could help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from tests.journeys.people import ROOT, Demo

OLDEST = 11
"""Years: up to this age guardians sign alone, and the child is heard through others."""


@dataclass(frozen=True)
class Worker:
    """An employee, in one of the units where they work."""

    key: str
    person_id: str
    unit_id: str
    service_id: str


@dataclass(frozen=True)
class Child:
    """A child, the keys of its guardians by name, and who could raise a concern."""

    key: str
    municipality: str
    guardians: dict[str, str]
    owners: tuple[Worker, ...]
    outsiders: tuple[Worker, ...]
    """One of each other service of the municipality."""


class Cast:
    """Everyone of the demo who can take part, in the order of the demo's files: a seed chooses the same anywhere.

    Left out are children of whom the demo has a case already: a new concern would join it."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        units = {
            each["id"]: each["service_id"] for each in _demo("services/directory/data/units.yaml", "units")
        }
        self._workers: dict[str, list[Worker]] = {}
        for person in _demo("services/directory/data/staff.yaml", "staff"):
            for role in person["roles"]:
                if role["role"] in ("employee", "leader"):
                    worker = Worker(person["key"], person["id"], role["unit_id"], units[role["unit_id"]])
                    self._workers.setdefault(person["municipality"], []).append(worker)
        self.children = list(self._children())

    def _children(self) -> Iterator[Child]:
        known = {each["child"] for each in _demo("deploy/demo/data/cases.yaml", "cases")}
        for family in _demo("deploy/demo/data/families.yaml", "families"):
            if any(adult["address_grade"] != "ungraded" for adult in family["adults"]):
                continue
            for child in family["children"]:
                ties = [tie for tie in family["ties"] if tie["child"] == child["key"]]
                is_young = child.get("unit_id") and _age(child["birth_date"]) <= OLDEST
                if not is_young or child["key"] in known or not _all_sign(ties):
                    continue
                guardians = [tie["adult"] for tie in ties if tie["responsibility"] != "none"]
                yield self._child(child, family["municipality"], guardians)

    def _child(self, child: dict[str, Any], municipality: str, guardians: list[str]) -> Child:
        there = self._workers[municipality]
        owners = tuple(each for each in there if each.unit_id == child["unit_id"])
        own_service = owners[0].service_id
        outside = {each.service_id: each for each in there if each.service_id != own_service}
        named = {self.demo.name(key): key for key in guardians}
        return Child(child["key"], municipality, named, owners, tuple(outside.values()))


def write_logins(file: Path) -> None:
    """Let everyone of the demo log in, not only those whom its login page lists (STAFETT_DEMO_PEOPLE)."""
    rows = []
    for person in Demo().by_key.values():
        contact = person.get("contact") or {}
        row = {"number": person["number"], "name": person["name"], "group": "Alle"}
        rows.append(row | {"email": contact.get("email") or person.get("email")})
    file.write_text(yaml.safe_dump({"version": 1, "people": rows}, allow_unicode=True), "utf-8")


def _demo(path: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / path).read_text("utf-8"))[name]
    return found


def _age(born: date) -> int:
    # A year more than the demo's own day makes: nobody comes of age while a clock is stepped.
    return 2027 - born.year


def _all_sign(ties: list[dict[str, Any]]) -> bool:
    """Whether the register knows of every tie whether it bears responsibility, so that somebody can sign (GU-3)."""
    return all(tie.get("verified") for tie in ties)
