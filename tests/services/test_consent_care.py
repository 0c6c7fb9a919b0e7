"""Consent under a care order (GU-4): the unit of child protection answers; signatures keep the person and the unit."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.actor import Actor
from services.consent.storage.tables import signatures
from services.contracts import cases, consent, directory
from services.kernel.errors import Forbidden, NotFound, Refusal
from tests.services.test_consent_service import (
    AS_MOTHER,
    AS_TEACHER,
    CASE,
    CHILD,
    FATHER,
    MOTHER,
    World,
    world,
)

__all__ = ["world"]

UNIT, SERVICE = "unit-protection", "service-protection"
AS_CASEWORKER = Actor("granli", "employee", "caseworker", UNIT, "high")
AS_SECOND = Actor("granli", "employee", "second", UNIT, "high")
AS_CLERK = Actor("granli", "employee", "clerk", UNIT, "high")


@pytest.fixture(autouse=True)
def at_work(world: World) -> None:
    """Child protection is at work beside the others of consent's tests."""
    for person, role in (
        ("caseworker", "child_protection"),
        ("second", "child_protection"),
        ("clerk", "employee"),
    ):
        world.hear(directory.StaffChanged, person_id=person, roles=[
            {"unit_id": UNIT, "service_id": SERVICE, "role": role, "valid_from": "2020-01-01"}
        ])  # fmt: skip


def care(world: World, **changed: Any) -> None:
    """A care order from today, as cases tells it."""
    order = {
        "unit_id": UNIT, "set_by": "caseworker", "valid_from": "2026-11-01", "guardians_see": "nothing", "topics": [],
        **changed,
    }  # fmt: skip
    ties = [
        {"person_id": person, "relation": person, "verified": True, "has_responsibility": True}
        for person in (MOTHER, FATHER)
    ]
    world.hear(
        cases.PersonChanged, person_id=CHILD, birth_date="2022-05-17", address_grade="ungraded", guardians=ties,
        care_orders=[order],
    )  # fmt: skip
    world.heartbeat()


def answer(world: World, request_id: str, actor: Actor, word: str = "yes") -> dict[str, Any]:
    shown = world.shown(request_id, actor)
    answers = [
        {"service_id": line["service_id"], "topic": line["topic"], "answer": word} for line in shown["lines"]
    ]
    asked = {"request_id": request_id, "text_hash": shown["text_hash"], "answers": answers}
    return world.app.call(consent.Sign, actor, asked)


def test_GU_4_what_guardians_said_stops_sharing_when_child_protection_takes_their_place(world: World) -> None:
    """GU-4, CO-10: at the order's event; nothing is deleted, and the unit is asked."""
    request_id = world.request()
    for guardian in (MOTHER, FATHER):
        world.sign(request_id, Actor("granli", "guardian", guardian, None, "high"))
    assert world.windows()
    care(world)
    assert world.windows() == set()
    shown = world.shown(request_id, AS_TEACHER)
    assert [signer["person_id"] for signer in shown["signers"]] == [UNIT]


def test_GU_4_any_colleague_in_the_unit_answers_for_it_and_both_are_kept(world: World) -> None:
    """GU-4: the signature bears the unit and the person; a guardian can neither read nor sign it."""
    care(world)
    request_id = world.request()
    assert world.shown(request_id, AS_SECOND)["you_sign"]
    waiting = world.app.call(consent.WaitingForMe, AS_SECOND, {})["items"]
    assert [each["request_id"] for each in waiting] == [request_id]
    signature_id = answer(world, request_id, AS_SECOND)["id"]
    assert world.windows()
    with world.app.db.read() as conn:
        (row,) = conn.execute(sa.select(signatures)).all()
    assert (row.signature_id, row.signer_id, row.by_person_id) == (signature_id, UNIT, "second")
    with pytest.raises(NotFound):
        world.shown(request_id, AS_MOTHER)
    with pytest.raises(Refusal):
        answer(world, request_id, AS_CLERK)
    assert world.app.call(consent.WaitingForMe, AS_CASEWORKER, {})["items"] == []


