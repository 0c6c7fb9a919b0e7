"""What may be asked for: the span and the shares of a request, checked before anybody is asked (CO-1, CO-2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.consent.domain.request import Line
from services.kernel.calendar import add_months, local_date, midnight
from services.kernel.errors import InvalidInput
from services.kernel.policies import Policy


def span(valid_from: date | None, valid_to: date, policy: Policy, now: datetime) -> tuple[datetime, datetime]:
    """The instants between which the consent holds: from now or a coming midnight, to the end of its last day.

    CO-2: at most the policy's months. Raises InvalidInput naming the field.
    """
    today = local_date(now)
    if valid_from is not None and valid_from < today:
        raise InvalidInput(fields={"valid_from": "in_the_past"}, rule="CO-2")
    first = valid_from or today
    if valid_to < first:
        raise InvalidInput(fields={"valid_to": "before_start"}, rule="CO-2")
    if valid_to > add_months(first, policy.consent_months):
        raise InvalidInput(
            fields={"valid_to": "too_long_time"}, params={"months": policy.consent_months}, rule="CO-2"
        )
    begin = midnight(valid_from) if valid_from and valid_from > today else now
    return begin, midnight(valid_to + timedelta(days=1))


def lines(
    shares: Sequence[dict[str, Any]],
    known_services: Collection[str],
    own_service: str,
    topics: Collection[str],
) -> tuple[Line, ...]:
    """The lines that the shares name (CO-1): real services, not one's own, each with topics that exist."""
    if not shares:
        raise InvalidInput(fields={"shares": "required"}, rule="CO-1")
    found: set[Line] = set()
    for index, share in enumerate(shares):
        service_id = share["service_id"]
        if service_id not in known_services:
            raise InvalidInput(fields={f"shares.{index}.service_id": "unknown_service"}, rule="CO-1")
        if service_id == own_service:
            raise InvalidInput(fields={f"shares.{index}.service_id": "own_service"}, rule="CO-1")
        if not share["topics"]:
            raise InvalidInput(fields={f"shares.{index}.topics": "required"}, rule="CO-1")
        unknown = set(share["topics"]) - set(topics)
        if unknown:
            raise InvalidInput(fields={f"shares.{index}.topics": "not_a_choice"}, rule="CO-1")
        found.update(Line(service_id, topic) for topic in share["topics"])
    return tuple(sorted(found))
