"""Meetings, their agenda and minutes (LG-4)."""

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
)
from services.contracts.cases import TOPICS
from services.contracts.relay_log.words import _AT, _ID, _ITEM, _P, _Q, LOG


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
    topics = many(
        code(*TOPICS), max_items=10, description="Those of items that wait for nobody's word (GU-6)"
    )
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


class MeetingRef(Message):
    meeting_id = opaque()


class CalendarFacts(Message):
    """What a sender needs for a calendar file that gives nothing away (NO-1)."""

    meeting_id = opaque()
    sequence = number()
    starts_at = instant()
    ends_at = instant()


CallMeeting = command(
    "relay_log.call_meeting", CallMeetingRequest, "The holder calls a meeting (LG-4, HO-7)."
)

PublishMinutes = command("relay_log.publish_minutes", PublishMinutesRequest, "Publishes the minutes (LG-4).")

GetCalendarFacts = query(
    "relay_log.get_calendar_facts",
    MeetingRef,
    CalendarFacts,
    "Notifications only: the hours of a meeting, nothing else.",
)
