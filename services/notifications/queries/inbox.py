"""One's own messages, and how many are unread: only those that one may see now (NO-6)."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import Reading
from services.kernel.errors import Forbidden
from services.notifications.deciding import Verdict, verdicts
from services.notifications.domain.answer import Answer
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.message import Message
from services.notifications.storage import Messages

MOST_UNREAD = 300
"""How many of the newest unread messages are looked at: whoever has more is shown this number."""

_ROUNDS = 20


def get_inbox(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """A page of the asker's messages, newest first; what they may not see now is left out, as if it were not there."""
    person_id, repository = _person(reading), Messages(reading.conn, reading.municipality)
    limit, before = request["limit"], request["cursor"]
    shown: list[tuple[Message, Verdict]] = []
    more = False
    for _ in range(_ROUNDS):
        found = repository.of(person_id, limit + 1, before=before, unread=request["unread_only"])
        shown += _visible(reading, person_id, found)
        if len(found) <= limit or len(shown) > limit:
            break
        before = found[-1].message_id
    else:
        more = True
    page = shown[:limit]
    cursor = page[-1][0].message_id if len(shown) > limit else before if more else None
    tried = repository.attempts_of([message.message_id for message, _ in page])
    for message, verdict in page:
        reading.access(verdict.rule, "read_message", message.told.case_id, verdict.subject_person_id)
    return {
        "items": [_item(message, verdict, tried.get(message.message_id, [])) for message, verdict in page],
        "unread": _unread(reading, person_id, repository),
        "next_cursor": cursor,
    }


def unread_count(reading: Reading) -> dict[str, Any]:
    """How many of the asker's messages are unread, of those that they may see."""
    person_id = _person(reading)
    return {"unread": _unread(reading, person_id, Messages(reading.conn, reading.municipality))}


def _person(reading: Reading) -> str:
    if reading.actor.person_id is None:
        raise Forbidden(code="not_logged_in")
    return reading.actor.person_id


def _unread(reading: Reading, person_id: str, repository: Messages) -> int:
    return len(_visible(reading, person_id, repository.of(person_id, MOST_UNREAD, unread=True)))


def _visible(reading: Reading, person_id: str, found: list[Message]) -> list[tuple[Message, Verdict]]:
    judged = zip(found, verdicts(reading, person_id, found), strict=True)
    return [(message, verdict) for message, verdict in judged if verdict.answer is Answer.YES]


def _item(message: Message, verdict: Verdict, tried: list[dict[str, Any]]) -> dict[str, Any]:
    told = message.told
    return {
        "message_id": message.message_id,
        "kind": told.kind,
        "case_id": told.case_id,
        "item_id": told.item_id,
        "by_person_id": told.by_person_id if verdict.by_name else None,
        "action_needed": KINDS[told.kind].act,
        "at": told.at,
        "read_at": message.read_at,
        "attempts": tried,
    }
