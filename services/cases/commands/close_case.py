"""The case is closed; its log is read-only from now on (LV-1, LG-10)."""

from typing import Any

from services.cases.commands.common import require_open, to_change
from services.cases.storage import cases
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import CaseClosed
from services.kernel.facts import Act


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Close the case."""
    require_open(to_change(uow, request["case_id"]), Act.CLOSE)
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    cases.demand_version(uow.tx, case, request["expected_version"])
    by = uow.actor.person_id or ""
    from_level = case.close(request["outcome"], request["reason"], by, uow.now)
    version = cases.save(uow.tx, uow.keys, case)
    tell_closed(uow, case.case_id, from_level, request["outcome"], by)
    return {"id": case.case_id, "version": version}


def tell_closed(
    uow: UnitOfWork, case_id: str, from_level: int, outcome: str, by: str, ended_by: str | None = None
) -> None:
    """Tell that a case is closed; `ended_by`: who of the family ended it (LG-11)."""
    closed = {
        "case_id": case_id,
        "from_level": from_level,
        "outcome": outcome,
        "by_person_id": by,
        "at": uow.now,
    } | ({"ended_by": ended_by} if ended_by else {})
    uow.record(CaseClosed, case_id, closed)
