"""Each way of losing access, told one by one: it holds for every reader once it is heard of, and what was not heard is
believed for half a minute and no longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from services.chassis.clock import SettableClock
from tests.model.house import House
from tests.model.machine import KNOWN_FOR, Cooperation

YOUNG, ALMOST_ADULT, ALMOST_15 = date(2018, 5, 17), date(2008, 11, 26), date(2011, 11, 26)
BOTH = (True, True)
"""Responsible, and verified."""
WANTED = {"psychology": {"learning"}, "health": {"health"}}


@dataclass(frozen=True)
class Loss:
    """What is done, who loses what they read in which service, and from which services that is heard."""

    name: str
    take: Callable[[Cooperation], None]
    who: str
    service: str
    told_by: tuple[str, ...]
    born: date = YOUNG


LOSSES = (
    Loss("withdrawal", lambda it: it.withdraw("mother", "psychology", None), "psychologist", "relay_log", ("consent",)),
    Loss("withdrawal of all", lambda it: it.withdraw("mother", None, None), "psychologist", "cases", ("consent",)),
    Loss("release", lambda it: it.let_go("psychologist"), "psychologist", "cases", ("relay_log",)),
    Loss("release, for the leader", lambda it: it.let_go("psychologist"), "chief", "cases", ("relay_log",)),
    Loss("role end", lambda it: it.role("psychologist", 0), "psychologist", "relay_log", ("directory",)),
    Loss("address grade", lambda it: it.address_grade("confidential"), "head", "relay_log", ("cases",)),
    Loss("address grade, elsewhere", lambda it: it.address_grade("confidential"), "chief", "relay_log",
         ("cases", "consent")),
    Loss("handover", lambda it: it.hand_over("teacher", True), "other-psychologist", "relay_log", ("cases",)),
    Loss("new guardian", lambda it: it.responsibility("stepfather", BOTH), "psychologist", "relay_log",
         ("cases", "consent")),
    Loss("care order", lambda it: it.take_into_care("carer", 0, None, ()), "father", "relay_log", ("cases",)),
    Loss("withdrawal, for one named", lambda it: it.withdraw("mother", "stepfather", None), "stepfather", "relay_log",
         ("consent",)),
    Loss("responsibility end", lambda it: it.responsibility("father", (False, True)), "father", "relay_log",
         ("cases",)),
    Loss("birthday", lambda it: it.time_passes("midnight", True), "father", "relay_log", ("cases",), ALMOST_ADULT),
)  # fmt: skip
OF_THIRD_PARTIES = [loss for loss in LOSSES if loss.who not in ("father", "head")]


@pytest.fixture
def cooperation(services: House) -> Callable[[Loss], Cooperation]:
    """A case in which the one who is to lose access reads everything that it opens."""

    def begin(loss: Loss) -> Cooperation:
        Cooperation.house = services
        case = Cooperation()
        case.begin(born=loss.born, wanted=WANTED)
        if loss.name == "handover":
            case.hand_over(loss.who, True)
        case.everybody_reads_what_the_oracle_says()
        assert case.town.reads(loss.service, loss.who), "there is something to lose"
        return case

    return begin


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_CO_10_a_loss_holds_for_the_next_read_after_it_was_heard(
    loss: Loss, cooperation: Callable[[Loss], Cooperation]
) -> None:
    """CO-10, GU-2, GU-3, GU-4: withdrawal, release, role, handover, address grade, responsibility, care, birthday;
    nobody else loses anything that the oracle leaves them."""
    case = cooperation(loss)
    loss.take(case)
    case.everybody_reads_what_the_oracle_says()
    assert not case.town.reads(loss.service, loss.who)


@pytest.mark.parametrize("loss", OF_THIRD_PARTIES, ids=lambda loss: loss.name)
def test_CO_9_what_was_not_heard_is_believed_for_half_a_minute_and_no_longer(
    loss: Loss, cooperation: Callable[[Loss], Cooperation]
) -> None:
    """CO-9, CO-10: the way from those who tell of it is cut, all others go on; so it is by a release and a handover
    as by a withdrawal."""
    case = cooperation(loss)
    for source in loss.told_by:
        case.town.bus.hold(source, loss.service)
    loss.take(case)
    _later(case, KNOWN_FOR)
    case.everybody_reads_what_the_oracle_says()
    assert case.town.reads(loss.service, loss.who), "within the policy's age"
    _later(case, timedelta(seconds=1))
    case.everybody_reads_what_the_oracle_says()
    assert not case.town.reads(loss.service, loss.who)
    assert case.town.reads(loss.service, "teacher"), "the owning unit reads on"
    case.catch_up()
    case.everybody_reads_what_the_oracle_says()


def test_CO_9_an_event_of_consent_that_is_missing_shuts_its_case_at_once(
    services: House, cooperation: Callable[[Loss], Cooperation]
) -> None:
    """CO-9: the later one has come, the one before it has not; another case is not touched by it."""
    other = cooperation(LOSSES[0])
    case = cooperation(LOSSES[0])
    way = case.town.bus.ways["consent", "relay_log"]
    way.held = True
    case.withdraw("mother", "health", None)
    case.town.bus.carry()
    missing = way.waiting.popleft()
    way.held = False
    case.town.bus._deliver()
    assert not case.town.reads("relay_log", "psychologist")
    assert case.town.reads("relay_log", "teacher")
    assert case.town.reads("relay_log", "mother")
    assert other.town.reads("relay_log", "psychologist")
    way.waiting.append(missing)
    case.catch_up()
    assert case.town.reads("relay_log", "psychologist")


def test_CO_10_and_AG_4_from_the_birthday_on_nothing_new_is_shared(
    cooperation: Callable[[Loss], Cooperation],
) -> None:
    """CO-10, AG-4: at Norwegian midnight, by nobody's act; what was written before is open until the youth answers, and
    so are the minutes of that time."""
    case = cooperation(Loss("", lambda _: None, "psychologist", "relay_log", (), ALMOST_15))
    case.meet(("learning", "health", "home"), None)
    before = case.town.reads("relay_log", "psychologist")
    case.time_passes("midnight", True)
    case.write("entry", "learning", "teacher")
    case.everybody_reads_what_the_oracle_says()
    assert case.town.reads("relay_log", "psychologist") == before
    case.answer("child", -1, "no")
    case.everybody_reads_what_the_oracle_says()
    assert not case.town.reads("relay_log", "psychologist")


def _later(case: Cooperation, by: timedelta) -> None:
    """Time passes, and every way that is not cut brings word of its source."""
    clock = case.town.house.clock
    assert isinstance(clock, SettableClock)
    clock.advance(by)
    case._carry()
    case.town.bus.beat()
