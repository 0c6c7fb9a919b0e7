"""Care orders as a running service: child protection in the guardians' place, from a day to a day (GU-4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.actor import Actor
from services.contracts import cases, directory
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, StaleEdit
from tests.services.cases_house import (
    CHILD_PROTECTION,
    EMIL,
    HEALTH,
    JONAS,
    LEADER,
    MARIT,
    NOW,
    PROTECTION,
    PSYCHOLOGIST,
    RAYMOND,
    SERVICES,
    TEACHER,
    TUVA,
    employee,
)
from tests.services.persons_house import Persons, employ, persons

__all__ = ["persons"]

TODAY = NOW.date()
SECOND = employee("p-protection-too")
MOTHER = Actor("granli", "guardian", "59541f5e-0f1d-559c-a9fa-ae508402734f", None, "high")


def order(the: Persons, actor: Actor = CHILD_PROTECTION, **more: Any) -> str:
    told = {"child_number": TUVA, "valid_from": TODAY.isoformat(), **more}
    return str(the.ask(cases.RegisterCareOrder, actor, **told)["id"])


def change(the: Persons, order_id: str, actor: Actor = CHILD_PROTECTION, **more: Any) -> int:
    (known,) = the.ask(cases.CareOrders, CHILD_PROTECTION)["items"]
    told = {"order_id": order_id, "expected_version": known["version"], "guardians_see": "nothing", **more}
    return int(the.ask(cases.ChangeCareOrder, actor, **told)["version"])


def sees(the: Persons, case_id: str, actor: Actor) -> bool:
    try:
        the.case(case_id, actor)
    except NotFound:
        return False
    return True


def test_GU_4_from_the_order_on_child_protection_sees_and_guardians_do_not(persons: Persons) -> None:
    """GU-4, CO-10: for the guardians' own next request at once; the whole fact is told with ids and days alone."""
    case_id = persons.at_level_1()
    assert sees(persons, case_id, MOTHER) and not sees(persons, case_id, CHILD_PROTECTION)
    order(persons)
    assert not sees(persons, case_id, MOTHER)
    shown = persons.case(case_id, CHILD_PROTECTION)
    assert shown["part"] == "child_protection"
    assert {"sign_consent", "withdraw_consent", "comment"} <= set(shown["permitted"])
    assert "manage" not in shown["permitted"]
    assert [each["case_id"] for each in persons.ask(cases.MyCases, SECOND)["items"]] == [case_id]
    assert persons.last_told()["care_orders"] == [
        {"unit_id": CHILD_PROTECTION.unit_id, "set_by": "p-protection", "valid_from": TODAY.isoformat(),
         "valid_to": None, "guardians_see": "nothing", "topics": []}
    ]  # fmt: skip


def test_GU_4_child_protection_sets_what_guardians_see(persons: Persons) -> None:
    """GU-4: any colleague in the unit; the overview is a case page without notes."""
    case_id = persons.at_level_1()
    order_id = order(persons)
    assert change(persons, order_id, SECOND, guardians_see="overview") == 2
    assert persons.case(case_id, MOTHER)["permitted"] == ["see_case"]
    with pytest.raises(Forbidden):
        persons.family(case_id, MOTHER)
    assert persons.ask(cases.GetNotes, MOTHER, case_id=case_id)["notes"] == []
    outline = {"level_moved", "holder_appointed"}
    assert {each["what"] for each in persons.case(case_id, MOTHER)["happenings"]} == outline
    assert {each["what"] for each in persons.case(case_id, SECOND)["happenings"]} > outline
    change(persons, order_id, guardians_see="topics", topics=["home", "learning", "home"])
    assert persons.last_told()["care_orders"][0]["topics"] == ["home", "learning"]
    change(persons, order_id, guardians_see="nothing", topics=["home"])
    assert persons.last_told()["care_orders"][0]["topics"] == []
    assert not sees(persons, case_id, MOTHER)


def test_GU_4_an_order_begins_and_ends_with_its_days(persons: Persons) -> None:
    """GU-4, AG-8: days to come hold from their Norwegian midnight; ended today, the guardians answer again at once."""
    case_id = persons.at_level_1()
    order_id = order(persons, valid_from=(TODAY + timedelta(days=1)).isoformat())
    assert sees(persons, case_id, MOTHER) and not sees(persons, case_id, CHILD_PROTECTION)
    persons.advance(hours=13)
    assert not sees(persons, case_id, MOTHER) and sees(persons, case_id, CHILD_PROTECTION)
    change(persons, order_id, valid_to=(TODAY + timedelta(days=1)).isoformat())
    assert sees(persons, case_id, MOTHER) and not sees(persons, case_id, CHILD_PROTECTION)


def test_GU_4_one_order_at_a_time(persons: Persons) -> None:
    """GU-4: one answers; the next may begin when the one before has ended."""
    order_id = order(persons)
    with pytest.raises(Conflict) as refused:
        order(persons, valid_from=(TODAY + timedelta(days=30)).isoformat())
    assert refused.value.code == "care_order_stands"
    change(persons, order_id, valid_to=(TODAY + timedelta(days=30)).isoformat())
    order(persons, valid_from=(TODAY + timedelta(days=30)).isoformat())
    with pytest.raises(Conflict):
        persons.ask(cases.ChangeCareOrder, CHILD_PROTECTION, order_id=order_id, guardians_see="nothing")


