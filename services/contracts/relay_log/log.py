"""The log as a whole, what waits in it for somebody, and its final report (LG-10)."""

from services.contracts.base import (
    EventType,
    Message,
    Nothing,
    code,
    date,
    flag,
    instant,
    many,
    nested,
    opaque,
    query,
)
from services.contracts.cases import TOPICS
from services.contracts.relay_log.entries import Entry, View
from services.contracts.relay_log.evaluations import Evaluation
from services.contracts.relay_log.meetings import Meeting
from services.contracts.relay_log.participants import Participant
from services.contracts.relay_log.plan import Goal, Measure
from services.contracts.relay_log.words import _AT, _ID, _ITEM, ARENAS, LOG, CaseRef


class ReportMadeData(Message):
    case_id = opaque()
    report_id = opaque()
    at = instant()


ReportMade = EventType(
    "relay_log.report_made.v1",
    LOG,
    "case",
    ReportMadeData,
    "The final report can be fetched (LG-10).",
    {"case_id": _ID, "report_id": _ITEM, "at": _AT},
    told="When the case has been closed from level 1 or higher, and its report is made.",
    outside="case",
)


class LogDetail(Message):
    case_id = opaque()
    state = code("open", "frozen", "closed")
    topics = many(code(*TOPICS), description="Topics that the asker may read here")
    goals = nested(Goal, many=True)
    measures = nested(Measure, many=True)
    participants = nested(Participant, many=True)
    meetings = nested(Meeting, many=True)
    evaluations = nested(Evaluation, many=True)
    entries = nested(Entry, many=True)
    views = nested(View, many=True)
    next_evaluation_on = date(required=False)
    arenas_without_measure = many(code(*ARENAS), description="LG-3: what the plan lacks")
    childs_own_missing = flag()
    report_id = opaque(required=False)
    permitted = many(code())
    limited_topics = many(
        code(*TOPICS), description="Of these guardians read only what the holder marks (AG-6)"
    )


class DueItem(Message):
    """Something of a log that waits for the asker."""

    case_id = opaque()
    child_person_id = opaque()
    kind = code("meeting", "evaluation", "measure", "minutes", "proposal")
    item_id = opaque(required=False)
    due = instant(required=False)


class DueAnswer(Message):
    items = nested(DueItem, many=True)


class FinalReport(Message):
    """LG-10: what every party who may read the log can fetch; each sees the topics that they may see."""

    report_id = opaque()
    case_id = opaque()
    made_at = instant()
    closed_at = instant()
    outcome = code()
    goals = nested(Goal, many=True)
    measures = nested(Measure, many=True)
    meetings = nested(Meeting, many=True)
    evaluations = nested(Evaluation, many=True)
    views = nested(View, many=True)
    feedback = nested(Entry, many=True)
    participants = nested(Participant, many=True)


GetLog = query("relay_log.get_log", CaseRef, LogDetail, "The log, item by item as the asker may see it.")

WaitingForMe = query(
    "relay_log.waiting_for_me",
    Nothing,
    DueAnswer,
    "Meetings, evaluations and measures that wait for the asker.",
)

GetReport = query("relay_log.get_report", CaseRef, FinalReport, "The final report (LG-10).")
