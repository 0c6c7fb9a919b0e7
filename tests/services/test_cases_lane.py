"""The protected lane on both engines: who reads a report, and that nothing outside the lane changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from services.cases.lane.storage import tables
from services.cases.service import CasesService
from services.chassis import idempotency, quiet_faults, tracing
from services.chassis.actor import Actor, Signer, service_actor
from services.chassis.ids import new_id
from services.chassis.keys import KeyMissing
from services.contracts import cases, directory
from services.contracts.base import Procedure
from services.contracts.cases.lane import LANE_PROCEDURES
from services.contracts.catalogue import HEARS
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.services.cases_house import (
    CHILD_PROTECTION,
    COLLEAGUE,
    EMIL,
    HEALTH,
    JONAS,
    LEADER,
    NURSE,
    OTHER,
    PROTECTION,
    RAYMOND,
    SERVICES,
    TEACHER,
    TUVA,
    House,
    at_once,
    house,
)
from tests.services.persons_house import employ

LANE = (
    "lane_reports", "lane_readers", "lane_access", "lane_access_heads", "lane_outbox", "lane_answers", "lane_drafts",
    "lane_grounds", "lane_spent_keys", "quiet_faults", "quiet_idempotency",
)  # fmt: skip
STORY = "Merker på armene som ingen kan forklare"


@pytest.fixture
def the(cases_url: str, var_dir: Path) -> Iterator[House]:
    with house(cases_url, var_dir) as made:
        yield made


def file(the: House, actor: Actor = TEACHER, **more: Any) -> str:
    told = {
        "kind": "protected", "suspicion": "violence", "text": STORY, "guardians_informed": "no",
        "guardians_informed_reason": "Det kan sette barnet i fare", "police_contacted": True, **more,
    }  # fmt: skip
    return str(the.ask(cases.FileLaneReport, actor, **told)["id"])


def day(the: House, days: int) -> str:
    return (the.clock.now() + timedelta(days=days)).date().isoformat()


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
    record = tables.access_record
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
    file(the, child_number=TUVA)
    assert the.ask(cases.GetLaneReport, mother, report_id=report)["report_id"] == report
    [shown] = the.ask(cases.ReportsWithGuardians, mother)["items"]
    assert shown["report_id"] == report and not {"answers", "readers", "taken_by"} & set(shown)
    assert [each["report_id"] for each in the.ask(cases.LaneReports, mother)["items"]] == [report]
    stranger = Actor("granli", "guardian", "p-x")
    assert the.ask(cases.ReportsWithGuardians, stranger)["items"] == []


def test_what_is_told_in_the_lane_is_ciphertext_under_its_own_key(the: House) -> None:
    """PR-5: neither text nor child in clear, and no look-up value shared with the ordinary tables."""
    the.concern()
    file(the, child_number=TUVA)
    everything = the.dump()
    for secret in (STORY, "Tuva", TUVA, "fare", "violence"):
        assert secret not in repr(everything) and secret.encode().hex() not in repr(everything)
    with the.app.db.read() as conn:
        index = conn.scalar(sa.select(tables.reports.c.child_index))
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


def test_PR_4_measures_go_on_after_a_report(the: House) -> None:
    """PR-4: the case stays open at its level with its holder, and nothing is told by which its log, and so its
    measures, would stop: relay_log hears of a case from cases' ordinary stream alone."""
    case_id = the.at_level_1()
    the.consent(case_id, HEALTH)
    the.move(case_id, 2, HEALTH)
    before, told = the.case(case_id), the.told()
    report = file(the, case_id=case_id)
    the.ask(cases.AssessLaneReport, CHILD_PROTECTION, report_id=report)
    the.ask(cases.AnswerLaneReport, CHILD_PROTECTION, report_id=report, text="Takk")
    assert the.case(case_id) == before and the.told() == told
    assert (before["state"], before["level"], before["holder_person_id"]) == ("open", 2, TEACHER.person_id)
    assert cases.LANE not in HEARS["relay_log"]


