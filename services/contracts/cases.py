"""What cases tells and answers: persons and family ties, concerns, levels, the relay holder, the protected lane."""

from marshmallow.validate import Length

from services.contracts.base import (
    EventType,
    Message,
    Nothing,
    code,
    command,
    contact,
    date,
    flag,
    instant,
    many,
    narrative,
    narrative_tree,
    nested,
    number,
    opaque,
    personal,
    query,
    secret,
)
from services.contracts.emergencies import Emergencies, EmergencyOpenedData, OpenEmergencyRequest
from services.contracts.explain import ExplainRequest, Explanations

PEOPLE = "cases.people"
CASE = "cases.case"
LANE = "cases.lane"

GRADES = ("ungraded", "client", "confidential", "strictly_confidential")
RELATIONS = ("mother", "father", "co_mother", "other")
TOPICS = ("learning", "wellbeing", "attendance", "health", "home", "practical")
PARTS = (
    "owner",
    "holder",
    "participant",
    "leader",
    "guardian",
    "self",
    "coordinator",
    "child_protection",
    "emergency",
)
HIDDEN_UNIT = "hidden"
"""In the place of a unit that the asker is not shown, because the address is protected (PR-6): no unit bears it."""
STATES = ("open", "closed", "joined")
PAPERS = ("court_decision", "agreement", "birth_certificate", "register_extract", "other")
GUARDIANS_SEE = ("nothing", "overview", "topics")

# ---------------------------------------------------------------- events


class GuardianTie(Message):
    person_id = opaque()
    relation = code(*RELATIONS)
    has_responsibility = flag()
    verified = flag()
    valid_from = date(required=False)
    valid_to = date(required=False)


class CareOrderTold(Message):
    unit_id = opaque(description="The unit of child protection that answers in the guardians' place")
    set_by = opaque(description="The employee who registered the order, or changed it last")
    valid_from = date()
    valid_to = date(required=False)
    guardians_see = code(*GUARDIANS_SEE)
    topics = many(code(), max_items=50)


class PersonChangedData(Message):
    person_id = opaque()
    birth_date = date()
    address_grade = code(*GRADES)
    guardians = nested(GuardianTie, many=True)
    care_orders = nested(CareOrderTold, many=True, load_default=list)


class ConcernRaisedData(Message):
    case_id = opaque()
    subject_person_id = opaque()
    subject_kind = code("child", "pregnant")
    owner_person_id = opaque()
    owner_unit_id = opaque()
    owner_service_id = opaque()
    registered_at = instant()
    decide_by = date()


class TalkRecordedData(Message):
    case_id = opaque()
    held_on = date()
    recorded_at = instant()


class LevelMovedData(Message):
    case_id = opaque()
    from_level = number(maximum=3)
    to_level = number(maximum=3)
    by_person_id = opaque()
    at = instant()
    family_answer = code("agreed", "other_wish", "not_asked")
    service_ids = many(
        opaque(),
        max_items=20,
        load_default=list,
        description="The other services that take part from now on; those left out are no longer needed (LV-11)",
    )


class HolderChangedData(Message):
    case_id = opaque()
    holder_person_id = opaque()
    holder_unit_id = opaque()
    previous_person_id = opaque(required=False)
    at = instant()
    how = code("appointed", "handover")


class HandoverProposedData(Message):
    case_id = opaque()
    handover_id = opaque()
    from_person_id = opaque()
    to_person_id = opaque()
    to_unit_id = opaque()
    at = instant()


class HandoverAnsweredData(Message):
    case_id = opaque()
    handover_id = opaque()
    from_person_id = opaque()
    to_person_id = opaque()
    answer = code("accepted", "declined")
    at = instant()


class StepCompletedData(Message):
    case_id = opaque()
    level = number(maximum=3)
    step = code()
    at = instant()


class DeadlineData(Message):
    case_id = opaque()
    kind = code("decide_concern")
    due = date()
    owner_person_id = opaque()


class ConcernJoinedData(Message):
    case_id = opaque()
    into_case_id = opaque()
    at = instant()


class CaseClosedData(Message):
    case_id = opaque()
    from_level = number(maximum=3)
    outcome = code("goals_reached", "no_concern", "family_wish", "moved", "other")
    by_person_id = opaque()
    at = instant()


class BirthRegisteredData(Message):
    case_id = opaque()
    at = instant()


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


