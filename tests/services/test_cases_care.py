"""Care orders as a running service: child protection in the guardians' place, from a day to a day (GU-4)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from services.cases.service import CasesService
from services.chassis.actor import Actor
from services.contracts import cases, directory
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, StaleEdit, Unavailable
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
from tests.services.persons_house import Persons, employ, persons, recorded

__all__ = ["persons"]

TODAY = NOW.date()
SECOND = employee("p-protection-too")
MOTHER = Actor("granli", "guardian", "59541f5e-0f1d-559c-a9fa-ae508402734f", None, "high")


def register(the: Persons, actor: Actor = CHILD_PROTECTION, **more: Any) -> str:
    """An order that waits for a second person."""
    told = {"child_number": TUVA, "valid_from": TODAY.isoformat(), **more}
    return str(the.ask(cases.RegisterCareOrder, actor, **told)["id"])


def decide(the: Persons, order_id: str, actor: Actor = SECOND, how: str = "confirmed", **more: Any) -> int:
    named = {"child_number": TUVA} if how == "confirmed" else {"reason": "Det finnes ikke noe slikt vedtak."}
    told = {"order_id": order_id, "decision": how, **named, **more}
    return int(the.ask(cases.DecideCareOrder, actor, **told)["version"])


def order(the: Persons, actor: Actor = CHILD_PROTECTION, second: Actor = SECOND, **more: Any) -> str:
    """An order that a second person has confirmed."""
    order_id = register(the, actor, **more)
    decide(the, order_id, second, child_number=more.get("child_number", TUVA))
    return order_id


def listed(the: Persons, actor: Actor = CHILD_PROTECTION) -> dict[str, Any]:
    return the.ask(cases.CareOrders, actor)


def change(the: Persons, order_id: str, actor: Actor = CHILD_PROTECTION, **more: Any) -> int:
    (known,) = [each for each in listed(the)["items"] if each["order_id"] == order_id]
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
    assert change(persons, order_id, SECOND, guardians_see="overview") == 3
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
    """GU-4: one answers: the order confirmed last, from its first day on. Whoever set the one before is told."""
    first = order(persons, SECOND, CHILD_PROTECTION)
    in_a_month = (TODAY + timedelta(days=30)).isoformat()
    then = order(persons, valid_from=in_a_month)
    assert [each["valid_from"] for each in persons.last_told()["care_orders"]] == [
        TODAY.isoformat(),
        in_a_month,
    ]
    assert [each["valid_to"] for each in persons.last_told()["care_orders"]] == [in_a_month, None]
    replaced = [each for each in persons.told(cases.CareOrderDecided) if each["outcome"] == "replaced"]
    assert [(each["order_id"], each["told_ids"]) for each in replaced] == [(first, ["p-protection-too"])]
    order(persons)
    held = [each["valid_to"] for each in persons.last_told()["care_orders"]]
    assert sorted(held, key=str) == [TODAY.isoformat(), in_a_month, None]
    assert [each["order_id"] for each in listed(persons)["items"] if each["valid_to"] == in_a_month] == [then]


@pytest.mark.parametrize("days", [None, 31])
def test_GU_4_one_person_ends_an_order_sooner_and_never_makes_it_last_longer(
    persons: Persons, days: int | None
) -> None:
    """GU-4, CO-10: what two agreed to is taken away by one, and lasts longer by two."""
    order_id = order(persons, valid_to=(TODAY + timedelta(days=30)).isoformat())
    longer = None if days is None else (TODAY + timedelta(days=days)).isoformat()
    with pytest.raises(InvalidInput) as refused:
        change(persons, order_id, valid_to=longer)
    assert refused.value.fields == {"valid_to": "not_longer"}
    change(persons, order_id, valid_to=(TODAY + timedelta(days=1)).isoformat())
    with pytest.raises(InvalidInput):
        change(persons, order_id, valid_to=(TODAY + timedelta(days=30)).isoformat())


@pytest.mark.parametrize("number", [TUVA, EMIL])
def test_GU_4_PR_6_one_employee_alone_opens_nothing_by_an_order(persons: Persons, number: str) -> None:
    """GU-4, PR-6: until a second one has confirmed it nobody reads by it, guardians go on, no service hears of it."""
    case_id = persons.at_level_1(number)
    order_id = register(persons, child_number=number)
    assert not any(told["care_orders"] for told in persons.told(cases.PersonChanged))
    assert not sees(persons, case_id, CHILD_PROTECTION) and not sees(persons, case_id, SECOND)
    assert sees(persons, case_id, MOTHER) == (number == TUVA)
    with pytest.raises(Forbidden) as refused:
        decide(persons, order_id, CHILD_PROTECTION, child_number=number)
    assert refused.value.code == "another_confirms"
    assert not sees(persons, case_id, CHILD_PROTECTION)
    assert decide(persons, order_id, child_number=number) == 2
    assert sees(persons, case_id, CHILD_PROTECTION) and not sees(persons, case_id, MOTHER)
    assert sees(persons, case_id, SECOND) == (number == TUVA)


def test_GU_4_PR_6_whoever_confirms_has_the_number_from_the_decision_and_not_from_here(
    persons: Persons,
) -> None:
    """GU-4, PR-6: no name is shown before; another child's number, and one that nobody has, are refused alike, noted,
    and confirm nothing."""
    persons.concern(number=TUVA)
    order_id = register(persons, child_number=EMIL)
    (waits,) = listed(persons, SECOND)["awaiting"]
    assert waits["order_id"] == order_id and waits["registered_by"] == "p-protection"
    assert set(waits) == {"order_id", "registered_by", "registered_at", "confirm_by", "valid_from", "valid_to",
                          "guardians_see", "topics"}  # fmt: skip
    assert listed(persons, SECOND)["items"] == [] == listed(persons)["awaiting"]
    for number in (TUVA, "01817012346", "12851890287", "abc"):
        with pytest.raises(InvalidInput) as refused:
            decide(persons, order_id, child_number=number)
        assert (refused.value.code, refused.value.fields) == (
            "not_this_child",
            {"child_number": "not_this_child"},
        )
    with pytest.raises(InvalidInput) as missing:
        decide(persons, order_id, child_number=None)
    assert missing.value.fields == {"child_number": "required"}
    assert [each[:2] for each in recorded(persons, "care_order_confirmed")] == [
        ("p-protection-too", False)
    ] * 4
    decide(persons, order_id, child_number=f" {EMIL[:6]} {EMIL[6:]} ")
    assert [each[:2] for each in recorded(persons, "care_order_confirmed")][-1] == ("p-protection-too", True)


def test_PR_6_registering_tells_nobody_that_there_is_an_order_already(persons: Persons) -> None:
    """PR-6, GU-4: one that stands, one that waits, of the asker's own unit or of a child nobody else knows of."""
    answers = [persons.ask(cases.RegisterCareOrder, SECOND, child_number=EMIL, valid_from=TODAY.isoformat())]
    order(persons, child_number=EMIL)
    register(persons, child_number=EMIL)
    answers.append(
        persons.ask(cases.RegisterCareOrder, SECOND, child_number=EMIL, valid_from=TODAY.isoformat())
    )
    assert {tuple(sorted(answer)) for answer in answers} == {("id", "version", "versions")}
    assert [answer["version"] for answer in answers] == [1, 1] and not any(a["versions"] for a in answers)
    first, then = sorted(listed(persons, SECOND)["items"], key=lambda each: str(each["order_id"]))
    assert {**first, "order_id": 0} == {**then, "order_id": 0}