def test_PR_5_what_the_lane_answered_under_a_key_lies_apart(the: House) -> None:
    """PR-5: beside the answers to others it would tell who had reported, and when. It is given again all the same, and
    forgotten like the others."""
    told = {
        "kind": "protected", "suspicion": "violence", "text": STORY, "guardians_informed": "no",
        "guardians_informed_reason": "Det kan sette barnet i fare", "police_contacted": True, "child_number": TUVA,
    }  # fmt: skip
    first, again = (
        the.app.call(cases.FileLaneReport, TEACHER, told, idempotency_key="the-same") for _ in range(2)
    )
    tables = the.app.db.chassis
    with the.app.db.read() as conn:
        kept = conn.execute(sa.select(tables.quiet_idempotency.c.answer)).scalars().all()
        beside = conn.execute(sa.select(tables.idempotency.c.procedure)).scalars().all()
    assert first == again and [each["id"] for each in kept] == [first["id"]]
    lines = the.ask(cases.LaneAccess, CHILD_PROTECTION, report_id=first["id"])["items"]
    assert [each["act"] for each in lines] == ["replayed", "file_report"], (
        "that it was given again is noted (SE-1)"
    )
    commands = [each.name for each in LANE_PROCEDURES if each.kind == "command"]
    assert [each for each in commands if the.app.operations[each].replayed is None] == []
    assert cases.FileLaneReport.name not in beside
    the.clock.advance(days=3)
    with the.app.db.write() as tx:
        idempotency.forget(tx, the.clock.now())
        assert tx.execute(sa.select(tables.quiet_idempotency)).all() == []


def test_PR_5_child_protection_takes_a_report_and_answers_the_reporter(the: House) -> None:
    """PR-5, PR-2: who took it and when is kept; the reporter sees its state and the answer, and is told of it."""
    case_id = the.at_level_1()
    report = file(the, case_id=case_id)
    refused = ((TEACHER, Forbidden), (LEADER, NotFound), (the.guardian(case_id), NotFound))
    for actor, error in refused:
        with pytest.raises(error):
            the.ask(cases.AssessLaneReport, actor, report_id=report)
        with pytest.raises(error):
            the.ask(cases.AnswerLaneReport, actor, report_id=report, text="Takk")
    with pytest.raises(Conflict):
        the.ask(cases.AnswerLaneReport, CHILD_PROTECTION, report_id=report, text="Takk")
    the.ask(cases.AssessLaneReport, CHILD_PROTECTION, report_id=report)
    with pytest.raises(Conflict):
        the.ask(cases.AssessLaneReport, CHILD_PROTECTION, report_id=report)
    seen = the.ask(cases.GetLaneReport, TEACHER, report_id=report)
    assert (seen["state"], seen["taken_by"], seen["answers"]) == ("being_assessed", "p-protection", [])
    the.ask(cases.AnswerLaneReport, CHILD_PROTECTION, report_id=report, text="Vi har åpnet undersøkelse.")
    seen = the.ask(cases.GetLaneReport, TEACHER, report_id=report)
    assert (seen["state"], [each["text"] for each in seen["answers"]]) == (
        "answered", ["Vi har åpnet undersøkelse."],
    )  # fmt: skip
    [told] = the.told(cases.LaneReportAnswered, "lane_outbox")
    assert told["reporter_person_id"] == TEACHER.person_id
    assert "undersøkelse" not in repr(the.dump())


def test_PR_5_the_register_is_child_protections_and_is_narrowed_by_state(the: House) -> None:
    """PR-5: all of the municipality's reports to child protection; to others what they filed or are named for."""
    taken, waiting = file(the, child_number=TUVA), file(the, OTHER, child_number=EMIL)
    the.ask(cases.AssessLaneReport, CHILD_PROTECTION, report_id=taken)

    def listed(actor: Actor, **narrowed: Any) -> list[str]:
        return [each["report_id"] for each in the.ask(cases.LaneReports, actor, **narrowed)["items"]]

    assert listed(CHILD_PROTECTION) == [waiting, taken]
    assert listed(CHILD_PROTECTION, state="received") == [waiting]
    assert listed(CHILD_PROTECTION, state="being_assessed") == [taken]
    assert listed(CHILD_PROTECTION, mine=True) == []
    assert (listed(TEACHER), listed(OTHER), listed(LEADER)) == ([taken], [waiting], [])


