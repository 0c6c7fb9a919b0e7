"""Reports are read by the reporter, child protection and those named; made with the guardians, by them (PR-2, PR-5)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from services.cases.domain.errors import NotFound
from services.cases.domain.numbers import accepted
from services.cases.lane import grounds
from services.cases.lane.asking import Asker, readable_with_guardian
from services.cases.lane.domain import Report
from services.cases.lane.storage import answers, drafts, guardians, readers, record, reports
from services.cases.queries import resolve_login
from services.cases.storage import metadata, people
from services.chassis import quiet_faults
from services.chassis.keys import KeyMissing, Undecipherable
from services.chassis.unit_of_work import Reading
from services.contracts.cases import HIDDEN_PERSON
from services.kernel.errors import Refusal
from services.kernel.facts import Capacity, Decision
from services.kernel.lane import LaneAct

_Found = TypeVar("_Found")
_FAULTS_SHOWN = timedelta(days=7)


def list_reports(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The reports that an employee may read, newest first: for child protection its register, for others those they
    filed and those they are named for."""
    asker = Asker(reading)
    if asker.question.capacity is not Capacity.EMPLOYEE:
        return with_guardians(reading, request)
    me = asker.question.person_id
    rows = reports.rows(
        reading.conn,
        reading.municipality,
        tied_to=None if asker.child_protection else me,
        filed_by=me if request["mine"] else None,
        state=request["state"],
    )
    return _page(reading, asker, rows, request)


