"""What relay_log tells and answers: the plan, participants, meetings, evaluations, entries, views and reports.

The log's id is the case's (LG-1)."""

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
    narrative_tree,
    nested,
    number,
    opaque,
    query,
)
from services.contracts.cases import TOPICS

LOG = "relay_log.log"

ARENAS = ("home", "kindergarten", "school", "leisure", "health_station", "other")
MEASURE_STATES = ("planned", "running", "ended", "replaced")
GOAL_STATES = ("active", "reached", "ended")
EFFECTS = ("good", "some", "none", "too_early")
OUTCOMES = ("continue", "change", "another_service", "end")
ENTRY_KINDS = ("note", "correction", "comment", "proposal", "hindrance", "feedback", "release_notice")
VIEW_MISSING = ("chose_not_to", "too_young", "not_present", "other")

# ---------------------------------------------------------------- events


class ParticipantData(Message):
    participant_id = opaque()
    person_id = opaque()
    unit_id = opaque()
    service_id = opaque()
    valid_from = instant()
    valid_to = instant(required=False)
    may_write = flag()


class ParticipantsChangedData(Message):
    case_id = opaque()
    participants = nested(ParticipantData, many=True)
    at = instant()


class ParticipantReleasedData(Message):
    case_id = opaque()
    person_id = opaque()
    service_id = opaque()
    at = instant()


class PlanChangedData(Message):
    case_id = opaque()
    change = code("goal_added", "goal_changed", "measure_added", "measure_changed")
    goal_id = opaque()
    measure_id = opaque(required=False)
    topic = code(*TOPICS)
    responsible_person_id = opaque(required=False)
    deadline = date(required=False)
    by_person_id = opaque(required=False, description="Who did it: is not told of it")
    at = instant()


class MeetingCalledData(Message):
    case_id = opaque()
    meeting_id = opaque()
    starts_at = instant()
    ends_at = instant()
    invited_ids = many(opaque(), max_items=50)
    called_by = opaque()
    at = instant()


class MinutesPublishedData(Message):
    case_id = opaque()
    meeting_id = opaque()
    topics = many(code(*TOPICS), max_items=10)
    next_meeting_on = date(required=False)
    next_evaluation_on = date()
    by_person_id = opaque()
    at = instant()
    third_persons = many(
        opaque(),
        required=False,
        max_items=20,
        description="Guardians whose word items wait for (GU-6)",
    )


class EvaluationSetData(Message):
    case_id = opaque()
    evaluate_on = date()
    by_person_id = opaque(required=False, description="Who did it: is not told of it")
    at = instant()


class MeasureOutcomeData(Message):
    measure_id = opaque()
    outcome = code(*OUTCOMES)


class EvaluationRecordedData(Message):
    case_id = opaque()
    evaluation_id = opaque()
    outcomes = nested(MeasureOutcomeData, many=True)
    next_evaluation_on = date(required=False)
    by_person_id = opaque()
    at = instant()


class EntryAddedData(Message):
    case_id = opaque()
    entry_id = opaque()
    kind = code(*ENTRY_KINDS)
    topic = code(*TOPICS)
    by_person_id = opaque()
    at = instant()
    third_person = opaque(
        required=False, description="Whose word it waits for besides: a guardian of whom it tells (GU-6)"
    )


class ReportMadeData(Message):
    case_id = opaque()
    report_id = opaque()
    at = instant()


_ID = "01981c6e-0000-7000-8000-000000000001"
_GOAL = "01981c6e-0000-7000-8000-000000000005"
_MEASURE = "01981c6e-0000-7000-8000-000000000006"
_ITEM = "01981c6e-0000-7000-8000-000000000007"
_P = "01981c6e-0000-7000-8000-00000000000a"
_Q = "01981c6e-0000-7000-8000-00000000000b"
_AT = "2026-11-20T09:00:00Z"

