"""One case as the asker may see it."""

from typing import Any

from services.cases.domain.case import Case
from services.cases.queries.get_notes import readable
from services.cases.queries.shapes import (
    OF_NOTES,
    OUTLINE,
    child,
    codes_of,
    next_of,
    outlined,
    person_of,
    steps_of,
)
from services.cases.storage import cases, emergencies, notes, people
from services.cases.storage.notes import Line
from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import Reading
from services.kernel.calendar import local_date
from services.kernel.facts import Act


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The case's page: who, level, steps, holder, what is next, what may be done, what happened."""
    case_id = request["case_id"]
    asked = access.of(reading, case_id)
    grant = asked.require(Act.SEE_CASE)
    case, _ = cases.load_many(reading.conn, reading.municipality, [case_id])[case_id]
    sealed = people.families(
        reading.conn,
        reading.keys,
        reading.municipality,
        [(case_id, case.subject_person_id)],
        on_day=local_date(reading.now),
    )
    family = sealed[case_id].open(grant)
    lines = notes.history(reading.conn, reading.keys, reading.municipality, case_id)
    reads_notes = asked.may(Act.READ_NOTES)
    told = _reasons(asked, lines) if reads_notes else {}
    whole = asked.reads_history
    open_at_0 = case.state == "open" and case.level == 0
    return {
        "case_id": case_id,
        "version": case.version,
        "child": child(family, reading.now, reading.actor),
        "guardians": [
            {
                "person_id": member.tie.guardian_id,
                "name": member.name,
                "relation": member.tie.relation,
                "has_responsibility": member.tie.has_responsibility,
                "verified": member.tie.verified,
            }
            for member in family.guardians
        ],
        "subject_kind": case.subject_kind,
        "level": case.level,
        "state": case.state,
        "part": asked.part,
        "owner_person_id": case.owner.person_id,
        "owner_unit_id": asked.unit(case.owner.unit_id),
        "owner_service_id": asked.service(case.owner.service_id),
        "holder_person_id": case.holder.person_id if case.holder else None,
        "holder_unit_id": asked.unit(case.holder.unit_id) if case.holder else None,
        "registered_at": case.registered_at,
        "decide_by": case.limit.decide_by if open_at_0 else None,
        "overdue": case.overdue(reading.now),
        "talk_recorded": case.talk_recorded_at is not None,
        "joined_into": case.joined_into,
        "steps": steps_of(case),
        "next": next_of(case, reading.actor),
        "handover": _handover(asked, case, lines, told),
        "permitted": [act.value for act in asked.permitted()],
        "happenings": [
            {
                "at": line.at,
                "what": line.what,
                "by_person_id": person_of(asked, line.by_person_id),
                "values": {
                    **codes_of(asked, line.codes if whole else outlined(line.codes)),
                    **told.get(number, {}),
                },
            }
            for number, line in enumerate(lines)
            if (whole or line.what in OUTLINE) and (reads_notes or line.what not in OF_NOTES)
        ],
        "emergency": _emergency(reading, asked),
        "notes": readable(reading, asked) if request["with_notes"] else None,
    }


def _emergency(reading: Reading, asked: CaseAccess) -> dict[str, Any] | None:
    """By which emergency the asker reads the case, so that they can end it (SE-3)."""
    actor = reading.actor
    if asked.part != "emergency" or not actor.person_id or not actor.unit_id:
        return None
    row = emergencies.going_on(
        reading.conn, reading.municipality, asked.case_id, actor.person_id, actor.unit_id, reading.now
    )
    return {"emergency_id": row.emergency_id, "valid_to": row.valid_to} if row else None


def _reasons(asked: CaseAccess, lines: list[Line]) -> dict[int, dict[str, str]]:
    """The narrative of the history by line number, for whoever may read the notes (LV-17)."""
    sealed = [(number, line.told) for number, line in enumerate(lines) if line.told is not None]
    opened = asked.open_allowed(Act.READ_NOTES, [told for _, told in sealed])
    return {number: told for (number, _), told in zip(sealed, opened, strict=True)}


def _handover(
    asked: CaseAccess, case: Case, lines: list[Line], told: dict[int, dict[str, str]]
) -> dict[str, Any] | None:
    """The handover that waits. Its reason is for whoever reads the notes, and for the one asked."""
    if case.handover is None:
        return None
    number = max(number for number, line in enumerate(lines) if line.what == "handover_proposed")
    reason = told.get(number, {}).get("reason")
    to_the_asked = lines[number].asked
    if reason is None and to_the_asked is not None:
        reason = next(iter(asked.open_allowed(Act.ANSWER_HANDOVER, [to_the_asked])), None)
    return {
        "handover_id": case.handover.handover_id,
        "from_person_id": case.holder.person_id if case.holder else case.handover.by_person_id,
        "to_person_id": case.handover.to.person_id,
        "to_unit_id": asked.unit(case.handover.to.unit_id),
        "proposed_at": case.handover.proposed_at,
        "reason": reason,
    }