def test_PR_5_reporter_and_child_protection_name_readers_and_take_the_name_back(the: House) -> None:
    """PR-5: from now until the day that was said; each reading is noted, and child protection reads by whom."""
    report = file(the, child_number=TUVA)
    the.ask(cases.NameLaneReader, TEACHER, report_id=report, person_id="p-leader", until=day(the, 3))
    assert the.ask(cases.GetLaneReport, LEADER, report_id=report)["text"] == STORY
    assert [each["report_id"] for each in the.ask(cases.LaneReports, LEADER)["items"]] == [report]
    with pytest.raises(Forbidden):
        the.ask(cases.NameLaneReader, LEADER, report_id=report, person_id="p-colleague")
    with pytest.raises(InvalidInput):
        the.ask(cases.NameLaneReader, TEACHER, report_id=report, person_id="nobody")
    with pytest.raises(InvalidInput):
        the.ask(cases.NameLaneReader, TEACHER, report_id=report, person_id="p-colleague", until=day(the, -1))
    the.ask(cases.NameLaneReader, CHILD_PROTECTION, report_id=report, person_id="p-colleague")
    assert the.ask(cases.GetLaneReport, COLLEAGUE, report_id=report)["readers"] == []
    with pytest.raises(Forbidden):
        the.ask(cases.RemoveLaneReader, TEACHER, report_id=report, person_id="p-colleague")
    the.ask(cases.RemoveLaneReader, CHILD_PROTECTION, report_id=report, person_id="p-colleague")
    with pytest.raises(NotFound):
        the.ask(cases.GetLaneReport, COLLEAGUE, report_id=report)
    [lost] = the.told(cases.LaneReadersLost, "lane_outbox")
    assert (lost["report_id"], lost["person_ids"]) == (report, ["p-colleague"])
    the.ask(cases.NameLaneReader, TEACHER, report_id=report, person_id="p-protection-too")
    the.ask(cases.RemoveLaneReader, TEACHER, report_id=report, person_id="p-protection-too")
    assert len(the.told(cases.LaneReadersLost, "lane_outbox")) == 1, (
        "who reads it without the name loses nothing"
    )
    the.clock.advance(days=4)
    with pytest.raises(NotFound):
        the.ask(cases.GetLaneReport, LEADER, report_id=report)
    lines = the.ask(cases.LaneAccess, CHILD_PROTECTION, report_id=report)["items"]
    told = {(each["person_id"], each["act"], each["allowed"]) for each in lines}
    assert {("p-leader", "read_report", True), ("p-leader", "read_report", False)} <= told
    assert ("p-teacher", "name_reader", True) in told
    with pytest.raises(Forbidden):
        the.ask(cases.LaneAccess, TEACHER, report_id=report)
    assert [each["person_id"] for each in the.told(cases.LaneReaderNamed, "lane_outbox")] == [
        "p-leader", "p-colleague", "p-protection-too",
    ]  # fmt: skip


def test_PR_5_who_tries_reports_is_refused_as_where_there_is_none_and_is_seen_by_it(the: House) -> None:
    """PR-5, SE-1: to read or to follow up; the refusal is the same to the letter, and each try stands in the lane's own
    record, with the id that was tried."""
    report, nothing = file(the, child_number=TUVA), new_id()
    for times, asked in enumerate((cases.GetLaneReport, cases.AssessLaneReport), 1):
        refusals = []
        for tried in (report, nothing):
            with pytest.raises(NotFound) as refused:
                the.ask(asked, LEADER, report_id=tried)
            told = refused.value
            refusals.append((told.code, told.status, told.detail, told.rule, told.fields, told.params))
            assert _refused_tries(the, tried) == times
        assert refusals[0] == refusals[1]


def _refused_tries(the: House, report_id: str) -> int:
    """How many refusals the lane's record holds for an id."""
    record = tables.access_record
    with the.app.db.read() as conn:
        rows = conn.execute(sa.select(record.c.allowed).where(record.c.report_id == report_id)).all()
    return sum(not row.allowed for row in rows)


def test_PR_5_a_draft_is_kept_in_the_lane_until_the_report_is_filed(the: House) -> None:
    """PR-5: ciphertext under a key of its own; the writer's alone; nothing in any other table."""
    case_id = the.at_level_1()
    before = ordinary(the)
    the.ask(cases.KeepLaneDraft, TEACHER, case_id=case_id, text=STORY, suspicion="violence")
    the.ask(cases.KeepLaneDraft, TEACHER, case_id=case_id, text=f"{STORY}, igjen")
    assert ordinary(the) == before and STORY not in repr(the.dump())
    kept = the.ask(cases.GetLaneDraft, TEACHER)["draft"]
    assert (kept["case_id"], kept["text"], kept["suspicion"]) == (case_id, f"{STORY}, igjen", None)
    assert the.ask(cases.GetLaneDraft, COLLEAGUE)["draft"] is None
    with pytest.raises(Forbidden):
        the.ask(cases.KeepLaneDraft, the.guardian(case_id), text=STORY)
    file(the, case_id=case_id)
    assert the.ask(cases.GetLaneDraft, TEACHER)["draft"] is None
    the.ask(cases.KeepLaneDraft, TEACHER, text=STORY)
    the.ask(cases.DropLaneDraft, TEACHER)
    assert the.ask(cases.GetLaneDraft, TEACHER)["draft"] is None


