"""The holder asks another to hold the relay; nothing changes hands yet (HO-2)."""

from typing import Any

from services.cases.commands.common import family_answer, post, require_open, to_change, windows
from services.cases.storage import cases
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import HandoverProposed
from services.kernel.facts import Act


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Propose; the id is the handover's."""
    facts = require_open(to_change(uow, request["case_id"]), Act.PROPOSE_HANDOVER)
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    to = post(uow, facts, request["to_person_id"], request["to_unit_id"], "to_person_id")
    handover = case.propose_handover(
        new_id(),
        to,
        windows=windows(facts, uow.now, needed=to.unit_id != case.owner.unit_id),
        family=family_answer(request),
        reason=request["reason"],
        by=uow.actor.person_id or "",
        now=uow.now,
    )
    version = cases.save(uow.tx, uow.keys, case)
    assert case.holder is not None
    uow.record(
        HandoverProposed,
        case.case_id,
        {
            "case_id": case.case_id,
            "handover_id": handover.handover_id,
            "from_person_id": case.holder.person_id,
            "to_person_id": to.person_id,
            "to_unit_id": to.unit_id,
            "at": uow.now,
        },
    )
    return {"id": handover.handover_id, "version": version}
