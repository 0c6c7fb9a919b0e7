"""A case as the asker may see it, in a list and whole."""

from services.contracts.base import (
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
    personal,
    query,
)
from services.contracts.cases.concern import Note
from services.contracts.cases.words import PARTS, RELATIONS, STATES, CaseRef, PageRequest
from services.contracts.emergencies import OwnEmergency


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
    emergency = nested(
        OwnEmergency, required=False, description="Where the asker reads it in an emergency (SE-3)"
    )
    notes = nested(Note, many=True, required=False, description="Only when asked for")


class MyCasesRequest(PageRequest):
    include_closed = flag(load_default=False)


class OverviewPage(Message):
    items = nested(Overview, many=True)
    next_cursor = opaque(required=False)


class CaseRequest(CaseRef):
    with_notes = flag(load_default=False, description="Also answer the notes that the asker may read")


MyCases = query("cases.my_cases", MyCasesRequest, OverviewPage, "The cases in which the asker has a part.")


class MissRequest(Message):
    page = code(description="The page that was asked for")
    case_id = opaque(required=False, description="In whose case it was looked for")


NoteMiss = command(
    "cases.note_miss",
    MissRequest,
    "Keeps a line of a page that was asked for something which its reader may not read, or which is not there (SE-1).",
)
GetCase = query("cases.get_case", CaseRequest, CaseDetail, "One case as the asker may see it.")
