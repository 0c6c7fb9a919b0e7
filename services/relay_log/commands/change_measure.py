"""A measure is changed (LG-8); one without effect is not left open (LV-10)."""

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
    tell_measure,
    telling_marks,
    today,
)
from services.relay_log.domain.entries import demand_third_person
from services.relay_log.domain.log import demand_current
from services.relay_log.domain.parties import demand_may_be_told, demand_responsible
from services.relay_log.domain.plan import asks_anew
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.plan import Plans


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Change what is given, on the version that was read. GU-6: new words that wait for a third person's word don't
    stay with somebody who can't read them: who is responsible until then is said together with them."""
    case_id, plans = request["case_id"], Plans.of(uow)
    Logs.of(uow).lock(case_id)
    measure = plans.measure(case_id, request["measure_id"])
    if measure is None:
        raise NotFound
    demand_readable(uow, case_id, Act.READ_PLAN, measure.topic, mark=plans.mark(measure))
    facts = open_log(uow, case_id, Act.WRITE_PLAN, [measure.topic])
    demand_current(measure.version, request["expected_version"], plans.edits(measure.measure_id))
    responsible = request["responsible_person_id"]
    if responsible not in (None, measure.responsible):
        demand_responsible(responsible, measure.topic, facts, uow.now, "responsible_person_id")
    demand_third_person(request["third_person"], {guardian.person_id for guardian in facts.guardians})
    what = new_words(uow, measure, "what", request["what"])
    changed = measure.change(
        what=what is not None, responsible=responsible, arena=request["arena"],
        deadline=request["deadline"], status=request["status"], effect=request["effect"], today=today(uow),
        third_person=request["third_person"],
    )  # fmt: skip
    whom, agrees = plans.mark(measure)
    if not agrees and (asks_anew(changed) or "responsible_person_id" in changed):
        field = "third_person" if "third_person" in changed else "responsible_person_id"
        demand_may_be_told(measure.responsible, whom, facts, uow.now, field)
    if changed:
        with telling_marks(uow, case_id):
            plans.save_measure(measure, what, changed, me(uow), uow.now)
        tell_measure(uow, "measure_changed", measure, asks=asks_anew(changed))
    return {"id": measure.measure_id, "version": measure.version}
