"""The protected lane: reports to child protection, and what becomes of them (PR-1 to PR-5)."""

from services.contracts.base import (
    EventType,
    Message,
    Nothing,
    code,
    command,
    date,
    flag,
    instant,
    many,
    narrative,
    nested,
    number,
    opaque,
    personal,
    query,
    secret,
)
from services.contracts.cases.words import _AT, _ID, _P, _Q, LANE, PageRequest
from services.kernel.legal_basis import LANE_GROUNDS


class LaneReportFiledData(Message):
    report_id = opaque()
    kind = code("protected", "with_guardians")
    at = instant()
    not_to = many(
        opaque(),
        required=False,
        description="Those of the child's family who work in child protection: not told",
    )


class LaneReportAnsweredData(Message):
    report_id = opaque()
    reporter_person_id = opaque()
    by_person_id = opaque()
    at = instant()


class LaneReaderNamedData(Message):
    report_id = opaque()
    person_id = opaque()
    by_person_id = opaque()
    at = instant()


class LaneReadersLostData(Message):
    report_id = opaque()
    person_ids = many(opaque())
    at = instant()


LaneReportFiled = EventType(
    "cases.lane_report_filed.v1",
    LANE,
    "report",
    LaneReportFiledData,
    "Child protection has a new report in the protected lane; told to child protection alone (PR-5).",
    {"report_id": _ID, "kind": "protected", "at": _AT, "not_to": [_P]},
    told="When an employee files a report to child protection.",
)

LaneReportAnswered = EventType(
    "cases.lane_report_answered.v1",
    LANE,
    "report",
    LaneReportAnsweredData,
    "Child protection has answered whoever reported; told to the reporter alone (PR-5).",
    {"report_id": _ID, "reporter_person_id": _P, "by_person_id": _Q, "at": _AT},
    told="When child protection answers the reporter.",
)

LaneReaderNamed = EventType(
    "cases.lane_reader_named.v1",
    LANE,
    "report",
    LaneReaderNamedData,
    "Somebody was named as reader of a report; told to that person alone (PR-5).",
    {"report_id": _ID, "person_id": _P, "by_person_id": _Q, "at": _AT},
    told="When the reporter or child protection names a further reader.",
)

LaneReadersLost = EventType(
    "cases.lane_readers_lost.v1",
    LANE,
    "report",
    LaneReadersLostData,
    "These may read a report no more: what they were told of it is neither shown nor sent (PR-5, NO-6).",
    {"report_id": _ID, "person_ids": [_P], "at": _AT},
    told="When a reader's name is taken back, or a report turns out to be about a child of theirs.",
)

REPORT_KINDS = ("protected", "with_guardians")

SUSPICIONS = ("violence", "abuse", "neglect", "other")

INFORMED = ("yes", "no", "deferred")

REPORT_STATES = ("received", "being_assessed", "answered")


GROUNDS = tuple(each.value for each in LANE_GROUNDS)


class FileLaneReportRequest(Message):
    """PR-1, PR-2. The case or the child's number tells whom it is about; neither is needed (an unknown child), and
    neither waits for the population register: while that is silent, the number is kept as it is.
    Without a kind a suspicion of violence, abuse or neglect makes it protected. What was kept as the reporter's draft
    is gone once it is filed."""

    case_id = opaque(required=False)
    child_number = secret(required=False, max_length=20)
    child_description = narrative(required=False)
    kind = code(*REPORT_KINDS, required=False)
    suspicion = code(*SUSPICIONS)
    text = narrative()
    guardians_informed = code(*INFORMED)
    guardians_informed_reason = narrative(required=False)
    police_contacted = flag()
    ground = code(
        *GROUNDS,
        required=False,
        description="On what it rests (CO-11); default: what kind and suspicion suggest",
    )
    form_key = opaque(required=False, description="The form in which it was written, as in its draft")


class LaneDraft(Message):
    """What somebody has begun to write; nothing is checked before it is filed."""

    case_id = opaque(required=False)
    child_number = secret(required=False, max_length=20)
    child_description = narrative(required=False)
    kind = code(*REPORT_KINDS, required=False)
    suspicion = code(*SUSPICIONS, required=False)
    text = narrative(required=False)
    guardians_informed = code(*INFORMED, required=False)
    guardians_informed_reason = narrative(required=False)
    police_contacted = flag(required=False)
    ground = code(*GROUNDS, required=False)
    form_key = opaque(
        required=False,
        description="The form in which it is written: once its report is filed, nothing more of it is kept",
    )


class LaneDraftAnswer(Message):
    draft = nested(LaneDraft, required=False)
    kept_at = instant(required=False)


class LaneAnswer(Message):
    """What child protection let the reporter know."""

    text = narrative()
    by_person_id = opaque()
    at = instant()


class LaneReader(Message):
    """Somebody named as reader of one report, until then."""

    person_id = opaque()
    named_by = opaque(required=False)
    valid_from = instant()
    valid_to = instant(required=False)
    removable = flag(description="Whether the asker may take the name back")


