"""A measure is added to a goal (LG-2)."""

from __future__ import annotations

from typing import Any

from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import NotFound
from services.kernel.facts import Act
from services.relay_log.commands.common import demand_readable, me, open_log, tell_measure, today
from services.relay_log.domain.entries import demand_third_person
from services.relay_log.domain.parties import demand_may_be_told, demand_responsible
from services.relay_log.domain.plan import Measure
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.plan import Plans


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the measure; its topic is the goal's, its responsible one somebody who may know of it."""
    case_id, plans = request["case_id"], Plans.of(uow)
    Logs.of(uow).lock(case_id)
    goal = plans.goal(case_id, request["goal_id"])
    if goal is None:
        raise NotFound
    demand_readable(uow, case_id, Act.READ_PLAN, goal.topic, mark=plans.mark(goal))
    facts = open_log(uow, case_id, Act.WRITE_PLAN, [goal.topic])
    responsible = request["responsible_person_id"]
    if responsible == facts.case.subject_person:
        responsible = None
    if responsible is not None:
        demand_responsible(responsible, goal.topic, facts, uow.now, "responsible_person_id")
    demand_third_person(request["third_person"], {guardian.person_id for guardian in facts.guardians})
    measure = Measure.of(
        new_id(), goal, responsible=responsible, is_childs_own=request["is_childs_own"], arena=request["arena"],
        deadline=request["deadline"], today=today(uow), third_person=request["third_person"],
    )  # fmt: skip
    demand_may_be_told(responsible, measure.third_person, facts, uow.now, "responsible_person_id")
    plans.add_measure(measure, request["what"], me(uow), uow.now)
    tell_measure(uow, "measure_added", measure, asks=True)
    return {"id": measure.measure_id, "version": measure.version}
