"""An entry is added: note, correction, comment, proposal, hindrance or feedback (LG-6, LG-7)."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import NotFound
from services.kernel.facts import SOMEBODY, Act, Capacity
from services.relay_log.commands.common import demand_readable, me, open_log, tell_entry
from services.relay_log.domain.entries import act_for, demand_correctable, demand_pointer, demand_third_person
from services.relay_log.storage.entries import Entries


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the entry. Feedback is given until the case is closed: the report is made of it then (LG-10)."""
    case_id, entries = request["case_id"], Entries.of(uow)
    open_log(uow, case_id, Act.SEE_CASE)
    demand_pointer(request["kind"], request["corrects"])
    root = _root(uow, entries, request)
    third_person = request["third_person"]
    facts = access.of(uow, case_id).facts
    assert facts is not None
    demand_third_person(third_person, {guardian.person_id for guardian in facts.guardians})
    capacity = Capacity(uow.actor.capacity)
    open_log(uow, case_id, act_for(root, capacity), [request["topic"]])
    entry = {
        "entry_id": new_id(), "kind": request["kind"], "root": root, "topic": request["topic"],
        "corrects": request["corrects"], "by_person_id": me(uow), "by_capacity": capacity.value,
        "third_person": third_person,
    }  # fmt: skip
    entries.add_entry(case_id, entry, request["text"], uow.now)
    asked = None if third_person == SOMEBODY else third_person
    tell_entry(uow, case_id, entry["entry_id"], request["kind"], request["topic"], me(uow), asked)
    return {"id": entry["entry_id"]}


def _root(uow: UnitOfWork, entries: Entries, request: dict[str, Any]) -> str:
    """LG-6: a correction counts as of the kind of what it corrects, which the asker must be able to read."""
    if request["corrects"] is None:
        kind: str = request["kind"]
        return kind
    found = entries.entry(request["case_id"], request["corrects"])
    if found is None:
        raise NotFound
    corrected, recorded_at = found
    demand_readable(uow, request["case_id"], Act.READ_LOG_ITEM, corrected.topic, recorded_at)
    demand_correctable(corrected, request["topic"], me(uow))
    return corrected.root
