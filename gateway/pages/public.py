"""Pages that anyone reads without login (DI-1): services, guide, tools, and what to do when worried.
They know only the public catalogue; nothing of a case can leak from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.paths import PATHS
from services.kernel.errors import NotFound

Catalogue = dict[str, Any]
Service = dict[str, Any]


class Source(Protocol):
    """Where the public pages take their content from."""

    def municipalities(self) -> list[dict[str, str]]:
        """[{slug, name}]"""

    def catalogue(self, municipality: str) -> Catalogue:
        """contracts.directory.Catalogue; NotFound for an unknown municipality."""

    def form(self, municipality: str, tool: str) -> dict[str, Any] | None:
        """The definition of a tool's form in force; None for a tool that has none."""


Frame = Callable[[str | None, str], dict[str, Any]]
"""(municipality or None, key of the active menu item) -> `page`, the model of the frame."""


def find_services(
    services: Iterable[Service], units: Iterable[dict[str, Any]], query: str, age: int | None, drop_in: bool
) -> list[Service]:
    """The services that match all words of `query` (in their own texts or their units' names), the age and drop-in."""
    unit_names: dict[str, str] = {}
    for unit in units:
        unit_names[unit["service_id"]] = f"{unit_names.get(unit['service_id'], '')} {unit['name']}"
    words = query.casefold().split()

    def matches(service: Service) -> bool:
        if drop_in and not service.get("drop_in"):
            return False
        low, high = service.get("age_from"), service.get("age_to")
        if age is not None and not ((low is None or low <= age) and (high is None or age <= high)):
            return False
        told = " ".join(
            str(service.get(key) or "") for key in ("name", "gives", "for_whom", "how_to_contact")
        )
        text = f"{told} {unit_names.get(service['id'], '')}".casefold()
        return all(word in text for word in words)

    return [service for service in services if matches(service)]


def _by(items: Iterable[dict[str, Any]], key: str, value: object) -> dict[str, Any]:
    found = next((item for item in items if str(item[key]) == str(value)), None)
    if found is None:
        raise NotFound
    return found


def _of_types(catalogue: Catalogue, types: Iterable[str]) -> list[Service]:
    """Services of these types, in the order of the types."""
    return [service for kind in types for service in catalogue["services"] if service.get("type") == kind]


def blueprint(source: Source, frame: Frame) -> Blueprint:
    """All public pages. `source` gives the content, `frame` the header of the page."""
    pages = Blueprint("public", __name__)

    def show(template: str, municipality: str | None, active: str = "", **model: Any) -> Response | str:
        return render_template(f"public/{template}.html", page=frame(municipality, active), **model)

    @pages.get(PATHS["start"])
    def start() -> Response | str:
        return show("start", None, municipalities=source.municipalities())

    @pages.get(PATHS["front"])
    def front(municipality: str) -> Response | str:
        catalogue = source.catalogue(municipality)
        words = catalogue["front"]["front"]
        advice = {item["code"]: item for item in catalogue["worried"]["pages"]}
        links = [advice[code] for code in words["worried"]["links"] if code in advice]
        return show("front", municipality, front=words, links=links)

    @pages.get(PATHS["services"])
    def services(municipality: str) -> Response | str:
        catalogue = source.catalogue(municipality)
        query = request.args.get("q", "")[:100]
        age = request.args.get("age", "")
        drop_in = request.args.get("drop_in") == "1"
        years = int(age) if age.isascii() and age.isdigit() and len(age) < 3 else None
        found = find_services(catalogue["services"], catalogue["units"], query, years, drop_in)
        return show(
            "services", municipality, "services", services=found, query=query, age=age, drop_in=drop_in
        )

    @pages.get(PATHS["service"])
    def service(municipality: str, service_id: str) -> Response | str:
        catalogue = source.catalogue(municipality)
        found = _by(catalogue["services"], "id", service_id)
        units = [unit for unit in catalogue["units"] if unit["service_id"] == service_id]
        tools = [tool for tool in catalogue["tools"] if tool["code"] in (found.get("tools") or ())]
        return show("service", municipality, "services", service=found, units=units, tools=tools)

    @pages.get(PATHS["guide"])
    def guide(municipality: str) -> Response | str:
        return show("guide", municipality, "guide", guide=source.catalogue(municipality)["guide"])

    @pages.get(PATHS["guide_level"])
    def guide_level(municipality: str, level: str) -> Response | str:
        catalogue = source.catalogue(municipality)
        found = _by(catalogue["guide"]["levels"], "level", level)
        names = {tool["code"]: tool["name"] for tool in catalogue["tools"]}
        return show(
            "guide_level", municipality, "guide", guide=catalogue["guide"], level=found, tool_names=names
        )

    @pages.get(PATHS["tools"])
    def tools(municipality: str) -> Response | str:
        return show("tools", municipality, "tools", tools=source.catalogue(municipality)["tools"])

    @pages.get(PATHS["tool"])
    def tool(municipality: str, tool_id: str) -> Response | str:
        found = _by(source.catalogue(municipality)["tools"], "code", tool_id)
        definition = source.form(municipality, tool_id) if found.get("form") else None
        return show("tool", municipality, "tools", tool=found, definition=definition)

    @pages.get(PATHS["worried"])
    def worried(municipality: str) -> Response | str:
        catalogue = source.catalogue(municipality)
        advice = {item["code"]: item for item in catalogue["worried"]["pages"]}
        listed = [advice[code] for code in catalogue["front"]["front"]["worried"]["links"] if code in advice]
        ask = _of_types(catalogue, ("child_protection", "health_station"))
        return show("worried", municipality, pages=listed, services=ask)

    @pages.get(PATHS["advice"])
    def advice(municipality: str, code: str) -> Response | str:
        catalogue = source.catalogue(municipality)
        found = _by(catalogue["worried"]["pages"], "code", code)
        return show(
            "advice",
            municipality,
            advice=found,
            services=_of_types(catalogue, found.get("service_types") or ()),
        )

    @pages.get(PATHS["accessibility"])
    def accessibility() -> Response | str:
        return show("accessibility", None)

    @pages.get(PATHS["privacy"])
    def privacy() -> Response | str:
        return show("privacy", None)

    return pages
