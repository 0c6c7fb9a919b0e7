"""Who has looked, told to the family from a service's own record (SE-2), on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.chassis.actor import Actor
from services.chassis.unit_of_work import Access
from services.contracts import cases, directory
from services.contracts.access_history import access_history
from services.kernel.calendar import local_date
from services.kernel.errors import Forbidden, NotFound
from tests.services.cases_house import (
    CHILD_PROTECTION,
    HEALTH,
    LEADER,
    NURSE,
    OTHER,
    SERVICES,
    TEACHER,
    TUVA,
    House,
    house,
)

LOOKS = access_history("cases")


@pytest.fixture
def the(cases_url: str, var_dir: Path) -> Iterator[House]:
    with house(cases_url, var_dir) as made:
        yield made


def looks(the: House, actor: Actor, case_id: str, **more: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = the.ask(LOOKS, actor, case_id=case_id, **more)["items"]
    return items


def read_by(the: House, actor: Actor, case_id: str) -> dict[str | None, list[str]]:
    return {each["person_id"]: each["things"] for each in looks(the, actor, case_id)}


def test_SE_2_the_family_reads_who_has_opened_what_for_which_unit_and_why(the: House) -> None:
    """SE-2: a line a day, person and unit; by the reason that stood when it was read."""
    case_id = the.at_level_1()
    mother = the.guardian(case_id)
    the.advance(days=1)
    the.case(case_id, TEACHER)
    the.advance(minutes=5)
    the.case(case_id, TEACHER)
    newest = looks(the, mother, case_id)[0]
    assert (newest["person_id"], newest["unit_id"], newest["capacity"]) == (
        "p-teacher",
        TEACHER.unit_id,
        "employee",
    )
    assert newest["things"] == ["overview", "notes"]
    assert newest["reasons"] == ["allowed_as_owner"] and "SE-3" in newest["rules"]
    assert newest["day"] == local_date(the.clock.now()).isoformat()
    assert newest["last_at"] > newest["first_at"] and not newest["you"]


def test_SE_2_what_another_of_the_family_reads_is_theirs(the: House) -> None:
    """SE-2: a youth's reading is not the parents' to know, nor one parent's the other's; one's own is shown."""
    case_id = the.at_level_1()
    mother, father = the.guardian(case_id), the.guardian(case_id, 1)
    the.case(case_id, mother)
    the.case(case_id, father)
    assert father.person_id not in read_by(the, mother, case_id)
    own = next(each for each in looks(the, mother, case_id) if each["person_id"] == mother.person_id)
    assert own["you"] and "overview" in own["things"]


def test_SE_2_reading_who_has_looked_is_itself_recorded(the: House) -> None:
    """SE-2, SE-1: also the leader's, who may see it for the unit."""
    case_id = the.at_level_1()
    looks(the, LEADER, case_id)
    assert "who_looked" in read_by(the, the.guardian(case_id), case_id)["p-leader"]
    for actor in (TEACHER, NURSE, OTHER):
        with pytest.raises((Forbidden, NotFound)):
            looks(the, actor, case_id)


def test_SE_2_an_emergency_shows_with_its_reason(the: House) -> None:
    """SE-2, SE-3: who opened it, and the reason's code; what was stated is the coordinator's to read."""
    case_id = the.at_level_1()
    stated = {"child_number": TUVA, "reason_code": "acute_care", "reason": "Hun er innlagt"}
    the.ask(cases.OpenEmergency, NURSE, **stated)
    the.case(case_id, NURSE)
    [look] = [each for each in looks(the, the.guardian(case_id), case_id) if each["person_id"] == "p-nurse"]
    assert look["things"] == ["overview", "emergency"] and look["unit_id"] == HEALTH
    assert set(look["reasons"]) == {"acute_care", "allowed_as_emergency"}
    assert "innlagt" not in str(look)