ParticipantsChanged = EventType(
    "relay_log.participants_changed.v1",
    LOG,
    "case",
    ParticipantsChangedData,
    "The named participants of a log as they now stand, whole, past ones with their end.",
    {
        "case_id": _ID,
        "participants": [
            {
                "participant_id": _ITEM,
                "person_id": _P,
                "unit_id": "unit-granli-ppt",
                "service_id": "service-granli-ppt",
                "valid_from": _AT,
                "valid_to": None,
                "may_write": True,
            }
        ],
        "at": _AT,
    },
    told="When somebody is brought in or released.",
)
ParticipantReleased = EventType(
    "relay_log.participant_released.v1",
    LOG,
    "case",
    ParticipantReleasedData,
    "Somebody is no longer needed in the effort, and was told so kindly (HO-7, LV-11).",
    {"case_id": _ID, "person_id": _P, "service_id": "service-granli-ppt", "at": _AT},
    told="When the holder releases somebody, and when a move to a lower level leaves a service out.",
)
PlanChanged = EventType(
    "relay_log.plan_changed.v1",
    LOG,
    "case",
    PlanChangedData,
    "A goal or a measure was added or changed.",
    {
        "case_id": _ID,
        "change": "measure_added",
        "goal_id": _GOAL,
        "measure_id": _MEASURE,
        "topic": "wellbeing",
        "responsible_person_id": _P,
        "deadline": "2027-01-15",
        "by_person_id": _Q,
        "at": _AT,
    },
    told="For each goal and each measure that is added or changed, by an evaluation too.",
    outside="plan",
)
MeetingCalled = EventType(
    "relay_log.meeting_called.v1",
    LOG,
    "case",
    MeetingCalledData,
    "These persons are invited to a meeting (LG-4).",
    {
        "case_id": _ID,
        "meeting_id": _ITEM,
        "starts_at": "2026-12-01T12:00:00Z",
        "ends_at": "2026-12-01T13:00:00Z",
        "invited_ids": [_P],
        "called_by": _Q,
        "at": _AT,
    },
    told="When the holder calls a meeting.",
)
MinutesPublished = EventType(
    "relay_log.minutes_published.v1",
    LOG,
    "case",
    MinutesPublishedData,
    "The minutes of a meeting can be read.",
    {
        "case_id": _ID,
        "meeting_id": _ITEM,
        "topics": ["wellbeing"],
        "next_meeting_on": "2027-01-08",
        "next_evaluation_on": "2027-01-15",
        "by_person_id": _Q,
        "at": _AT,
        "third_persons": [_P],
    },
    told="When the minutes of a meeting are published.",
    outside="item",
)
EvaluationSet = EventType(
    "relay_log.evaluation_set.v1",
    LOG,
    "case",
    EvaluationSetData,
    "The day of the next evaluation was set.",
    {"case_id": _ID, "evaluate_on": "2027-01-15", "by_person_id": _Q, "at": _AT},
    told="When the day is set by itself, by minutes or by an evaluation.",
    outside="case",
)
EvaluationRecorded = EventType(
    "relay_log.evaluation_recorded.v1",
    LOG,
    "case",
    EvaluationRecordedData,
    "An evaluation has decided what becomes of each measure (LV-10).",
    {
        "case_id": _ID,
        "evaluation_id": _ITEM,
        "outcomes": [{"measure_id": _MEASURE, "outcome": "end"}],
        "next_evaluation_on": "2027-04-15",
        "by_person_id": _Q,
        "at": _AT,
    },
    told="When an evaluation is recorded.",
)
EntryAdded = EventType(
    "relay_log.entry_added.v1",
    LOG,
    "case",
    EntryAddedData,
    "An entry was added to the log (LG-6, LG-7).",
    {
        "case_id": _ID,
        "entry_id": _ITEM,
        "kind": "comment",
        "topic": "home",
        "by_person_id": _P,
        "at": _AT,
        "third_person": _P,
    },
    told="For each entry, whoever wrote it.",
    outside="item",
)
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

