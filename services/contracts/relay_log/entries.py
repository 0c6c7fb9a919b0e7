"""What is written in the log: entries, the child's view, and who must read or agree (LG-5 to LG-7, AG-6, GU-6)."""

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
    nested,
    opaque,
)
from services.contracts.cases import TOPICS
from services.contracts.relay_log.words import _AT, _ID, _ITEM, _P, ENTRY_KINDS, LOG, VIEW_MISSING


class EntryAddedData(Message):
    case_id = opaque()
    entry_id = opaque()
    kind = code(*ENTRY_KINDS)
    topic = code(*TOPICS)
    by_person_id = opaque()
    at = instant()
    third_person = opaque(
        required=False,
        description="Of whom it tells who has not agreed to show it: a guardian's id, or `somebody` (GU-6)",
    )
    asked_person_id = opaque(
        required=False, description="The guardian whose word it waits for from now on (GU-6)"
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
        "asked_person_id": _P,
    },
    told="For each entry, whoever wrote it.",
    outside="item",
)


class MarkedItem(Message):
    """An entry, a goal or a measure that tells of somebody besides the child, as it is now."""

    item_id = opaque(description="The id of the entry, goal or measure")
    third_person = opaque(description="A guardian's id, or `somebody`")
    agrees = flag(description="Whether that person agrees to show it as it now reads")


class ThirdPersonMarkedData(Message):
    case_id = opaque()
    items = nested(MarkedItem, many=True)
    unread_measure_ids = many(
        opaque(),
        required=False,
        max_items=500,
        description="Open measures whose responsible can read them no more: somebody is to be named in their place",
    )
    by_person_id = opaque(required=False, description="Who did it: is not told of it")
    at = instant()


ThirdPersonMarked = EventType(
    "relay_log.third_person_marked.v1",
    LOG,
    "case",
    ThirdPersonMarkedData,
    "What the log tells of somebody besides the child waits for their word, or does so no more (GU-6).",
    {
        "case_id": _ID,
        "items": [{"item_id": _ITEM, "third_person": _P, "agrees": False}],
        "unread_measure_ids": [_ITEM],
        "by_person_id": _P,
        "at": _AT,
    },
    told="When that person, or the holder for them, says yes or takes it back, and when what is kept already is marked "
    "or gets new words.",
)


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


class NeededMark(Message):
    kind = code("goal", "measure", "entry")
    item_id = opaque()
    needed = flag()


class MarkNeededRequest(Message):
    case_id = opaque()
    marks = nested(NeededMark, many=True, max_items=100)


class AddEntryRequest(Message):
    case_id = opaque()
    kind = code("note", "correction", "comment", "proposal", "hindrance", "feedback")
    topic = code(*TOPICS)
    text = narrative()
    corrects = opaque(required=False)
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child: a guardian's id, or `somebody`, such as a sibling (GU-6). "
        "A correction tells of whom the corrected entry tells; where it is the first to say so, both do.",
    )


class ThirdPersonWordRequest(Message):
    """`entry_id`: of an entry, or the `item_id` of an item of minutes, a goal or a measure."""

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

AddEntry = command(
    "relay_log.add_entry",
    AddEntryRequest,
    "Adds an entry: note, correction, comment, proposal, hindrance, feedback (LG-6, LG-7).",
)

RecordView = command(
    "relay_log.record_view", RecordViewRequest, "Records the child's view, or why not (LG-5)."
)
