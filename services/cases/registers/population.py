"""The population register behind one question. Embedded: the demo families, read from a file.

A real one asks the national register's API and answers in the same shape; grades and ties are as it tells them."""

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
        self._read_at = 0.0
        self._people: dict[str, RegisteredPerson] = {}

    def find(self, number: str) -> RegisteredPerson | None:
        """See PopulationRegister."""
        try:
            changed_at = self._path.stat().st_mtime
            if changed_at != self._read_at:
                self._people = _people(yaml.load(self._path.read_text(encoding="utf-8"), Loader=_Loader))
                self._read_at = changed_at
        except (OSError, yaml.YAMLError, KeyError, TypeError) as fault:
            raise RegisterUnavailable from fault
        return self._people.get(number)


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
