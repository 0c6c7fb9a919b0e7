"""What relay_log tells and answers, by subject; the names of every module are the package's.

The log's id is the case's (LG-1)."""

from services.contracts.relay_log.entries import *
from services.contracts.relay_log.evaluations import *
from services.contracts.relay_log.log import *
from services.contracts.relay_log.meetings import *
from services.contracts.relay_log.participants import *
from services.contracts.relay_log.plan import *
from services.contracts.relay_log.words import *

EVENTS = (
    ParticipantsChanged,
    ParticipantReleased,
    PlanChanged,
    MeetingCalled,
    MinutesPublished,
    EvaluationSet,
    EvaluationRecorded,
    EntryAdded,
    ThirdPersonMarked,
    ReportMade,
)

PROCEDURES = (
    GetLog,
    AddGoal,
    ChangeGoal,
    AddMeasure,
    ChangeMeasure,
    BringIn,
    Release,
    CallMeeting,
    PublishMinutes,
    MarkNeeded,
    RecordThirdPersonWord,
    SetEvaluation,
    RecordEvaluation,
    AddEntry,
    RecordView,
    WaitingForMe,
    GetReport,
    GetCalendarFacts,
)
