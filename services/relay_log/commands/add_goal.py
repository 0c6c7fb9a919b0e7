"""A goal is added (LG-2)."""

from __future__ import annotations

from typing import Any

from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.facts import Act
from services.relay_log.commands.common import me, open_log, tell_goal
from services.relay_log.domain.entries import demand_third_person
from services.relay_log.domain.plan import Goal
from services.relay_log.storage.plan import Plans


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the goal; by the holder, or one whom the holder lets write (LG-7)."""
    case_id, topic = request["case_id"], request["topic"]
    facts = open_log(uow, case_id, Act.WRITE_PLAN, [topic])
    third_person = request["third_person"]
    demand_third_person(third_person, {guardian.person_id for guardian in facts.guardians})
    goal = Goal(new_id(), case_id, topic, "active", 1, third_person)
    Plans.of(uow).add_goal(goal, request["text"], me(uow), uow.now)
    tell_goal(uow, "goal_added", goal, asks=True)
    return {"id": goal.goal_id, "version": goal.version}
