"""The log, item by item as the asker may see it."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import Reading
from services.kernel.calendar import local_date
from services.kernel.conditions import limited_topics
from services.kernel.facts import Act
from services.relay_log.domain.log import state_of
from services.relay_log.domain.plan import arenas_without_measure, childs_own_missing
from services.relay_log.queries.items import Items, permitted
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.plan import Plans, measure_of

WRITING = (Act.MANAGE, Act.WRITE_PLAN, Act.WRITE_LOG, Act.COMMENT, Act.GIVE_FEEDBACK)


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The log; NotFound for whoever may not see the case. What the asker may not read is left out unread; before
    level 1 there is nothing in it."""
    case_id = request["case_id"]
    case = access.of(reading, case_id)
    case.require(Act.SEE_CASE)
    items, logs, plans = Items(reading, case), Logs.of(reading), Plans.of(reading)
    rows = plans.measure_rows(case_id)
    state = state_of(case.known_facts)
    report = logs.report(case_id) if state == "closed" else None
    measures = items.measures(plans.sealed(rows))
    # LG-3 speaks of the whole plan: to whoever reads a part of it, it would tell of the other parts; and of the whole
    # as the reader has it, so that it tells of nothing that waits for a third person's word (GU-6).
    seen = {each["measure_id"] for each in measures}
    whole = (
        [measure_of(row) for row in rows if row.measure_id in seen]
        if items.reads_all and state != "closed"
        else None
    )
    return {
        "case_id": case_id,
        "state": state,
        "topics": sorted(items.topics),
        "goals": items.goals(),
        "measures": measures,
        "participants": items.participants(),
        "meetings": items.meetings(),
        "evaluations": items.evaluations(),
        "entries": items.entries(),
        "views": items.views(),
        "next_evaluation_on": logs.next_evaluation_on(case_id)
        if items.topics and state != "closed"
        else None,
        "arenas_without_measure": (
            [] if whole is None else arenas_without_measure(whole, case.known_facts, local_date(reading.now))
        ),
        "childs_own_missing": whole is not None and childs_own_missing(whole),
        "report_id": report.report_id if report and case.decide(Act.READ_REPORT).allowed else None,
        "permitted": _permitted(case, state),
        "limited_topics": sorted(limited_topics(case.known_facts, reading.now)),
    }


def _permitted(case: CaseAccess, state: str) -> list[str]:
    """What the asker may write. LG-10: in a closed log nothing, feedback included; before level 1 nothing either."""
    if state == "closed" or case.known_facts.case.level < 1:
        return []
    return permitted(case, WRITING, case.known_facts.policy.topic_codes)
