"""The front door of cases: each entrypoint hands its request to one command or query, and nothing else."""

from dataclasses import dataclass
from typing import Any

from services.cases import projections
from services.cases.commands import (
    answer_handover,
    close_case,
    complete_step,
    discuss,
    end_emergency,
    end_log,
    keep_care_order,
    keep_paper,
    move_level,
    note_miss,
    open_emergency,
    propose_handover,
    raise_concern,
    record_form,
    record_note,
    record_talk,
    refresh_family,
    register_birth,
    register_employee,
    warn_deadlines,
)
from services.cases.lane import asking as in_lane
from services.cases.lane import commands as lane_commands
from services.cases.lane import follow_up as lane_follow_up
from services.cases.lane import queries as lane_queries
from services.cases.lane import register as lane_register
from services.cases.lane.storage.record import CHAIN, LaneRecord
from services.cases.queries import (
    care_orders,
    contact_of,
    emergencies,
    explain,
    get_case,
    get_family,
    get_notes,
    list_discussions,
    my_cases,
    suggest_level,
)
from services.cases.registers import Registers
from services.cases.storage import metadata
from services.chassis import access
from services.chassis.service import Reading, Service, UnitOfWork, Work, command, every, query
from services.chassis.settings import Settings
from services.contracts import cases as contracts