def test_SE_2_that_an_emergency_was_ended_shows_with_who_did_it(the: House) -> None:
    """SE-2, SE-3: as its beginning does; of the coordinator nothing else shows, since they read nothing of the case."""
    case_id = the.at_level_1()
    the.hear(directory.StaffChanged, "p-coordinator", {"person_id": "p-coordinator", "roles": [
        {"unit_id": HEALTH, "service_id": SERVICES[HEALTH], "role": "coordinator", "valid_from": "2020-01-01"}
    ]})  # fmt: skip
    coordinator = Actor("granli", "employee", "p-coordinator", HEALTH, "high")
    the.ask(cases.OpenEmergency, NURSE, child_number=TUVA, reason_code="acute_care", reason="Hun er innlagt")
    [opened] = the.ask(cases.ListEmergencies, coordinator)["items"]
    the.ask(cases.EndEmergency, coordinator, emergency_id=opened["emergency_id"])
    shown = {each["person_id"]: each["things"] for each in looks(the, the.guardian(case_id), case_id)}
    assert (shown["p-nurse"], shown["p-coordinator"]) == (["emergency"], ["emergency_ended"])


def test_PR_3_the_lane_changes_nothing_of_who_has_looked(the: House) -> None:
    """PR-3, SE-2: filed from the case's page and read by child protection; every answer stays to the letter."""
    case_id = the.at_level_1()
    mother = the.guardian(case_id)
    the.case(case_id, TEACHER)
    looks(the, mother, case_id)
    before = the.ask(LOOKS, mother, case_id=case_id)
    filed = the.ask(
        cases.FileLaneReport, TEACHER, case_id=case_id, kind="protected", suspicion="violence", text="Merker på armene",
        guardians_informed="no", guardians_informed_reason="Det kan sette barnet i fare", police_contacted=False,
    )  # fmt: skip
    the.ask(cases.GetLaneReport, CHILD_PROTECTION, report_id=filed["id"])
    the.ask(cases.LaneReports, TEACHER)
    assert the.ask(LOOKS, mother, case_id=case_id) == before
    assert "p-protection" not in str(before)


def test_LG_5_guardians_are_not_told_that_the_childs_view_was_read(the: House) -> None:
    """LG-5: that would tell that there is one, also of one given apart. The leader sees it."""
    case_id = the.at_level_1()
    mother = the.guardian(case_id)
    before = read_by(the, mother, case_id)
    the.app.record.write_now("granli", the.clock.now(), NURSE, [
        Access("CO-1", "read_view", case_id, None, True, "allowed_as_other_participant")
    ])  # fmt: skip
    assert read_by(the, mother, case_id) == before | {
        mother.person_id: read_by(the, mother, case_id)[mother.person_id]
    }
    assert read_by(the, LEADER, case_id)["p-nurse"] == ["view"]


def test_SE_2_history_comes_in_pages_of_fourteen_days(the: House) -> None:
    """SE-2: every service has the same days, so that what they answer fits together."""
    case_id = the.at_level_1()
    mother = the.guardian(case_id)
    first_day = local_date(the.clock.now()).isoformat()
    the.advance(days=40)
    the.case(case_id, TEACHER)
    page = the.ask(LOOKS, mother, case_id=case_id)
    assert {each["day"] for each in page["items"]} == {local_date(the.clock.now()).isoformat()}
    older = the.ask(LOOKS, mother, case_id=case_id, before=page["next"])
    assert {each["day"] for each in older["items"]} == {first_day} and older["next"] is None
    assert the.ask(LOOKS, mother, case_id=case_id, before="2020-01-01") == {"items": [], "next": None}


def test_SE_2_before_the_talk_there_is_nothing_for_the_family(the: House) -> None:
    """LV-17: nor another municipality (SE-7)."""
    case_id = the.concern()
    for actor in (the.guardian(case_id), Actor("storvik", "guardian", "p-x")):
        with pytest.raises(NotFound):
            looks(the, actor, case_id)


def test_SE_2_refused_attempts_and_writing_are_no_looking(the: House) -> None:
    """SE-2: what was refused was not seen; what was written shows where it stands."""
    case_id = the.at_level_1()
    with pytest.raises(NotFound):
        the.case(case_id, NURSE)
    shown = read_by(the, the.guardian(case_id), case_id)
    assert "p-nurse" not in shown
    assert not {thing for things in shown.values() for thing in things} & {"raise_concern", "decide_level"}
