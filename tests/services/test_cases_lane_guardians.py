"""A report made with the guardians is found and read by them, with a case or without, on both engines (PR-2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.cases.lane.storage import tables
from services.cases.service import CasesService
from services.chassis.actor import Actor
from services.contracts import cases
from services.kernel.calendar import local_date
from services.kernel.errors import NotFound
from tests.services.cases_house import (
    CHILD_PROTECTION,
    EMIL,
    JONAS,
    LEADER,
    MARIT,
    PROTECTION,
    RAYMOND,
    TEACHER,
    TUVA,
    House,
    employee,
)
from tests.services.persons_house import Persons, employ, persons

__all__ = ["persons"]

LANE = {
    "lane_reports", "lane_readers", "lane_access", "lane_access_heads", "lane_outbox", "lane_answers", "lane_drafts",
    "lane_grounds", "lane_guardians", "lane_spent_keys", "quiet_faults", "quiet_idempotency",
}  # fmt: skip


def report(the: House, actor: Actor = TEACHER, **more: Any) -> str:
    """Somebody reports together with the guardians."""
    told = {
        "kind": "with_guardians", "suspicion": "other", "text": "Det er for lite mat hjemme",
        "guardians_informed": "yes", "police_contacted": False, "child_number": TUVA, **more,
    }  # fmt: skip
    return str(the.ask(cases.FileLaneReport, actor, **told)["id"])


def protected(the: House, number: str = TUVA) -> str:
    why = {"guardians_informed": "no", "guardians_informed_reason": "Det kan sette barnet i fare"}
    return report(the, child_number=number, kind="protected", suspicion="violence", **why)


def logged_in(the: House, number: str) -> Actor | None:
    """Somebody at login, if they are a guardian here."""
    guardians = [each for each in the.login(number) if each["is_guardian"]]
    return Actor("granli", "guardian", guardians[0]["person_id"], None, "high") if guardians else None


def found(the: House, actor: Actor) -> list[str]:
    """What is listed, each of which can be opened."""
    ids = [each["report_id"] for each in the.ask(cases.ReportsWithGuardians, actor)["items"]]
    return [the.ask(cases.GetLaneReport, actor, report_id=each)["report_id"] for each in ids]


def rows_of(the: House, table: sa.Table = tables.guardians) -> list[Any]:
    with the.app.db.read() as conn:
        return list(conn.execute(sa.select(table)).all())


def a_day_later(the: Persons) -> None:
    """The register's file as the test has left it, and the first round of the next day."""
    the.register.tell()
    the.advance(days=1)
    the.app.tick("ask_again", CasesService.ask_again.timer)  # type: ignore[attr-defined]


def test_PR_2_guardians_of_a_child_without_a_case_find_and_read_what_was_reported_with_them(
    persons: Persons,
) -> None:
    """PR-2: at login, by the lane's own look-up value; nothing outside the lane is written for it."""
    assert persons.login(MARIT) == []
    before = persons.dump(without=tuple(LANE))
    filed = report(persons)
    mother, father = logged_in(persons, MARIT), logged_in(persons, JONAS)
    assert mother and father and mother.person_id != father.person_id
    [shown] = persons.login(MARIT)
    assert (shown["municipality"], shown["name"]) == ("granli", "Marit Elvestrand")
    assert not shown["is_subject"]
    assert persons.login(MARIT) == [shown]
    assert logged_in(persons, RAYMOND) is None
    for parent in (mother, father):
        assert found(persons, parent) == [filed]
        assert persons.ask(cases.MyCases, parent)["items"] == []
    after = persons.dump(without=(*LANE, "access_record", "access_record_heads"))
    assert {name: before[name] for name in after} == {
        **after, "stream_sequences": before["stream_sequences"]
    }, "no person and no event"  # fmt: skip
    everything = repr(persons.dump())
    assert not {number for number in (MARIT, JONAS, "Elvestrand") if number in everything}
    [*lines] = persons.ask(cases.LaneAccess, CHILD_PROTECTION, report_id=filed)["items"]
    assert [each["act"] for each in lines].count("log_in") == 4


