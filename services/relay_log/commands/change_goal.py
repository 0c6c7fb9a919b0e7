"""A goal is changed; an edit of what somebody else has changed since is refused (LG-8)."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import NotFound
from services.kernel.facts import Act
from services.relay_log.commands.common import (
    demand_readable,
    me,
    new_words,
    open_log,
    tell_goal,
    tell_measure,
    telling_marks,
)
from services.relay_log.domain.entries import demand_third_person
from services.relay_log.domain.log import demand_current
from services.relay_log.domain.parties import demand_may_be_told
from services.relay_log.domain.plan import Goal, Measure, asks_anew
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.plan import Plans, measure_of


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Change what is given. A goal that moves to another topic takes its measures with it: whoever moves it may write
    in both. GU-6: one that waits for a third person's word hides them, so they are given to somebody who reads them
    first."""
    case_id, plans = request["case_id"], Plans.of(uow)
    Logs.of(uow).lock(case_id)
    goal = plans.goal(case_id, request["goal_id"])
    if goal is None:
        raise NotFound
    demand_readable(uow, case_id, Act.READ_PLAN, goal.topic, mark=plans.mark(goal))
    facts = open_log(
        uow, case_id, Act.WRITE_PLAN, [goal.topic, *([request["topic"]] if request["topic"] else [])]
    )
    demand_current(goal.version, request["expected_version"], plans.edits(goal.goal_id))
    demand_third_person(request["third_person"], {guardian.person_id for guardian in facts.guardians})
    text = new_words(uow, goal, "text", request["text"])
    changed = goal.change(
        topic=request["topic"], status=request["status"], text=text is not None,
        third_person=request["third_person"],
    )  # fmt: skip
    if not changed:
        return {"id": goal.goal_id, "version": goal.version}
    if asks_anew(changed):
        for measure in _measures_of(plans, goal):
            if measure.is_open:
                field = "third_person" if "third_person" in changed else "text"
                demand_may_be_told(measure.responsible, goal.third_person, facts, uow.now, field)
    with telling_marks(uow, case_id):
        plans.save_goal(goal, text, changed, me(uow), uow.now)
        tell_goal(uow, "goal_changed", goal, asks=asks_anew(changed))
        if "topic" in changed:
            _move_measures(uow, plans, goal)
        if "third_person" in changed:
            _mark_measures(uow, plans, goal)
    return {"id": goal.goal_id, "version": goal.version}


def _move_measures(uow: UnitOfWork, plans: Plans, goal: Goal) -> None:
    """LG-2: a measure's topic is its goal's."""
    for measure in _measures_of(plans, goal):
        measure.topic, measure.version = goal.topic, measure.version + 1
        plans.save_measure(measure, None, ["topic"], me(uow), uow.now)
        tell_measure(uow, "measure_changed", measure, asks=False)


def _mark_measures(uow: UnitOfWork, plans: Plans, goal: Goal) -> None:
    """GU-6: a measure tells of whom its goal tells, also one that has ended."""
    for measure in _measures_of(plans, goal):
        changed = measure.bear(goal.third_person)
        if not changed:
            continue
        plans.save_measure(measure, None, changed, me(uow), uow.now)
        tell_measure(uow, "measure_changed", measure, asks=True)


def _measures_of(plans: Plans, goal: Goal) -> list[Measure]:
    return [measure_of(row) for row in plans.measure_rows(goal.case_id) if row.goal_id == goal.goal_id]