EVENTS = (
    ParticipantsChanged,
    ParticipantReleased,
    PlanChanged,
    MeetingCalled,
    MinutesPublished,
    EvaluationSet,
    EvaluationRecorded,
    EntryAdded,
    ReportMade,
)

# ---------------------------------------------------------------- shapes


class Goal(Message):
    goal_id = opaque()
    version = number()
    topic = code(*TOPICS)
    text = narrative()
    status = code(*GOAL_STATES)
    recorded_at = instant()
    by_person_id = opaque()
    needed_by_guardians = flag(
        description="The holder marked it as needed for parental responsibility (AG-6)"
    )


class Measure(Message):
    measure_id = opaque()
    goal_id = opaque()
    version = number()
    topic = code(*TOPICS)
    what = narrative()
    responsible_person_id = opaque(required=False)
    responsible_name = narrative(
        required=False, description="Name, where the asker may see it and it is family"
    )
    is_childs_own = flag()
    arena = code(*ARENAS)
    deadline = date()
    status = code(*MEASURE_STATES)
    effect = code(*EFFECTS, required=False)
    replaced_by = opaque(required=False)
    recorded_at = instant()
    needed_by_guardians = flag(
        description="The holder marked it as needed for parental responsibility (AG-6)"
    )


class Participant(Message):
    participant_id = opaque()
    person_id = opaque()
    unit_id = opaque()
    service_id = opaque()
    valid_from = instant()
    valid_to = instant(required=False)
    may_write = flag()
    follows_up = flag()


class AgendaItem(Message):
    topic = code(*TOPICS)
    text = narrative(max_length=1000)


class NewMinuteItem(Message):
    topic = code(*TOPICS)
    text = narrative()
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child: a guardian's id, or `somebody`, such as a sibling (GU-6)",
    )


class MinuteItem(Message):
    """An item as it was published. `item_id` is what the word of the third person is recorded for (GU-6)."""

    topic = code(*TOPICS)
    text = narrative()
    item_id = opaque(required=False)
    third_person = opaque(required=False, description="Whom it tells of besides the child (GU-6)")
    third_person_agrees = flag(load_default=False, description="Whether that person agreed to show it")


class Minutes(Message):
    items = nested(MinuteItem, many=True)
    answers = narrative_tree(load_default=dict, description="The rest of the meeting template, by field name")
    present_ids = many(opaque(), max_items=50)
    next_meeting_on = date(required=False)
    next_evaluation_on = date()
    published_at = instant()
    by_person_id = opaque()


class Meeting(Message):
    meeting_id = opaque()
    version = number()
    starts_at = instant()
    ends_at = instant()
    place = narrative(required=False)
    agenda = nested(AgendaItem, many=True)
    invited_ids = many(opaque(), max_items=50)
    called_by = opaque()
    called_at = instant()
    state = code("called", "held")
    minutes = nested(Minutes, required=False)


class MeasureOutcome(Message):
    measure_id = opaque()
    outcome = code(*OUTCOMES)
    effect = code(*EFFECTS)
    comment = narrative(required=False)
    new_what = narrative(required=False, description="With outcome change: the measure that replaces it")
    new_deadline = date(required=False)
    new_responsible_person_id = opaque(required=False)
    new_arena = code(*ARENAS, required=False)
    service_id = opaque(required=False, description="With outcome another_service")


class Evaluation(Message):
    evaluation_id = opaque()
    recorded_at = instant()
    by_person_id = opaque()
    outcomes = nested(MeasureOutcome, many=True)
    next_evaluation_on = date(required=False)