class LaneReport(Message):
    """A report as filed, and what became of it. `answers` are for its readers in the lane; `readers` and `permitted`
    (follow_up, name_readers, read_access) say what the asker may do."""

    report_id = opaque()
    kind = code(*REPORT_KINDS)
    suspicion = code(*SUSPICIONS)
    child_name = personal(required=False)
    child_number = secret(
        required=False,
        max_length=20,
        description="As it was reported, while nobody knows the name; for child protection alone",
    )
    child_birth_date = date(required=False)
    child_description = narrative(required=False)
    text = narrative()
    guardians_informed = code(*INFORMED)
    guardians_informed_reason = narrative(required=False)
    police_contacted = flag()
    reporter_person_id = opaque()
    filed_at = instant()
    ground = code(required=False, description="On what it rests, apart from all consent (CO-11)")
    ground_version = number(
        required=False, description="The version of the municipality's reference that was in force then"
    )
    state = code(*REPORT_STATES, required=False)
    taken_by = opaque(required=False, description="Who of child protection took it to assess it")
    taken_at = instant(required=False)
    answers = nested(LaneAnswer, many=True, required=False)
    readers = nested(LaneReader, many=True, required=False)
    permitted = many(code("follow_up", "name_readers", "read_access"), required=False)


class LaneReportRef(Message):
    report_id = opaque()


class LaneReportsRequest(PageRequest):
    state = code(*REPORT_STATES, required=False, description="Only reports in this state")
    mine = flag(load_default=False, description="Only those that the asker filed")


class IdentifyLaneChildRequest(Message):
    report_id = opaque()
    child_number = secret(max_length=20)


class AnswerLaneReportRequest(Message):
    report_id = opaque()
    text = narrative(max_length=4000, description="What the reporter may know of what becomes of it")


class NameLaneReaderRequest(Message):
    report_id = opaque()
    person_id = opaque()
    until = date(required=False, description="The last day; else until the name is taken back")


class LaneReaderRef(Message):
    report_id = opaque()
    person_id = opaque()


class LaneAccessRequest(PageRequest):
    report_id = opaque()


class LaneAccessLine(Message):
    """Who did what with a report, when, by which rule, and whether it was allowed."""

    at = instant()
    person_id = opaque(required=False)
    unit_id = opaque(required=False)
    act = code()
    rule = opaque()
    allowed = flag()


class LaneAccessPage(Message):
    items = nested(LaneAccessLine, many=True)
    next_cursor = opaque(required=False)


class LaneReportUnreadable(Message):
    """A report of the page that may be read and can't be: what is kept of it is damaged, or its key is missing."""

    report_id = opaque()
    filed_at = instant()
    state = code(*REPORT_STATES)


class LaneFault(Message):
    """Something that failed in the lane: a code of what, how often, and the last time."""

    what = code()
    times = number()
    last_at = instant()


class LaneReportPage(Message):
    items = nested(LaneReport, many=True)
    next_cursor = opaque(required=False)
    unreadable = nested(LaneReportUnreadable, many=True, required=False)
    faults = nested(
        LaneFault,
        many=True,
        required=False,
        description="What failed in the last week in the municipality; for child protection alone",
    )


FileLaneReport = command(
    "cases.file_lane_report",
    FileLaneReportRequest,
    "Reports to child protection in the protected lane (PR-1, PR-2).",
)

LaneReports = query(
    "cases.lane_reports",
    LaneReportsRequest,
    LaneReportPage,
    "The lane's reports that the asker may read: one's own, or as child protection (PR-5).",
)

GetLaneReport = query("cases.get_lane_report", LaneReportRef, LaneReport, "One report of the lane (PR-5).")

ReportsWithGuardians = query(
    "cases.reports_with_guardians",
    PageRequest,
    LaneReportPage,
    "Reports that were made with the asker as guardian, who may read them (PR-2).",
)

AssessLaneReport = command(
    "cases.assess_lane_report", LaneReportRef, "Child protection takes a report to assess it (PR-5)."
)

IdentifyLaneChild = command(
    "cases.identify_lane_child",
    IdentifyLaneChildRequest,
    "Child protection says which child a report is about that named none: from then on it is kept from the child's "
    "family (PR-5).",
)

AnswerLaneReport = command(
    "cases.answer_lane_report",
    AnswerLaneReportRequest,
    "Child protection lets the reporter know what becomes of a report that it has taken (PR-5).",
)

NameLaneReader = command(
    "cases.name_lane_reader",
    NameLaneReaderRequest,
    "The reporter or child protection opens a report to one more employee, by name (PR-5).",
)

RemoveLaneReader = command(
    "cases.remove_lane_reader",
    LaneReaderRef,
    "Takes the name back: child protection any, the reporter those of their own (PR-5).",
)

LaneAccess = query(
    "cases.lane_access",
    LaneAccessRequest,
    LaneAccessPage,
    "The lane's own access record of one report, newest first; child protection only (PR-5).",
)

GetLaneDraft = query(
    "cases.get_lane_draft", Nothing, LaneDraftAnswer, "What the asker has begun to write to child protection."
)

KeepLaneDraft = command(
    "cases.keep_lane_draft",
    LaneDraft,
    "Keeps what the asker has begun to write, in the lane and under a key of its own; one draft a person, "
    "forgotten 30 days after it was last kept (PR-5).",
)

DropLaneDraft = command("cases.drop_lane_draft", Nothing, "Forgets the asker's draft, and destroys its key.")

LANE_PROCEDURES = (
    FileLaneReport,
    LaneReports,
    GetLaneReport,
    AssessLaneReport,
    IdentifyLaneChild,
    AnswerLaneReport,
    NameLaneReader,
    RemoveLaneReader,
    LaneAccess,
    GetLaneDraft,
    KeepLaneDraft,
    DropLaneDraft,
)
"""What is asked in the lane alone: of these nothing is counted, traced or logged (PR-3). What guardians ask about
reports made with them is not among them: that question is the same whatever is reported without them."""
