"""What is told of a sibling, or of how a parent is, is shown to others on that person's word alone (GU-6)."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.calendar import local_date
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.facts import Act
from services.relay_log.commands.common import me, telling_marks
from services.relay_log.storage.entries import Entries
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.meetings import Meetings
from services.relay_log.storage.plan import Plans
from services.relay_log.storage.third_person import Words


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the word of the person themselves, or as the holder in the owning unit heard it; it can be taken back at any
    time, also when the case is closed. To whoever may not read the thing there is none."""
    case_id, thing_id, words = request["case_id"], request["entry_id"], Words.of(uow)
    Logs.of(uow).lock(case_id)
    case = access.of(uow, case_id)
    case.require(Act.SEE_CASE)
    found = words.marked(case_id, thing_id)
    plans, told = Plans.of(uow), [*Entries.of(uow).entries(case_id), *Meetings.of(uow).of_case(case_id).items]
    planned = [*plans.goals(case_id), *plans.measures(case_id)]
    readable = [*case.open_allowed(Act.READ_LOG_ITEM, told), *case.open_allowed(Act.READ_PLAN, planned)]
    ids = {each.get("entry_id") or each.get("item_id") for each in readable}
    if found is None or thing_id not in ids:
        raise NotFound
    if me(uow) != found.third_person:
        case.require(Act.MANAGE)
    if request["said_on"] > local_date(uow.now):
        raise InvalidInput(fields={"said_on": "date_in_future"}, rule="GU-6")
    with telling_marks(uow, case_id):
        words.add(case_id, found.word_of, request["agrees"], request["said_on"], me(uow), uow.now)
    return {"id": thing_id}
