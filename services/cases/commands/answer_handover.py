"""The one asked takes over the relay, or declines; taking over is one change of one row (HO-1, HO-2)."""

from typing import Any

from services.cases.commands.common import post, require_open, to_change, windows
from services.cases.commands.raise_concern import tell_holder
from services.cases.domain.case import Handover
from services.cases.domain.errors import HandoverNotOpen, NotFound
from services.cases.storage import cases
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import HandoverAnswered
from services.kernel.facts import Act, Post


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Accept or decline; the id is the case's."""
    facts = require_open(to_change(uow, request["case_id"]), Act.ANSWER_HANDOVER)
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    handover, before = case.handover, case.holder
    if handover is None or before is None:
        raise HandoverNotOpen
    if handover.handover_id != request["handover_id"]:
        raise NotFound
    by, accepted = uow.actor.person_id or "", request["answer"] == "accepted"
    if accepted:
        post(uow, facts, handover.to.person_id, handover.to.unit_id, "handover_id")
        outside = handover.to.unit_id != case.owner.unit_id
        case.accept_handover(
            request["handover_id"], windows=windows(facts, uow.now, needed=outside), by=by, now=uow.now
        )
    else:
        case.decline_handover(request["handover_id"], by=by, now=uow.now, reason=request["reason"])
    version = cases.save(uow.tx, uow.keys, case)
    _tell(uow, case.case_id, handover, before, request["answer"])
    if accepted:
        tell_holder(uow, case.case_id, handover.to, before, "handover")
    return {"id": case.case_id, "version": version}


def _tell(uow: UnitOfWork, case_id: str, handover: Handover, before: Post, answer: str) -> None:
    uow.record(
        HandoverAnswered,
        case_id,
        {
            "case_id": case_id,
            "handover_id": handover.handover_id,
            "from_person_id": before.person_id,
            "to_person_id": handover.to.person_id,
            "answer": answer,
            "at": uow.now,
        },
    )