def test_PR_5_drafts_that_are_kept_at_once_come_one_after_the_other(the: House) -> None:
    """PR-5, PR-3: what is kept while somebody writes comes side by side; none fails, and the last one stands whole."""
    texts = [f"{STORY} {number}" for number in range(6)]
    answers = at_once(
        *(lambda text=text: the.ask(cases.KeepLaneDraft, TEACHER, text=text) for text in texts)  # type: ignore[misc]
    )
    assert [each.get("versions") for each in answers] == [{}] * len(texts)
    assert the.ask(cases.GetLaneDraft, TEACHER)["draft"]["text"] in texts


def test_PR_5_what_comes_late_from_a_form_whose_report_is_filed_is_not_kept(the: House) -> None:
    """PR-5: else the story of a report that was sent would lie there as if it had not been. Another form begins anew,
    and so does another person."""
    written = {"child_description": "Et barn på bussen", "text": STORY}
    the.ask(cases.KeepLaneDraft, TEACHER, form_key="form-1", **written)
    file(the, child_description="Et barn på bussen", form_key="form-1")
    the.ask(cases.KeepLaneDraft, TEACHER, form_key="form-1", **written)
    assert the.ask(cases.GetLaneDraft, TEACHER) == {"draft": None, "kept_at": None}
    the.ask(cases.KeepLaneDraft, COLLEAGUE, form_key="form-1", **written)
    assert the.ask(cases.GetLaneDraft, COLLEAGUE)["draft"]["text"] == STORY
    the.ask(cases.KeepLaneDraft, TEACHER, form_key="form-2", **written)
    kept = the.ask(cases.GetLaneDraft, TEACHER)["draft"]
    assert (kept["text"], kept["form_key"]) == (STORY, "form-2")


def test_PR_5_a_draft_that_nobody_goes_on_with_is_forgotten_after_30_days(the: House) -> None:
    """PR-5: 30 days after the last word, and not before; nothing of it stays."""
    tick = lambda: the.app.tick("forget_old_drafts", CasesService.forget_old_drafts.timer)  # type: ignore[attr-defined] # noqa: E731
    the.ask(cases.KeepLaneDraft, TEACHER, text=STORY)
    the.advance(days=29)
    the.ask(cases.KeepLaneDraft, COLLEAGUE, text=STORY)
    tick()
    assert the.ask(cases.GetLaneDraft, TEACHER)["draft"]["text"] == STORY
    the.advance(days=2)
    tick()
    assert the.ask(cases.GetLaneDraft, TEACHER)["draft"] is None
    assert the.ask(cases.GetLaneDraft, COLLEAGUE)["draft"]["text"] == STORY
    with the.app.db.read() as conn:
        assert len(conn.execute(sa.select(tables.drafts)).all()) == 1


