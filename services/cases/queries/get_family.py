"""Who has parental responsibility for the one whom a case is about, since when, and how that is known (GU-3)."""

from typing import Any

from services.cases.storage import people, ties
from services.chassis import access
from services.chassis.unit_of_work import Reading
from services.kernel.facts import Act


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The ties, past ones and those to come too, and the papers; for whoever keeps them."""
    asked = access.of(reading, request["case_id"])
    grant = asked.require(Act.KEEP_FAMILY)
    child_id = asked.known_facts.case.subject_person
    found = people.ties_of(reading.conn, reading.municipality, child_id)
    papers = ties.papers_of(reading.conn, reading.municipality, child_id)
    adults = {tie.guardian_id for tie in found} | {paper.tie.guardian_id for paper in papers}
    keys, place, case_id = reading.keys, reading.municipality, request["case_id"]
    names = people.adults(reading.conn, keys, place, case_id, adults).open(grant)
    reasons = ties.reasons(reading.conn, keys, place, case_id, child_id).open(grant)
    return {
        "asked_on": people.asked_on(reading.conn, reading.municipality, child_id),
        "ties": [
            {
                "person_id": tie.guardian_id,
                "name": names[tie.guardian_id],
                "relation": tie.relation,
                "has_responsibility": tie.has_responsibility,
                "verified": tie.verified,
                "valid_from": tie.valid_from,
                "valid_to": tie.valid_to,
                "source": tie.source,
            }
            for tie in found
        ],
        "papers": [
            {
                "paper_id": paper.paper_id,
                "person_id": paper.tie.guardian_id,
                "name": names[paper.tie.guardian_id],
                "kind": paper.kind,
                "relation": paper.tie.relation,
                "has_responsibility": paper.tie.has_responsibility,
                "valid_from": paper.tie.valid_from,
                "valid_to": paper.tie.valid_to,
                "recorded_by": paper.recorded_by,
                "recorded_at": paper.recorded_at,
                "state": paper.state,
                "decided_by": paper.decided_by,
                "decided_at": paper.decided_at,
                "same_person_reason": reasons.get(paper.paper_id),
            }
            for paper in papers
        ],
    }
