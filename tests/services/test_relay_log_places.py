"""Every outlet of the log of a child whose address is protected: no other party learns a unit or a place (PR-6)."""

from __future__ import annotations

from services.contracts import cases, relay_log
from tests.services.relay_log_world import HEALTH, PSYCHOLOGY, TIES, World
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


def test_PR_6_what_is_told_on_the_bus_and_to_senders_names_no_place(world: World) -> None:
    """PR-6, NO-1: a meeting place is nobody's but the log's readers'."""
    world.level_2()
    world.meeting()
    assert PLACE not in repr(world.told()) and PLACE not in repr(world.rows("meetings"))
