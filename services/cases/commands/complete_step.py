"""The current step of the level is done (LV-6)."""

from typing import Any

from services.cases.commands.common import require_open, to_change
from services.cases.storage import cases
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import StepCompleted
from services.kernel.facts import Act


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Mark the step: at level 0 the owner's act, above it the holder's."""
    asked = to_change(uow, request["case_id"])
    at_level_0 = asked.facts is None or asked.facts.case.level == 0
    require_open(asked, Act.WRITE_NOTES if at_level_0 else Act.MANAGE)
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    case.complete_step(request["step"], uow.actor.person_id or "", uow.now)
    version = cases.save(uow.tx, uow.keys, case)
    done = {"case_id": case.case_id, "level": case.level, "step": request["step"], "at": uow.now}
    uow.record(StepCompleted, case.case_id, done)
    return {"id": case.case_id, "version": version}
