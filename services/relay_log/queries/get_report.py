"""The final report (LG-10): every party who may read the log can fetch it, each with the topics that they may see."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.unit_of_work import Reading
from services.kernel.errors import NotFound
from services.kernel.facts import Act
from services.relay_log.domain.log import state_of
from services.relay_log.queries.items import Items
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.plan import Plans


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The report of a closed case; NotFound while there is none."""
    case_id = request["case_id"]
    case = access.of(reading, case_id)
    case.require(Act.READ_REPORT)
    report = Logs.of(reading).report(case_id)
    if report is None or state_of(case.known_facts) != "closed":
        raise NotFound
    items, plans = Items(reading, case), Plans.of(reading)
    return {
        "report_id": report.report_id,
        "case_id": case_id,
        "made_at": report.made_at,
        "closed_at": report.closed_at,
        "outcome": report.outcome,
        "goals": items.goals(),
        "measures": items.measures(plans.measures(case_id)),
        "meetings": items.meetings(),
        "evaluations": items.evaluations(),
        "views": items.views(),
        "feedback": [entry for entry in items.entries() if entry["root"] == "feedback"],
        "participants": items.participants(),
    }
