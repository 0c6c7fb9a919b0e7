"""One of the family ends the relay log, at any time: it is read-only from now on, and what services do on their own
goes on without it (LG-11, CO-4)."""

from typing import Any

from services.cases.commands.close_case import tell_closed
from services.cases.commands.common import require_open, to_change
from services.cases.domain.case import ENDED_BY_FAMILY
from services.cases.storage import cases
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import InvalidInput
from services.kernel.facts import Act

_PARTS = {"guardian": "guardian", "self": "child", "employee": "child_protection"}
"""As whom somebody ends it; of employees child protection alone may, in the guardians' place (GU-4)."""


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """End it under the case's lock: of two who do so at once, the second is told that it is ended (CaseNotOpen). They
    can't take it back: whoever has not said that they mean it, or saw another state of the case, is asked again."""
    asked = to_change(uow, request["case_id"])
    require_open(asked, Act.END_LOG)
    if not request["confirmed"]:
        raise InvalidInput(fields={"confirmed": "required"}, rule="LG-11")
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    cases.demand_version(uow.tx, case, request["expected_version"])
    by, part = uow.actor.person_id or "", _PARTS[uow.actor.capacity]
    from_level = case.end_log(part, (request["reason"] or "").strip() or None, by, uow.now)
    version = cases.save(uow.tx, uow.keys, case)
    tell_closed(uow, case.case_id, from_level, ENDED_BY_FAMILY, by, part)
    return {"id": case.case_id, "version": version}
