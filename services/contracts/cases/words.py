"""The codes, and the shapes and examples that all of cases' subjects share."""

from services.contracts.base import Message, number, opaque

PEOPLE = "cases.people"
CASE = "cases.case"
DISCUSSIONS = "cases.discussions"
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
HIDDEN_SERVICE = "hidden"
"""In the place of a service of one unit of which the asker is not told (PR-6): no service bears it."""
HIDDEN_PERSON = "hidden"
"""In the place of staff of whom the asker is not told by name (PR-6): no person bears it."""
STATES = ("open", "closed", "joined")
PAPERS = ("court_decision", "agreement", "birth_certificate", "register_extract", "other")
GUARDIANS_SEE = ("nothing", "overview", "topics")

_ID = "01981c6e-0000-7000-8000-000000000001"
_P = "01981c6e-0000-7000-8000-00000000000a"
_Q = "01981c6e-0000-7000-8000-00000000000b"
_HANDOVER = "01981c6e-0000-7000-8000-000000000002"
_U = "unit-granli-bh1"
_AT = "2026-11-20T09:00:00Z"


class CaseRef(Message):
    case_id = opaque()


class PersonRequest(Message):
    person_id = opaque()


class PageRequest(Message):
    cursor = opaque(required=False)
    limit = number(minimum=1, maximum=100, load_default=50)


class NothingAsked(Message):
    """A question that names nothing: the answer is about who asks."""