_ID = "01981c6e-0000-7000-8000-000000000001"
_P = "01981c6e-0000-7000-8000-00000000000a"
_Q = "01981c6e-0000-7000-8000-00000000000b"
_HANDOVER = "01981c6e-0000-7000-8000-000000000002"
_U = "unit-granli-bh1"
_AT = "2026-11-20T09:00:00Z"

PersonChanged = EventType(
    "cases.person_changed.v1",
    PEOPLE,
    "person",
    PersonChangedData,
    "A child's or pregnant woman's age, address grade, guardians and care orders as they now stand, whole.",
    {
        "person_id": _P,
        "birth_date": "2022-03-05",
        "address_grade": "ungraded",
        "guardians": [
            {
                "person_id": _Q,
                "relation": "mother",
                "has_responsibility": True,
                "verified": True,
                "valid_from": "2022-03-05",
                "valid_to": None,
            }
        ],
        "care_orders": [
            {
                "unit_id": "unit-granli-barnevern-kontor",
                "set_by": _Q,
                "valid_from": "2026-11-20",
                "valid_to": None,
                "guardians_see": "topics",
                "topics": ["learning"],
            }
        ],
    },
    told="At the first concern about a child or a pregnant woman, and whenever the register, a verified paper or a "
    "care order says something else of them than before. Days may lie ahead.",
)
ConcernRaised = EventType(
    "cases.concern_raised.v1",
    CASE,
    "case",
    ConcernRaisedData,
    "An employee has registered a concern: a case at level 0 has begun.",
    {
        "case_id": _ID,
        "subject_person_id": _P,
        "subject_kind": "child",
        "owner_person_id": _Q,
        "owner_unit_id": _U,
        "owner_service_id": "service-granli-bh",
        "registered_at": _AT,
        "decide_by": "2026-12-04",
    },
    told="At the registration of the concern, in the same transaction.",
)
TalkRecorded = EventType(
    "cases.talk_recorded.v1",
    CASE,
    "case",
    TalkRecordedData,
    "The concern has been talked over with the family; from now on the guardians may read the notes (LV-17).",
    {"case_id": _ID, "held_on": "2026-11-20", "recorded_at": _AT},
    told="When the first talk with the family is recorded; later talks are not told.",
)
LevelMoved = EventType(
    "cases.level_moved.v1",
    CASE,
    "case",
    LevelMovedData,
    "The case has moved to another level (LV-1).",
    {
        "case_id": _ID,
        "from_level": 1,
        "to_level": 2,
        "by_person_id": _P,
        "at": _AT,
        "family_answer": "agreed",
        "service_ids": ["service-granli-ppt"],
    },
    told="When the owner, the holder or the leader has moved the case up or down; a closing is told as "
    "`cases.case_closed`.",
    outside="case",
)
HolderChanged = EventType(
    "cases.holder_changed.v1",
    CASE,
    "case",
    HolderChangedData,
    "The case has a (new) relay holder from this instant; the one before holds it no longer (HO-1).",
    {
        "case_id": _ID,
        "holder_person_id": _P,
        "holder_unit_id": _U,
        "previous_person_id": _Q,
        "at": _AT,
        "how": "handover",
    },
    told="When the case comes to the level from which it has a holder (policy: 1), and when the one asked "
    "has accepted a handover.",
    outside="case",
)
HandoverProposed = EventType(
    "cases.handover_proposed.v1",
    CASE,
    "case",
    HandoverProposedData,
    "The holder has asked another to take over; nothing has changed hands yet (HO-2).",
    {
        "case_id": _ID,
        "handover_id": _HANDOVER,
        "from_person_id": _P,
        "to_person_id": _Q,
        "to_unit_id": _U,
        "at": _AT,
    },
    told="When the holder, or the leader in their place, asks another to take over.",
)
HandoverAnswered = EventType(
    "cases.handover_answered.v1",
    CASE,
    "case",
    HandoverAnsweredData,
    "The one asked has accepted or declined.",
    {
        "case_id": _ID,
        "handover_id": _HANDOVER,
        "from_person_id": _P,
        "to_person_id": _Q,
        "answer": "accepted",
        "at": _AT,
    },
    told="When the one asked answers; an acceptance is followed by `cases.holder_changed`.",
)
StepCompleted = EventType(
    "cases.step_completed.v1",
    CASE,
    "case",
    StepCompletedData,
    "A step of the level is done (LV-6).",
    {"case_id": _ID, "level": 1, "step": "plan", "at": _AT},
    told="When a step is ticked off, or when what it asks for was recorded.",
    outside="case",
)
DeadlineNear = EventType(
    "cases.deadline_near.v1",
    CASE,
    "case",
    DeadlineData,
    "A deadline is near: the owner is to be warned (LV-7).",
    {"case_id": _ID, "kind": "decide_concern", "due": "2026-12-04", "owner_person_id": _P},
    told="Once for each deadline, as many days before it as the policy says (3), by the first look of "
    "that day.",
)
DeadlinePassed = EventType(
    "cases.deadline_passed.v1",
    CASE,
    "case",
    DeadlineData,
    "A deadline has passed: the case is overdue (LV-7).",
    {"case_id": _ID, "kind": "decide_concern", "due": "2026-12-04", "owner_person_id": _P},
    told="Once for each deadline, by the first look of the day after it.",
)
ConcernJoined = EventType(
    "cases.concern_joined.v1",
    CASE,
    "case",
    ConcernJoinedData,
    "The concern was taken into the child's running case, and has ended as a case of its own (LG-1).",
    {"case_id": _ID, "into_case_id": "01981c6e-0000-7000-8000-000000000003", "at": _AT},
    told="When a concern at level 0 is taken up into a case of the same child that has a relay log.",
)
CaseClosed = EventType(
    "cases.case_closed.v1",
    CASE,
    "case",
    CaseClosedData,
    "The case is closed; its log is read-only (LG-10).",
    {"case_id": _ID, "from_level": 2, "outcome": "goals_reached", "by_person_id": _P, "at": _AT},
    told="When the case is closed, from any level.",
    outside="case",
)
BirthRegistered = EventType(
    "cases.birth_registered.v1",
    CASE,
    "case",
    BirthRegisteredData,
    "On a pregnant woman's case the birth is registered (LV-18). It names neither the child nor the child's own case.",
    {"case_id": _ID, "at": _AT},
    told="When the owner or the holder registers the birth; the child's own case begins with `cases.concern_raised`, "
    "as any other does.",
)
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
EmergencyOpened = EventType(
    "cases.emergency_opened.v1",
    CASE,
    "case",
    EmergencyOpenedData,
    "An employee without a part in the case opened it for reading by stating an emergency (SE-3); it shuts by itself.",
    {
        "case_id": _ID,
        "emergency_id": "01981c6e-0000-7000-8000-000000000004",
        "person_id": _P,
        "unit_id": "unit-a",
        "reason_code": "danger_to_life",
        "valid_from": _AT,
        "valid_to": "2026-11-20T12:00:00+00:00",
    },
    told="When an employee states an emergency for a child who has a case.",
)

