"""The cases in which the asker has a part, latest change first."""

from typing import Any

from services.cases.queries.shapes import child, next_of
from services.cases.storage import cases, people
from services.chassis import access
from services.chassis.unit_of_work import Reading
from services.kernel.facts import Act


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """A page of cases. Candidates come by index; each is decided before it is shown, and noted when it is."""
    asked = access.of_many(reading, access.case_ids_for(reading))
    visible = {each.case_id: each for each in asked if each.decide(Act.SEE_CASE).allowed}
    found = cases.load_many(reading.conn, reading.municipality, list(visible))
    listed = [
        (case, changed_at)
        for case, changed_at in found.values()
        if request["include_closed"] or case.state == "open"
    ]
    listed.sort(key=lambda pair: (pair[1], pair[0].case_id), reverse=True)
    ids = [case.case_id for case, _ in listed]
    start = ids.index(request["cursor"]) + 1 if request["cursor"] in ids else 0
    page = listed[start : start + request["limit"]]
    families = people.families(
        reading.conn,
        reading.keys,
        reading.municipality,
        [(case.case_id, case.subject_person_id) for case, _ in page],
        on_day=None,
    )
    items = []
    for case, changed_at in page:
        seen = visible[case.case_id]
        family = families[case.case_id].open(seen.require(Act.SEE_CASE))
        items.append(
            {
                "case_id": case.case_id,
                "child": child(family, reading.now, reading.actor),
                "level": case.level,
                "state": case.state,
                "part": seen.part,
                "holder_person_id": case.holder.person_id if case.holder else None,
                "owner_person_id": case.owner.person_id,
                "owner_unit_id": seen.unit(case.owner.unit_id),
                "next": next_of(case, reading.actor),
                "overdue": case.overdue(reading.now),
                "changed_at": changed_at,
            }
        )
    more = start + len(page) < len(listed)
    return {"items": items, "next_cursor": page[-1][0].case_id if page and more else None}
