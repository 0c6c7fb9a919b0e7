"""The holder calls a meeting: time, place, agenda by topic, participants (LG-4, HO-7)."""

from __future__ import annotations

from typing import Any

from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.contracts import relay_log as contracts
from services.kernel.facts import Act
from services.relay_log.commands.common import me, open_log
from services.relay_log.domain.log import demand_topic
from services.relay_log.domain.meetings import Meeting, demand_invitation, demand_times
from services.relay_log.domain.parties import parties
from services.relay_log.storage.meetings import Meetings


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the meeting and tell those invited; whoever calls it may be among them."""
    case_id = request["case_id"]
    facts = open_log(uow, case_id, Act.MANAGE)
    demand_times(request["starts_at"], request["ends_at"], uow.now)
    for index, item in enumerate(request["agenda"]):
        demand_topic(item["topic"], facts, f"agenda.{index}.topic")
    invited = tuple(dict.fromkeys(request["invited_ids"]))
    demand_invitation(request["agenda"], invited, parties(facts, uow.now) | {me(uow)})
    meeting = Meeting(new_id(), case_id, invited, "called", 1)
    Meetings.of(uow).add(meeting, request, me(uow), uow.now)
    uow.record(
        contracts.MeetingCalled,
        case_id,
        {"case_id": case_id, "meeting_id": meeting.meeting_id, "starts_at": request["starts_at"],
         "ends_at": request["ends_at"], "invited_ids": list(invited), "called_by": me(uow), "at": uow.now},
    )  # fmt: skip
    return {"id": meeting.meeting_id, "version": meeting.version}
