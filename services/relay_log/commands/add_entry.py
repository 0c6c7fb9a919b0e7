"""An entry is added: note, correction, comment, proposal, hindrance or feedback (LG-6, LG-7)."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import NotFound
from services.kernel.facts import Act, Capacity
from services.relay_log.commands.common import demand_readable, me, open_log, tell_entry, telling_marks
from services.relay_log.domain.entries import act_for, demand_correctable, demand_pointer, demand_third_person
from services.relay_log.domain.plan import marked
from services.relay_log.storage.entries import Entries
from services.relay_log.storage.marks import Marks


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the entry. Feedback is given until the case is closed: the report is made of it then (LG-10)."""
    case_id, entries = request["case_id"], Entries.of(uow)
    open_log(uow, case_id, Act.SEE_CASE)
    demand_pointer(request["kind"], request["corrects"])
    facts = access.of(uow, case_id).known_facts
    demand_third_person(request["third_person"], {guardian.person_id for guardian in facts.guardians})
    root, third_person = _root(uow, entries, request)
    capacity = Capacity(uow.actor.capacity)
    open_log(uow, case_id, act_for(root, capacity), [request["topic"]])
    entry = {
        "entry_id": new_id(), "kind": request["kind"], "root": root, "topic": request["topic"],
        "corrects": request["corrects"], "by_person_id": me(uow), "by_capacity": capacity.value,
        "third_person": third_person,
    }  # fmt: skip
    entries.add_entry(case_id, entry, request["text"], uow.now)
    tell_entry(uow, case_id, entry["entry_id"], request["kind"], request["topic"], me(uow), third_person)
    return {"id": entry["entry_id"]}


def _root(uow: UnitOfWork, entries: Entries, request: dict[str, Any]) -> tuple[str, str | None]:
    """As of what kind the entry counts, and whom it tells of. LG-6: a correction counts as what it corrects, which the
    asker must be able to read. GU-6: it tells of the same person, by whom its new words are another thing to agree to;
    where it is the first to say so, that holds for what it corrects as well."""
    case_id, corrects, given = request["case_id"], request["corrects"], request["third_person"]
    if corrects is None:
        return request["kind"], given
    found = entries.entry(case_id, corrects)
    if found is None:
        raise NotFound
    corrected, recorded_at, mark = found
    demand_readable(uow, case_id, Act.READ_LOG_ITEM, corrected.topic, recorded_at, mark)
    demand_correctable(corrected, request["topic"], me(uow))
    if marked(mark.third_person, given):
        with telling_marks(uow, case_id):
            Marks.of(uow).tell_of(case_id, corrects, given)
    return corrected.root, given or mark.third_person
