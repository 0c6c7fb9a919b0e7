"""Asking others for advice, without a name or with the family's word (LV-12)."""

from marshmallow.validate import Length

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
    number,
    opaque,
    query,
    secret,
)
from services.contracts.cases.words import _AT, _ID, _P, _Q, DISCUSSIONS, TOPICS, NothingAsked


class DiscussionAskedData(Message):
    discussion_id = opaque()
    told_ids = many(opaque(), description="Who is told: in each unit asked, those who answer for it")
    by_person_id = opaque()
    at = instant()


class DiscussionAnsweredData(Message):
    discussion_id = opaque()
    told_ids = many(opaque(), description="Who is told: the one who asked")
    by_person_id = opaque()
    at = instant()


DiscussionAsked = EventType(
    "cases.discussion_asked.v1",
    DISCUSSIONS,
    "discussion",
    DiscussionAskedData,
    "Advice is asked of other units (LV-12). Nothing says of which child or case.",
    {"discussion_id": _ID, "told_ids": [_P], "by_person_id": _Q, "at": _AT},
    told="When an employee puts a question to other units, without a name or with the family's word.",
)

DiscussionAnswered = EventType(
    "cases.discussion_answered.v1",
    DISCUSSIONS,
    "discussion",
    DiscussionAnsweredData,
    "Somebody answered a question that was put to their unit (LV-12).",
    {"discussion_id": _ID, "told_ids": [_P], "by_person_id": _Q, "at": _AT},
    told="When a discussion is answered.",
)


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
    ground = code(required=False, description="On what it rests (CO-11)")
    ground_version = number(
        required=False, description="Of the municipality's reference that was in force then"
    )


class DiscussionPage(Message):
    items = nested(Discussion, many=True)


class AnswerDiscussionRequest(Message):
    discussion_id = opaque()
    text = narrative()


AskDiscussion = command(
    "cases.ask_discussion",
    AskDiscussionRequest,
    "Asks other services or child protection for advice, without a name or with the family's word (LV-12).",
)

Discussions = query(
    "cases.discussions",
    NothingAsked,
    DiscussionPage,
    "The discussions that the asker has put, and those put to their unit (LV-12). Without a name a unit that was asked"
    " reads its own answers and those of who asked.",
)

AnswerDiscussion = command(
    "cases.answer_discussion",
    AnswerDiscussionRequest,
    "Answers a discussion that was put to one's unit (LV-12).",
)
