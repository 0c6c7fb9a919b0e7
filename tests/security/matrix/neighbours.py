"""Cases in which none of the roles has a part: another family's in the same municipality, and one in the other."""

from __future__ import annotations

from typing import Any

from services.chassis.ids import new_id
from tests.journeys.people import Person
from tests.security.matrix.cast import Cast

SAME, OTHER = "another family", "another municipality"
_OWNERS = {
    SAME: ("sindre-aspevollen", "unit-granli-ungdomsskole", "oda-kvernmoen"),
    OTHER: ("synne-torskangerli", "unit-storvik-helsehuset", "inga-maret-vuoddonarga"),
}


def neighbours(cast: Cast) -> dict[str, dict[str, str]]:
    """Relation -> what stands in that case: ids by name, as of the stage's own."""
    return {relation: _ids(cast, *owner) for relation, owner in _OWNERS.items()}


def _ids(cast: Cast, owner: str, unit_id: str, child: str) -> dict[str, str]:
    person = Person(cast.url, cast.demo, owner).log_in("employee", unit_id)
    cases = person.get("/cases", limit=100, include_closed="true")["items"]
    case = next(
        each["case_id"] for each in cases if each["child"]["name"] == cast.demo.name(child) and each["level"]
    )
    detail, log = person.get(f"/cases/{case}"), person.get(f"/cases/{case}/log")
    requests = person.get(f"/cases/{case}/consents")["requests"]
    signatures = [
        each["signature_id"] for request in requests for each in request["signers"] if each["signature_id"]
    ]
    notes = [each["note_id"] for each in person.get(f"/cases/{case}/notes")["notes"]]
    found = {
        "case_id": case,
        "child_id": detail["child"]["person_id"],
        "guardian_id": _first(detail["guardians"], "person_id"),
        "goal_id": _first(log["goals"], "goal_id"),
        "measure_id": _first(log["measures"], "measure_id"),
        "meeting_id": _first(log["meetings"], "meeting_id"),
        "participant_id": _first(log["participants"], "participant_id"),
        "entry_id": _first(log["entries"], "entry_id"),
        "request_id": _first(requests, "request_id"),
        "signature_id": signatures[0] if signatures else new_id(),
        "form_id": notes[0] if notes else new_id(),
    }
    return {**found, "spare_id": found["participant_id"]}


def _first(items: list[dict[str, Any]], name: str) -> str:
    """The first id, or one that is nothing's where the case has none of the kind."""
    return str(items[0][name]) if items else new_id()