EVENTS = (
    PersonChanged,
    ConcernRaised,
    TalkRecorded,
    LevelMoved,
    HolderChanged,
    HandoverProposed,
    HandoverAnswered,
    StepCompleted,
    DeadlineNear,
    DeadlinePassed,
    ConcernJoined,
    CaseClosed,
    BirthRegistered,
    EmergencyOpened,
    LaneReportFiled,
    LaneReportAnswered,
    LaneReaderNamed,
)

# ---------------------------------------------------------------- shapes


class Child(Message):
    """The person whom a case is about, as the asker may see them."""

    person_id = opaque()
    name = personal()
    birth_date = date()
    age = number(maximum=150)
    address_protected = flag()


class Guardian(Message):
    person_id = opaque()
    name = personal()
    relation = code(*RELATIONS)
    has_responsibility = flag()
    verified = flag()


class Step(Message):
    step = code()
    state = code("done", "current", "locked")
    done_at = instant(required=False)


class NextAct(Message):
    """What is to be done next, by whom, and by when. `act` is a key of the translations."""

    act = code()
    waits_for = code("me", "others", "nobody")
    due = date(required=False)


class Handover(Message):
    handover_id = opaque()
    from_person_id = opaque()
    to_person_id = opaque()
    to_unit_id = opaque()
    proposed_at = instant()
    reason = narrative(required=False)


class Happening(Message):
    """One thing that happened in the case: a code for the translations, who did it, and plain values."""

    at = instant()
    what = code()
    by_person_id = opaque(required=False)
    values = narrative_tree(load_default=dict)


