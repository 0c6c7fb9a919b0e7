"""What the commands share: the log's lock, the one access decision, and what is told of participants and measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from services.chassis import access
from services.chassis.sealed import About
from services.chassis.unit_of_work import UnitOfWork
from services.contracts import relay_log as contracts
from services.kernel.calendar import local_date
from services.kernel.errors import NotFound
from services.kernel.facts import SOMEBODY, Act, Facts
from services.relay_log.domain.log import demand_topic, demand_writable
from services.relay_log.domain.participants import Circle, Participant
from services.relay_log.domain.parties import may_be_told
from services.relay_log.domain.plan import Goal, Measure
from services.relay_log.storage.entries import Entries
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.plan import Plans
from services.relay_log.storage.third_person import Mark

_NOBODY_ELSE = Mark()
_AT_ONCE = 500
"""How many marked things one event names at most."""


def open_log(uow: UnitOfWork, case_id: str, act: Act, topics: Iterable[str] = ()) -> Facts:
    """Take the log's turn and note the grant to do `act` in it, for each topic where it bears any.

    Whoever may see the case is told of its state first (`no_log_yet`, `case_closed`), and not that they were
    forbidden; whoever may not finds nothing."""
    Logs.of(uow).lock(case_id)
    case = access.of(uow, case_id)
    named: list[str | None] = list(dict.fromkeys(topics))
    if case.facts is not None and case.decide(Act.SEE_CASE).allowed:
        demand_writable(case.facts)
        for topic in named:
            demand_topic(topic or "", case.facts)
    for topic in named or [None]:
        case.require(act, topic)
    return case.known_facts


def demand_readable(
    uow: UnitOfWork,
    case_id: str,
    read: Act,
    topic: str,
    recorded_at: datetime | None = None,
    mark: Mark = _NOBODY_ELSE,
) -> None:
    """What the asker may not read is not there for them, whatever they would do to it: raises NotFound. `mark`: whom it
    tells of besides the child (GU-6)."""
    case = access.of(uow, case_id)
    about = About(
        uow.municipality, case_id, read, topic, recorded_at,
        third_person=mark.third_person, third_person_agrees=mark.agrees,
    )  # fmt: skip
    if not case.may_open(about):
        case.require(Act.SEE_CASE)
        raise NotFound


def new_words(uow: UnitOfWork, thing: Goal | Measure, field: str, given: str | None) -> str | None:
    """What is given as the words of a goal or measure; None where they stand there already. A form sends all its
    fields, and the same words are no change: nobody has to be asked about them anew (AG-4, GU-6)."""
    if given is None:
        return None
    kept = access.of(uow, thing.case_id).open(Plans.of(uow).as_read(thing))
    return None if kept[field] == given else given


def me(uow: UnitOfWork) -> str:
    """The person who acts."""
    return uow.actor.person_id or ""


def today(uow: UnitOfWork) -> date:
    """The day it is in Norway (AG-8)."""
    return local_date(uow.now)


def tell_participants(uow: UnitOfWork, case_id: str, circle: Circle) -> None:
    """Save who came, changed or went, and tell the whole circle: from this instant others open or close (CO-10)."""
    Logs.of(uow).save_participants(case_id, circle.touched)
    told = [
        {
            "participant_id": each.participant_id,
            "person_id": each.post.person_id,
            "unit_id": each.post.unit_id,
            "service_id": each.post.service_id,
            "valid_from": each.valid_from,
            "valid_to": each.valid_to,
            "may_write": each.may_write,
        }
        for each in circle.participants
    ]
    data = {"case_id": case_id, "participants": told, "at": uow.now}
    uow.record(contracts.ParticipantsChanged, case_id, data)


def tell_release(uow: UnitOfWork, case_id: str, released: Participant) -> None:
    """Tell one person that they are no longer needed (HO-7, LV-11)."""
    uow.record(
        contracts.ParticipantReleased,
        case_id,
        {"case_id": case_id, "person_id": released.post.person_id, "service_id": released.post.service_id,
         "at": uow.now},
    )  # fmt: skip


def tell_entry(
    uow: UnitOfWork,
    case_id: str,
    entry_id: str,
    kind: str,
    topic: str,
    by: str,
    third_person: str | None = None,
) -> None:
    """Tell that an entry was added. `third_person`: of whom it tells, and who has not been asked yet whether it may be
    shown to others (GU-6)."""
    told = {
        "case_id": case_id,
        "entry_id": entry_id,
        "kind": kind,
        "topic": topic,
        "by_person_id": by,
        "at": uow.now,
    }
    uow.record(contracts.EntryAdded, case_id, told | _told_of(third_person, asks=True))


def tell_goal(uow: UnitOfWork, change: str, goal: Goal, *, asks: bool) -> None:
    """Tell that a goal was added or changed. `asks`: whoever it tells of is to say whether others may see it (GU-6)."""
    data = {
        "case_id": goal.case_id,
        "change": change,
        "goal_id": goal.goal_id,
        "topic": goal.topic,
        "by_person_id": uow.actor.person_id,
        "at": uow.now,
    }
    uow.record(contracts.PlanChanged, goal.case_id, data | _waits_for(uow, goal, asks))


def tell_measure(uow: UnitOfWork, change: str, measure: Measure, *, asks: bool) -> None:
    """Tell that a measure was added or changed. `asks`: as in `tell_goal`."""
    uow.record(
        contracts.PlanChanged,
        measure.case_id,
        {"case_id": measure.case_id, "change": change, "goal_id": measure.goal_id, "measure_id": measure.measure_id,
         "topic": measure.topic, "responsible_person_id": measure.responsible, "deadline": measure.deadline,
         "by_person_id": uow.actor.person_id, "at": uow.now, **_waits_for(uow, measure, asks)},
    )  # fmt: skip


def _waits_for(uow: UnitOfWork, thing: Goal | Measure, asks: bool) -> dict[str, str]:
    """GU-6: of whom it tells who has not agreed to show it, and who is asked now."""
    whom, agrees = Plans.of(uow).mark(thing)
    return _told_of(None if agrees else whom, asks)


def _told_of(whom: str | None, asks: bool) -> dict[str, str]:
    if whom is None:
        return {}
    return {"third_person": whom} | ({"asked_person_id": whom} if asks and whom != SOMEBODY else {})


@contextmanager
def telling_marks(uow: UnitOfWork, case_id: str) -> Iterator[None]:
    """GU-6: tell of what that was kept already, and that this piece of work changes, somebody's word is waited for, or
    no more: whoever was told of it decides by that from now on; and for which open measures somebody else is to be
    responsible, since they may not read them any more."""
    before = _marks(uow, case_id)
    yield
    now = _marks(uow, case_id)
    changed = [(item_id, mark) for item_id, mark in now.items() if before.get(item_id) != mark]
    unread = _unread(uow, case_id, {item_id for item_id, _ in changed if before.get(item_id, Mark()).agrees})
    for first in range(0, len(changed), _AT_ONCE):
        items = changed[first : first + _AT_ONCE]
        told = [
            {"item_id": item_id, "third_person": mark.third_person, "agrees": mark.agrees}
            for item_id, mark in items
        ]
        data = {"case_id": case_id, "items": told, "by_person_id": me(uow), "at": uow.now}
        of_these = [item_id for item_id, _ in items if item_id in unread]
        data |= {"unread_measure_ids": of_these} if of_these else {}
        uow.record(contracts.ThirdPersonMarked, case_id, data)


def _marks(uow: UnitOfWork, case_id: str) -> dict[str, Mark]:
    return Entries.of(uow).marks_of(case_id) | Plans.of(uow).marks_of(case_id)


def _unread(uow: UnitOfWork, case_id: str, item_ids: set[str]) -> set[str]:
    """Those of these that are open measures, and wait for a word without which their responsible may not read them."""
    facts, plans = access.of(uow, case_id).known_facts, Plans.of(uow)
    if facts.case.closed:
        return set()
    found = set()
    for measure in (plans.measure(case_id, item_id) for item_id in item_ids):
        if measure is None or not measure.is_open:
            continue
        whom, agrees = plans.mark(measure)
        if whom is not None and not agrees and not may_be_told(measure.responsible, whom, facts, uow.now):
            found.add(measure.measure_id)
    return found


def set_next_evaluation(uow: UnitOfWork, case_id: str, day: date) -> None:
    """Set the day of the next evaluation, and tell it when it is another than before."""
    logs = Logs.of(uow)
    if logs.next_evaluation_on(case_id) == day:
        return
    logs.set_next_evaluation(case_id, day)
    uow.record(
        contracts.EvaluationSet,
        case_id,
        {"case_id": case_id, "evaluate_on": day, "by_person_id": uow.actor.person_id, "at": uow.now},
    )
