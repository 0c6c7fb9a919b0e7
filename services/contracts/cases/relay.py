"""The level, its steps, the relay holder and handover, closing."""

from services.contracts.base import (
    EventType,
    Message,
    code,
    command,
    flag,
    instant,
    many,
    narrative,
    number,
    opaque,
    query,
)
from services.contracts.cases.words import _AT, _HANDOVER, _ID, _P, _Q, _U, CASE


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


class CaseClosedData(Message):
    case_id = opaque()
    from_level = number(maximum=3)
    outcome = code("goals_reached", "no_concern", "family_wish", "moved", "other")
    by_person_id = opaque()
    at = instant()
    ended_by = code(
        "guardian",
        "child",
        "child_protection",
        required=False,
        description="Who of the family ended it (LG-11)",
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

CaseClosed = EventType(
    "cases.case_closed.v1",
    CASE,
    "case",
    CaseClosedData,
    "The case is closed; its log is read-only (LG-10).",
    {
        "case_id": _ID,
        "from_level": 2,
        "outcome": "family_wish",
        "by_person_id": _P,
        "at": _AT,
        "ended_by": "guardian",
    },
    told="When the case is closed, from any level, by those in charge or by the family (LG-11).",
    outside="case",
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


class EndLogRequest(Message):
    """LG-11: the family ends the log, and the case with it."""

    case_id = opaque()
    expected_version = number(required=False)
    confirmed = flag(load_default=False, description="That this is what they want: true, else it is refused")
    reason = narrative(required=False, max_length=2000, description="Why, if they want to say so")


class SuggestLevelRequest(Message):
    case_id = opaque()
    service_ids = many(opaque(), max_items=20)


class SuggestLevelAnswer(Message):
    level = number(maximum=3)


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

EndLog = command(
    "cases.end_log",
    EndLogRequest,
    "A guardian who consented, or the youth who consents alone, ends the log, and the case with it (LG-11).",
)
