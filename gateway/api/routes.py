"""The API as a table: which address asks which procedure. What is not in the table can't be asked from outside."""

from dataclasses import dataclass

from services.contracts import cases, consent, directory, notifications, relay_log
from services.contracts.base import Procedure


@dataclass(frozen=True, slots=True)
class Route:
    """One address. Names in angle brackets fill the fields of that name in the procedure's request; the rest comes
    from the query (GET) or the JSON body. `edits`: the If-Match header (the thing's version) is required (428)."""

    method: str
    rule: str
    procedure: Procedure
    tag: str
    edits: bool = False
    open: bool = False
    """Whether anyone may ask, without login."""
    status: int = 200


def get(rule: str, procedure: Procedure, tag: str, *, open: bool = False) -> Route:
    return Route("GET", rule, procedure, tag, open=open)


def make(rule: str, procedure: Procedure, tag: str) -> Route:
    return Route("POST", rule, procedure, tag, status=201)


def act(rule: str, procedure: Procedure, tag: str, *, edits: bool = False) -> Route:
    return Route("POST", rule, procedure, tag, edits=edits)


def edit(rule: str, procedure: Procedure, tag: str) -> Route:
    return Route("PATCH", rule, procedure, tag, edits=True)


ROUTES: tuple[Route, ...] = (
    get("/municipalities", directory.ListMunicipalities, "Directory", open=True),
    get("/municipalities/<municipality>/catalogue", directory.GetCatalogue, "Directory", open=True),
    get("/municipalities/<municipality>/tools/<tool>", directory.GetTool, "Directory", open=True),
    get("/staff", directory.StaffOf, "Directory"),
    get("/policies", directory.Policies, "Policies"),
    act("/policies/check", directory.CheckPolicy, "Policies"),
    act("/policies/preview", consent.PreviewPolicy, "Policies"),
    Route("POST", "/policies", directory.SavePolicy, "Policies", edits=True, status=201),
    Route("POST", "/grounds", directory.SaveGround, "Policies", edits=True, status=201),
    get("/cases", cases.MyCases, "Cases"),
    make("/cases", cases.RaiseConcern, "Cases"),
    get("/cases/<case_id>", cases.GetCase, "Cases"),
    get("/cases/<case_id>/notes", cases.GetNotes, "Cases"),
    make("/cases/<case_id>/forms", cases.RecordForm, "Cases"),
    make("/cases/<case_id>/notes", cases.RecordNote, "Cases"),
    make("/cases/<case_id>/talks", cases.RecordTalk, "Cases"),
    get("/cases/<case_id>/level-suggestion", cases.SuggestLevel, "Cases"),
    get("/cases/<case_id>/explanation", cases.Explain, "Cases"),
    act("/cases/<case_id>/level", cases.MoveLevel, "Cases", edits=True),
    act("/cases/<case_id>/steps/<step>", cases.CompleteStep, "Cases"),
    make("/cases/<case_id>/handovers", cases.ProposeHandover, "Cases"),
    act("/cases/<case_id>/handovers/<handover_id>/answer", cases.AnswerHandover, "Cases"),
    act("/cases/<case_id>/log-ending", cases.EndLog, "Cases", edits=True),
    act("/cases/<case_id>/closing", cases.CloseCase, "Cases", edits=True),
    make("/cases/<case_id>/births", cases.RegisterBirth, "Cases"),
    get("/cases/<case_id>/family", cases.GetFamily, "Cases"),
    act("/cases/<case_id>/family/refresh", cases.RefreshFamily, "Cases"),
    make("/cases/<case_id>/papers", cases.RecordPaper, "Cases"),
    act("/cases/<case_id>/papers/<paper_id>/decision", cases.DecidePaper, "Cases"),
    get("/discussions", cases.Discussions, "Discussions"),
    make("/discussions", cases.AskDiscussion, "Discussions"),
    make("/discussions/<discussion_id>/answers", cases.AnswerDiscussion, "Discussions"),
    get("/care-orders", cases.CareOrders, "Child protection"),
    make("/care-orders", cases.RegisterCareOrder, "Child protection"),
    edit("/care-orders/<order_id>", cases.ChangeCareOrder, "Child protection"),
    act("/care-orders/<order_id>/decision", cases.DecideCareOrder, "Child protection"),
    get("/cases/<case_id>/consents", consent.ConsentsOfCase, "Consent"),
    make("/cases/<case_id>/consent-requests", consent.RequestConsent, "Consent"),
    make("/cases/<case_id>/named-persons", consent.NamePerson, "Consent"),
    act("/cases/<case_id>/withdrawals", consent.Withdraw, "Consent"),
    get("/consent-requests", consent.WaitingForMe, "Consent"),
    get("/consent-requests/<request_id>", consent.GetRequest, "Consent"),
    make("/consent-requests/<request_id>/signatures", consent.Sign, "Consent"),
    make("/consent-requests/<request_id>/registered-answers", consent.RegisterAnswer, "Consent"),
    get("/receipts/<signature_id>", consent.GetReceipt, "Consent"),
    get("/receipts/<signature_id>/evidence", consent.GetEvidence, "Consent"),
    get("/withdrawals/<withdrawal_id>", consent.GetWithdrawal, "Consent"),
    get("/cases/<case_id>/log", relay_log.GetLog, "Relay log"),
    make("/cases/<case_id>/goals", relay_log.AddGoal, "Relay log"),
    edit("/cases/<case_id>/goals/<goal_id>", relay_log.ChangeGoal, "Relay log"),
    make("/cases/<case_id>/measures", relay_log.AddMeasure, "Relay log"),
    edit("/cases/<case_id>/measures/<measure_id>", relay_log.ChangeMeasure, "Relay log"),
    make("/cases/<case_id>/participants", relay_log.BringIn, "Relay log"),
    act("/cases/<case_id>/participants/<participant_id>/release", relay_log.Release, "Relay log"),
    make("/cases/<case_id>/meetings", relay_log.CallMeeting, "Relay log"),
    act("/cases/<case_id>/meetings/<meeting_id>/minutes", relay_log.PublishMinutes, "Relay log", edits=True),
    act("/cases/<case_id>/marks", relay_log.MarkNeeded, "Relay log"),
    act("/cases/<case_id>/entries/<entry_id>/word", relay_log.RecordThirdPersonWord, "Relay log"),
    act("/cases/<case_id>/next-evaluation", relay_log.SetEvaluation, "Relay log"),
    make("/cases/<case_id>/evaluations", relay_log.RecordEvaluation, "Relay log"),
    make("/cases/<case_id>/entries", relay_log.AddEntry, "Relay log"),
    make("/cases/<case_id>/views", relay_log.RecordView, "Relay log"),
    get("/cases/<case_id>/report", relay_log.GetReport, "Relay log"),
    get("/due", relay_log.WaitingForMe, "Relay log"),
    get("/inbox", notifications.GetInbox, "Inbox"),
    act("/inbox/read", notifications.MarkRead, "Inbox"),
    make("/emergencies", cases.OpenEmergency, "Emergency"),
    act("/emergencies/<emergency_id>/ending", cases.EndEmergency, "Emergency"),
    get("/emergencies", cases.ListEmergencies, "Emergency"),
    make("/lane-reports", cases.FileLaneReport, "Protected lane"),
    get("/lane-reports", cases.LaneReports, "Protected lane"),
    get("/lane-reports/<report_id>", cases.GetLaneReport, "Protected lane"),
    get("/lane-reports/<report_id>/access", cases.LaneAccess, "Protected lane"),
    act("/lane-reports/<report_id>/assessment", cases.AssessLaneReport, "Protected lane"),
    act("/lane-reports/<report_id>/child", cases.IdentifyLaneChild, "Protected lane"),
    make("/lane-reports/<report_id>/answers", cases.AnswerLaneReport, "Protected lane"),
    make("/lane-reports/<report_id>/readers", cases.NameLaneReader, "Protected lane"),
    act("/lane-reports/<report_id>/readers/<person_id>/removal", cases.RemoveLaneReader, "Protected lane"),
    get("/lane-draft", cases.GetLaneDraft, "Protected lane"),
    act("/lane-draft", cases.KeepLaneDraft, "Protected lane"),
    act("/lane-draft/removal", cases.DropLaneDraft, "Protected lane"),
    get("/reports-with-guardians", cases.ReportsWithGuardians, "Cases"),
)
