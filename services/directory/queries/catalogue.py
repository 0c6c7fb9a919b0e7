"""What anyone may read, without login (DI-1): services, units, guide, tools, and whom to turn to."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import Reading
from services.directory.storage import Documents, Grounds, Policies, municipalities
from services.kernel.calendar import local_date
from services.kernel.errors import NotFound
from services.kernel.policies import policy_on


def list_municipalities(reading: Reading) -> dict[str, Any]:
    """Code, name and number of every municipality here."""
    return {"items": [_municipality(each) for each in municipalities(reading.conn)]}


def get_catalogue(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """Everything that is public of the municipality, in the versions in force today. NotFound if unknown."""
    kept, day = Documents(reading.conn, request["municipality"]), local_date(reading.now)
    own = kept.in_force("municipality", day).get(request["municipality"])
    if own is None:
        raise NotFound
    forms = kept.in_force("form", day)
    tools = [
        {**tool, "version": version, "form_version": forms.get(tool["code"], (None,))[0]}
        for version, tool in kept.in_force("tool", day).values()
    ]

    def one(kind: str) -> Any:
        return kept.in_force(kind, day)[request["municipality"]][1]

    def all_of(kind: str) -> list[Any]:
        return [content for _, content in kept.in_force(kind, day).values()]

    return {
        "municipality": _municipality(own[1]),
        "version": own[0],
        "topics": own[1]["topics"],
        "policy": policy_on(Policies(reading.conn, request["municipality"]).versions(), day).to_dict(),
        "services": all_of("service"),
        "units": all_of("unit"),
        "guide": one("guide"),
        "tools": tools,
        "worried": one("worried"),
        "front": one("front"),
        "grounds": [
            {
                "ground": each.ground,
                "version": each.version,
                "valid_from": each.valid_from.isoformat(),
                "text": each.text,
                "reference": each.reference,
            }
            for each in Grounds(reading.conn, request["municipality"]).all()
        ],
    }


def get_tool(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """A tool's form in the version asked for, else the one in force (DI-5). NotFound if there is none."""
    kept, day = Documents(reading.conn, request["municipality"]), local_date(reading.now)
    tool, version = request["tool"], request["version"]
    if tool not in kept.in_force("tool", day):
        raise NotFound
    if version is not None:
        form = kept.get("form", tool, version)
        if form is None:
            raise NotFound
        return {"tool": tool, "version": version, "form": form}
    version, form = kept.in_force("form", day).get(tool, (1, None))
    return {"tool": tool, "version": version, "form": form}


def _municipality(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "municipality": content["id"],
        "name": content["name"],
        "number": content["number"],
        "web": content.get("web"),
    }