def test_PR_6_an_order_for_a_protected_child_is_told_to_those_who_oversee(persons: Persons) -> None:
    """PR-6, GU-4: the unit's leader and the coordinators, but for one of the family, and whoever leads elsewhere; who
    did it, and not of whom. Of other children's orders nobody is told so."""
    coordinating = {
        "p-head": (PROTECTION, "leader"),
        "p-elsewhere": (HEALTH, "leader"),
        "p-old": (PROTECTION, "leader"),
    }
    for person_id, (unit, role) in coordinating.items():
        post = {"unit_id": unit, "service_id": SERVICES[unit], "role": role, "valid_from": "2020-01-01"}
        ended = {"valid_to": "2021-01-01"} if person_id == "p-old" else {}
        persons.hear(directory.StaffChanged, person_id, {"person_id": person_id, "roles": [post | ended]})
    employ(persons, RAYMOND, PROTECTION, "coordinator")
    coordinator = employ(persons, JONAS, PROTECTION, "coordinator")
    order(persons)
    assert persons.told(cases.ProtectedOrderRegistered) == []
    order(persons, child_number=EMIL)
    (told,) = persons.told(cases.ProtectedOrderRegistered)
    assert told["told_ids"] == sorted([coordinator.person_id or "", "p-head"])
    assert told["by_person_id"] == "p-protection" and set(told) == {"told_ids", "by_person_id", "at"}


def test_GU_4_two_changes_do_not_overwrite_each_other(persons: Persons) -> None:
    """GU-4, LG-8"""
    order_id = order(persons)
    change(persons, order_id, guardians_see="overview")
    with pytest.raises(StaleEdit):
        change(persons, order_id, SECOND, expected_version=1)


def test_GU_4_nobody_else_keeps_or_knows_orders(persons: Persons) -> None:
    """GU-4: not the case's own people, not guardians; an order there is is not there for them."""
    persons.at_level_1()
    order_id = order(persons)
    for stranger in (TEACHER, LEADER, PSYCHOLOGIST, MOTHER):
        for act in (
            lambda who: order(persons, who),
            lambda who: persons.ask(cases.CareOrders, who),
            lambda who: persons.ask(cases.ChangeCareOrder, who, order_id=order_id, guardians_see="topics"),
        ):
            with pytest.raises(NotFound):
                act(stranger)
    with pytest.raises(NotFound):
        persons.ask(cases.ChangeCareOrder, CHILD_PROTECTION, order_id="no-such", guardians_see="nothing")


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"valid_to": (TODAY - timedelta(days=1)).isoformat()}, "valid_to", "before_start"),
        ({"guardians_see": "topics"}, "topics", "required"),
        ({"guardians_see": "topics", "topics": ["secrets"]}, "topics", "not_a_choice"),
        ({"child_number": MARIT}, "child_number", "not_a_minor"),
        ({"child_number": "12851890287"}, "child_number", "unknown_number"),
    ],
)
def test_GU_4_an_order_that_says_nothing_clear_keeps_nothing(
    persons: Persons, more: dict[str, Any], field: str, code: str
) -> None:
    """GU-4: the field is named, and not even the child is taken over."""
    before = persons.dump(without=("access_record", "access_heads"))
    with pytest.raises(InvalidInput) as refused:
        order(persons, **more)
    assert refused.value.fields == {field: code}
    assert persons.dump(without=("access_record", "access_heads")) == before


def test_GU_4_no_case_is_needed_and_none_is_told_of(persons: Persons) -> None:
    """GU-4: the answer is the same whether the child is known here or not, and whether there is a case."""
    first = persons.ask(
        cases.RegisterCareOrder, CHILD_PROTECTION, child_number=TUVA, valid_from=TODAY.isoformat()
    )
    persons.concern(number=EMIL)
    second = persons.ask(
        cases.RegisterCareOrder, CHILD_PROTECTION, child_number=EMIL, valid_from=TODAY.isoformat()
    )
    assert first.keys() == second.keys() and first["version"] == second["version"] == 1
    assert persons.ask(cases.MyCases, CHILD_PROTECTION)["items"] == []


def test_PR_6_an_order_for_a_protected_child_is_known_to_who_set_it(persons: Persons) -> None:
    """PR-6: no colleague in the unit finds it, or changes it."""
    order_id = order(persons, child_number=EMIL)
    assert [each["order_id"] for each in persons.ask(cases.CareOrders, CHILD_PROTECTION)["items"]] == [
        order_id
    ]
    assert persons.ask(cases.CareOrders, SECOND)["items"] == []
    with pytest.raises(NotFound):
        change(persons, order_id, SECOND)


def test_GU_4_nothing_of_an_order_stands_in_clear_but_ids_codes_and_days(persons: Persons) -> None:
    """GU-4"""
    order(persons)
    everything = repr(persons.dump())
    assert "Tuva" not in everything and TUVA not in everything


def test_GU_4_nobody_keeps_the_order_of_a_child_of_their_own(persons: Persons) -> None:
    """GU-4: a parent who works in child protection does not set one, find it, or widen what parents see."""
    order_id = order(persons)
    role = {
        "unit_id": CHILD_PROTECTION.unit_id,
        "service_id": "service-granli-barnevern",
        "role": "child_protection",
    }
    persons.hear(directory.StaffChanged, MOTHER.person_id or "", {
        "person_id": MOTHER.person_id, "roles": [role | {"valid_from": "2020-01-01"}],
    })  # fmt: skip
    worker = Actor("granli", "employee", MOTHER.person_id, CHILD_PROTECTION.unit_id, "high")
    assert persons.ask(cases.CareOrders, worker)["items"] == []
    with pytest.raises(NotFound):
        change(persons, order_id, worker, guardians_see="overview")
    with pytest.raises(Forbidden) as refused:
        order(persons, worker)
    assert refused.value.code == "own_family"