def test_PR_3_a_protected_report_is_met_by_nobody_who_logs_in(persons: Persons) -> None:
    """PR-3: it leaves no row in which login looks, and the answers are those of before to the byte: for who is nobody
    here, and for who reads another report about the same child."""
    protected(persons)
    assert persons.login(MARIT) == [] and rows_of(persons) == []
    filed = report(persons)
    mother, rows = logged_in(persons, MARIT), rows_of(persons)
    assert mother is not None
    answers = (persons.login(MARIT), persons.ask(cases.ReportsWithGuardians, mother))
    hidden = protected(persons)
    a_day_later(persons)
    assert rows_of(persons) == rows
    assert (persons.login(MARIT), persons.ask(cases.ReportsWithGuardians, mother)) == answers
    assert found(persons, mother) == [filed]
    with pytest.raises(NotFound):
        persons.ask(cases.GetLaneReport, mother, report_id=hidden)


def test_PR_2_and_LV_17_before_the_talk_guardians_find_the_report_and_no_case(persons: Persons) -> None:
    """PR-2, LV-17: a case of which the family does not know is none of what a login opens; once it knows, it is the
    same person, and reads on."""
    case_id = persons.concern()
    assert persons.login(MARIT) == []
    filed = report(persons)
    mother = logged_in(persons, MARIT)
    assert mother is not None and found(persons, mother) == [filed]
    assert persons.ask(cases.MyCases, mother)["items"] == []
    with pytest.raises(NotFound):
        persons.case(case_id, mother)
    persons.talk(case_id)
    assert logged_in(persons, MARIT) == mother and found(persons, mother) == [filed]
    assert [each["case_id"] for each in persons.ask(cases.MyCases, mother)["items"]] == [case_id]


def test_PR_2_whoever_logged_in_before_the_child_had_a_case_reads_on_afterwards(persons: Persons) -> None:
    """PR-2: in the session that was begun without one, and at the next login as the person whom cases knows."""
    filed = report(persons)
    before = logged_in(persons, MARIT)
    persons.at_level_1()
    after = logged_in(persons, MARIT)
    assert before and after and before.person_id != after.person_id
    assert found(persons, before) == found(persons, after) == [filed]
    assert persons.ask(cases.MyCases, before)["items"] == []


def test_PR_2_an_employee_is_a_guardian_too_where_a_report_was_made_with_them(persons: Persons) -> None:
    report(persons)
    worker = employ(persons, MARIT, LEADER.unit_id or "")
    [shown] = persons.login(MARIT)
    assert shown["is_guardian"] and shown["person_id"] == worker.person_id


def test_GU_2_a_parent_without_responsibility_is_nobody_at_login(persons: Persons) -> None:
    """GU-2, GU-3, PR-2: nor is one whose responsibility nobody has verified."""
    for word, verified in (("none", "2020-01-01"), ("both", None)):
        persons.register.tie("jonas-fagerdalen").update(responsibility=word, verified=verified)
        persons.register.tell()
        report(persons)
        assert persons.login(JONAS) == []
    assert logged_in(persons, MARIT) is not None


def test_CO_10_responsibility_that_is_lost_reads_no_more(persons: Persons) -> None:
    """CO-10, GU-3, PR-2: from the midnight that the register has told ahead, without anybody's act; and from the round
    in which it says so. Sessions that are open lose it as logins do."""
    tie = persons.register.tie("jonas-fagerdalen")
    tie["to"] = local_date(persons.clock.now()) + timedelta(days=2)
    persons.register.tell()
    filed = report(persons)
    mother, father = logged_in(persons, MARIT), logged_in(persons, JONAS)
    assert mother and father and found(persons, father) == [filed]
    persons.advance(days=2)
    assert persons.login(JONAS) == [] and found(persons, father) == []
    with pytest.raises(NotFound):
        persons.ask(cases.GetLaneReport, father, report_id=filed)
    persons.register.families["fagerdalen"]["ties"].remove(persons.register.tie("marit-elvestrand"))
    a_day_later(persons)
    assert persons.login(MARIT) == [] and found(persons, mother) == []


