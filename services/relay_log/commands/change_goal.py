"""A goal is changed; an edit of what somebody else has changed since is refused (LG-8)."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import NotFound
from services.kernel.facts import Act
from services.relay_log.commands.common import demand_readable, me, open_log, tell_goal, tell_measure
from services.relay_log.domain.log import demand_current
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.plan import Plans, measure_of


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Change what is given. A goal that moves to another topic takes its measures with it: whoever moves it may write
    in both."""
    case_id, plans = request["case_id"], Plans.of(uow)
    Logs.of(uow).lock(case_id)
    goal = plans.goal(case_id, request["goal_id"])
    if goal is None:
        raise NotFound
    demand_readable(uow, case_id, Act.READ_PLAN, goal.topic)
    open_log(uow, case_id, Act.WRITE_PLAN, [goal.topic, *([request["topic"]] if request["topic"] else [])])
    demand_current(goal.version, request["expected_version"], plans.edits(goal.goal_id))
    changed = goal.change(topic=request["topic"], status=request["status"], text=request["text"] is not None)
    if not changed:
        return {"id": goal.goal_id, "version": goal.version}
    plans.save_goal(goal, request["text"], changed, me(uow), uow.now)
    tell_goal(uow, case_id, "goal_changed", goal.goal_id, goal.topic)
    if "topic" in changed:
        _move_measures(uow, plans, case_id, goal.goal_id, goal.topic)
    return {"id": goal.goal_id, "version": goal.version}


def _move_measures(uow: UnitOfWork, plans: Plans, case_id: str, goal_id: str, topic: str) -> None:
    """LG-2: a measure's topic is its goal's."""
    for measure in (measure_of(row) for row in plans.measure_rows(case_id) if row.goal_id == goal_id):
        measure.topic, measure.version = topic, measure.version + 1
        plans.save_measure(measure, None, ["topic"], me(uow), uow.now)
        tell_measure(uow, "measure_changed", measure)