class Entry(Message):
    entry_id = opaque()
    kind = code(*ENTRY_KINDS)
    topic = code(*TOPICS)
    text = narrative()
    corrects = opaque(required=False)
    corrected_by = opaque(required=False)
    by_person_id = opaque()
    by_capacity = code("employee", "guardian", "self")
    recorded_at = instant()
    needed_by_guardians = flag(
        description="The holder marked it as needed for parental responsibility (AG-6)"
    )
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child: a guardian's id, or `somebody` (GU-6)",
    )
    third_person_agrees = flag(load_default=False, description="Whether that person agreed to show it")


class View(Message):
    """What the child says, or why it is missing (LG-5)."""

    view_id = opaque()
    topic = code(*TOPICS)
    occasion = code("planning", "evaluation", "other")
    text = narrative(required=False)
    missing = code(*VIEW_MISSING, required=False)
    given = code("together", "apart")
    guardians_may_see = flag()
    recorded_at = instant()
    by_person_id = opaque()


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


# ---------------------------------------------------------------- requests


class CaseRef(Message):
    case_id = opaque()


class AddGoalRequest(Message):
    case_id = opaque()
    topic = code(*TOPICS)
    text = narrative(max_length=2000)


class ChangeGoalRequest(Message):
    case_id = opaque()
    goal_id = opaque()
    expected_version = number()
    topic = code(*TOPICS, required=False)
    text = narrative(max_length=2000, required=False)
    status = code(*GOAL_STATES, required=False)


class AddMeasureRequest(Message):
    case_id = opaque()
    goal_id = opaque()
    what = narrative(max_length=2000)
    responsible_person_id = opaque(required=False, description="Left out: the child itself")
    is_childs_own = flag(load_default=False)
    arena = code(*ARENAS)
    deadline = date()


class ChangeMeasureRequest(Message):
    case_id = opaque()
    measure_id = opaque()
    expected_version = number()
    what = narrative(max_length=2000, required=False)
    responsible_person_id = opaque(required=False)
    arena = code(*ARENAS, required=False)
    deadline = date(required=False)
    status = code(*MEASURE_STATES, required=False)
    effect = code(*EFFECTS, required=False)


class BringInRequest(Message):
    case_id = opaque()
    person_id = opaque()
    unit_id = opaque()
    may_write = flag(load_default=False)
    follows_up = flag(load_default=False)


class ReleaseRequest(Message):
    case_id = opaque()
    participant_id = opaque()
    notice = narrative(max_length=2000, description="The friendly word to the one released (LV-11)")


class CallMeetingRequest(Message):
    case_id = opaque()
    starts_at = instant()
    ends_at = instant()
    place = narrative(max_length=500, required=False)
    agenda = nested(AgendaItem, many=True, max_items=30)
    invited_ids = many(opaque(), max_items=50)


class PublishMinutesRequest(Message):
    case_id = opaque()
    meeting_id = opaque()
    expected_version = number()
    items = nested(NewMinuteItem, many=True, max_items=50)
    answers = narrative_tree(load_default=dict)
    present_ids = many(opaque(), max_items=50, load_default=list)
    next_meeting_on = date(required=False)
    no_next_meeting_reason = narrative(max_length=1000, required=False)
    next_evaluation_on = date()


class NeededMark(Message):
    kind = code("goal", "measure", "entry")
    item_id = opaque()
    needed = flag()


class MarkNeededRequest(Message):
    case_id = opaque()
    marks = nested(NeededMark, many=True, max_items=100)


class SetEvaluationRequest(Message):
    case_id = opaque()
    evaluate_on = date()


class RecordEvaluationRequest(Message):
    case_id = opaque()
    outcomes = nested(MeasureOutcome, many=True, max_items=100)
    next_evaluation_on = date(required=False)


class AddEntryRequest(Message):
    case_id = opaque()
    kind = code("note", "correction", "comment", "proposal", "hindrance", "feedback")
    topic = code(*TOPICS)
    text = narrative()
    corrects = opaque(required=False)
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child: a guardian's id, or `somebody`, such as a sibling (GU-6). "
        "A correction tells of whom the corrected entry tells.",
    )


