"""The holder sets the day of the next evaluation (LG-4)."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.kernel.facts import Act
from services.relay_log.commands.common import open_log, set_next_evaluation, today
from services.relay_log.domain.log import demand_coming


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Set the day, today or later."""
    open_log(uow, request["case_id"], Act.MANAGE)
    demand_coming(request["evaluate_on"], today(uow), "evaluate_on", "LG-4")
    set_next_evaluation(uow, request["case_id"], request["evaluate_on"])
    return {"id": request["case_id"]}
