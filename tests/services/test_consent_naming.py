"""A young adult, or a youth who consents alone, lets a parent read without being asked (AG-5, GU-2)."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.actor import Actor
from services.contracts import consent
from services.kernel.errors import Forbidden, InvalidInput, NotFound, Refusal
from tests.services.test_consent_service import (
    AS_FATHER,
    AS_MOTHER,
    AS_TEACHER,
    AS_YOUTH,
    CASE,
    CHILD,
    FATHER,
    MOTHER,
    World,
    named_now,
    refused,
    turn,
    world,
)

__all__ = ["world"]

WHY = "Jeg vil selv at mor kan lese"


def name(world: World, person: str = MOTHER, *topics: str, actor: Actor = AS_YOUTH, **more: Any) -> str:
    asked = {"case_id": CASE, "person_id": person, "topics": list(topics) or ["learning"], "purpose": WHY,
             "valid_to": "2027-12-31", **more}  # fmt: skip
    return str(world.app.call(consent.NamePerson, actor, asked)["id"])


@pytest.fixture
def adult(world: World) -> World:
    """The child of the case has turned 18."""
    world.family(born="2009-02-01")
    turn(world, "2027-02-01")
    return world


def test_AG_5_a_young_adult_lets_a_parent_read_and_takes_it_back(adult: World) -> None:
    """Nobody asked them; their own signature opens it, for the topics named alone, and their own withdrawal ends it."""
    request_id = name(adult, MOTHER, "learning", "home")
    assert named_now(adult) == set()
    shown = adult.shown(request_id, AS_YOUTH)
    assert (shown["requested_by"], shown["purpose"], shown["you_sign"]) == (CHILD, WHY, True)
    adult.sign(request_id, AS_YOUTH)
    assert named_now(adult) == {(MOTHER, "learning"), (MOTHER, "home")}
    adult.app.call(consent.Withdraw, AS_YOUTH, {"case_id": CASE, "person_id": MOTHER, "topic": "home"})
    assert named_now(adult) == {(MOTHER, "learning")}


def test_AG_5_nobody_names_for_the_young_adult(adult: World) -> None:
    """Neither the parent themselves, nor, in this way, the holder."""
    refused(NotFound, lambda: name(adult, MOTHER, actor=AS_MOTHER))
    refused(Forbidden, lambda: name(adult, MOTHER, actor=AS_TEACHER))
    assert adult.app.call(consent.ConsentsOfCase, AS_TEACHER, {"case_id": CASE})["requests"] == []


def test_GU_2_a_youth_who_consents_alone_names_a_parent_without_responsibility(world: World) -> None:
    """AG-2, AG-3: not for health, to which the guardians' word is needed too; and not a guardian, who reads by law."""
    world.family(MOTHER, born="2012-02-01")
    turn(world, "2027-02-01")
    found = refused(Refusal, lambda: name(world, FATHER, "health"))
    assert found.code == "guardians_consent"
    assert refused(InvalidInput, lambda: name(world, MOTHER)).fields == {"person_id": "not_nameable"}
    world.sign(name(world, FATHER, "learning"), AS_YOUTH)
    assert named_now(world) == {(FATHER, "learning")}


def test_GU_2_a_younger_child_names_nobody(world: World) -> None:
    """AG-5, AG-2: the guardians decide until then."""
    world.family(MOTHER, born="2013-03-01")
    turn(world, "2027-02-01")
    found = refused(Forbidden, lambda: name(world, FATHER))
    assert found.code == "guardians_consent"


def test_AG_5_naming_twice_asks_once(adult: World) -> None:
    """A second click; another choice is another question."""
    first = name(adult, MOTHER, "home", "learning")
    assert name(adult, MOTHER, "learning", "home") == first
    assert name(adult, FATHER) != first
    adult.sign(first, AS_YOUTH)
    assert name(adult, MOTHER, "learning", "home") != first


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"person_id": "somebody"}, {"person_id": "not_nameable"}),
        ({"topics": []}, {"topics": "required"}),
        ({"valid_to": "2029-01-01"}, {"valid_to": "too_long_time"}),
        ({"valid_to": "2027-01-31"}, {"valid_to": "before_start"}),
    ],
)
def test_what_is_wrong_is_named(adult: World, wrong: dict[str, Any], fields: dict[str, str]) -> None:
    """CO-1, CO-2."""
    asked = {
        "case_id": CASE,
        "person_id": MOTHER,
        "topics": ["learning"],
        "purpose": WHY,
        "valid_to": "2027-12-31",
    }
    found = refused(InvalidInput, lambda: adult.app.call(consent.NamePerson, AS_YOUTH, asked | wrong))
    assert found.fields == fields


def test_PR_6_nobody_is_named_where_the_address_is_protected(world: World) -> None:
    world.family(born="2009-02-01", grade="confidential")
    turn(world, "2027-02-01")
    assert refused(InvalidInput, lambda: name(world)).fields == {"person_id": "not_nameable"}


def test_AG_5_the_parents_word_opens_nothing(adult: World) -> None:
    request_id = name(adult, MOTHER)
    for actor in (AS_MOTHER, AS_FATHER):
        refused(NotFound, lambda who=actor: adult.sign(request_id, who))
    assert named_now(adult) == set()
