"""The access windows that a case's requests open: to services, and to persons whom consent names (CO-1, GU-2, AG-5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.consent.domain.request import Request
from services.kernel.facts import Facts
from services.kernel.signers import say_from


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """What one line opens: service (or person) x topic x from x to (half-open)."""

    service_id: str
    topic: str
    valid_from: datetime
    valid_to: datetime
    person_id: str = ""

    @property
    def receiver(self) -> tuple[str, str, str]:
        """Who may read which topic by it."""
        return self.person_id, self.service_id, self.topic


def windows(requests: Iterable[Request], facts: Facts, now: datetime) -> tuple[Window, ...]:
    """The access windows of a case: one for every line of every request that is open now (CO-1).

    CO-5: each request stands by itself, so a new one leaves the windows of the old ones open. Where two open the same
    topic to the same receiver without a break they are told as one; a time that neither names stays closed. AG-4: what
    began before the youth had the say is never made one with what began after, which opens more.
    """
    opened: list[Window] = []
    for request in requests:
        for line in request.lines:
            since = request.open_since(line, facts, now)
            if since is not None:
                opened.append(Window(line.service_id, line.topic, since, request.end, line.person_id))
    return tuple(_joined(opened, facts))


def _joined(windows: Iterable[Window], facts: Facts) -> list[Window]:
    """The windows in order, those that overlap or touch as one."""
    joined: list[Window] = []
    for each in sorted(windows, key=lambda window: (window.receiver, window.valid_from, window.valid_to)):
        last = joined[-1] if joined else None
        same = last is not None and last.receiver == each.receiver and not _say_between(last, each, facts)
        if last is not None and same and each.valid_from <= last.valid_to:
            joined[-1] = replace(last, valid_to=max(last.valid_to, each.valid_to))
        else:
            joined.append(each)
    return joined


def _say_between(first: Window, second: Window, facts: Facts) -> bool:
    """Whether the youth got the say after the first began, and before the second did (AG-4)."""
    say = say_from(facts, first.topic)
    return say is not None and first.valid_from < say <= second.valid_from
