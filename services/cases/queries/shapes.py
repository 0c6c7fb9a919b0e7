"""How a case is shown: the same small shapes in lists and on the case's page."""

from datetime import datetime
from typing import Any

from services.cases.domain import levels
from services.cases.domain.case import Case
from services.cases.domain.next_act import next_act
from services.cases.domain.people import is_protected
from services.cases.storage.people import Family
from services.chassis.access import CaseAccess
from services.chassis.actor import Actor
from services.kernel.calendar import age_at


def child(family: Family, now: datetime, actor: Actor) -> dict[str, Any]:
    """The child as the asker may see them. That an address is protected is itself for employees alone (PR-6)."""
    return {
        "person_id": family.person_id,
        "name": family.name,
        "birth_date": family.birth_date,
        "age": max(age_at(family.birth_date, now), 0),
        "address_protected": actor.capacity == "employee" and is_protected(family.address_grade),
    }


def person_of(asked: CaseAccess, person_id: str | None) -> str | None:
    """Who did something, if the asker is told by name (PR-6)."""
    return person_id if asked.tells_name(person_id) else None


def codes_of(asked: CaseAccess, codes: dict[str, Any]) -> dict[str, Any]:
    """What a happening says in codes, without the units, services and staff that the asker is not shown (PR-6)."""
    if asked.sees_places:
        return codes
    return {
        name: _of_place(asked, name, value)
        for name, value in codes.items()
        if not name.endswith("person_id") or asked.tells_name(value)
    }


def _of_place(asked: CaseAccess, name: str, value: Any) -> Any:
    if name == "service_ids":
        return list(dict.fromkeys(asked.service(each) for each in value))
    return asked.unit(value) if name.endswith("unit_id") else value


OUTLINE = frozenset({"level_moved", "holder_appointed", "handover_accepted", "closed", "log_ended"})
"""What happened, for whoever has the overview alone: moves, changes of holder, the end (GU-2, GU-4)."""


OF_NOTES = frozenset({"form_recorded", "note_recorded", "joined", "concern_joined"})
"""What happened among the notes, for whoever may read notes: the others are not told that there are any (LV-17)."""


def outlined(codes: dict[str, Any]) -> dict[str, Any]:
    """The codes of one of these, without which other services take part."""
    return {name: value for name, value in codes.items() if name != "service_ids"}


def next_of(case: Case, actor: Actor) -> dict[str, Any]:
    """The next act as the asker sees it."""
    act = next_act(case, actor.person_id or "")
    return {"act": act.act, "waits_for": act.waits_for, "due": act.due}


def steps_of(case: Case) -> list[dict[str, Any]]:
    """The level's steps in their order: done, current, locked."""
    current = case.current_step if case.state == "open" else None

    def state(step: str) -> str:
        return "done" if step in case.done else "current" if step == current else "locked"

    return [
        {"step": step, "state": state(step), "done_at": case.done.get(step)}
        for step in levels.STEPS[case.level]
    ]
