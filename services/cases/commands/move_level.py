"""The case moves to another level; a later concern joins the child's running case instead (LV-1, LV-4, LV-8, LG-1)."""

from typing import Any

from services.cases.commands.common import family_answer, post, require_open, to_change, windows
from services.cases.commands.raise_concern import tell_holder
from services.cases.domain.case import Case
from services.cases.domain.errors import InvalidInput
from services.cases.storage import cases
from services.chassis.unit_of_work import UnitOfWork
from services.contracts.cases import ConcernJoined, LevelMoved
from services.kernel.facts import Act, Facts


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Move the case; the answer's id is the case in which the effort goes on."""
    facts = require_open(to_change(uow, request["case_id"]), Act.DECIDE_LEVEL)
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    cases.demand_version(uow.tx, case, request["expected_version"])
    if case.level == 0 and request["to_level"] >= 1:
        running = cases.active_case_of(uow.tx, uow.municipality, case.subject_person_id)
        if running is not None:
            return _join(uow, case, running)
    return _move(uow, case, facts, request)


def _move(uow: UnitOfWork, case: Case, facts: Facts, request: dict[str, Any]) -> dict[str, Any]:
    by = uow.actor.person_id or ""
    appoint = None
    if request["holder_person_id"] is not None:
        if request["holder_unit_id"] is None:
            raise InvalidInput(fields={"holder_unit_id": "required"})
        appoint = post(uow, facts, request["holder_person_id"], request["holder_unit_id"], "holder_person_id")
    outside = appoint is not None and appoint.unit_id != case.owner.unit_id
    move = case.move_level(
        request["to_level"],
        services=request["service_ids"],
        windows=windows(facts, uow.now, needed=request["to_level"] >= 2 or outside),
        policy=facts.policy,
        family=family_answer(request),
        reason=request["reason"],
        against_suggestion_reason=request["against_suggestion_reason"],
        appoint=appoint,
        by=by,
        now=uow.now,
    )
    version = cases.save(uow.tx, uow.keys, case)
    uow.record(
        LevelMoved,
        case.case_id,
        {
            "case_id": case.case_id,
            "from_level": move.from_level,
            "to_level": move.to_level,
            "by_person_id": by,
            "at": uow.now,
            "family_answer": request["family_answer"],
            "service_ids": list(move.service_ids),
        },
    )
    if move.appointed is not None:
        tell_holder(uow, case.case_id, move.appointed, None, "appointed")
    return {"id": case.case_id, "version": version}


def _join(uow: UnitOfWork, concern: Case, running_id: str) -> dict[str, Any]:
    """LG-1: the concern goes into the running case, both under their locks."""
    running = cases.for_change(uow.tx, uow.municipality, running_id)
    concern.join(running, uow.actor.person_id or "", uow.now)
    cases.save(uow.tx, uow.keys, concern)
    version = cases.save(uow.tx, uow.keys, running)
    joined = {"case_id": concern.case_id, "into_case_id": running_id, "at": uow.now}
    uow.record(ConcernJoined, concern.case_id, joined)
    return {"id": running_id, "version": version}
