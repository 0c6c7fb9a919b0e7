"""The front door of the relay log: translate, call, translate back."""

from typing import Any

from services.chassis import access
from services.chassis.service import Reading, Service, UnitOfWork, command, query
from services.contracts import relay_log as contracts
from services.relay_log import projections, storage
from services.relay_log.commands import (
    add_entry,
    add_goal,
    add_measure,
    bring_in,
    call_meeting,
    change_goal,
    change_measure,
    mark_needed,
    publish_minutes,
    record_evaluation,
    record_third_person_word,
    record_view,
    release,
    set_evaluation,
)
from services.relay_log.queries import calendar_facts, get_log, get_report, waiting_for_me


class RelayLogService(Service):
    """Plan, participants, meetings, evaluations, entries, the child's view, reports."""

    name = "relay_log"
    metadata = storage.metadata
    handlers = projections.HANDLERS
    projection = access.PROJECTION

    @command(contracts.AddGoal)
    def add_goal(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return add_goal.run(uow, request)

    @command(contracts.ChangeGoal)
    def change_goal(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return change_goal.run(uow, request)

    @command(contracts.AddMeasure)
    def add_measure(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return add_measure.run(uow, request)

    @command(contracts.ChangeMeasure)
    def change_measure(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return change_measure.run(uow, request)

    @command(contracts.BringIn)
    def bring_in(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return bring_in.run(uow, request)

    @command(contracts.Release)
    def release(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return release.run(uow, request)

    @command(contracts.CallMeeting)
    def call_meeting(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return call_meeting.run(uow, request)

    @command(contracts.PublishMinutes, prepare=publish_minutes.prepare)
    def publish_minutes(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return publish_minutes.run(uow, request)

    @command(contracts.SetEvaluation)
    def set_evaluation(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return set_evaluation.run(uow, request)

    @command(contracts.RecordEvaluation)
    def record_evaluation(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return record_evaluation.run(uow, request)

    @command(contracts.MarkNeeded)
    def mark_needed(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return mark_needed.run(uow, request)

    @command(contracts.RecordThirdPersonWord)
    def record_third_person_word(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return record_third_person_word.run(uow, request)

    @command(contracts.AddEntry)
    def add_entry(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return add_entry.run(uow, request)

    @command(contracts.RecordView)
    def record_view(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return record_view.run(uow, request)

    @query(contracts.GetLog)
    def get_log(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return get_log.run(reading, request)

    @query(contracts.WaitingForMe)
    def waiting_for_me(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return waiting_for_me.run(reading)

    @query(contracts.GetReport)
    def get_report(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return get_report.run(reading, request)

    @query(contracts.GetCalendarFacts)
    def get_calendar_facts(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return calendar_facts.run(reading, request)


SERVICE = RelayLogService
