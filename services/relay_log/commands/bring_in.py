"""The holder brings somebody in, or gives one who takes part other rights (HO-7, LV-8)."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import InvalidInput
from services.kernel.facts import Act, Facts
from services.kernel.impartiality import MayNotTakePart, demand_stranger
from services.relay_log.commands.common import open_log, tell_participants
from services.relay_log.storage.logs import Logs


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Bring in an employee of a unit, for that unit's service; from another unit under active consent only."""
    case_id, logs = request["case_id"], Logs.of(uow)
    facts = open_log(uow, case_id, Act.MANAGE)
    post = access.post_of(uow.tx, uow.municipality, request["person_id"], request["unit_id"], uow.now)
    if post is None:
        raise InvalidInput(fields={"person_id": "not_in_unit"})
    _demand_stranger(uow, facts, post.person_id)
    circle = logs.circle(case_id)
    found = circle.bring_in(
        new_id(),
        post,
        may_write=request["may_write"],
        follows_up=request["follows_up"],
        facts=facts,
        now=uow.now,
    )
    tell_participants(uow, case_id, circle)
    return {"id": found.participant_id}


def _demand_stranger(uow: UnitOfWork, facts: Facts, person_id: str) -> None:
    """SE-3: none of the subject's family takes part by their work. The refusal is noted: nobody tries out who is."""
    try:
        demand_stranger(person_id, facts, "person_id")
    except MayNotTakePart:
        case = facts.case
        uow.access(
            "SE-3", "bring_in", case.case_id, case.subject_person, allowed=False, reason="of_the_family"
        )
        raise