class Overview(Message):
    """A case in a list."""

    case_id = opaque()
    child = nested(Child)
    level = number(maximum=3)
    state = code(*STATES)
    part = code(*PARTS)
    holder_person_id = opaque(required=False)
    owner_person_id = opaque()
    owner_unit_id = opaque()
    next = nested(NextAct)
    overdue = flag()
    changed_at = instant()


class Note(Message):
    """Something written before there is a plan: the concern itself, an observation, a filled-in tool, the talk, and
    the child's view where it was given apart and is not for the guardians (LG-5)."""

    note_id = opaque()
    kind = code("concern", "note", "form", "talk", "view")
    tool = code(required=False)
    tool_version = number(required=False)
    topic = code(*TOPICS, required=False)
    text = narrative(required=False)
    answers = narrative_tree(load_default=dict)
    by_person_id = opaque()
    recorded_at = instant()


class CaseDetail(Message):
    case_id = opaque()
    version = number()
    child = nested(Child)
    guardians = nested(Guardian, many=True)
    subject_kind = code("child", "pregnant")
    level = number(maximum=3)
    state = code(*STATES)
    part = code(*PARTS)
    owner_person_id = opaque()
    owner_unit_id = opaque()
    owner_service_id = opaque()
    holder_person_id = opaque(required=False)
    holder_unit_id = opaque(required=False)
    registered_at = instant()
    decide_by = date(required=False)
    overdue = flag()
    talk_recorded = flag()
    joined_into = opaque(required=False)
    steps = nested(Step, many=True)
    next = nested(NextAct)
    handover = nested(Handover, required=False)
    permitted = many(code(), description="Acts that the asker may do now (kernel Act codes)")
    happenings = nested(Happening, many=True)
    notes = nested(Note, many=True, required=False, description="Only when asked for")


# ---------------------------------------------------------------- requests and answers


class CaseRef(Message):
    case_id = opaque()


class NumberRequest(Message):
    number = secret(max_length=20)


class LoginPerson(Message):
    person_id = opaque()
    municipality = code()
    name = personal()
    is_guardian = flag()
    is_subject = flag()


class LoginAnswer(Message):
    persons = nested(LoginPerson, many=True)


class RegisterEmployeeRequest(Message):
    number = secret(max_length=20)
    name = personal()
    person_id = opaque(required=False)


class PersonRequest(Message):
    person_id = opaque()


class ContactAnswer(Message):
    """What the public contact register says at this moment; never kept (NO-3)."""

    email = contact(required=False)
    reserved = flag()
    language = code("nb", "nn", "en", "se")


class PageRequest(Message):
    cursor = opaque(required=False)
    limit = number(minimum=1, maximum=100, load_default=50)


class MyCasesRequest(PageRequest):
    include_closed = flag(load_default=False)


class OverviewPage(Message):
    items = nested(Overview, many=True)
    next_cursor = opaque(required=False)


class RaiseConcernRequest(Message):
    child_number = secret(max_length=20, description="The child's identity number, 11 digits")
    unit_id = opaque()
    subject_kind = code("child", "pregnant", load_default="child")
    concern = narrative(description="What was seen or heard")
    topic = code(*TOPICS, required=False)
    parent_agreed_on = date(
        required=False,
        description="From a service for adults: the day on which the parent agreed to have the concern raised (LV-14)",
    )
    follow_up_unit_id = opaque(
        required=False,
        description="From a service for adults: the unit whose leader follows the child up (LV-14)",
    )


class RecordFormRequest(Message):
    case_id = opaque()
    tool = code()
    tool_version = number(minimum=1, maximum=10_000)
    answers = narrative_tree()
    topic = code(*TOPICS, required=False)


class RecordNoteRequest(Message):
    case_id = opaque()
    text = narrative(description="What was seen or heard")
    topic = code(*TOPICS, required=False)


class RecordTalkRequest(Message):
    case_id = opaque()
    held_on = date()
    with_person_ids = many(opaque(), max_items=10)
    summary = narrative()
    child_view = narrative(required=False)
    child_view_missing = code("too_young", "chose_not_to", "not_asked_yet", "other", required=False)
    child_view_given = code("together", "apart", load_default="together")
    guardians_may_see = flag(
        load_default=False, description="The child agrees that a view given apart is shown (LG-5)"
    )