def test_PR_5_the_key_of_a_draft_goes_with_it(the: House) -> None:
    """PR-5, SE-6: sent, thrown away, replaced by another or 30 days old, so that no copy of it can be read. As long as
    a form grows it has one key. Nothing outside the lane changes."""
    tick = lambda: the.app.tick("forget_old_drafts", CasesService.forget_old_drafts.timer)  # type: ignore[attr-defined] # noqa: E731

    def keep(form: str | None, actor: Actor = TEACHER) -> tuple[str, bytes]:
        the.ask(cases.KeepLaneDraft, actor, text=STORY, form_key=form)
        with the.app.db.read() as conn:
            mine = sa.select(tables.drafts).where(tables.drafts.c.person_id == actor.person_id)
            row = conn.execute(mine).one()
        return row.draft_id, row.content

    def readable(draft_id: str, content: bytes) -> bool:
        try:
            return bool(the.app.keys.decrypt(f"lane:{draft_id}", "granli", "draft", content))
        except KeyMissing:
            return False

    before = ordinary(the)
    first, grown, other, nameless = keep("form-1"), keep("form-1"), keep("form-2"), keep(None)
    assert first[0] == grown[0] and len({grown[0], other[0], nameless[0]}) == 3
    again = keep(None)
    assert all(readable(*each) for each in (first, other, nameless)), "until the round comes"
    tick()
    assert [readable(*each) for each in (first, grown, other, nameless, again)] == [False] * 4 + [True]
    file(the, child_description="Et barn på bussen", form_key="form-3")
    colleagues = keep("form-4", COLLEAGUE)
    tick()
    assert not readable(*again) and readable(*colleagues) and ordinary(the) == before
    the.ask(cases.DropLaneDraft, COLLEAGUE)
    old = keep("form-5")
    the.advance(days=31)
    tick()
    tick()
    assert not readable(*colleagues) and not readable(*old)
    with the.app.db.read() as conn:
        assert conn.execute(sa.select(tables.spent_keys)).all() == []


def test_PR_3_of_a_call_in_the_lane_that_fails_no_line_is_written(the: House) -> None:
    """PR-3: whoever reads the logs would see that somebody had just reported; of any other call there is a line."""
    with capture_logs() as lines:
        for procedure in LANE_PROCEDURES:
            assert the.app.answer(procedure.name, {})["refusal"]["code"] == "internal_error"
        assert lines == []
        the.app.answer(cases.GetCase.name, {})
    assert [(line["event"], line["procedure"]) for line in lines if line["log_level"] == "error"] == [
        ("call_failed", "cases.get_case")
    ]


def test_PR_3_what_fails_in_the_lane_is_kept_as_codes_where_operators_alone_look(the: House) -> None:
    """PR-3: what failed, how often, the exception's type and its place in the code; no line, no number, and nothing of
    whom it was about. Of other calls nothing stands there."""
    case_id = the.at_level_1()
    report = file(the, case_id=case_id)
    before = ordinary(the)
    with the.app.db.write() as tx:
        tx.execute(sa.update(tables.reports).values(content=b"damaged"))
    call = {"report_id": report}
    with capture_logs() as lines:
        for _ in range(2):
            assert (
                answer(the, cases.GetLaneReport, CHILD_PROTECTION, call)["refusal"]["code"]
                == "internal_error"
            )
        the.app.tick("forget_old_drafts", lambda _service, _work: fail_quietly())
    assert lines == [] and ordinary(the) == before
    the.app.answer(cases.GetCase.name, {})
    with the.app.db.read() as conn:
        found = quiet_faults.since(conn, the.app.db.metadata, the.clock.now() - timedelta(days=1))
    told = {row.what: (row.municipality, row.error_type.rpartition(".")[2], row.times) for row in found}
    assert told == {
        "cases.get_lane_report": ("granli", "Undecipherable", 2),
        "forget_old_drafts": ("", "ValueError", 1),
    }
    assert all(row.place and report not in repr(row) and STORY not in repr(row) for row in found)
    the.advance(days=91)
    the.app.tick("forget_old_drafts", lambda _service, _work: fail_quietly())
    with the.app.db.read() as conn:
        [left] = quiet_faults.since(conn, the.app.db.metadata, the.clock.now() - timedelta(days=1000))
    assert (left.what, left.times) == ("forget_old_drafts", 1)


def test_PR_5_child_protections_register_tells_what_can_not_be_read_and_what_failed(the: House) -> None:
    """PR-5, PR-3: one report that can't be opened hides none of the others; that a report did not arrive stands there
    with how often and when, for a week, for child protection of that municipality alone."""
    damaged, whole = file(the, child_number=TUVA), file(the, OTHER, child_number=EMIL)
    with the.app.db.write() as tx:
        tx.execute(
            sa.update(tables.reports).where(tables.reports.c.report_id == damaged).values(content=b"damaged")
        )
    answer(the, cases.GetLaneReport, TEACHER, {"report_id": damaged})
    for municipality in ("granli", "granli", "storvik"):
        lost = ValueError("never arrived")
        quiet_faults.keep(the.app.db, cases.FileLaneReport.name, lost, the.clock.now(), municipality)
    page = the.ask(cases.LaneReports, CHILD_PROTECTION)
    assert [each["report_id"] for each in page["items"]] == [whole]
    assert [each["report_id"] for each in page["unreadable"]] == [damaged]
    told = {each["what"]: each["times"] for each in page["faults"]}
    assert told == {cases.FileLaneReport.name: 2, cases.GetLaneReport.name: 1}
    own = the.ask(cases.LaneReports, TEACHER)
    assert [each["report_id"] for each in own["unreadable"]] == [damaged] and own["faults"] == []
    the.advance(days=8)
    assert the.ask(cases.LaneReports, CHILD_PROTECTION)["faults"] == []


