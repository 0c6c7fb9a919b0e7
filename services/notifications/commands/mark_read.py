"""Somebody has read messages of theirs."""

from __future__ import annotations

from typing import Any

from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import Forbidden
from services.notifications.storage import Messages


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Mark one's own messages as read. Ids that are nobody's, or another's, change nothing and are not told apart; that
    they were tried stands in the access record (SE-1)."""
    if uow.actor.person_id is None:
        raise Forbidden(code="not_logged_in")
    kept = Messages(uow.tx, uow.municipality)
    if kept.not_of(uow.actor.person_id, request["message_ids"]):
        uow.access("NO-6", "mark_read", allowed=False)
    kept.mark_read(uow.actor.person_id, request["message_ids"], uow.now)
    return {}