class MoveLevelRequest(Message):
    case_id = opaque()
    expected_version = number(required=False)
    to_level = number(maximum=3)
    reason = narrative()
    service_ids = many(opaque(), max_items=20, load_default=list, description="Other services that take part")
    against_suggestion_reason = narrative(required=False)
    family_answer = code("agreed", "other_wish", "not_asked")
    family_answer_reason = narrative(required=False)
    holder_person_id = opaque(required=False)
    holder_unit_id = opaque(required=False)


class CompleteStepRequest(Message):
    case_id = opaque()
    step = code()


class ProposeHandoverRequest(Message):
    case_id = opaque()
    to_person_id = opaque()
    to_unit_id = opaque()
    reason = narrative(required=False)
    family_answer = code("agreed", "other_wish", "not_asked")
    family_answer_reason = narrative(required=False)


class AnswerHandoverRequest(Message):
    case_id = opaque()
    handover_id = opaque()
    answer = code("accepted", "declined")
    reason = narrative(required=False)


class CloseCaseRequest(Message):
    case_id = opaque()
    expected_version = number(required=False)
    outcome = code("goals_reached", "no_concern", "family_wish", "moved", "other")
    reason = narrative()


class SuggestLevelRequest(Message):
    case_id = opaque()
    service_ids = many(opaque(), max_items=20)


class SuggestLevelAnswer(Message):
    level = number(maximum=3)


class CaseRequest(CaseRef):
    with_notes = flag(load_default=False, description="Also answer the notes that the asker may read")


class NotesAnswer(Message):
    notes = nested(Note, many=True)


REPORT_KINDS = ("protected", "with_guardians")
SUSPICIONS = ("violence", "abuse", "neglect", "other")
INFORMED = ("yes", "no", "deferred")
REPORT_STATES = ("received", "being_assessed", "answered")


class FileLaneReportRequest(Message):
    """PR-1, PR-2. The case or the child's number tells whom it is about; neither is needed (an unknown child).
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
    child_birth_date = date(required=False)
    child_description = narrative(required=False)
    text = narrative()
    guardians_informed = code(*INFORMED)
    guardians_informed_reason = narrative(required=False)
    police_contacted = flag()
    reporter_person_id = opaque()
    filed_at = instant()
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


class LaneReportPage(Message):
    items = nested(LaneReport, many=True)
    next_cursor = opaque(required=False)


class RegisterBirthRequest(Message):
    """LV-18: on the mother's case. What is copied are notes of hers to which she agreed one by one; never of health."""

    case_id = opaque()
    child_number = secret(max_length=20, description="The newborn's identity number, 11 digits")
    concern = narrative(description="What the child's own case is about")
    topic = code(*TOPICS, required=False)
    note_ids = many(
        opaque(), max_items=50, load_default=list, description="Notes that the child's case begins with"
    )
    mother_agreed_on = date(
        required=False, description="The day on which she agreed to have these notes copied"
    )
    closes = flag(load_default=False, description="Whether the mother's own case ends with the birth")
    closing_reason = narrative(required=False)


class FamilyTie(Message):
    """A tie as it holds from a day to a day; `source`: the register, or a paper (GU-3)."""

    person_id = opaque()
    name = personal()
    relation = code(*RELATIONS)
    has_responsibility = flag()
    verified = flag()
    valid_from = date(required=False)
    valid_to = date(required=False)
    source = code("register", "paper")


class Paper(Message):
    """What a paper says of parental responsibility, who registered it, and who verified or refused it."""

    paper_id = opaque()
    person_id = opaque()
    name = personal()
    kind = code(*PAPERS)
    relation = code(*RELATIONS)
    has_responsibility = flag()
    valid_from = date(required=False)
    valid_to = date(required=False)
    recorded_by = opaque()
    recorded_at = instant()
    state = code("waiting", "verified", "refused")
    decided_by = opaque(required=False)
    decided_at = instant(required=False)
    same_person_reason = narrative(required=False)


class FamilyAnswer(Message):
    asked_on = date(required=False, description="The day on which the population register was last asked")
    ties = nested(FamilyTie, many=True)
    papers = nested(Paper, many=True)


class RecordPaperRequest(Message):
    case_id = opaque()
    person_id = opaque(required=False, description="An adult who is tied to the child already")
    adult_number = secret(required=False, max_length=20, description="The identity number of another adult")
    kind = code(*PAPERS)
    relation = code(*RELATIONS)
    has_responsibility = flag(
        description="Whether the paper gives responsibility, or says that there is none"
    )
    valid_from = date()
    valid_to = date(required=False, description="The first day on which it no longer holds")


