"""Sample pages that anyone reads, made from the data of the demo municipality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.support.preview_samples import Sample, SOLVEIG, form, page  # isort: skip

DATA = Path(__file__).resolve().parents[2] / "services" / "directory" / "data"


def read(name: str) -> Any:
    """A file of the public catalogue, as it is imported."""
    return yaml.safe_load((DATA / f"{name}.yaml").read_text("utf-8"))


def samples() -> list[Sample]:
    """One of each public page, and errors."""
    services = [one for one in read("services")["services"] if one["municipality"] == "granli"]
    units = read("units")["units"]
    tools = read("tools")["tools"]
    guide, advice = read("guide"), {one["code"]: one for one in read("worried")["pages"]}
    front = read("front")["front"]
    links = [advice[code] for code in front["worried"]["links"]]
    public = page()
    tool = next(one for one in tools if one["code"] == "concern_zones")
    municipalities = [
        {"slug": "granli", "name": "Granli kommune"},
        {"slug": "storvik", "name": "Storvik kommune"},
    ]
    found = {"services": services, "query": "", "age": "", "drop_in": False}
    service = services[0]
    return [
        Sample(
            "start", "public/start.html", {"page": page(municipality=None), "municipalities": municipalities}
        ),
        Sample("front", "public/front.html", {"page": public, "front": front, "links": links}),
        Sample(
            "services", "public/services.html", {"page": page(active="services"), **found}, many_buttons=True
        ),
        Sample(
            "services-none",
            "public/services.html",
            {"page": public, **found, "services": [], "query": "zzz"},
            many_buttons=True,
        ),
        Sample(
            "service",
            "public/service.html",
            {
                "page": public,
                "service": service,
                "tools": tools[:3],
                "units": [one for one in units if one["service_id"] == service["id"]],
            },
        ),
        Sample("guide", "public/guide.html", {"page": page(active="guide"), "guide": guide}),
        Sample(
            "guide-level",
            "public/guide_level.html",
            {
                "page": public,
                "guide": guide,
                "level": guide["levels"][0],
                "tool_names": {one["code"]: one["name"] for one in tools},
            },
        ),
        Sample("tools", "public/tools.html", {"page": page(active="tools"), "tools": tools}),
        Sample(
            "tool",
            "public/tool.html",
            {
                "page": public,
                "tool": tool,
                "definition": read("forms/concern_zones.v1"),
            },
        ),
        Sample("worried", "public/worried.html", {"page": public, "pages": links, "services": services[:2]}),
        Sample(
            "advice-young",
            "public/advice.html",
            {
                "page": public,
                "advice": advice["young_person"],
                "services": services[:2],
            },
        ),
        Sample(
            "advice-guardian",
            "public/advice.html",
            {
                "page": public,
                "advice": advice["guardian"],
                "services": services[:2],
            },
        ),
        Sample("accessibility", "public/accessibility.html", {"page": page(municipality=None)}),
        Sample("privacy", "public/privacy.html", {"page": public}),
        Sample("login", "public/login.html", {"page": public, "next": "/mitt-arbeid", "again": True}),
        Sample(
            "capacity",
            "common/capacity.html",
            {
                "page": page(SOLVEIG),
                "form": form(),
                "next": "/mitt-arbeid",
                "capacities": [
                    {
                        "code": "e1",
                        "kind": "employee",
                        "title": "Barnehagelærer",
                        "unit": "Bjørkelia barnehage",
                        "municipality": "Granli kommune",
                    },
                    {
                        "code": "g",
                        "kind": "guardian",
                        "title": None,
                        "unit": None,
                        "municipality": "Storvik kommune",
                    },
                ],
            },
        ),
        *(
            Sample(
                f"error-{status}",
                "common/error.html",
                {
                    "page": page(SOLVEIG) if status == 409 else public,
                    "status": status,
                    "back": None,
                    "trace": "4bf92f3577b34da6a3ce929d0e0e4736" if status == 503 else None,
                    "sentence": "Skriv inn samtalen med familien først." if status == 409 else None,
                },
            )
            for status in (404, 409, 503)
        ),
    ]