class ThirdPersonWordRequest(Message):
    """`entry_id`: of an entry, or of an item of minutes."""

    case_id = opaque()
    entry_id = opaque()
    agrees = flag()
    said_on = date()


class RecordViewRequest(Message):
    case_id = opaque()
    topic = code(*TOPICS, load_default="wellbeing")
    occasion = code("planning", "evaluation", "other")
    text = narrative(required=False)
    missing = code(*VIEW_MISSING, required=False)
    given = code("together", "apart")
    guardians_may_see = flag(load_default=False)


class DueItem(Message):
    """Something of a log that waits for the asker."""

    case_id = opaque()
    child_person_id = opaque()
    kind = code("meeting", "evaluation", "measure", "minutes", "proposal")
    item_id = opaque(required=False)
    due = instant(required=False)


class DueAnswer(Message):
    items = nested(DueItem, many=True)


class MeetingRef(Message):
    meeting_id = opaque()


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


class CalendarFacts(Message):
    """What a sender needs for a calendar file that gives nothing away (NO-1)."""

    meeting_id = opaque()
    sequence = number()
    starts_at = instant()
    ends_at = instant()


GetLog = query("relay_log.get_log", CaseRef, LogDetail, "The log, item by item as the asker may see it.")
AddGoal = command("relay_log.add_goal", AddGoalRequest, "Adds a goal (LG-2).")
ChangeGoal = command(
    "relay_log.change_goal", ChangeGoalRequest, "Changes a goal; a stale edit is refused (LG-8)."
)
AddMeasure = command(
    "relay_log.add_measure", AddMeasureRequest, "Adds a measure to a goal; its topic is the goal's."
)
ChangeMeasure = command("relay_log.change_measure", ChangeMeasureRequest, "Changes a measure (LG-8, LV-10).")
BringIn = command(
    "relay_log.bring_in", BringInRequest, "The holder brings in a named participant (HO-7, LV-8)."
)
Release = command(
    "relay_log.release", ReleaseRequest, "The holder releases a participant with a kind word (HO-7)."
)
CallMeeting = command(
    "relay_log.call_meeting", CallMeetingRequest, "The holder calls a meeting (LG-4, HO-7)."
)
PublishMinutes = command("relay_log.publish_minutes", PublishMinutesRequest, "Publishes the minutes (LG-4).")
RecordThirdPersonWord = command(
    "relay_log.record_third_person_word",
    ThirdPersonWordRequest,
    "Records whether the one whom an entry tells of besides the child agrees to show it (GU-6).",
)
MarkNeeded = command(
    "relay_log.mark_needed",
    MarkNeededRequest,
    "The holder marks what guardians of a youth need to read for their parental responsibility (AG-6).",
)
SetEvaluation = command(
    "relay_log.set_evaluation", SetEvaluationRequest, "Sets the day of the next evaluation."
)
RecordEvaluation = command(
    "relay_log.record_evaluation",
    RecordEvaluationRequest,
    "Records an evaluation: each measure continues, changes, moves or ends (LV-10).",
)
AddEntry = command(
    "relay_log.add_entry",
    AddEntryRequest,
    "Adds an entry: note, correction, comment, proposal, hindrance, feedback (LG-6, LG-7).",
)
RecordView = command(
    "relay_log.record_view", RecordViewRequest, "Records the child's view, or why not (LG-5)."
)
WaitingForMe = query(
    "relay_log.waiting_for_me",
    Nothing,
    DueAnswer,
    "Meetings, evaluations and measures that wait for the asker.",
)
GetReport = query("relay_log.get_report", CaseRef, FinalReport, "The final report (LG-10).")
GetCalendarFacts = query(
    "relay_log.get_calendar_facts",
    MeetingRef,
    CalendarFacts,
    "Notifications only: the hours of a meeting, nothing else.",
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
