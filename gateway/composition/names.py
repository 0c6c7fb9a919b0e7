"""The names the gateway may remember: services, units and tools (refreshed by events), and staff for a minute."""

import threading
import time
from collections.abc import Iterable
from typing import Any

from gateway.asking import Asking
from gateway.translations import translator
from services.chassis import tracing
from services.contracts import directory
from services.contracts.cases import HIDDEN_PERSON, HIDDEN_SERVICE
from services.kernel.errors import Refusal

STAFF_SECONDS = 60.0
_CATALOGUE_SECONDS = 600.0


class Remembered:
    """The cache of one gateway process. Whoever hears that the catalogue changed calls `forget_catalogue`.

    What a page of the lane asks for is not remembered: the next reader of another page would be answered without a
    question, sooner and uncounted, because somebody had been in the lane (PR-3)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._catalogues: dict[str, tuple[float, dict[str, Any]]] = {}
        self._municipalities: dict[str, dict[str, Any]] = {}
        self._staff: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
        self._forms: dict[tuple[str, str, int | None], dict[str, Any]] = {}

    def forget_catalogue(self, municipality: str) -> None:
        """The next reader fetches it anew."""
        with self._lock:
            self._municipalities = {}
            self._catalogues.pop(municipality, None)
            self._forms = {key: form for key, form in self._forms.items() if key[0] != municipality}

    def forget_all(self) -> None:
        """Nobody knows what was told while nobody listened: all is fetched anew."""
        with self._lock:
            self._municipalities, self._catalogues, self._forms, self._staff = {}, {}, {}, {}

    def municipalities(self, asking: Asking) -> dict[str, dict[str, Any]]:
        """All municipalities here, by their code."""
        known = self._municipalities
        if not known:
            items = asking.as_service(directory.ListMunicipalities, {})["items"]
            known = {item["municipality"]: item for item in items}
            if not tracing.is_quiet():
                self._municipalities = known
        return known

    def catalogue(self, asking: Asking, municipality: str) -> dict[str, Any]:
        """What anyone may read of a municipality (see contracts.directory.Catalogue), with `by_id` look-ups."""
        known = self._catalogues.get(municipality)
        if known is None or known[0] < time.monotonic():
            answer = asking.as_service(directory.GetCatalogue, {"municipality": municipality}, municipality)
            answer["service_by_id"] = {each["id"]: each for each in answer["services"]}
            answer["unit_by_id"] = {each["id"]: each for each in answer["units"]}
            known = (time.monotonic() + _CATALOGUE_SECONDS, answer)
            if not tracing.is_quiet():
                with self._lock:
                    self._catalogues[municipality] = known
        return known[1]

    def form(self, asking: Asking, municipality: str, tool: str, version: int | None) -> dict[str, Any]:
        """A tool's form (contracts.directory.ToolForm) in one version, None: in force. NotFound if there is none."""
        known = self._forms.get((municipality, tool, version))
        if known is None:
            asked = {"municipality": municipality, "tool": tool} | ({"version": version} if version else {})
            known = asking.as_service(directory.GetTool, asked, municipality)
            if not tracing.is_quiet():
                with self._lock:
                    self._forms[municipality, tool, version] = known
        return known

    def staff(self, asking: Asking, person_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Name and title of these employees, by person id; who is no employee is left out."""
        municipality, now = asking.municipality, time.monotonic()
        wanted = {person_id for person_id in person_ids if person_id}
        known = {
            person_id: kept[1]
            for person_id in wanted
            if (kept := self._staff.get((municipality, person_id))) is not None and kept[0] >= now
        }
        if missing := wanted - set(known):
            answer = asking(directory.StaffNames, {"person_ids": sorted(missing)})
            found = {item["person_id"]: item for item in answer["items"]}
            fresh = {person_id: found.get(person_id, {}) for person_id in missing}
            known |= fresh
            if not tracing.is_quiet():
                self._remember_staff(municipality, fresh, now)
        return {person_id: item for person_id, item in known.items() if item}

    def _remember_staff(self, municipality: str, fresh: dict[str, dict[str, Any]], now: float) -> None:
        with self._lock:
            if len(self._staff) > 5000:
                self._staff.clear()
            for person_id, item in fresh.items():
                self._staff[(municipality, person_id)] = (now + STAFF_SECONDS, item)


class Names:
    """The names within one request: what is not known is None, and a page that lacks a name still stands."""

    def __init__(self, remembered: Remembered, asking: Asking) -> None:
        self._remembered, self._asking = remembered, asking
        self._family: dict[str, str] = {}

    @property
    def missing(self) -> list[str]:
        """The part that a page lacks whose names could not be had: it says so, as of any other part."""
        service = directory.GetCatalogue.service
        return [service] if self._asking.is_silent(service) else []

    def add_family(self, people: Iterable[dict[str, Any]]) -> None:
        """Names of the family, as the owner of persons has just told this asker; never remembered longer."""
        self._family.update({each["person_id"]: each["name"] for each in people})

    def municipalities(self) -> dict[str, dict[str, Any]]:
        """All municipalities here, by code."""
        return self._remembered.municipalities(self._asking)

    def form(self, municipality: str, tool: str, version: int | None = None) -> dict[str, Any]:
        """A tool's form, as contracts.directory.ToolForm; NotFound if there is none."""
        return self._remembered.form(self._asking, municipality, tool, version)

    def municipality(self, code: str) -> str:
        """The municipality's name."""
        return str(self._remembered.municipalities(self._asking).get(code, {}).get("name", code))

    def catalogue(self, municipality: str | None = None) -> dict[str, Any]:
        """The catalogue of the asker's municipality, or of the one named."""
        return self._remembered.catalogue(self._asking, municipality or self._asking.municipality)

    def forget(self) -> None:
        """After the asker's own change of it the catalogue is asked for anew."""
        self._remembered.forget_catalogue(self._asking.municipality)

    def unit(self, municipality: str, unit_id: str | None) -> str | None:
        """The unit's name."""
        if not unit_id:
            return None
        try:
            found = self._remembered.catalogue(self._asking, municipality)["unit_by_id"].get(unit_id)
        except Refusal:
            return None
        return found["name"] if found else None

    def service(self, service_id: str | None) -> str | None:
        """The service's name; of one that the reader is not told of, that it is a service (PR-6)."""
        if not service_id:
            return None
        if service_id == HIDDEN_SERVICE:
            return translator()("names.hidden_service")
        try:
            found = self.catalogue()["service_by_id"].get(service_id)
        except Refusal:
            return None
        return found["name"] if found else None

    def ground(self, code: str | None, version: int | None, language: str = "nb") -> dict[str, str] | None:
        """CO-11: a ground of sharing in words: its `text`, and the municipality's own `reference` in that version (""
        where none was known). None where there is no ground, or its words can't be had."""
        if not code:
            return None
        try:
            versions = [each for each in self.catalogue().get("grounds") or [] if each["ground"] == code]
        except Refusal:
            return None
        if not versions:
            return None
        kept = next((each for each in versions if each["version"] == version), None)
        return {"text": versions[0]["text"][language], "reference": kept["reference"] if kept else ""}

    def service_of_unit(self, unit_id: str | None) -> str | None:
        """The name of the service that a unit belongs to."""
        try:
            found = self.catalogue()["unit_by_id"].get(unit_id) if unit_id else None
        except Refusal:
            return None
        return self.service(found["service_id"]) if found else None

    def people(self, person_ids: Iterable[str | None]) -> dict[str, str]:
        """Names by person id: family as told in this request, employees as directory knows them; of staff who are not
        named, that it is an employee (PR-6)."""
        wanted = {person_id for person_id in person_ids if person_id}
        hidden = {HIDDEN_PERSON: translator()("names.hidden")} if HIDDEN_PERSON in wanted else {}
        wanted.discard(HIDDEN_PERSON)
        try:
            staff = self._remembered.staff(self._asking, wanted - set(self._family))
        except Refusal:
            staff = {}
        names = {person_id: item["name"] for person_id, item in staff.items()}
        for other in wanted - set(names) - set(self._family):
            unit = self.unit(self._asking.municipality, other)  # under a care order a unit signs (GU-4)
            if unit is not None:
                names[other] = unit
        return (
            names | hidden | {person_id: self._family[person_id] for person_id in wanted & set(self._family)}
        )
