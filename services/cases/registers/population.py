"""The population register behind one question. Embedded: the demo families, read from a file.

A real one asks the national register's API and answers in the same shape; grades and ties are as it tells them."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import yaml

from services.cases.domain.people import RegisteredGuardian, RegisteredPerson
from services.kernel.errors import Unavailable

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RegisterUnavailable(Unavailable):
    """The population register does not answer."""

    code = "register_unavailable"
    detail = "The population register does not answer. Try again in a moment."


class PopulationRegister(Protocol):
    """What cases asks of a population register."""

    def find(self, number: str) -> RegisteredPerson | None:
        """The person with this identity number (11 digits); None when there is none. Raises RegisterUnavailable."""
        ...


class FileRegister:
    """The families of a data file (families: adults, children, ties), read again when the file has changed. A tie may
    say from and to which day the responsibility lasts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, number: str) -> RegisteredPerson | None:
        """See PopulationRegister."""
        try:
            people = _read(self._path, self._path.stat().st_mtime_ns)
        except (OSError, yaml.YAMLError, KeyError, TypeError) as fault:
            raise RegisterUnavailable from fault
        return people.get(number)


@lru_cache(maxsize=4)
def _read(path: Path, _changed_at: int) -> Mapping[str, RegisteredPerson]:
    """Everybody in the file by number, read once for each time of change (ns): reading the demo's takes a fifth of a
    second."""
    return _people(yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader))


def _people(data: dict[str, Any]) -> dict[str, RegisteredPerson]:
    people: dict[str, RegisteredPerson] = {}
    for family in data["families"]:
        adults = {adult["key"]: adult for adult in family["adults"]}
        for person in (*family["adults"], *family["children"]):
            guardians = tuple(
                _guardian(adults[tie["adult"]], tie)
                for tie in family["ties"]
                if tie["child"] == person["key"]
            )
            people[person["number"]] = RegisteredPerson(
                number=person["number"],
                name=person["name"],
                birth_date=person["birth_date"],
                address_grade=person["address_grade"],
                address=person.get("address"),
                guardians=guardians,
                person_id=person.get("id"),
            )
    return people


def _guardian(adult: dict[str, Any], tie: dict[str, Any]) -> RegisteredGuardian:
    """What is not known of the responsibility counts as a claim that nobody has verified (GU-3)."""
    return RegisteredGuardian(
        number=adult["number"],
        name=adult["name"],
        birth_date=adult["birth_date"],
        relation=tie["relation"],
        has_responsibility=tie["responsibility"] != "none",
        verified=tie.get("verified") is not None and tie["responsibility"] != "unknown",
        address_grade=adult["address_grade"],
        person_id=adult.get("id"),
        valid_from=tie.get("from"),
        valid_to=tie.get("to"),
    )
