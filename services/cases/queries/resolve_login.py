"""Whom an identity number is at login: one person a municipality. Only the gateway's own token may ask."""

from typing import Any

from services.cases.domain.numbers import accepted
from services.cases.storage import people
from services.chassis.actor import demand_service
from services.chassis.unit_of_work import Reading


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The persons. A family that does not know of its case yet is nobody here (LV-17): login would tell them."""
    demand_service(reading.actor, "gateway")
    number = accepted(request["number"], reading.settings.sandbox, "number")
    found = []
    for row in people.ids_in_all_municipalities(reading.conn, reading.keys, number):
        is_guardian, is_subject = people.visible_roles(reading.conn, row.municipality, row.person_id)
        if not (row.is_employee or is_guardian or is_subject):
            continue
        reading.access("SE-3", "login", None, row.person_id)
        found.append(
            {
                "person_id": row.person_id,
                "municipality": row.municipality,
                "name": people.name_of(reading.keys, row),
                "is_guardian": is_guardian,
                "is_subject": is_subject,
            }
        )
    return {"persons": found}