def test_GU_4_the_unit_withdraws_what_the_unit_gave(world: World) -> None:
    """GU-4, CO-3: whoever of the unit acts."""
    care(world)
    request_id = world.request()
    answer(world, request_id, AS_CASEWORKER)
    world.app.call(consent.Withdraw, AS_SECOND, {"case_id": CASE})
    assert world.windows() == set()


def test_GU_4_a_receipt_is_the_own_of_who_signed(world: World) -> None:
    """GU-4, CO-7: it is a person's, not the unit's; a colleague's is not there."""
    care(world)
    signature_id = answer(world, world.request(), AS_CASEWORKER)["id"]
    receipt = world.app.call(consent.GetReceipt, AS_CASEWORKER, {"signature_id": signature_id})
    assert receipt["signer_id"] == UNIT
    for other in (AS_SECOND, AS_MOTHER):
        with pytest.raises(NotFound):
            world.app.call(consent.GetReceipt, other, {"signature_id": signature_id})


def test_GU_4_a_receipt_signed_at_work_goes_with_the_work(world: World) -> None:
    """GU-4, CO-10: what an employee signed for their unit is the family's matter: not theirs after their role, nor
    after the order, nor in another unit of theirs."""
    care(world)
    asked = {"signature_id": answer(world, world.request(), AS_CASEWORKER)["id"]}
    elsewhere = Actor("granli", "employee", "caseworker", "unit-ppt", "high")
    for other in (elsewhere, Actor("granli", "guardian", "caseworker", None, "high")):
        with pytest.raises((Forbidden, NotFound)):
            world.app.call(consent.GetReceipt, other, asked)
    assert world.app.call(consent.GetReceipt, AS_CASEWORKER, asked)["purpose"]
    world.hear(directory.StaffChanged, person_id="caseworker", roles=[])
    with pytest.raises((Forbidden, NotFound)):
        world.app.call(consent.GetReceipt, AS_CASEWORKER, asked)


def test_GU_4_the_units_receipt_of_a_withdrawal_goes_with_the_work(world: World) -> None:
    """GU-4, CO-10, SE-3: any colleague in child protection reads it, while they work there and while the order stands;
    nobody else with the unit in their token, and not whoever withdrew, once they have left."""
    care(world)
    answer(world, world.request(), AS_CASEWORKER)
    asked = {"withdrawal_id": world.app.call(consent.Withdraw, AS_CASEWORKER, {"case_id": CASE})["id"]}
    for colleague in (AS_CASEWORKER, AS_SECOND):
        assert world.app.call(consent.GetWithdrawal, colleague, asked)["taken_from"][0]["purpose"]
    nobody = Actor("granli", "employee", "nobody", UNIT, "high")
    for other in (AS_CLERK, nobody):
        with pytest.raises((Forbidden, NotFound)):
            world.app.call(consent.GetWithdrawal, other, asked)
    world.hear(directory.StaffChanged, person_id="caseworker", roles=[])
    with pytest.raises((Forbidden, NotFound)):
        world.app.call(consent.GetWithdrawal, AS_CASEWORKER, asked)
    care(world, valid_from="2026-09-01", valid_to="2026-10-01")
    with pytest.raises((Forbidden, NotFound)):
        world.app.call(consent.GetWithdrawal, AS_SECOND, asked)


def test_GU_4_the_unit_signs_at_high_assurance_as_others_do(world: World) -> None:
    """GU-4, CO-1"""
    care(world)
    request_id = world.request()
    with pytest.raises(Forbidden):
        answer(world, request_id, Actor("granli", "employee", "caseworker", UNIT, "substantial"))


def test_GU_4_an_employee_signs_for_no_unit_without_an_order(world: World) -> None:
    """GU-4: the unit of who asks is not a signer because it is one's unit."""
    request_id = world.request()
    for actor in (AS_CASEWORKER, AS_TEACHER):
        with pytest.raises((Forbidden, NotFound)):
            answer(world, request_id, actor)
