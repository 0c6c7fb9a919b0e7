"""What is shared without a consent in Stafett says on which ground, and by which version of the reference (CO-11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.contracts import cases, directory
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.legal_basis import Basis
from tests.services.cases_house import (
    CHILD_PROTECTION,
    COLLEAGUE,
    HEALTH,
    KINDERGARTEN,
    LEADER,
    NURSE,
    PSYCHOLOGIST,
    SERVICES,
    TEACHER,
    TUVA,
    House,
    employee,
    house,
)
from tests.services.test_cases_emergency import COORDINATOR


@pytest.fixture
def the(cases_url: str, var_dir: Path) -> Iterator[House]:
    with house(cases_url, var_dir) as made:
        made.hear(directory.StaffChanged, "p-coordinator", {
            "person_id": "p-coordinator",
            "roles": [{"unit_id": KINDERGARTEN, "service_id": SERVICES[KINDERGARTEN], "role": "coordinator",
                       "valid_from": "2020-01-01"}],
        })  # fmt: skip
        for ground in Basis:
            publish(made, ground.value, 1, "2026-01-01")
        yield made


def publish(the: House, ground: str, version: int, valid_from: str) -> None:
    the.hear(directory.GroundPublished, f"granli.ground.{ground}", {
        "ground": ground, "version": version, "valid_from": valid_from,
    })  # fmt: skip


def file(the: House, **more: Any) -> str:
    told = {
        "kind": "protected", "suspicion": "violence", "text": "Merker på armene", "guardians_informed": "no",
        "guardians_informed_reason": "Det kan sette barnet i fare", "police_contacted": False,
        "child_number": TUVA, **more,
    }  # fmt: skip
    return str(the.ask(cases.FileLaneReport, TEACHER, **told)["id"])


def ground_of(found: dict[str, Any]) -> tuple[str | None, int | None]:
    return found["ground"], found["ground_version"]


def read(the: House, report_id: str, actor: Any = CHILD_PROTECTION) -> dict[str, Any]:
    return the.ask(cases.GetLaneReport, actor, report_id=report_id)


def test_CO_11_a_report_says_on_what_it_rests_to_those_who_may_read_it(the: House) -> None:
    """PR-5: reporter and child protection; to all others there is neither report nor ground."""
    report = file(the)
    for actor in (TEACHER, CHILD_PROTECTION):
        assert ground_of(read(the, report, actor)) == ("duty_to_report", 1)
    for actor in (LEADER, COLLEAGUE, NURSE):
        with pytest.raises(NotFound):
            read(the, report, actor)
    assert ground_of(read(the, file(the, ground="duty_to_avert"))) == ("duty_to_avert", 1)


def test_CO_11_a_report_made_with_the_guardians_shows_them_its_ground(the: House) -> None:
    case_id = the.at_level_1()
    report = file(the, kind="with_guardians", suspicion="other", guardians_informed="yes")
    guardian = the.guardian(case_id)
    assert ground_of(read(the, report, guardian)) == ("guardians_know", 1)


def test_CO_11_the_version_is_that_of_the_day_and_stays(the: House) -> None:
    """Laws are renumbered: what rested on an earlier reference goes on to say so."""
    publish(the, "duty_to_report", 2, "2026-11-25")
    before = file(the)
    the.advance(days=4)
    after = file(the)
    assert ground_of(read(the, before)) == ("duty_to_report", 1)
    assert ground_of(read(the, after)) == ("duty_to_report", 2)


def test_CO_11_a_report_goes_in_where_no_reference_was_heard_of(cases_url: str, var_dir: Path) -> None:
    """PR-1: at once, whatever is missing."""
    with house(cases_url, var_dir) as made:
        assert ground_of(read(made, file(made))) == ("duty_to_report", None)


def test_CO_11_a_report_that_rests_on_nothing_fit_is_not_filed(the: House) -> None:
    with pytest.raises(InvalidInput) as refused:
        file(the, ground="guardians_know")
    assert refused.value.fields == {"ground": "guardians_not_with_it"}
    assert the.ask(cases.LaneReports, CHILD_PROTECTION)["items"] == []


def test_CO_11_and_PR_5_the_ground_of_a_report_stands_in_the_lane_alone(the: House) -> None:
    """As ciphertext under the report's key, in a table of its own; no event bears it."""
    before = the.dump(without=("lane_grounds",))["sharing_grounds"]
    report = file(the, ground="duty_to_avert")
    rows = the.dump()
    assert len(rows["lane_grounds"]) == 1 and report in rows["lane_grounds"][0]
    assert "duty_to_avert" not in repr({name: kept for name, kept in rows.items() if name != "facts_ground"})
    assert rows["sharing_grounds"] == before == []
    assert "ground" not in the.told(cases.LaneReportFiled, "lane_outbox")[0]


