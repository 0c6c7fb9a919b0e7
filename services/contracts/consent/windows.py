"""What consent opens and to whom, and what time does to it."""

from services.contracts.base import EventType, Message, code, date, instant, many, nested, opaque
from services.contracts.cases import TOPICS
from services.contracts.consent.words import _AT, _ID, _P, _REQUEST, WINDOWS


class Window(Message):
    """An access window: this service may read this topic from (and with) one instant until (not with) another."""

    service_id = opaque()
    topic = code(*TOPICS)
    valid_from = instant()
    valid_to = instant()


class WindowsChangedData(Message):
    case_id = opaque()
    windows = nested(Window, many=True)
    reason = code("signed", "withdrawn", "expired", "people_changed", "closed")
    at = instant()


class PersonWindow(Message):
    """As a window, for a person whom the consent names: a parent without parental responsibility, or a parent of a
    young adult (GU-2, AG-5)."""

    person_id = opaque()
    topic = code(*TOPICS)
    valid_from = instant()
    valid_to = instant()


class PersonWindowsChangedData(Message):
    case_id = opaque()
    windows = nested(PersonWindow, many=True)
    at = instant()


class LapsedData(Message):
    case_id = opaque()
    request_id = opaque()
    why = code(
        "birthday", "guardians", description="Who must sign is another: by the youth's age, or by the ties"
    )
    waits_for = many(
        opaque(), max_items=20, description="Who has not answered, and must for it to stand again"
    )
    at = instant()


class RenewalDueData(Message):
    case_id = opaque()
    request_id = opaque()
    ends_on = date(description="Its last day")
    at = instant()


class SayComingData(Message):
    case_id = opaque()
    person_id = opaque(description="The youth")
    topics = many(code(*TOPICS), max_items=10)
    on = date(description="The birthday from which the youth has the say")
    at = instant()


WindowsChanged = EventType(
    "consent.windows_changed.v1",
    WINDOWS,
    "case",
    WindowsChangedData,
    "The access windows of a case as they now stand, whole; what is not in them is not shared (CO-1).",
    {
        "case_id": _ID,
        "reason": "signed",
        "at": _AT,
        "windows": [
            {
                "service_id": "service-granli-ppt",
                "topic": "learning",
                "valid_from": _AT,
                "valid_to": "2027-05-20T09:00:00Z",
            }
        ],
    },
    told="When the access windows differ from those told last: after an answer, a withdrawal, a change of "
    "age, family tie or responsibility, an end of time, or the closing of the case.",
    outside="consent",
)

PersonWindowsChanged = EventType(
    "consent.person_windows_changed.v1",
    WINDOWS,
    "case",
    PersonWindowsChangedData,
    "What persons named by consent may read of a case, as it now stands, whole (GU-2, AG-5).",
    {
        "case_id": _ID,
        "at": _AT,
        "windows": [
            {"person_id": _P, "topic": "learning", "valid_from": _AT, "valid_to": "2027-05-20T09:00:00Z"}
        ],
    },
    told="When they differ from those told last, at whatever changes the windows of services.",
)

Lapsed = EventType(
    "consent.lapsed.v1",
    WINDOWS,
    "case",
    LapsedData,
    "A consent, or a part of it, stands no more by a change that nobody signed (AG-4, GU-3).",
    {"case_id": _ID, "request_id": _REQUEST, "why": "birthday", "waits_for": [_P], "at": _AT},
    told="In the place of `consent.request_settled`, when a birthday has given the youth the say, when somebody has "
    "got or lost parental responsibility, or when the policy asks for more signatures.",
)

RenewalDue = EventType(
    "consent.renewal_due.v1",
    WINDOWS,
    "case",
    RenewalDueData,
    "A consent in force ends soon: it is time to ask again (CO-2).",
    {"case_id": _ID, "request_id": _REQUEST, "ends_on": "2027-05-20", "at": _AT},
    told="Once a request, the policy's days before its end, unless something later already stands in its place.",
)

SayComing = EventType(
    "consent.say_coming.v1",
    WINDOWS,
    "case",
    SayComingData,
    "A birthday will give the youth the say on what is shared (AG-4).",
    {"case_id": _ID, "person_id": _P, "topics": ["learning"], "on": "2027-05-17", "at": _AT},
    told="Once a birthday, the policy's days before it, where consent has been asked for.",
)
