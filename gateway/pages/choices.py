"""What pages offer to choose from: topics, employees, services. A choice is an offer; the services decide."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import g

from services.contracts import directory
from services.kernel.calendar import NORWAY

Choice = dict[str, str]


def today() -> date:
    """Today in Norway."""
    day: date = g.now.astimezone(NORWAY).date()
    return day


def topic_choices(hints: bool = False) -> list[Choice]:
    """The municipality's topics: [{code, text, hint}]."""
    return [
        {"code": each["code"], "text": each["label"], "hint": each.get("hint", "") if hints else ""}
        for each in g.names.catalogue()["topics"]
    ]


def staff_choices(
    unit_ids: Iterable[str], service_ids: Iterable[str] = (), without: str | None = None
) -> list[Choice]:
    """Employees of units and services: [{code: "person id|unit id", text: "Name, title, unit"}]; own units first."""
    units = list(unit_ids)
    found = g.asking(directory.StaffOf, {"unit_ids": units, "service_ids": list(service_ids)})["items"]
    place = g.asking.municipality
    listed: dict[str, tuple[bool, str, Choice]] = {}
    for each in found:
        if each["person_id"] == without:
            continue
        unit = g.names.unit(place, each["unit_id"]) or ""
        text = ", ".join(part for part in (each["name"], in_a_sentence(each["title"] or ""), unit) if part)
        code = f"{each['person_id']}|{each['unit_id']}"
        listed[code] = (each["unit_id"] not in units, each["name"], {"code": code, "text": text})
    return [choice for _, _, choice in sorted(listed.values(), key=lambda row: (row[0], row[1]))]


def in_a_sentence(title: str) -> str:
    """A title within a sentence: "helsesykepleier", but "PP-rådgiver" as it is."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def split_post(code: str | None) -> tuple[str | None, str | None]:
    """The person id and unit id in a choice of `staff_choices`."""
    person_id, _, unit_id = (code or "").partition("|")
    return person_id or None, unit_id or None


def service_choices(states: dict[str, Any], hint: Any) -> list[Choice]:
    """Services by name: [{code, text, hint}]; `states`: service id -> state, `hint(state)` puts it in words."""
    listed = [
        {"code": service_id, "text": g.names.service(service_id) or service_id, "hint": hint(state)}
        for service_id, state in states.items()
    ]
    return sorted(listed, key=lambda choice: choice["text"])
