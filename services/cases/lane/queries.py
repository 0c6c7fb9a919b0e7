"""Reports are read by the reporter, child protection and those named; made with the guardians, by them (PR-2, PR-5)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.cases.domain.errors import NotFound
from services.cases.lane import storage
from services.cases.lane.domain import Report
from services.cases.storage import people, staff
from services.chassis.unit_of_work import Reading
from services.kernel.calendar import midnight
from services.kernel.facts import Capacity, Decision, GuardianFact, Role, RoleFact, in_force
from services.kernel.lane import LaneFacts, LaneQuestion, ReportKind, may_read_lane_report


def list_reports(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The reports that the asker may read, newest first."""
    asker = _Asker(reading)
    readable = [(row, decision) for row in asker.candidates() if (decision := asker.decide(row)).allowed]
    ids = [row.report_id for row, _ in readable]
    start = ids.index(request["cursor"]) + 1 if request["cursor"] in ids else 0
    page = readable[start : start + request["limit"]]
    items = asker.open(page)
    more = start + len(page) < len(readable)
    return {"items": items, "next_cursor": items[-1]["report_id"] if items and more else None}


def get_report(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """One report; to all but its readers it does not exist."""
    asker = _Asker(reading)
    for row in storage.rows(reading.conn, reading.municipality, report_id=request["report_id"]):
        decision = asker.decide(row)
        if decision.allowed:
            return asker.open([(row, decision)])[0]
        asker.refused(row, decision)
    raise NotFound


class _Asker:
    """Who asks, with what the lane's decision needs of them, loaded once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        actor = reading.actor
        self._question = LaneQuestion(
            reading.municipality, actor.person_id or "", Capacity(actor.capacity), reading.now, actor.unit_id
        )
        self._roles: tuple[RoleFact, ...] = staff.roles_of(
            reading.conn, reading.municipality, actor.person_id
        )
        self._children: dict[str, GuardianFact] = {}
        if actor.capacity == "guardian" and actor.person_id:
            self._children = _children_of(reading, actor.person_id)

    def candidates(self) -> list[Any]:
        """The rows that could be readable: all of them for child protection at work, else those with a tie."""
        child_protection = self._question.capacity is Capacity.EMPLOYEE and any(
            role.role is Role.CHILD_PROTECTION
            and role.unit_id == self._question.unit_id
            and in_force(role, self._question.now)
            for role in self._roles
        )
        tied = None if child_protection else (self._question.person_id, list(self._children))
        return storage.rows(self._reading.conn, self._reading.municipality, concerning=tied)

    def decide(self, row: Any) -> Decision:
        """The kernel's answer for one report (PR-5)."""
        guardian = self._children.get(row.child_index)
        facts = LaneFacts(
            municipality=row.municipality,
            kind=ReportKind(row.kind),
            reporter=row.reporter_person_id,
            named=storage.named_readers(self._reading.conn, row.municipality, row.report_id),
            roles=self._roles,
            guardians=(guardian,) if guardian else (),
        )
        return may_read_lane_report(self._question, facts)

    def open(self, rows: Sequence[tuple[Any, Decision]]) -> list[dict[str, Any]]:
        """Decipher what was allowed, noted in the lane's own access record first."""
        reading = self._reading
        reading.services.lane_record.write(
            [
                storage.line(
                    reading.actor,
                    reading.municipality,
                    reading.now,
                    "read_report",
                    decision.rule,
                    row.report_id,
                )
                for row, decision in rows
            ]
        )
        return [_shown(storage.read(reading.keys, row)) for row, _ in rows]

    def refused(self, row: Any, decision: Decision) -> None:
        """Note that somebody tried to read a report that is not theirs."""
        reading = self._reading
        reading.services.lane_record.write(
            [
                storage.line(
                    reading.actor,
                    reading.municipality,
                    reading.now,
                    "read_report",
                    decision.rule,
                    row.report_id,
                    False,
                )
            ]
        )


def _children_of(reading: Reading, guardian_id: str) -> dict[str, GuardianFact]:
    """The asker's ties by the lane's look-up value of each child."""
    found: dict[str, GuardianFact] = {}
    for child_id, number in people.children_numbers(
        reading.conn, reading.keys, reading.municipality, guardian_id
    ):
        for tie in people.ties_of(reading.conn, reading.municipality, child_id):
            if tie.guardian_id == guardian_id:
                found[storage.child_index(reading.keys, reading.municipality, number)] = GuardianFact(
                    guardian_id,
                    tie.relation,
                    tie.has_responsibility,
                    tie.verified,
                    midnight(tie.valid_from or date(1900, 1, 1)),
                    midnight(tie.valid_to) if tie.valid_to else None,
                )
    return found


def _shown(report: Report) -> dict[str, Any]:
    child = report.child
    return {
        "report_id": report.report_id,
        "kind": report.kind.value,
        "suspicion": report.suspicion,
        "child_name": child.name,
        "child_birth_date": date.fromisoformat(child.birth_date) if child.birth_date else None,
        "child_description": child.description,
        "text": report.text,
        "guardians_informed": report.guardians_informed,
        "guardians_informed_reason": report.guardians_informed_reason,
        "police_contacted": report.police_contacted,
        "reporter_person_id": report.reporter_person_id,
        "filed_at": report.filed_at,
    }