def test_GU_3_what_cases_knows_of_a_tie_goes_before_the_register_of_the_report(persons: Persons) -> None:
    """GU-3, CO-10, PR-2: responsibility that ends for the case ends for the report in the same moment."""
    case_id = persons.at_level_1()
    report(persons)
    father = logged_in(persons, JONAS)
    assert father is not None and found(persons, father)
    persons.register.tie("jonas-fagerdalen").update(responsibility="none")
    persons.refresh(case_id, TEACHER)
    assert found(persons, father) == []


def test_GU_3_a_silent_register_takes_nothing_and_a_new_guardian_is_found(persons: Persons) -> None:
    """GU-3, PR-2: whom the register names anew finds what was reported before."""
    left_out = persons.register.tie("jonas-fagerdalen")
    persons.register.families["fagerdalen"]["ties"].remove(left_out)
    persons.register.tell()
    filed = report(persons)
    mother = logged_in(persons, MARIT)
    assert mother is not None and persons.login(JONAS) == []
    told = persons.register.families
    persons.register.families = {"x": {}}
    a_day_later(persons)
    assert found(persons, mother) == [filed]
    persons.register.families = told
    told["fagerdalen"]["ties"].append(left_out)
    a_day_later(persons)
    father = logged_in(persons, JONAS)
    assert father is not None and found(persons, father) == [filed]


def test_PR_6_where_an_address_is_protected_the_register_makes_nobody_a_reader(persons: Persons) -> None:
    """PR-6, PR-2: the child's, or that of one of the adults: a report tells where a child goes."""
    report(persons, child_number=EMIL)
    assert persons.login(RAYMOND) == []
    filed = report(persons)
    mother = logged_in(persons, MARIT)
    assert mother is not None and found(persons, mother) == [filed]
    adults = persons.register.families["fagerdalen"]["adults"]
    next(each for each in adults if each["number"] == JONAS)["address_grade"] = "confidential"
    a_day_later(persons)
    assert found(persons, mother) == [] and persons.login(MARIT) == []


def test_GU_4_under_a_care_order_child_protection_has_the_report(persons: Persons) -> None:
    report(persons)
    mother = logged_in(persons, MARIT)
    today = local_date(persons.clock.now()).isoformat()
    waits = persons.ask(cases.RegisterCareOrder, CHILD_PROTECTION, child_number=TUVA, valid_from=today)["id"]
    assert mother is not None and found(persons, mother), "an order that nobody has confirmed takes nothing"
    confirmed = {"order_id": waits, "decision": "confirmed", "child_number": TUVA}
    persons.ask(cases.DecideCareOrder, employee("p-protection-too"), **confirmed)
    assert found(persons, mother) == []
    assert persons.login(MARIT) == []


def test_AG_5_guardians_of_an_adult_find_no_report_at_login(persons: Persons) -> None:
    report(persons)
    persons.advance(days=18 * 365)
    assert persons.login(MARIT) == []


def test_PR_2_a_child_that_was_only_described_has_guardians_once_it_is_known(persons: Persons) -> None:
    filed = report(persons, child_number=None, child_description="En jente på fire år")
    assert persons.login(MARIT) == []
    asked = {"report_id": filed, "child_number": TUVA}
    persons.ask(cases.IdentifyLaneChild, CHILD_PROTECTION, **asked)
    mother = logged_in(persons, MARIT)
    assert mother is not None and found(persons, mother) == [filed]


def test_PR_2_guardians_are_found_once_a_register_that_was_silent_answers(persons: Persons) -> None:
    told = persons.register.families
    persons.register.families = {"x": {}}
    persons.register.tell()
    filed = report(persons)
    assert persons.login(MARIT) == []
    persons.register.families = told
    a_day_later(persons)
    mother = logged_in(persons, MARIT)
    assert mother is not None and found(persons, mother) == [filed]


def test_PR_5_a_guardian_at_login_is_not_told_by_child_protections_work(persons: Persons) -> None:
    """PR-5: who works in child protection reads nothing of their own child at work, and as a guardian what was made
    with them."""
    filed = report(persons)
    worker = employ(persons, MARIT, PROTECTION, "child_protection")
    with pytest.raises(NotFound):
        persons.ask(cases.GetLaneReport, worker, report_id=filed)
    mother = logged_in(persons, MARIT)
    assert mother is not None and found(persons, mother) == [filed]