def fail_quietly() -> None:
    """As a round of the lane that fails."""
    tracing.hush()
    raise ValueError(STORY)


def answer(the: House, procedure: Procedure, actor: Actor, request: dict[str, Any]) -> dict[str, Any]:
    """As a call that comes over RPC."""
    token = Signer(the.app.settings.var, "gateway").mint(actor)
    call = {"actor": token, "request": request, "deadline": time.time() + 5}
    return the.app.answer(procedure.name, call)


def test_reports_come_in_pages_newest_first(the: House) -> None:
    filed = [file(the, child_number=TUVA) for _ in range(3)]
    page = the.ask(cases.LaneReports, CHILD_PROTECTION, limit=2)
    rest = the.ask(cases.LaneReports, CHILD_PROTECTION, limit=2, cursor=page["next_cursor"])
    assert [item["report_id"] for item in page["items"] + rest["items"]] == filed[::-1]
    assert rest["next_cursor"] is None


def test_PR_6_whoever_names_readers_is_not_told_who_is_of_the_childs_family(the: House) -> None:
    """PR-6, PR-5: of a father who is linked nowhere the reporter gets the answer that they get for anybody, sees the
    name among the readers, and takes it back; it opens nothing, and he is not told."""
    report, father = file(the, child_number=EMIL), employ(the, RAYMOND, PROTECTION)
    answers = []
    for named in (father.person_id, "p-colleague"):
        asked = {"report_id": report, "person_id": named}
        told = [the.ask(cases.NameLaneReader, TEACHER, **asked)]
        readers = the.ask(cases.GetLaneReport, TEACHER, report_id=report)["readers"]
        told += [{**each, "person_id": ""} for each in readers if each["person_id"] == named]
        with pytest.raises(NotFound):
            the.ask(cases.GetLaneReport, father, report_id=report)
        answers.append([*told, the.ask(cases.RemoveLaneReader, TEACHER, **asked)])
    assert answers[0] == answers[1]
    assert {each["person_id"] for each in the.told(cases.LaneReaderNamed, "lane_outbox")} == {"p-colleague"}


@pytest.mark.parametrize(
    "child, parent", [(EMIL, RAYMOND), (TUVA, JONAS)], ids=["linked nowhere", "guardian"]
)
def test_PR_5_a_parent_who_works_in_child_protection_learns_nothing(
    the: House, child: str, parent: str
) -> None:
    """PR-5, PR-6: neither in the register nor by the id, nor by a message, nor by being named; colleagues read on."""
    report = file(the, child_number=child)
    person_id = the.ask(
        cases.RegisterEmployee, service_actor("directory"), number=parent, name="Noen Forelder"
    )["id"]
    role = {"unit_id": PROTECTION, "service_id": SERVICES[PROTECTION], "role": "child_protection"}
    the.hear(directory.StaffChanged, person_id, {
        "person_id": person_id, "roles": [role | {"valid_from": "2020-01-01"}],
    })  # fmt: skip
    worker = Actor("granli", "employee", person_id, PROTECTION, "high")
    other = file(the, child_description="En annen gutt på rundt seks år")
    again = file(the, child_number=child)
    assert [each["report_id"] for each in the.ask(cases.LaneReports, worker)["items"]] == [other]
    for report_id in (report, again):
        for asked in (cases.GetLaneReport, cases.AssessLaneReport, cases.LaneAccess):
            with pytest.raises(NotFound):
                the.ask(asked, worker, report_id=report_id)
        with pytest.raises(InvalidInput):
            the.ask(cases.NameLaneReader, CHILD_PROTECTION, report_id=report_id, person_id=person_id)
    assert the.ask(cases.GetLaneReport, CHILD_PROTECTION, report_id=report)["text"] == STORY
    told = {each["report_id"]: each["not_to"] for each in the.told(cases.LaneReportFiled, "lane_outbox")}
    assert told == {report: [], other: [], again: [person_id]}