def test_GU_4_an_order_is_refused_with_a_reason_that_its_author_reads(persons: Persons) -> None:
    """GU-4: nothing followed from it, nothing does; the reason is ciphertext."""
    order_id, before = register(persons), len(persons.told(cases.PersonChanged))
    with pytest.raises(InvalidInput) as refused:
        decide(persons, order_id, how="refused", reason=" ")
    assert refused.value.fields == {"reason": "required"}
    decide(persons, order_id, how="refused", reason="Vedtaket gjelder broren.")
    (mine,) = listed(persons)["items"]
    assert (mine["state"], mine["reason"]) == ("refused", "Vedtaket gjelder broren.")
    assert mine["decided_by"] == "p-protection-too" and listed(persons, SECOND) == {
        "items": [],
        "awaiting": [],
    }
    assert len(persons.told(cases.PersonChanged)) == before
    assert "broren" not in repr(persons.dump())
    assert recorded(persons, "care_order_refused") == [("p-protection-too", True, "")]
    with pytest.raises(Conflict) as late:
        decide(persons, order_id)
    assert (late.value.code, late.value.params) == ("care_order_decided", {"state": "refused"})


def test_GU_4_whoever_registered_an_order_withdraws_it_and_nobody_else_does(persons: Persons) -> None:
    """GU-4: while it waits."""
    order_id = register(persons)
    with pytest.raises(Forbidden):
        decide(persons, order_id, SECOND, how="withdrawn")
    with pytest.raises(Forbidden):
        decide(persons, order_id, CHILD_PROTECTION, how="refused")
    decide(persons, order_id, CHILD_PROTECTION, how="withdrawn")
    assert [each["state"] for each in listed(persons)["items"]] == ["withdrawn"]
    assert persons.told(cases.CareOrderDecided) == [] and listed(persons, SECOND)["awaiting"] == []
    with pytest.raises(Conflict):
        decide(persons, order_id)
    confirmed = order(persons)
    with pytest.raises(Conflict):
        decide(persons, confirmed, CHILD_PROTECTION, how="withdrawn")


