"""From a concern to the talk with the family: notes, forms, time limits, joining, and the birth of a child."""

from services.contracts.base import (
    EventType,
    Message,
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
    secret,
)
from services.contracts.cases.words import _AT, _ID, _P, _Q, _U, CASE, TOPICS, CaseRef


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


class DeadlineData(Message):
    case_id = opaque()
    kind = code("decide_concern")
    due = date()
    owner_person_id = opaque()


class ConcernJoinedData(Message):
    case_id = opaque()
    into_case_id = opaque()
    at = instant()


class BirthRegisteredData(Message):
    case_id = opaque()
    at = instant()


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


class NotesAnswer(Message):
    notes = nested(Note, many=True)


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

RegisterBirth = command(
    "cases.register_birth",
    RegisterBirthRequest,
    "Registers a birth on the mother's case: a new case begins for the child (LV-18). The id is the new case's.",
)
