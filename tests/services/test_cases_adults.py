"""A service for adults raises a child's concern with the parent's word, and does not follow the child up (LV-14)."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.actor import Actor
from services.contracts import cases, directory
from services.kernel.errors import InvalidInput, NotFound
from tests.services.cases_house import KINDERGARTEN, LEADER, NOW, PROTECTION, SERVICES, TUVA
from tests.services.persons_house import Persons, persons

__all__ = ["persons"]

TODAY = NOW.date().isoformat()
UNIT, SERVICE = "unit-granli-rus-psykisk-kontor", "service-granli-rus-psykisk"
THERAPIST = Actor("granli", "employee", "p-therapist", UNIT, "high")


@pytest.fixture(autouse=True)
def adults(persons: Persons) -> None:
    """A therapist at work in a service for adults, beside the others; the kinds of services are known."""
    persons.hear(directory.StaffChanged, "p-therapist", {
        "person_id": "p-therapist",
        "roles": [{"unit_id": UNIT, "service_id": SERVICE, "role": "employee", "valid_from": "2020-01-01"}],
    })  # fmt: skip
    kinds = {SERVICES[KINDERGARTEN]: "universal", SERVICES[PROTECTION]: "child_protection", SERVICE: "adult"}
    for service_id, kind in kinds.items():
        persons.hear(
            directory.ServiceChanged, service_id, {"service_id": service_id, "kind": kind, "active": True}
        )


def concern(the: Persons, **more: Any) -> str:
    told = {"child_number": TUVA, "unit_id": UNIT, "concern": "Mor ber om hjelp til datteren", **more}
    return str(the.ask(cases.RaiseConcern, THERAPIST, **told)["id"])


def test_LV_14_the_leader_of_the_unit_named_follows_the_child_up(persons: Persons) -> None:
    """LV-14: owned there, with who raised it and when the parent agreed; to the service for adults it is gone."""
    case_id = concern(persons, parent_agreed_on=TODAY, follow_up_unit_id=KINDERGARTEN)
    case = persons.case(case_id, LEADER)
    assert (case["part"], case["owner_person_id"], case["owner_unit_id"]) == (
        "owner",
        "p-leader",
        KINDERGARTEN,
    )
    (raised,) = case["happenings"]
    assert (raised["by_person_id"], raised["values"]) == ("p-therapist", {"parent_agreed_on": TODAY})
    assert persons.ask(cases.GetNotes, LEADER, case_id=case_id)["notes"][0]["by_person_id"] == "p-therapist"
    with pytest.raises(NotFound):
        persons.case(case_id, THERAPIST)
    assert persons.ask(cases.MyCases, THERAPIST)["items"] == []


@pytest.mark.parametrize(
    ("more", "faults"),
    [
        ({}, {"parent_agreed_on": "required", "follow_up_unit_id": "required"}),
        ({"parent_agreed_on": "2026-12-24", "follow_up_unit_id": KINDERGARTEN}, {"parent_agreed_on": "date_in_future"}),
        ({"parent_agreed_on": TODAY, "follow_up_unit_id": "unit-nowhere"}, {"follow_up_unit_id": "no_leader"}),
        ({"parent_agreed_on": TODAY, "follow_up_unit_id": UNIT}, {"follow_up_unit_id": "no_leader"}),
    ],
)  # fmt: skip
def test_LV_14_without_the_parents_word_or_somebody_to_follow_up_nothing_begins(
    persons: Persons, more: dict[str, Any], faults: dict[str, str]
) -> None:
    """LV-14: the field is named; suspicion of violence goes the way of the lane (PR-1)."""
    before = persons.dump(without=("access_record", "access_heads"))
    with pytest.raises(InvalidInput) as refused:
        concern(persons, **more)
    assert refused.value.fields == faults
    assert persons.dump(without=("access_record", "access_heads")) == before


def test_LV_14_child_protection_is_reported_to_and_not_handed_a_concern(persons: Persons) -> None:
    """LV-14, PR-1"""
    persons.hear(directory.StaffChanged, "p-chief", {
        "person_id": "p-chief",
        "roles": [{"unit_id": PROTECTION, "service_id": SERVICES[PROTECTION], "role": "leader",
                   "valid_from": "2020-01-01"}],
    })  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        concern(persons, parent_agreed_on=TODAY, follow_up_unit_id=PROTECTION)
    assert refused.value.fields == {"follow_up_unit_id": "does_not_follow_up"}


def test_LV_14_other_services_own_what_they_raise(persons: Persons) -> None:
    """LV-14, LV-2: nobody else needs to name a unit."""
    case = persons.case(persons.concern())
    assert case["owner_person_id"] == "p-teacher" and case["happenings"][0]["values"] == {}