Request = dict[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outside:
    """What the work of cases asks of outside its transaction, as `uow.services`."""

    registers: Registers
    lane_record: LaneRecord


class CasesService(Service):
    """Persons and family ties, concerns, levels, the relay holder; and apart from them the protected lane."""

    name = "cases"
    metadata = metadata
    handlers = projections.HANDLERS
    projection = access.PROJECTION
    records = (CHAIN,)

    @classmethod
    def services(cls, settings: Settings) -> Outside:
        """The registers outside, and the lane's own access record."""
        return Outside(Registers.of(settings), LaneRecord(settings))

    # ------------------------------------------------------------ people

    @query(contracts.ResolveLogin)
    def resolve_login(self, reading: Reading, request: Request) -> Answer:
        return lane_queries.at_login(reading, request)

    @command(contracts.RegisterEmployee)
    def register_employee(self, uow: UnitOfWork, request: Request) -> Answer:
        return register_employee.run(uow, request)

    @query(contracts.ContactOf)
    def contact_of(self, reading: Reading, request: Request) -> Answer:
        return contact_of.run(reading, request)

    @query(contracts.GetFamily)
    def get_family(self, reading: Reading, request: Request) -> Answer:
        return get_family.run(reading, request)

    @command(contracts.RefreshFamily, prepare=refresh_family.prepare)
    def refresh_family(self, uow: UnitOfWork, request: Request) -> Answer:
        return refresh_family.run(uow, request)

    @command(contracts.RecordPaper, prepare=keep_paper.prepare)
    def record_paper(self, uow: UnitOfWork, request: Request) -> Answer:
        return keep_paper.record(uow, request)

    @command(contracts.DecidePaper)
    def decide_paper(self, uow: UnitOfWork, request: Request) -> Answer:
        return keep_paper.decide(uow, request)

    @query(contracts.CareOrders)
    def care_orders(self, reading: Reading, request: Request) -> Answer:
        return care_orders.run(reading, request)

    @command(contracts.RegisterCareOrder, prepare=keep_care_order.prepare)
    def register_care_order(self, uow: UnitOfWork, request: Request) -> Answer:
        return keep_care_order.run(uow, request)

    @command(contracts.ChangeCareOrder)
    def change_care_order(self, uow: UnitOfWork, request: Request) -> Answer:
        return keep_care_order.change(uow, request)

    @command(contracts.DecideCareOrder, prepare=keep_care_order.prepare_decision)
    def decide_care_order(self, uow: UnitOfWork, request: Request) -> Answer:
        return keep_care_order.decide(uow, request)

    # ------------------------------------------------------------ reading cases

    @query(contracts.MyCases)
    def my_cases(self, reading: Reading, request: Request) -> Answer:
        return my_cases.run(reading, request)

    @query(contracts.GetCase)
    def get_case(self, reading: Reading, request: Request) -> Answer:
        return get_case.run(reading, request)

    @command(contracts.NoteMiss)
    def note_miss(self, uow: UnitOfWork, request: Request) -> Answer:
        return note_miss.run(uow, request)

    @query(contracts.GetNotes)
    def get_notes(self, reading: Reading, request: Request) -> Answer:
        return get_notes.run(reading, request)

    @query(contracts.SuggestLevel)
    def suggest_level(self, reading: Reading, request: Request) -> Answer:
        return suggest_level.run(reading, request)

    @query(contracts.Explain)
    def explain(self, reading: Reading, request: Request) -> Answer:
        return explain.run(reading, request)

    # ------------------------------------------------------------ in an emergency

    @command(contracts.OpenEmergency, in_turn=True)
    def open_emergency(self, uow: UnitOfWork, request: Request) -> Answer:
        return open_emergency.run(uow, request)

    @command(contracts.EndEmergency)
    def end_emergency(self, uow: UnitOfWork, request: Request) -> Answer:
        return end_emergency.run(uow, request)

    @query(contracts.ListEmergencies)
    def emergencies(self, reading: Reading, request: Request) -> Answer:
        return emergencies.run(reading, request)

    # ------------------------------------------------------------ a concern, and what becomes of it

    @command(contracts.RaiseConcern, prepare=raise_concern.prepare)
    def raise_concern(self, uow: UnitOfWork, request: Request) -> Answer:
        return raise_concern.run(uow, request)

    @command(contracts.RecordForm, prepare=record_form.prepare)
    def record_form(self, uow: UnitOfWork, request: Request) -> Answer:
        return record_form.run(uow, request)

    @command(contracts.RecordNote)
    def record_note(self, uow: UnitOfWork, request: Request) -> Answer:
        return record_note.run(uow, request)

    @command(contracts.RecordTalk)
    def record_talk(self, uow: UnitOfWork, request: Request) -> Answer:
        return record_talk.run(uow, request)

    @command(contracts.MoveLevel)
    def move_level(self, uow: UnitOfWork, request: Request) -> Answer:
        return move_level.run(uow, request)

    @command(contracts.CompleteStep)
    def complete_step(self, uow: UnitOfWork, request: Request) -> Answer:
        return complete_step.run(uow, request)

    @command(contracts.EndLog)
    def end_log(self, uow: UnitOfWork, request: Request) -> Answer:
        return end_log.run(uow, request)

    @command(contracts.CloseCase)
    def close_case(self, uow: UnitOfWork, request: Request) -> Answer:
        return close_case.run(uow, request)

    @command(contracts.RegisterBirth, prepare=register_birth.prepare)
    def register_birth(self, uow: UnitOfWork, request: Request) -> Answer:
        return register_birth.run(uow, request)

    # ------------------------------------------------------------ discussions

    @command(contracts.AskDiscussion, prepare=discuss.prepare, in_turn=True)
    def ask_discussion(self, uow: UnitOfWork, request: Request) -> Answer:
        return discuss.ask(uow, request)

    @query(contracts.Discussions)
    def discussions(self, reading: Reading, request: Request) -> Answer:
        return list_discussions.run(reading, request)

    @command(contracts.AnswerDiscussion)
    def answer_discussion(self, uow: UnitOfWork, request: Request) -> Answer:
        return discuss.answer(uow, request)

    # ------------------------------------------------------------ the relay

    @command(contracts.ProposeHandover)
    def propose_handover(self, uow: UnitOfWork, request: Request) -> Answer:
        return propose_handover.run(uow, request)

    @command(contracts.AnswerHandover)
    def answer_handover(self, uow: UnitOfWork, request: Request) -> Answer:
        return answer_handover.run(uow, request)

    # ------------------------------------------------------------ the protected lane

    @command(contracts.FileLaneReport, prepare=lane_commands.prepare, replayed=in_lane.replayed)
    def file_lane_report(self, uow: UnitOfWork, request: Request) -> Answer:
        return lane_commands.run(uow, request)

    @query(contracts.LaneReports)
    def lane_reports(self, reading: Reading, request: Request) -> Answer:
        return lane_queries.list_reports(reading, request)

    @query(contracts.GetLaneReport)
    def get_lane_report(self, reading: Reading, request: Request) -> Answer:
        return lane_queries.get_report(reading, request)

    @query(contracts.ReportsWithGuardians)
    def reports_with_guardians(self, reading: Reading, request: Request) -> Answer:
        return lane_queries.with_guardians(reading, request)

    @command(contracts.AssessLaneReport, refused=lane_follow_up.refused, replayed=in_lane.replayed)
    def assess_lane_report(self, uow: UnitOfWork, request: Request) -> Answer:
        return lane_follow_up.assess(uow, request)

    @command(
        contracts.IdentifyLaneChild,
        prepare=lane_follow_up.prepare,
        refused=lane_follow_up.refused,
        replayed=in_lane.replayed,
    )
    def identify_lane_child(self, uow: UnitOfWork, request: Request) -> Answer:
        return lane_follow_up.identify(uow, request)

    @command(contracts.AnswerLaneReport, refused=lane_follow_up.refused, replayed=in_lane.replayed)
    def answer_lane_report(self, uow: UnitOfWork, request: Request) -> Answer:
        return lane_follow_up.answer(uow, request)

    @command(contracts.NameLaneReader, refused=lane_follow_up.refused, replayed=in_lane.replayed)
    def name_lane_reader(self, uow: UnitOfWork, request: Request) -> Answer:
        return lane_follow_up.name_reader(uow, request)

    @command(contracts.RemoveLaneReader, refused=lane_follow_up.refused, replayed=in_lane.replayed)
    def remove_lane_reader(self, uow: UnitOfWork, request: Request) -> Answer:
        return lane_follow_up.remove_reader(uow, request)

    @query(contracts.LaneAccess)
    def lane_access(self, reading: Reading, request: Request) -> Answer:
        return lane_queries.access(reading, request)

    @query(contracts.GetLaneDraft)
    def get_lane_draft(self, reading: Reading, request: Request) -> Answer:
        return lane_queries.draft(reading, request)

    @command(contracts.KeepLaneDraft, replayed=in_lane.replayed)
    def keep_lane_draft(self, uow: UnitOfWork, request: Request) -> Answer:
        return lane_commands.keep_draft(uow, request)

    @command(contracts.DropLaneDraft, replayed=in_lane.replayed)
    def drop_lane_draft(self, uow: UnitOfWork, request: Request) -> Answer:
        return lane_commands.drop_draft(uow, request)

    # ------------------------------------------------------------ timers

    @every(seconds=60)
    def refresh_families(self, work: Work) -> None:
        refresh_family.all_once_a_day(work)

    @every(seconds=30)
    def warn_deadlines(self, work: Work) -> None:
        warn_deadlines.run(work)

    @every(seconds=60)
    def expire_care_orders(self, work: Work) -> None:
        keep_care_order.expire(work)

    @every(seconds=60)
    def ask_again(self, work: Work) -> None:
        lane_register.ask_again(work)
        lane_register.renew_guardians(work)

    @every(seconds=600)
    def forget_old_drafts(self, work: Work) -> None:
        lane_commands.forget_old_drafts(work)


SERVICE = CasesService