def test_GU_4_an_order_that_nobody_confirms_is_over_after_three_days(persons: Persons) -> None:
    """GU-4: at its hour, before the timer has come round to it; the timer tells its author once."""
    tick = lambda: persons.app.tick("expire_care_orders", CasesService.expire_care_orders.timer)  # type: ignore[attr-defined] # noqa: E731
    order_id = register(persons)
    persons.advance(hours=71)
    tick()
    assert len(listed(persons, SECOND)["awaiting"]) == 1 and persons.told(cases.CareOrderDecided) == []
    persons.advance(hours=1)
    assert listed(persons, SECOND)["awaiting"] == [] and listed(persons)["items"][0]["state"] == "expired"
    with pytest.raises(Conflict) as late:
        decide(persons, order_id)
    assert late.value.params == {"state": "expired"}
    tick()
    tick()
    (told,) = persons.told(cases.CareOrderDecided)
    assert (told["outcome"], told["told_ids"], told["by_person_id"]) == ("expired", ["p-protection"], None)


def test_GU_4_those_who_can_confirm_an_order_are_told_that_it_waits(persons: Persons) -> None:
    """GU-4, PR-6: colleagues and the unit's leader, not its author, none of the family, nobody of another unit; by ids
    alone. Its author is told what came of it."""
    for person_id, unit, role in (("p-head", PROTECTION, "leader"), ("p-elsewhere", HEALTH, "leader"),
                                  ("p-clerk", PROTECTION, "employee")):  # fmt: skip
        post = {"unit_id": unit, "service_id": SERVICES[unit], "role": role, "valid_from": "2020-01-01"}
        persons.hear(directory.StaffChanged, person_id, {"person_id": person_id, "roles": [post]})
    employ(persons, RAYMOND, PROTECTION, "child_protection")
    order_id = register(persons, child_number=EMIL)
    (told,) = persons.told(cases.CareOrderAwaits)
    assert told["told_ids"] == ["p-head", "p-protection-too"] and told["order_id"] == order_id
    assert set(told) == {"order_id", "told_ids", "by_person_id", "at"}
    decide(persons, order_id, Actor("granli", "employee", "p-head", PROTECTION, "high"), child_number=EMIL)
    (told,) = persons.told(cases.CareOrderDecided)
    assert (told["told_ids"], told["outcome"], told["by_person_id"]) == (
        ["p-protection"],
        "confirmed",
        "p-head",
    )


