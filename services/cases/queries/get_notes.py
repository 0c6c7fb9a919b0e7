"""The notes of a case that the asker may read (LV-17), and those of concerns that joined it (LG-1)."""

from typing import Any

from services.cases.storage import cases, notes
from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import Reading
from services.kernel.facts import Act


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The notes, oldest first; none for whoever may see the case but not its notes."""
    asked = access.of(reading, request["case_id"])
    asked.require(Act.SEE_CASE)
    return {"notes": readable(reading, asked)}


def readable(reading: Reading, asked: CaseAccess) -> list[dict[str, Any]]:
    """The notes of a case that the asker may read (LV-17).

    A concern that joined brings its notes to the family, and to nobody in another unit than the one that wrote them:
    joining is no consent (CO-1)."""
    of_unit = (reading.actor.unit_id or "") if reading.actor.capacity == "employee" else None
    joined = cases.joined_to(reading.conn, reading.municipality, asked.case_id, of_unit)
    sealed = notes.of_case(reading.conn, reading.keys, reading.municipality, asked.case_id, joined)
    return [
        {
            "note_id": note.note_id,
            "kind": note.kind,
            "tool": note.tool,
            "tool_version": note.tool_version,
            "topic": note.topic,
            "text": note.text,
            "answers": note.answers,
            "by_person_id": asked.named(note.by_person_id),
            "recorded_at": note.recorded_at,
        }
        for note in asked.open_allowed(Act.READ_NOTES, sealed)
    ]
