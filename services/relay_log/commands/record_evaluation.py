"""An evaluation decides what becomes of each measure that it names (LV-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.contracts import relay_log as contracts
from services.kernel.errors import NotFound
from services.kernel.facts import Act
from services.relay_log.commands.common import (
    demand_readable,
    me,
    open_log,
    set_next_evaluation,
    tell_measure,
    today,
)
from services.relay_log.domain.evaluation import Judged, Said, judge
from services.relay_log.domain.log import demand_coming
from services.relay_log.domain.parties import demand_may_be_told, demand_responsible
from services.relay_log.storage.entries import Entries
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.plan import Plans, measure_of
from services.relay_log.storage.third_person import Mark


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the evaluation and what it changes; all of it, or nothing. A day of evaluation that has come is used up."""
    case_id, plans, logs = request["case_id"], Plans.of(uow), Logs.of(uow)
    logs.lock(case_id)
    measures = {row.measure_id: measure_of(row) for row in plans.measure_rows(case_id)}
    named = [each["measure_id"] for each in request["outcomes"]]
    known = [measures[measure_id] for measure_id in named if measure_id in measures]
    for measure in known:
        demand_readable(uow, case_id, Act.READ_PLAN, measure.topic, mark=plans.mark(measure))
    topics = [measure.topic for measure in known]
    facts = open_log(uow, case_id, Act.WRITE_LOG, topics)
    if len(topics) < len(named):
        raise NotFound
    demand_coming(request["next_evaluation_on"], today(uow), "next_evaluation_on", "LV-10")
    words = [_said(each) for each in request["outcomes"]]
    services = access.active_services(uow.tx, uow.municipality)
    judged = judge(measures, words, today=today(uow), services=services, make_id=new_id)
    for index, each in enumerate(judged):
        if each.replacement is None:
            continue
        field, responsible = f"outcomes.{index}.new_responsible_person_id", each.said.new_responsible
        if responsible is not None:
            demand_responsible(responsible, each.measure.topic, facts, uow.now, field)
        demand_may_be_told(each.replacement.responsible, each.replacement.third_person, facts, uow.now, field)
    evaluation_id, by, entries = new_id(), me(uow), Entries.of(uow)
    entries.add_evaluation(
        evaluation_id, case_id, judged, [each["comment"] for each in request["outcomes"]],
        request["next_evaluation_on"], by, uow.now,
    )  # fmt: skip
    for each in judged:
        plans.save_measure(each.measure, None, each.changed, by, uow.now)
        tell_measure(uow, "measure_changed", each.measure, asks=False)
        if each.replacement is not None:
            plans.add_measure(each.replacement, each.said.new_what or "", by, uow.now)
            tell_measure(uow, "measure_added", each.replacement, asks=True)
    uow.record(
        contracts.EvaluationRecorded,
        case_id,
        {"case_id": case_id, "evaluation_id": evaluation_id,
         "outcomes": [{"measure_id": each.measure_id, "outcome": each.outcome} for each in words],
         "topics": _topics(judged, entries.outcome_marks(case_id)),
         "next_evaluation_on": request["next_evaluation_on"], "by_person_id": by, "at": uow.now},
    )  # fmt: skip
    _set_next(uow, logs, case_id, request)
    return {"id": evaluation_id}


def _topics(judged: Sequence[Judged], marks: Mapping[str, Mark]) -> list[str]:
    """The topics of what was decided that waits for nobody's word (GU-6), by the marks that the log shows it by."""
    told = ((each.measure.topic, marks[each.measure.measure_id]) for each in judged)
    return sorted({topic for topic, mark in told if mark.third_person is None or mark.agrees})


def _set_next(uow: UnitOfWork, logs: Logs, case_id: str, request: dict[str, Any]) -> None:
    if request["next_evaluation_on"] is not None:
        set_next_evaluation(uow, case_id, request["next_evaluation_on"])
        return
    known = logs.next_evaluation_on(case_id)
    if known is not None and known <= today(uow):
        logs.set_next_evaluation(case_id, None)


def _said(outcome: dict[str, Any]) -> Said:
    return Said(
        outcome["measure_id"], outcome["outcome"], outcome["effect"], outcome["new_what"], outcome["new_deadline"],
        outcome["new_responsible_person_id"], outcome["new_arena"], outcome["service_id"],
    )  # fmt: skip
