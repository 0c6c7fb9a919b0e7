"""The protected lane on both engines: who reads a report, and that nothing outside the lane changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.cases.lane import storage
from services.chassis.actor import Actor
from services.contracts import cases
from services.kernel.errors import Forbidden, InvalidInput, NotFound
from tests.services.cases_house import (
    CHILD_PROTECTION,
    COLLEAGUE,
    EMIL,
    HEALTH,
    LEADER,
    NURSE,
    OTHER,
    TEACHER,
    TUVA,
    House,
    house,
)

LANE = ("lane_reports", "lane_readers", "lane_access", "lane_access_heads", "lane_outbox")
STORY = "Merker på armene som ingen kan forklare"


@pytest.fixture
def the(database_url: str, var_dir: Path) -> Iterator[House]:
    with house(database_url, var_dir) as made:
        yield made


def file(the: House, actor: Actor = TEACHER, **more: Any) -> str:
    told = {
        "kind": "protected", "suspicion": "violence", "text": STORY, "guardians_informed": "no",
        "guardians_informed_reason": "Det kan sette barnet i fare", "police_contacted": True, **more,
    }  # fmt: skip
    return str(the.ask(cases.FileLaneReport, actor, **told)["id"])


def ordinary(the: House) -> dict[str, list[str]]:
    """All tables but the lane's; of the chassis' count of every stream, all rows but the lane's."""
    tables = the.dump(without=LANE)
    tables["stream_sequences"] = [row for row in tables["stream_sequences"] if "cases.lane" not in row]
    return tables


def test_a_report_leaves_no_trace_outside_the_lane(the: House) -> None:
    """PR-3, LV-9, PR-1: filed and read at every level and step, and with no case: all other tables stay to the byte."""
    case_id = the.at_level_1()
    the.consent(case_id, HEALTH)
    for act in (
        lambda: the.concern(OTHER),
        lambda: the.ask(cases.CompleteStep, TEACHER, case_id=case_id, step="make_concrete"),
        lambda: the.move(case_id, 2, HEALTH),
        lambda: the.move(case_id, 3, HEALTH, against_suggestion_reason="Flere kommer til"),
        lambda: the.ask(cases.CloseCase, TEACHER, case_id=case_id, outcome="other", reason="Ferdig"),
    ):
        act()
        before = ordinary(the)
        report = file(the, case_id=case_id)
        file(the, OTHER, child_number=EMIL)
        file(the, LEADER, child_description="En gutt på rundt seks år")
        the.ask(cases.GetLaneReport, CHILD_PROTECTION, report_id=report)
        the.ask(cases.LaneReports, TEACHER)
        for actor in (COLLEAGUE, NURSE):
            with pytest.raises(NotFound):
                the.ask(cases.GetLaneReport, actor, report_id=report)
        assert ordinary(the) == before
    assert len(the.told(cases.LaneReportFiled, "lane_outbox")) == 15
    assert the.told(cases.LaneReportFiled) == []


def test_a_protected_report_is_read_by_the_reporter_and_child_protection_alone(the: House) -> None:
    """PR-5: with all that was told; to the family, the leader and colleagues it does not exist."""
    case_id = the.at_level_1()
    report = file(the, case_id=case_id)
    for actor in (TEACHER, CHILD_PROTECTION):
        shown = the.ask(cases.GetLaneReport, actor, report_id=report)
        assert (shown["child_name"], shown["text"]) == ("Tuva Elvestrand Fagerdalen", STORY)
        assert [item["report_id"] for item in the.ask(cases.LaneReports, actor)["items"]] == [report]
    mother = the.guardian(case_id)
    for actor in (
        mother,
        LEADER,
        COLLEAGUE,
        NURSE,
        Actor("storvik", "employee", "p-protection", CHILD_PROTECTION.unit_id),
    ):
        with pytest.raises(NotFound):
            the.ask(cases.GetLaneReport, actor, report_id=report)
        assert the.ask(cases.LaneReports, actor)["items"] == []
    record = storage.access_record
    with the.app.db.read() as conn:
        rows = conn.execute(sa.select(record).where(record.c.report_id == report)).all()
    assert {(row.person_id, row.act, row.allowed) for row in rows} >= {
        ("p-teacher", "file_report", True), ("p-protection", "read_report", True), ("p-leader", "read_report", False),
    }  # fmt: skip


def test_a_report_made_with_the_guardians_is_theirs_to_read(the: House) -> None:
    """PR-2: visible to those with parental responsibility, and to no other family."""
    case_id = the.at_level_1()
    report = file(the, child_number=TUVA, kind="with_guardians", guardians_informed="yes")
    mother = the.guardian(case_id)
    assert the.ask(cases.GetLaneReport, mother, report_id=report)["report_id"] == report
    assert len(the.ask(cases.LaneReports, mother)["items"]) == 1
    stranger = Actor("granli", "guardian", "p-x")
    assert the.ask(cases.LaneReports, stranger)["items"] == []


def test_what_is_told_in_the_lane_is_ciphertext_under_its_own_key(the: House) -> None:
    """PR-5: neither text nor child in clear, and no look-up value shared with the ordinary tables."""
    the.concern()
    file(the, child_number=TUVA)
    everything = the.dump()
    for secret in (STORY, "Tuva", TUVA, "fare", "violence"):
        assert secret not in repr(everything) and secret.encode().hex() not in repr(everything)
    with the.app.db.read() as conn:
        index = conn.scalar(sa.select(storage.reports.c.child_index))
    assert index not in repr(the.dump(without=LANE))


def test_only_employees_file_and_only_about_cases_that_they_see(the: House) -> None:
    """PR-1: a guardian can't; a case that is not the reporter's is not there for them."""
    case_id = the.at_level_1()
    with pytest.raises(Forbidden):
        file(the, the.guardian(case_id), child_number=TUVA)
    with pytest.raises(NotFound):
        file(the, NURSE, case_id=case_id)
    with pytest.raises(InvalidInput) as refused:
        file(the, child_number="12851890287")
    assert refused.value.fields == {"child_number": "unknown_number"}


def test_reports_come_in_pages_newest_first(the: House) -> None:
    filed = [file(the, child_number=TUVA) for _ in range(3)]
    page = the.ask(cases.LaneReports, CHILD_PROTECTION, limit=2)
    rest = the.ask(cases.LaneReports, CHILD_PROTECTION, limit=2, cursor=page["next_cursor"])
    assert [item["report_id"] for item in page["items"] + rest["items"]] == filed[::-1]
    assert rest["next_cursor"] is None
