"""Every outlet of the log of a child whose address is protected: no other party learns a unit or a place (PR-6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.actor import Actor
from services.contracts import cases, directory, relay_log
from services.kernel.errors import NotFound
from tests.services.relay_log_world import (
    HEALTH,
    IN_A_MONTH,
    KINDERGARTEN,
    PSYCHOLOGY,
    SERVICES,
    TIES,
    World,
)
from tests.services.test_relay_log_service import app, world

__all__ = ["app", "world"]

PLACE = "the blue room"
PLACES = (PLACE, PSYCHOLOGY, HEALTH)


def grade(world: World, code: str) -> None:
    """The grade changes; the guardians stay linked, by hand as it were."""
    world.hear(
        cases.PersonChanged, "child", person_id="child", birth_date="2022-03-05", address_grade=code, guardians=TIES
    )  # fmt: skip
    world.beat()


def test_PR_6_no_outlet_of_the_log_tells_another_party_a_place(world: World) -> None:
    """PR-6: from the event of the grade on; the log and the final report; the owning unit's own people read all."""
    world.level_2()
    world.goal("learning")
    world.minutes(world.meeting(), "learning")
    others = ("psychologist", "mother")
    for who in (*others, "teacher"):
        assert all(place in repr(world.log(who)) for place in PLACES), who
    grade(world, "strictly_confidential")
    for who in others:
        told = repr(world.log(who))
        assert "a goal" in told and not [place for place in PLACES if place in told], who
    assert all(place in repr(world.log("teacher")) for place in PLACES)
    world.close()
    for who in others:
        told = repr(world.do(relay_log.GetReport, who))
        assert "a goal" in told and not [place for place in PLACES if place in told], who


def test_PR_6_no_outlet_of_the_log_tells_another_party_a_service_of_one_unit(world: World) -> None:
    """PR-6: neither among those who take part, nor where an evaluation sends a measure; the log and the report. Each
    service knows itself, a guardian those that they are asked about (CO-1), and all one that has a second unit."""
    world.level_2()
    world.hear(
        directory.ServiceChanged, FAMILY_CENTRE, service_id=FAMILY_CENTRE, kind="supporting", active=True
    )
    world.bring_in("colleague")
    measure = world.measure(world.goal("learning"))
    elsewhere = world.measure(world.goal("learning"))
    world.evaluate(
        {"measure_id": measure, "effect": "none", "outcome": "another_service", "service_id": FAMILY_CENTRE},
        {"measure_id": elsewhere, "effect": "none", "outcome": "another_service", "service_id": SERVICES[HEALTH]},
        next_evaluation_on=IN_A_MONTH,
    )  # fmt: skip
    every = {*SERVICES.values(), FAMILY_CENTRE}
    asked = {SERVICES[PSYCHOLOGY], SERVICES[HEALTH]}

    def told(answer: dict[str, Any]) -> set[str]:
        return {each for each in every if f"'{each}'" in repr(answer)}

    for who in ("teacher", "mother", "psychologist"):
        assert told(world.log(who)) == every, "no address is protected"
    grade(world, "confidential")
    readers = {"teacher": every, "mother": asked, "psychologist": {SERVICES[PSYCHOLOGY]}}
    for who, services in readers.items():
        assert told(world.log(who)) == services, who
    second_unit(world, FAMILY_CENTRE)
    for who, services in readers.items():
        assert told(world.log(who)) == services | {FAMILY_CENTRE}, who
    world.close()
    for who, services in readers.items():
        assert told(world.do(relay_log.GetReport, who)) == services | {FAMILY_CENTRE}, who


FAMILY_CENTRE = "service-family-centre"


def second_unit(world: World, service_id: str) -> None:
    for number in (1, 2):
        unit = f"{service_id}-{number}"
        world.hear(directory.UnitChanged, unit, unit_id=unit, service_id=service_id, active=True)


def held_by(world: World, person: str) -> None:
    world.later(minutes=30)
    world.case(
        cases.HolderChanged, holder_person_id=person, holder_unit_id=KINDERGARTEN, at=world.clock.now(), how="handover"
    )  # fmt: skip


def test_PR_6_the_log_names_no_staff_whom_the_family_does_not_know(world: World) -> None:
    """PR-6: what a colleague wrote who held the relay for an hour was written by an employee, once they hold it no
    more; the words stand, and the unit's own people read by whom they are."""
    world.level_2()
    held_by(world, "colleague")
    world.goal("learning", by="colleague")
    meeting = world.do(relay_log.CallMeeting, "colleague", **in_an_hour(world))["id"]
    world.minutes(meeting, "learning", by="colleague")
    world.say("colleague", "note", topic="learning")
    measure = world.measure(world.goal("learning", by="colleague"), by="colleague")
    world.evaluate({"measure_id": measure, "effect": "some", "outcome": "continue"}, by="colleague",
                   next_evaluation_on=IN_A_MONTH)  # fmt: skip
    grade(world, "confidential")
    for who in ("psychologist", "mother"):
        assert "colleague" in repr(world.log(who)), "the holder is known"
    held_by(world, "teacher")
    for who in ("psychologist", "mother"):
        told = repr(world.log(who))
        assert "colleague" not in told and told.count(f"'{cases.HIDDEN_PERSON}'") >= 5, who
    assert "colleague" in repr(world.log("teacher"))


def in_an_hour(world: World) -> dict[str, Any]:
    starts = world.clock.now() + timedelta(hours=1)
    return {
        "starts_at": starts, "ends_at": starts + timedelta(hours=1), "invited_ids": ["teacher", "mother"],
        "agenda": [{"topic": "learning", "text": "x"}],
    }  # fmt: skip


def test_PR_6_what_is_told_on_the_bus_and_to_senders_names_no_place(world: World) -> None:
    """PR-6, NO-1: a meeting place is nobody's but the log's readers'."""
    world.level_2()
    world.meeting()
    assert PLACE not in repr(world.told()) and PLACE not in repr(world.rows("meetings"))


def test_PR_6_a_parent_who_is_linked_nowhere_takes_no_part_by_their_work(world: World) -> None:
    """PR-6, SE-3, CO-10: neither brought in, nor reading any more if they had been before it was known."""
    world.level_2()
    for person in ("first", "second"):
        world.staff(person, KINDERGARTEN)
    named = {"unit_id": KINDERGARTEN, "may_write": True}
    world.do(relay_log.BringIn, "teacher", person_id="first", **named)
    first = Actor(world.place, "employee", "first", KINDERGARTEN)
    assert world.ask(relay_log.GetLog, first, {"case_id": world.case_id})["participants"]
    world.hear(
        cases.PersonChanged, "child", person_id="child", birth_date="2022-03-05",
        address_grade="strictly_confidential", guardians=TIES, unlinked=["first", "second"],
    )  # fmt: skip
    world.beat()
    refused = world.refused(relay_log.BringIn, "teacher", person_id="second", **named)
    assert (refused.code, refused.fields) == ("may_not_take_part", {"person_id": "may_not_take_part"})
    with pytest.raises(NotFound):
        world.ask(relay_log.GetLog, first, {"case_id": world.case_id})