def test_GU_4_whoever_leads_the_unit_confirms_its_orders_and_keeps_none(persons: Persons) -> None:
    """GU-4: and whoever leads a unit that is none of child protection's finds none, nor does a clerk."""
    for person_id, unit, role in (("p-head", PROTECTION, "leader"), ("p-clerk", PROTECTION, "employee")):
        post = {"unit_id": unit, "service_id": SERVICES[unit], "role": role, "valid_from": "2020-01-01"}
        persons.hear(directory.StaffChanged, person_id, {"person_id": person_id, "roles": [post]})
    head, clerk = (Actor("granli", "employee", each, PROTECTION, "high") for each in ("p-head", "p-clerk"))
    order_id = register(persons)
    assert [each["order_id"] for each in listed(persons, head)["awaiting"]] == [order_id]
    for stranger in (clerk, LEADER, TEACHER, MOTHER):
        with pytest.raises(NotFound):
            listed(persons, stranger)
        with pytest.raises(NotFound):
            decide(persons, order_id, stranger)
    with pytest.raises(NotFound):
        register(persons, head)
    decide(persons, order_id, head)
    assert listed(persons, head) == {"items": [], "awaiting": []}


def test_GU_4_who_confirms_is_judged_by_what_holds_then(persons: Persons) -> None:
    """GU-4, GU-3, CO-10: the post is lost, or the confirmer has become the child's family, since the order was
    registered."""
    order_id = register(persons)
    post = {"unit_id": PROTECTION, "service_id": SERVICES[PROTECTION], "role": "child_protection"}
    ended = post | {"valid_from": "2020-01-01", "valid_to": TODAY.isoformat()}
    persons.hear(
        directory.StaffChanged, "p-protection-too", {"person_id": "p-protection-too", "roles": [ended]}
    )
    with pytest.raises(NotFound):
        decide(persons, order_id)
    father = employ(persons, JONAS, PROTECTION, "child_protection")
    assert listed(persons, father)["awaiting"] == []
    with pytest.raises(NotFound):
        decide(persons, order_id, father)
    unlinked = employ(persons, RAYMOND, PROTECTION, "child_protection")
    other = register(persons, child_number=EMIL)
    with pytest.raises(Forbidden) as refused:
        decide(persons, other, unlinked, child_number=EMIL)
    assert refused.value.code == "own_family"


def test_GU_4_of_two_who_confirm_at_once_one_does(persons: Persons) -> None:
    """GU-4, LG-8: the other hears that it is decided; the same request sent again gets the same answer."""
    head = Actor("granli", "employee", "p-head", PROTECTION, "high")
    post = {
        "unit_id": PROTECTION,
        "service_id": SERVICES[PROTECTION],
        "role": "leader",
        "valid_from": "2020-01-01",
    }
    persons.hear(directory.StaffChanged, "p-head", {"person_id": "p-head", "roles": [post]})
    order_id = register(persons)
    request = {"order_id": order_id, "decision": "confirmed", "child_number": TUVA}
    found: list[Any] = []

    def confirm(who: Actor) -> None:
        try:
            found.append(
                persons.app.call(cases.DecideCareOrder, who, request, idempotency_key="once")["version"]
            )
        except Exception as error:
            found.append(error)

    at_once = [threading.Thread(target=confirm, args=(who,)) for who in (SECOND, head) * 2]
    for each in at_once:
        each.start()
    for each in at_once:
        each.join(timeout=60)
    done = [each for each in found if each == 2]
    refused = [each for each in found if each != 2]
    assert len(found) == 4 and 1 <= len(done) <= 2
    assert all(isinstance(each, Conflict | Unavailable) for each in refused), found
    assert len(persons.told(cases.CareOrderDecided)) == 1
    assert len([each for each in persons.told(cases.PersonChanged) if each["care_orders"]]) == 1


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
        change(persons, order_id, SECOND, expected_version=2)


def test_GU_4_nobody_else_keeps_or_knows_orders(persons: Persons) -> None:
    """GU-4: not the case's own people, not guardians; an order there is is not there for them."""
    persons.at_level_1()
    order_id = order(persons)
    for stranger in (TEACHER, LEADER, PSYCHOLOGIST, MOTHER):
        for act in (
            lambda who: decide(persons, order_id, who),
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