def test_CO_11_an_emergency_says_on_what_it_rests(the: House) -> None:
    """SE-3: to the coordinator, with the version of that day."""
    the.at_level_1()
    asked = {"child_number": TUVA, "reason_code": "acute_care", "reason": "Hun er innlagt"}
    the.ask(cases.OpenEmergency, NURSE, **asked)
    publish(the, "emergency", 2, "2026-11-22")
    the.advance(days=2)
    the.ask(cases.OpenEmergency, PSYCHOLOGIST, **asked)
    found = the.ask(cases.ListEmergencies, COORDINATOR)["items"]
    assert [ground_of(each) for each in found] == [("emergency", 2), ("emergency", 1)]


def test_CO_11_a_care_order_says_on_what_it_rests(the: House) -> None:
    """GU-4: from its confirmation on; before, nothing is shared that could rest on it."""
    order_id = the.ask(
        cases.RegisterCareOrder,
        CHILD_PROTECTION,
        child_number=TUVA,
        valid_from=the.clock.now().date().isoformat(),
    )["id"]
    (waits,) = the.ask(cases.CareOrders, CHILD_PROTECTION)["items"]
    assert ground_of(waits) == (None, None)
    confirmed = {"order_id": order_id, "decision": "confirmed", "child_number": TUVA}
    the.ask(cases.DecideCareOrder, employee("p-protection-too"), **confirmed)
    (found,) = the.ask(cases.CareOrders, CHILD_PROTECTION)["items"]
    assert ground_of(found) == ("care_order", 1)


def test_CO_11_a_discussion_by_name_rests_on_the_familys_word_and_one_without_on_nothing(the: House) -> None:
    """LV-12."""
    for unit in SERVICES:
        the.hear(directory.UnitChanged, unit, {"unit_id": unit, "service_id": SERVICES[unit], "active": True})
    case_id = the.at_level_1()
    guardians = [each["person_id"] for each in the.case(case_id)["guardians"]]
    asked = {"to_unit_ids": [HEALTH], "text": "Hva kan vi prøve?", "case_id": case_id}
    the.ask(cases.AskDiscussion, TEACHER, **asked)
    the.advance(hours=1)
    the.ask(
        cases.AskDiscussion, TEACHER, **asked, named=True, topic="wellbeing", agreed_ids=guardians,
        agreed_on=the.clock.now().date().isoformat(),
    )  # fmt: skip
    found = the.ask(cases.Discussions, NURSE)["items"]
    assert [(each["named"], *ground_of(each)) for each in found] == [
        (True, "family_word", 1),
        (False, None, None),
    ]


def test_CO_11_the_coordinator_is_told_on_what_a_reading_rested_then(the: House) -> None:
    """CO-8: with the version of the reference of that day; what was refused rests on nothing."""
    case_id = the.at_level_1()
    first = the.clock.now()
    publish(the, "own_task", 2, (first + timedelta(days=1)).date().isoformat())
    the.advance(days=2)

    def explained(**more: Any) -> tuple[str | None, int | None]:
        asked = {
            "case_id": case_id,
            "capacity": "employee",
            "person_id": "p-teacher",
            "unit_id": KINDERGARTEN,
            **more,
        }
        (item,) = the.ask(cases.Explain, COORDINATOR, **asked)["items"]
        return ground_of(item)

    assert explained() == ("own_task", 2)
    assert explained(at=first.isoformat()) == ("own_task", 1)
    assert explained(person_id="p-nurse", unit_id=HEALTH) == (None, None)