def with_guardians(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """PR-2: the reports that were made with the asker as guardian. What else is reported is not even looked at, so that
    the answer takes as long with it as without it (PR-3)."""
    asker = Asker(reading)
    rows = reports.rows(reading.conn, reading.municipality, with_guardians_of=asker.children)
    return _page(reading, asker, rows, request)


def at_login(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """Whom an identity number is at login: as cases knows them; and a guardian too where a report was made with them
    that they may read now, with a case or without (PR-2). No other report is looked at (PR-3)."""
    found: dict[str, Any] = resolve_login.run(reading, request)
    known = {each["municipality"]: each for each in found["persons"]}
    conn, keys, number = reading.conn, reading.keys, accepted(request["number"], reading.settings.sandbox)
    lines = []
    for place in guardians.municipalities(conn):
        index = reports.child_index(keys, place, number)
        first, person = guardians.find(conn, place, index), known.get(place)
        if first is None or (person and person["is_guardian"]):
            continue
        person_id = people.id_by_number(conn, keys, place, number) or first.person_id
        readable = readable_with_guardian(reading, place, person_id, index)
        if readable is None:
            continue
        row, decision = readable
        lines.append(record.line(reading.actor, place, reading.now, "log_in", decision.rule, row.report_id))
        if person is None:
            [*_, told] = guardians.of_guardian(conn, keys, place, index, person_id)
            person = known[place] = {"person_id": person_id, "municipality": place, "name": told.name,
                                     "is_subject": False}  # fmt: skip
        person["is_guardian"] = True
    reading.services.lane_record.write(lines)
    return {"persons": [known[place] for place in sorted(known)]}


def get_report(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """One report; to all but its readers it does not exist. That it was asked for is noted in both cases."""
    asker = Asker(reading)
    rows = reports.rows(reading.conn, reading.municipality, report_id=request["report_id"])
    decision = asker.decide(rows[0]) if rows else None
    if decision is None or not decision.allowed:
        rule = decision.rule if decision else "PR-5"
        reading.services.lane_record.write([asker.line("read_report", rule, request["report_id"], False)])
        raise NotFound
    _note_read(reading, asker, [(rows[0], decision)])
    return _told(reading, asker, rows[0], whole=True)


def access(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """Who has read a report, or tried to: for child protection."""
    asker = Asker(reading)
    try:
        row = asker.demand(request["report_id"], LaneAct.READ_ACCESS)
    except Refusal:
        reading.services.lane_record.write([asker.line("read_access", "PR-5", request["report_id"], False)])
        raise
    lines = record.lines_of(reading.conn, reading.municipality, row.report_id)
    reading.services.lane_record.write([asker.line("read_access", "PR-5", row.report_id)])
    page, cursor = _cut(lines, [each.id for each in lines], request)
    shown = ("at", "person_id", "unit_id", "act", "rule", "allowed")
    return {"items": [{name: getattr(each, name) for name in shown} for each in page], "next_cursor": cursor}


def draft(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """What the asker has begun to write."""
    kept = drafts.draft_of(reading.conn, reading.keys, reading.municipality, reading.actor.person_id or "")
    return {"draft": kept[0], "kept_at": kept[1]} if kept else {"draft": None, "kept_at": None}


def _page(reading: Reading, asker: Asker, rows: Sequence[Any], request: dict[str, Any]) -> dict[str, Any]:
    readable = [(row, decision) for row in rows if (decision := asker.decide(row)).allowed]
    page, cursor = _cut(readable, [row.report_id for row, _ in readable], request)
    _note_read(reading, asker, page)
    items, unreadable = [], []
    for row, _ in page:
        try:
            items.append(_told(reading, asker, row))
        except (Undecipherable, KeyMissing):  # one that can't be opened hides none of the others
            unreadable.append({"report_id": row.report_id, "filed_at": row.filed_at, "state": row.state})
    return {
        "items": items,
        "next_cursor": cursor,
        "unreadable": unreadable,
        "faults": _faults(reading) if asker.child_protection else [],
    }


def _faults(reading: Reading) -> list[dict[str, Any]]:
    """What failed of the municipality's reports of late, so that those learn of it to whom they were to come: no log
    and no number tells (PR-3)."""
    found = quiet_faults.since(reading.conn, metadata, reading.now - _FAULTS_SHOWN)
    told: dict[str, dict[str, Any]] = {}
    for row in found:
        if row.municipality == reading.municipality:
            fault = told.setdefault(row.what, {"what": row.what, "times": 0, "last_at": row.last_at})
            fault["times"] += row.times
    return list(told.values())


def _cut(
    found: Sequence[_Found], ids: list[str], request: dict[str, Any]
) -> tuple[Sequence[_Found], str | None]:
    """One page of what was found, and the id of its last if more follow."""
    start = ids.index(request["cursor"]) + 1 if request["cursor"] in ids else 0
    end = start + request["limit"]
    return found[start:end], ids[end - 1] if end < len(ids) else None


def _note_read(reading: Reading, asker: Asker, rows: Sequence[tuple[Any, Decision]]) -> None:
    """Note in the lane's own access record what was allowed, before it is deciphered (SE-1)."""
    reading.services.lane_record.write(
        [asker.line("read_report", decision.rule, row.report_id) for row, decision in rows]
    )


def _told(reading: Reading, asker: Asker, row: Any, whole: bool = False) -> dict[str, Any]:
    """A report deciphered, for who may read it; `whole`: with what became of it. Which child was found to be meant is
    child protection's to know: whoever described a stranger is told no name (PR-5)."""
    whole_child = (
        asker.child_protection or asker.question.capacity is Capacity.GUARDIAN
    )  # PR-2: a guardian's is known
    return (
        _shown(reports.read(reading.keys, row, whole=whole_child), asker.child_protection)
        | {"state": row.state, "taken_at": row.taken_at}
        | ({} if asker.tells_reporter(row) else {"reporter_person_id": HIDDEN_PERSON})
        | (grounds.of_report(reading.conn, reading.keys, row.municipality, row.report_id) if whole else {})
        | (_became(reading, asker, row) if whole and asker.question.capacity is Capacity.EMPLOYEE else {})
    )


def _became(reading: Reading, asker: Asker, row: Any) -> dict[str, Any]:
    acts = asker.acts(row)
    anyones = LaneAct.FOLLOW_UP in acts
    named = readers.named_rows(reading.conn, row.municipality, row.report_id)
    return {
        "taken_by": row.taken_by,
        "answers": answers.answers_of(reading.conn, reading.keys, row),
        "permitted": sorted(act.value for act in acts),
        "readers": [
            {
                "person_id": each.person_id,
                "named_by": each.named_by,
                "valid_from": each.valid_from,
                "valid_to": each.valid_to,
                "removable": (each.valid_to is None or each.valid_to > reading.now)
                and (anyones or each.named_by == asker.question.person_id),
            }
            for each in (named if LaneAct.NAME_READERS in acts else ())
        ],
    }


def _shown(report: Report, with_number: bool) -> dict[str, Any]:
    """`with_number`: tell the number by which the child was reported, for as long as nobody knows its name."""
    child = report.child
    return {
        "report_id": report.report_id,
        "kind": report.kind.value,
        "suspicion": report.suspicion,
        "child_name": child.name,
        "child_number": child.number if with_number and child.name is None else None,
        "child_birth_date": date.fromisoformat(child.birth_date) if child.birth_date else None,
        "child_description": child.description,
        "text": report.text,
        "guardians_informed": report.guardians_informed,
        "guardians_informed_reason": report.guardians_informed_reason,
        "police_contacted": report.police_contacted,
        "reporter_person_id": report.reporter_person_id,
        "filed_at": report.filed_at,
    }
