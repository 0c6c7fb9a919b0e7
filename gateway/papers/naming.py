"""The names that a paper needs, in one place: of persons, services and the municipality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Naming:
    """`people`, `services`: names by id; `municipality`: {municipality, name, web} as the directory has it. What has no
    name is called by its id, so that no line of a paper is empty. `grounds`: every version of each ground of sharing,
    the newest first (CO-11)."""

    people: Mapping[str, str]
    services: Mapping[str, str]
    municipality: Mapping[str, Any]
    grounds: Iterable[Mapping[str, Any]] = ()

    def person(self, person_id: str | None) -> str:
        """A person's name."""
        return self.people.get(person_id or "") or (person_id or "")

    def ground(self, code: str, version: int | None, language: str) -> str:
        """On what sharing rests, in words, with the municipality's own reference in the version that held then."""
        versions = [each for each in self.grounds if each["ground"] == code]
        if not versions:
            return code
        reference = next((each["reference"] for each in versions if each["version"] == version), "")
        return " ".join([versions[0]["text"][language], *([f"{reference}."] if reference else [])])

    @property
    def contact(self) -> str:
        """How the municipality is reached: its web address, else its name."""
        return str(self.municipality.get("web") or self.municipality["name"])

    def receiver(self, line: Mapping[str, Any]) -> str:
        """The name of the service, or of the person, that a line lets read."""
        service_id = line.get("service_id")
        if service_id:
            return self.services.get(service_id) or str(service_id)
        return self.person(line.get("person_id"))


def lines_of(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The answers of a receipt, to services and to persons, in their order."""
    return [*found["answers"], *found.get("person_answers", ())]
