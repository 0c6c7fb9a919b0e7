"""The level that a number of services suggests, by the municipality's policy (LV-4)."""

from typing import Any

from services.cases.domain import levels
from services.chassis import access
from services.chassis.unit_of_work import Reading
from services.kernel.facts import Act


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The suggestion; a person decides."""
    asked = access.of(reading, request["case_id"])
    asked.require(Act.SEE_CASE)
    others = set(request["service_ids"]) - {asked.known_facts.case.owner_service}
    return {"level": levels.suggest_level(others, asked.known_facts.policy)}
