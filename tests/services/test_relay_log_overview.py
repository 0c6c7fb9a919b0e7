"""Whoever has a case's overview alone, and some topics besides, is not told which services take part (GU-2, GU-4)."""

from __future__ import annotations

from typing import Any

import pytest

from services.contracts import cases, consent, relay_log
from tests.services.relay_log_world import HEALTH, PSYCHOLOGY, SERVICES, TIES, World
from tests.services.test_relay_log_service import app, world

__all__ = ["app", "world"]

OTHERS = ("psychologist", "nurse", PSYCHOLOGY, HEALTH, SERVICES[PSYCHOLOGY], SERVICES[HEALTH])


def name(world: World) -> None:
    """The other parent names him for one topic (GU-2)."""
    span = {"valid_from": world.clock.now().isoformat(), "valid_to": "2027-05-20T09:00:00Z"}
    window = {"person_id": "stepfather", "topic": "learning", **span}
    world.case(consent.PersonWindowsChanged, at=world.clock.now(), windows=[window])


def order(world: World) -> None:
    """Child protection lets the guardians read one topic (GU-4)."""
    care = {
        "unit_id": "unit-protection", "set_by": "caseworker", "guardians_see": "topics", "topics": ["learning"],
        "valid_from": "2026-11-20",
    }  # fmt: skip
    world.hear(
        cases.PersonChanged, "child", person_id="child", birth_date="2022-03-05", address_grade="ungraded",
        guardians=TIES, care_orders=[care],
    )  # fmt: skip
    world.beat()


@pytest.mark.parametrize(("who", "becomes"), [("stepfather", name), ("mother", order)])
def test_GU_2_GU_4_whoever_has_the_overview_is_not_told_which_services_take_part(
    world: World, who: str, becomes: Any
) -> None:
    """GU-2, GU-4: by neither participants nor those at a meeting, in the log and in its report; the father, and those
    who take part, are told as ever."""
    world.level_2()
    world.minutes(
        world.meeting("teacher", "mother", "psychologist", "nurse"), "learning",
        present_ids=["teacher", "mother", "psychologist", "nurse"],
    )  # fmt: skip
    world.bring_in("colleague")
    world.case(cases.HolderChanged, holder_person_id="colleague", holder_unit_id="unit-kindergarten",
               at=world.clock.now(), how="handover")  # fmt: skip
    for reader in ("father", "psychologist"):
        assert {*OTHERS[:2]} <= {each["person_id"] for each in world.log(reader)["participants"]}, reader
    becomes(world)

    def told() -> dict[str, Any]:
        found = world.log(who)
        assert "said on learning" in repr(found) and not [each for each in OTHERS if each in repr(found)]
        return found

    found = told()
    assert [each["person_id"] for each in found["participants"]] == ["colleague"], (
        "the holder stands in the overview"
    )
    (meeting,) = found["meetings"]
    assert (
        meeting["invited_ids"] == meeting["minutes"]["present_ids"] == (["mother"] if who == "mother" else [])
    )
    assert "nurse" in repr(world.log("psychologist"))
    if who == "stepfather":
        world.close()
        report = world.do(relay_log.GetReport, who)
        assert "said on learning" in repr(report) and not [each for each in OTHERS if each in repr(report)]