class DecidePaperRequest(Message):
    case_id = opaque()
    paper_id = opaque()
    decision = code("verified", "refused")
    same_person_reason = narrative(
        required=False, description="Why who registered the paper also verifies it (GU-3)"
    )


class CareOrder(Message):
    order_id = opaque()
    version = number()
    child_name = personal()
    valid_from = date()
    valid_to = date(required=False, description="The first day on which it no longer holds")
    guardians_see = code(*GUARDIANS_SEE)
    topics = many(code(), max_items=50)
    set_by = opaque()


class CareOrderPage(Message):
    items = nested(CareOrder, many=True)


class AskDiscussionRequest(Message):
    """LV-12. Without `named` the text is checked, and nothing kept that ties it to a case: the case, or the child's
    number, tells only whom it must not name. With it, the family's word is needed."""

    to_unit_ids = many(opaque(), max_items=10, validate=Length(min=1, error="required"))
    text = narrative()
    case_id = opaque(required=False)
    child_number = secret(required=False, max_length=20)
    named = flag(load_default=False, description="Whether the child is known by name to those who are asked")
    topic = code(
        *TOPICS, required=False, description="Of a named discussion: whose word is needed goes by topic"
    )
    agreed_ids = many(
        opaque(), max_items=10, load_default=list, description="Who said yes to naming the child"
    )
    agreed_on = date(required=False)


class DiscussionAnswer(Message):
    by_person_id = opaque()
    unit_id = opaque()
    text = narrative()
    at = instant()


class Discussion(Message):
    discussion_id = opaque()
    by_person_id = opaque()
    from_unit_id = opaque()
    to_unit_ids = many(opaque(), max_items=10)
    text = narrative()
    named = flag()
    asked_at = instant()
    answers = nested(DiscussionAnswer, many=True)
    mine = flag(description="Whether the asker's own unit put the question")


class DiscussionPage(Message):
    items = nested(Discussion, many=True)


class AnswerDiscussionRequest(Message):
    discussion_id = opaque()
    text = narrative()


class NothingAsked(Message):
    """A question that names nothing: the answer is about who asks."""


class RegisterCareOrderRequest(Message):
    child_number = secret(max_length=20, description="The child's identity number, 11 digits")
    valid_from = date()
    valid_to = date(required=False, description="The first day on which it no longer holds")
    guardians_see = code(*GUARDIANS_SEE, load_default="nothing")
    topics = many(code(), max_items=50, load_default=list)


class ChangeCareOrderRequest(Message):
    order_id = opaque()
    expected_version = number(required=False)
    valid_to = date(required=False, description="The first day on which it no longer holds; none: no end")
    guardians_see = code(*GUARDIANS_SEE)
    topics = many(code(), max_items=50, load_default=list)


