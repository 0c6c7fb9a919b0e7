"""What is told of a case to employees and family alike: what has happened, what was written, and who can see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g

from gateway.composition.consents import open_services
from gateway.frame.paths import path
from gateway.frame.view import t
from services.contracts import cases

TOLD = {
    "birth_registered": "event.birth_registered",
    "closed": "event.closed",
    "concern_joined": "event.concern_joined",
    "concern_raised": "event.concern_raised",
    "form_recorded": "event.form_recorded",
    "handover_accepted": "event.handover_accepted",
    "handover_declined": "event.handover_declined",
    "handover_proposed": "event.handover_proposed",
    "holder_appointed": "event.holder_appointed",
    "joined": "event.joined",
    "level_moved": "event.level_moved",
    "log_ended": "event.log_ended",
    "note_recorded": "event.note_recorded",
    "step_completed": "event.step_completed",
    "talk_recorded": "event.talk_recorded",
}
"""What happened in a case, as its service calls it -> the text that tells it. Written out, so that the check of the
translations sees a text that nothing tells."""


def events(found: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What happened in the case, newest first, as macros/events.html wants it."""
    rows: list[dict[str, Any]] = []
    tools = {tool["code"]: tool["name"] for tool in g.names.catalogue()["tools"]}
    for level, each in reversed(_at_their_level(_told_once(found["happenings"]))):
        values = each["values"]
        about = values.get("person_id") or values.get("to_person_id") or each["by_person_id"]
        params = {
            "by": names.get(each["by_person_id"], t("event.somebody")),
            "name": names.get(about, t("event.somebody")),
            "level": values.get("to_level", found["level"]),
            "form": tools.get(values.get("tool", ""), t("event.a_form")),
            "step": step_titles(level).get(values.get("step", ""), ""),
        }
        told = TOLD[each["what"]]
        rows.append({"told": told, "at": each["at"], "params": params, "text": values.get("reason")})
    return rows


def _at_their_level(happenings: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Each with the level at which it happened: a step of the same name is another one on another level."""
    level, found = 0, []
    for each in happenings:
        found.append((level, each))
        level = each["values"].get("to_level", level) if each["what"] == "level_moved" else level
    return found


def step_titles(level: int) -> dict[str, str]:
    """The guide's words for the steps of a level."""
    levels = g.names.catalogue()["guide"]["levels"]
    return {
        step["code"]: step["title"] for each in levels if each["level"] == level for step in each["steps"]
    }


def _told_once(happenings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the appointments of who was holder already: a move of level names the holder every time."""
    kept, holder = [], None
    for each in happenings:
        appointed = each["values"].get("person_id") if each["what"] == "holder_appointed" else None
        if appointed is None or appointed != holder:
            kept.append(each)
        if each["what"] == "handover_accepted":
            appointed = each["values"].get("to_person_id")
        holder = appointed or holder
    return kept


def notes_in_words(notes: list[dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What was written in words, newest first; the talk's record with the child's view."""
    rows = []
    for note in reversed(notes):
        if note["kind"] == "form":
            continue
        text, view = note["text"], note["answers"].get("child_view")
        if note["kind"] == "view":
            missing = note["answers"].get("child_view_missing")
            text, view = (
                (t("talk.view_missing"), t(f"talk.missing.{missing}"))
                if missing
                else (t("talk.view_apart"), text)
            )
        rows.append(
            {"at": note["recorded_at"], "text": text, "by": names.get(note["by_person_id"], ""), "view": view,
             "kind": note["kind"], "topic": note["topic"]}
        )  # fmt: skip
    return rows


def filled_forms(case_id: str, notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The filled-in tools of a case, newest first: [{title, url, at}]."""
    tools = {tool["code"]: tool["name"] for tool in g.names.catalogue()["tools"]}
    return [
        {
            "title": tools.get(note["tool"], note["tool"]),
            "url": path("form_saved", case_id=case_id, tool_id=note["tool"], form_id=note["note_id"]),
            "at": note["recorded_at"],
        }
        for note in reversed(notes)
        if note["kind"] == "form"
    ]


def readers(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who can see something of the case now, as far as the reader may know it."""
    found, names, place = page["case"], page["names"], g.asking.municipality

    def row(person_id: str, role: str, unit_id: str | None = None) -> dict[str, Any]:
        return {"name": names.get(person_id, ""), "role": role, "unit": g.names.unit(place, unit_id)}

    rows: list[dict[str, Any]] = []
    if found["holder_person_id"]:
        rows.append(row(found["holder_person_id"], "holder", found["holder_unit_id"]))
    if found["owner_person_id"] != found["holder_person_id"]:
        rows.append(row(found["owner_person_id"], "owner", found["owner_unit_id"]))
    rows.append({"name": None, "role": "leader", "unit": g.names.unit(place, found["owner_unit_id"])})
    if found["talk_recorded"] or found["level"]:
        rows += [
            row(each["person_id"], "guardian") for each in found["guardians"] if each["has_responsibility"]
        ]
    opened = open_services(page["consents"], g.now)
    for each in page["log"]["participants"] if page["log"] else ():
        known = each["person_id"] != found["holder_person_id"] and each["valid_to"] is None
        if known and (
            page["consents"] is None
            or each["service_id"] in {*opened, found["owner_service_id"], cases.HIDDEN_SERVICE}
        ):
            rows.append(row(each["person_id"], "participant", each["unit_id"]))
    return rows
