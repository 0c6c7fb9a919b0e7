"""PR-3: nobody outside the lane can tell whether somebody has reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import pytest

from deploy.broker import PrivateBroker
from deploy.processes import free_port
from tests.security.noninterference.alike import differences, lines
from tests.security.noninterference.asked import rules
from tests.security.noninterference.collecting import Got, Hook
from tests.security.noninterference.leaks import LEAKS, Leak
from tests.security.noninterference.story import EVERYTHING, Story
from tests.security.noninterference.timing import Timing
from tests.security.noninterference.world import World

SHOWN = 12


@dataclass
class Plays:
    """What everyone outside the lane got in the play without reports, and in that with them."""

    without: list[Got] = field(default_factory=list)
    with_reports: list[Got] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)


@pytest.fixture(scope="module")
def plays(broker: PrivateBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plays]:
    world, port, played = World.seeded(broker, tmp_path_factory.mktemp("twice")), free_port(), Plays()
    for reports in (False, True):
        with world.anew() as suite, Hook(port) as hook:
            story = Story(world, suite, hook, reports=reports)
            story.play()
            if reports:
                played.with_reports, played.reports = story.got, list(story.reports)
            else:
                played.without, played.timings = story.got, story.time_before_and_after_reports()
    yield played


def test_PR_3_with_and_without_reports_everyone_outside_the_lane_gets_the_same(plays: Plays) -> None:
    """PR-3, PR-4: byte for byte, once ids and times are set aside; the measures and their evaluation as well."""
    assert len(plays.reports) >= 7
    found = list(islice(differences(plays.without, plays.with_reports), SHOWN))
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: f"{leak.channel}: {leak.name}")
def test_PR_3_a_planted_leak_is_found(plays: Plays, leak: Leak) -> None:
    """PR-3: the comparison would see it, in each channel; and names the place."""
    got = [each for each in plays.without if each.channel == leak.channel]
    found = next(differences(got, leak.plant(got)), None)
    assert found is not None and found.channel == leak.channel, str(found)


def test_PR_3_every_address_of_the_gateway_is_asked_for_by_those_furthest_from_the_lane(plays: Plays) -> None:
    """PR-3: none is left out by hand, and each channel has something to compare."""
    found = Counter(got.channel for got in plays.without)
    assert set(found) == {leak.channel for leak in LEAKS}
    gets = sum("GET" in (rule.methods or ()) for rule in rules())
    for who in EVERYTHING:
        asked_for = {
            got.what for got in plays.without if got.who == who and got.what.startswith("the end: GET")
        }
        assert len(asked_for) >= gets - 10, who
    told = [got for got in plays.without if got.channel == "page" and got.text.startswith("200 ")]
    assert len({got.what for got in told}) > 80, "pages that were shown, and not refused"


def test_PR_3_reports_take_no_time_from_anybody(plays: Plays) -> None:
    """PR-3: what an answer takes longer after reports is less than what two measurements of the same differ by."""
    print(*plays.timings, sep="\n")
    for timing in plays.timings:
        assert timing.difference <= max(timing.spread, 2.0), str(timing)


def test_what_is_set_aside_is_ids_and_times_and_says_why() -> None:
    for line in lines():
        assert line.kind in ("id", "time") and len(line.why) > 20, line.pattern.pattern
