"""A case opened in an emergency, in the service on both engines (SE-3)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.access_record import read_line
from services.chassis.actor import Actor
from services.contracts import cases, directory
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.services.cases_house import (
    EMIL,
    HEALTH,
    KINDERGARTEN,
    NURSE,
    PSYCHOLOGIST,
    SERVICES,
    TEACHER,
    TUVA,
    House,
    house,
)

COORDINATOR = Actor("granli", "employee", "p-coordinator", KINDERGARTEN, "high")
WHY = "Hun er innlagt, og vi må vite hva som er prøvd"


@pytest.fixture
def the(cases_url: str, var_dir: Path) -> Iterator[House]:
    with house(cases_url, var_dir) as made:
        made.hear(directory.StaffChanged, "p-coordinator", {
            "person_id": "p-coordinator",
            "roles": [{"unit_id": KINDERGARTEN, "service_id": "service-granli-barnehage", "role": "coordinator",
                       "valid_from": "2020-01-01"}],
        })  # fmt: skip
        yield made


def state(the: House, actor: Actor = NURSE, number: str = TUVA, **more: Any) -> str:
    told = {
        "child_number": number,
        "reason_code": "acute_care",
        "reason": WHY,
        **more,
    }
    return str(the.ask(cases.OpenEmergency, actor, **told)["id"])


def recorded(the: House, act: str = "open_emergency") -> list[tuple[str | None, str | None, bool, str]]:
    table = the.app.db.chassis.access_record
    with the.app.db.read() as conn:
        rows = conn.execute(sa.select(table).where(table.c.act == act).order_by(table.c.position)).all()
    lines = [read_line(the.app.keys, row) for row in rows]
    return [(line.person_id, line.case_id, line.allowed, line.reason) for line in lines]


def test_SE_3_a_stated_emergency_opens_the_case_for_an_hour(the: House) -> None:
    """SE-3: read-only, recorded with its reason, told as an event; then it is as if it had never been."""
    case_id = the.at_level_1()
    with pytest.raises(NotFound):
        the.case(case_id, NURSE)
    assert state(the) == case_id
    shown = the.case(case_id, NURSE)
    assert (shown["part"], shown["notes"]) == ("emergency", None)
    assert set(shown["permitted"]) <= {
        "see_case",
        "read_consent",
        "read_report",
        "read_plan",
        "read_log_item",
        "read_view",
    }
    assert [item["case_id"] for item in the.ask(cases.MyCases, NURSE)["items"]] == [case_id]
    assert recorded(the) == [("p-nurse", case_id, True, "acute_care")]
    [told] = the.told(cases.EmergencyOpened)
    assert (told["case_id"], told["person_id"], told["reason_code"]) == (case_id, "p-nurse", "acute_care")
    assert WHY not in str(told)
    with pytest.raises(NotFound):
        the.case(case_id, PSYCHOLOGIST)
    the.advance(minutes=60)
    with pytest.raises(NotFound):
        the.case(case_id, NURSE)
    assert the.ask(cases.MyCases, NURSE)["items"] == []


def test_SE_3_nobody_learns_by_it_which_children_have_a_case(the: House) -> None:
    """SE-3, PR-6: no case, a wrong number and a protected address get one answer; each attempt stands in the record."""
    the.concern(TEACHER, EMIL)
    answers = set()
    for number in (TUVA, EMIL, "12345678901", "x"):
        with pytest.raises(InvalidInput) as refused:
            state(the, number=number)
        answers.add(str(refused.value.as_dict()))
    assert len(answers) == 1
    assert recorded(the) == [("p-nurse", None, False, "acute_care")] * 4
    assert the.told(cases.EmergencyOpened) == []


def test_SE_3_attempts_are_few_an_hour_whatever_comes_of_them(the: House) -> None:
    """SE-3."""
    case_id = the.at_level_1()
    state(the)
    for _ in range(4):
        with pytest.raises(InvalidInput):
            state(the, number="x")
    with pytest.raises(Forbidden) as refused:
        state(the)
    assert refused.value.code == "too_many_attempts"
    assert state(the, PSYCHOLOGIST) == case_id, "others are not held up"
    the.advance(minutes=61)
    assert state(the) == case_id


def test_SE_3_attempts_at_the_same_moment_are_counted_one_by_one(the: House) -> None:
    """SE-3: whoever sends many numbers at once tries no more of them than whoever sends one after the other."""
    the.at_level_1()
    together = threading.Barrier(8, timeout=30)

    def attempt(_number: int) -> str:
        together.wait()
        try:
            return state(the, number="x")
        except (InvalidInput, Forbidden) as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(attempt, range(8)))
    assert sorted(answers) == ["no_case_to_open"] * 5 + ["too_many_attempts"] * 3
    assert [reason for *_, reason in recorded(the)] == ["acute_care"] * 5 + ["too_many_attempts"] * 3


def test_SE_3_who_has_a_part_needs_no_emergency(the: House) -> None:
    """SE-3: and is told of nobody."""
    case_id = the.at_level_1()
    assert state(the, TEACHER) == case_id
    assert the.told(cases.EmergencyOpened) == []


def test_SE_3_only_employees_at_work_state_one(the: House) -> None:
    """SE-3: neither family nor who has left."""
    case_id = the.at_level_1()
    stranger = Actor("granli", "employee", "p-nobody", HEALTH)
    for actor in (the.guardian(case_id), stranger):
        with pytest.raises(Forbidden):
            state(the, actor)
    assert [line[2] for line in recorded(the)] == [False, False]


def test_SE_3_the_coordinator_sees_what_was_opened_and_who_tried_in_vain(the: House) -> None:
    """SE-3: who, when, why; nothing of the case. Nobody else sees the list."""
    case_id = the.at_level_1()
    state(the)
    for _ in range(2):
        with pytest.raises(InvalidInput):
            state(the, PSYCHOLOGIST, number="x")
    found = the.ask(cases.ListEmergencies, COORDINATOR)
    [item] = found["items"]
    assert (item["person_id"], item["reason_code"], item["reason"]) == ("p-nurse", "acute_care", WHY)
    assert "Tuva" not in str(found) and case_id not in str(found)
    [tried] = found["refused"]
    assert (tried["person_id"], tried["attempts"]) == ("p-psychologist", 2)
    assert [line[1] for line in recorded(the, "read_emergency")] == [case_id]
    for actor in (NURSE, TEACHER, the.guardian(case_id)):
        with pytest.raises(Forbidden):
            the.ask(cases.ListEmergencies, actor)
    refused = [(line[0], line[2]) for line in recorded(the, cases.ListEmergencies.name)]
    assert refused == [(actor.person_id, False) for actor in (NURSE, TEACHER, the.guardian(case_id))]


def end(the: House, actor: Actor, emergency_id: str) -> None:
    the.ask(cases.EndEmergency, actor, emergency_id=emergency_id)


def test_SE_3_whoever_opened_it_ends_it_before_its_time(the: House) -> None:
    """SE-3, CO-10: from the same answer on the case is not there; told whole, recorded, and over for good. It may be
    opened again by a new emergency."""
    case_id = the.at_level_1()
    state(the)
    mine = the.case(case_id, NURSE)["emergency"]
    assert the.case(case_id)["emergency"] is None
    the.advance(minutes=5)
    end(the, NURSE, mine["emergency_id"])
    with pytest.raises(NotFound):
        the.case(case_id, NURSE)
    assert the.ask(cases.MyCases, NURSE)["items"] == []
    [told] = the.told(cases.EmergencyEnded)
    assert {name: told[name] for name in ("case_id", "emergency_id", "person_id", "by_person_id")} == {
        "case_id": case_id, "emergency_id": mine["emergency_id"], "person_id": "p-nurse", "by_person_id": "p-nurse"
    }  # fmt: skip
    assert recorded(the, "end_emergency") == [("p-nurse", case_id, True, "")]
    with pytest.raises(Conflict) as refused:
        end(the, NURSE, mine["emergency_id"])
    assert refused.value.code == "emergency_over"
    assert state(the) == case_id and the.case(case_id, NURSE)["emergency"] != mine


def test_SE_3_the_coordinator_ends_it_and_nobody_else(the: House) -> None:
    """SE-3: to all others, the owner of the case too, there is none to end; each try stands in the record. What is over
    by itself is over."""
    case_id = the.at_level_1()
    state(the)
    [item] = the.ask(cases.ListEmergencies, COORDINATOR)["items"]
    others = (TEACHER, PSYCHOLOGIST, the.guardian(case_id))
    for actor in others:
        with pytest.raises(NotFound):
            end(the, actor, item["emergency_id"])
    with pytest.raises(NotFound):
        end(the, COORDINATOR, "nothing")
    assert [line[:3] for line in recorded(the, "end_emergency")] == [
        *((actor.person_id, case_id, False) for actor in others), ("p-coordinator", None, False),
    ]  # fmt: skip
    assert the.case(case_id, NURSE)["part"] == "emergency" and the.told(cases.EmergencyEnded) == []
    end(the, COORDINATOR, item["emergency_id"])
    with pytest.raises(NotFound):
        the.case(case_id, NURSE)
    [item] = the.ask(cases.ListEmergencies, COORDINATOR)["items"]
    assert (item["ended_by_person_id"], item["valid_to"]) == ("p-coordinator", item["valid_from"])
    state(the)
    the.advance(minutes=61)
    with pytest.raises(Conflict):
        end(the, COORDINATOR, the.ask(cases.ListEmergencies, COORDINATOR)["items"][0]["emergency_id"])
    assert len(the.told(cases.EmergencyEnded)) == 1


def test_SE_3_a_coordinator_ends_none_of_their_own_family(the: House) -> None:
    """SE-3: as they oversee none."""
    case_id = the.at_level_1()
    state(the)
    [item] = the.ask(cases.ListEmergencies, COORDINATOR)["items"]
    parent = the.guardian(case_id, 1).person_id
    role = {
        "unit_id": HEALTH,
        "service_id": SERVICES[HEALTH],
        "role": "coordinator",
        "valid_from": "2020-01-01",
    }
    the.hear(directory.StaffChanged, parent, {"person_id": parent, "roles": [role]})
    with pytest.raises(NotFound):
        end(the, Actor("granli", "employee", parent, HEALTH, "high"), item["emergency_id"])
    assert the.case(case_id, NURSE)["part"] == "emergency"


def test_SE_3_what_was_stated_is_ciphertext_under_the_cases_key(the: House) -> None:
    """SE-3."""
    the.at_level_1()
    state(the)
    assert WHY not in repr(the.dump()) and WHY.encode().hex() not in repr(the.dump())


def test_SE_3_a_parent_who_is_employed_gets_the_answer_of_a_wrong_number(the: House) -> None:
    """SE-3, GU-2: and no event tells of it; the attempt stands in the record."""
    case_id = the.at_level_1()
    parent = the.guardian(case_id, 1).person_id
    role = {"unit_id": HEALTH, "service_id": SERVICES[HEALTH], "role": "employee", "valid_from": "2020-01-01"}
    the.hear(directory.StaffChanged, parent, {"person_id": parent, "roles": [role]})
    worker, answers = Actor("granli", "employee", parent, HEALTH, "high"), set()
    for number in (TUVA, "x"):
        with pytest.raises(InvalidInput) as refused:
            state(the, worker, number)
        answers.add(str(refused.value.as_dict()))
    assert len(answers) == 1 and the.told(cases.EmergencyOpened) == []
    assert recorded(the) == [(parent, None, False, "acute_care")] * 2