ResolveLogin = query(
    "cases.resolve_login",
    NumberRequest,
    LoginAnswer,
    "Gateway only: the persons, one a municipality, to whom an identity number belongs at login.",
)
RegisterEmployee = command(
    "cases.register_employee",
    RegisterEmployeeRequest,
    "Directory's import only: gives an employee's identity number a person, for login.",
)
ContactOf = query(
    "cases.contact_of",
    PersonRequest,
    ContactAnswer,
    "Notifications only: asks the public contact register about one person, now (NO-3).",
)
MyCases = query("cases.my_cases", MyCasesRequest, OverviewPage, "The cases in which the asker has a part.")
GetCase = query("cases.get_case", CaseRequest, CaseDetail, "One case as the asker may see it.")
GetNotes = query(
    "cases.get_notes", CaseRef, NotesAnswer, "The notes of the case that the asker may read (LV-17)."
)
RaiseConcern = command(
    "cases.raise_concern", RaiseConcernRequest, "Registers a concern: a case at level 0 (LV-2)."
)
RecordForm = command("cases.record_form", RecordFormRequest, "Keeps a filled-in tool with the case.")
RecordNote = command("cases.record_note", RecordNoteRequest, "Keeps a note with the concern (LV-2).")
RecordTalk = command(
    "cases.record_talk",
    RecordTalkRequest,
    "Records the talk with the family, and the child's view or why it is missing (LV-17, LG-5).",
)
SuggestLevel = query(
    "cases.suggest_level",
    SuggestLevelRequest,
    SuggestLevelAnswer,
    "The level that the number of services suggests under the policy (LV-4).",
)
MoveLevel = command(
    "cases.move_level", MoveLevelRequest, "Moves the case to another level (LV-1, LV-4, LV-8, HO-5)."
)
CompleteStep = command("cases.complete_step", CompleteStepRequest, "Marks the current step as done (LV-6).")
ProposeHandover = command(
    "cases.propose_handover", ProposeHandoverRequest, "Asks another to hold the relay (HO-2)."
)
AnswerHandover = command(
    "cases.answer_handover", AnswerHandoverRequest, "Accepts or declines a handover (HO-2)."
)
CloseCase = command("cases.close_case", CloseCaseRequest, "Closes the case (LV-1, LG-10).")
AskDiscussion = command(
    "cases.ask_discussion",
    AskDiscussionRequest,
    "Asks other services or child protection for advice, without a name or with the family's word (LV-12).",
)
Discussions = query(
    "cases.discussions",
    NothingAsked,
    DiscussionPage,
    "The discussions that the asker has put, and those put to their unit (LV-12).",
)
AnswerDiscussion = command(
    "cases.answer_discussion",
    AnswerDiscussionRequest,
    "Answers a discussion that was put to one's unit (LV-12).",
)
RegisterBirth = command(
    "cases.register_birth",
    RegisterBirthRequest,
    "Registers a birth on the mother's case: a new case begins for the child (LV-18). The id is the new case's.",
)
GetFamily = query(
    "cases.get_family",
    CaseRef,
    FamilyAnswer,
    "Who has parental responsibility, and how that is known (GU-3).",
)
RefreshFamily = command(
    "cases.refresh_family",
    CaseRef,
    "Asks the population register again about the one whom the case is about (GU-3).",
)
RecordPaper = command(
    "cases.record_paper", RecordPaperRequest, "Registers what a paper says of parental responsibility (GU-3)."
)
DecidePaper = command(
    "cases.decide_paper",
    DecidePaperRequest,
    "Verifies or refuses a paper about parental responsibility (GU-3).",
)
CareOrders = query(
    "cases.care_orders",
    NothingAsked,
    CareOrderPage,
    "The care orders of the asker's unit of child protection (GU-4).",
)
RegisterCareOrder = command(
    "cases.register_care_order",
    RegisterCareOrderRequest,
    "Registers a care order: child protection answers in the guardians' place (GU-4).",
)
ChangeCareOrder = command(
    "cases.change_care_order",
    ChangeCareOrderRequest,
    "Sets a care order's last day, and what the guardians see (GU-4).",
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
    "Keeps what the asker has begun to write, in the lane and under a key of its own; one draft a person (PR-5).",
)
DropLaneDraft = command("cases.drop_lane_draft", Nothing, "Forgets the asker's draft, and destroys its key.")

LANE_PROCEDURES = (
    FileLaneReport,
    LaneReports,
    GetLaneReport,
    AssessLaneReport,
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

Explain = query(
    "cases.explain",
    ExplainRequest,
    Explanations,
    "Coordinator: why somebody could, or could not, see something at a time (CO-8); facts, and nothing written.",
)

OpenEmergency = command(
    "cases.open_emergency",
    OpenEmergencyRequest,
    "Opens a child's case for reading, for a short time and by a stated reason, to an employee without a tie (SE-3).",
)
ListEmergencies = query(
    "cases.emergencies",
    PageRequest,
    Emergencies,
    "Coordinator: the cases that were opened in an emergency, and how often such an attempt found none (SE-3).",
)

PROCEDURES = (
    ResolveLogin,
    RegisterEmployee,
    ContactOf,
    MyCases,
    GetCase,
    GetNotes,
    RaiseConcern,
    RecordForm,
    RecordNote,
    RecordTalk,
    SuggestLevel,
    MoveLevel,
    CompleteStep,
    ProposeHandover,
    AnswerHandover,
    CloseCase,
    RegisterBirth,
    GetFamily,
    RefreshFamily,
    RecordPaper,
    DecidePaper,
    CareOrders,
    RegisterCareOrder,
    ChangeCareOrder,
    AskDiscussion,
    Discussions,
    AnswerDiscussion,
    ReportsWithGuardians,
    *LANE_PROCEDURES,
    Explain,
    OpenEmergency,
    ListEmergencies,
)
