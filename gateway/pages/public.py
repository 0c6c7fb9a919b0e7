"""Pages that anyone reads without login (DI-1): services, guide, tools, and what to do when worried.
They know only the public catalogue; nothing of a case can leak from here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, g, render_template, request

from gateway.frame import view
from gateway.frame.paths import PATHS
from services.kernel.errors import NotFound

blueprint = Blueprint("public", __name__)

Catalogue = dict[str, Any]
Service = dict[str, Any]


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


def _linked(catalogue: Catalogue) -> list[dict[str, Any]]:
    """The pages of advice that the front page leads to, in its order."""
    advice = {item["code"]: item for item in catalogue["worried"]["pages"]}
    return [advice[code] for code in catalogue["front"]["front"]["worried"]["links"] if code in advice]


def _catalogue(municipality: str) -> Catalogue:
    """What the directory publishes of the municipality, remembered by the gateway; NotFound for an unknown one."""
    if municipality not in g.names.municipalities():
        raise NotFound
    found: Catalogue = g.names.catalogue(municipality)
    return found


def _show(template: str, municipality: str | None, active: str = "", **model: Any) -> str:
    """The page in its frame; `active` is the menu's item."""
    frame = view.page(active=active, municipality=municipality)
    return render_template(f"public/{template}.html", page=frame, **model)


@blueprint.get(PATHS["start"])
def start() -> str:
    """Which municipality?"""
    known = g.names.municipalities().values()
    listed = [{"slug": each["municipality"], "name": each["name"]} for each in known]
    return _show("start", None, municipalities=sorted(listed, key=lambda each: each["name"]))


@blueprint.get(PATHS["front"])
def front(municipality: str) -> str:
    """The municipality's front page, with the doors for whoever comes."""
    catalogue = _catalogue(municipality)
    return _show("front", municipality, front=catalogue["front"]["front"], links=_linked(catalogue))


@blueprint.get(PATHS["services"])
def services(municipality: str) -> str:
    """The services that match what is searched for."""
    catalogue = _catalogue(municipality)
    query = request.args.get("q", "")[:100]
    age = request.args.get("age", "")
    drop_in = request.args.get("drop_in") == "1"
    years = int(age) if age.isascii() and age.isdigit() and len(age) < 3 else None
    found = find_services(catalogue["services"], catalogue["units"], query, years, drop_in)
    return _show("services", municipality, "services", services=found, query=query, age=age, drop_in=drop_in)


@blueprint.get(PATHS["service"])
def service(municipality: str, service_id: str) -> str:
    """One service: what it gives, to whom, where, what it costs, and who is told."""
    catalogue = _catalogue(municipality)
    found = _by(catalogue["services"], "id", service_id)
    units = [unit for unit in catalogue["units"] if unit["service_id"] == service_id]
    tools = [tool for tool in catalogue["tools"] if tool["code"] in (found.get("tools") or ())]
    return _show("service", municipality, "services", service=found, units=units, tools=tools)


@blueprint.get(PATHS["guide"])
def guide(municipality: str) -> str:
    """The guide, level by level."""
    return _show("guide", municipality, "guide", guide=_catalogue(municipality)["guide"])


@blueprint.get(PATHS["guide_level"])
def guide_level(municipality: str, level: str) -> str:
    """One level of the guide, step by step."""
    catalogue = _catalogue(municipality)
    found = _by(catalogue["guide"]["levels"], "level", level)
    names = {tool["code"]: tool["name"] for tool in catalogue["tools"]}
    return _show(
        "guide_level", municipality, "guide", guide=catalogue["guide"], level=found, tool_names=names
    )


@blueprint.get(PATHS["tools"])
def tools(municipality: str) -> str:
    """All tools."""
    return _show("tools", municipality, "tools", tools=_catalogue(municipality)["tools"])


@blueprint.get(PATHS["tool"])
def tool(municipality: str, tool_id: str) -> str:
    """One tool, with its form if it has one."""
    found = _by(_catalogue(municipality)["tools"], "code", tool_id)
    definition = g.names.form(municipality, tool_id)["form"] if found.get("form") else None
    return _show("tool", municipality, "tools", tool=found, definition=definition)


@blueprint.get(PATHS["worried"])
def worried(municipality: str) -> str:
    """Whom one is worried about, and whom to ask."""
    catalogue = _catalogue(municipality)
    ask = _of_types(catalogue, ("child_protection", "health_station"))
    return _show("worried", municipality, pages=_linked(catalogue), services=ask)


@blueprint.get(PATHS["advice"])
def advice(municipality: str, code: str) -> str:
    """Advice to whoever is worried or needs help; NotFound for a code that has none."""
    catalogue = _catalogue(municipality)
    found = _by(catalogue["worried"]["pages"], "code", code)
    ask = _of_types(catalogue, found.get("service_types") or ())
    return _show("advice", municipality, advice=found, services=ask)


@blueprint.get(PATHS["accessibility"])
def accessibility() -> str:
    """The accessibility statement."""
    return _show("accessibility", None)


@blueprint.get(PATHS["privacy"])
def privacy() -> str:
    """What is kept, and the one cookie."""
    return _show("privacy", None)
