"""Meetings: called ahead of time, with those who belong to the log; minutes once, with the next dates in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.kernel.errors import InvalidInput
from services.relay_log.domain.errors import MinutesPublished
from services.relay_log.domain.log import Edit, demand_coming, demand_current
from services.relay_log.domain.parties import demand_parties

NO_REASON = "no_next_meeting_reason"


def demand_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """LG-4: a meeting is called before it begins, and ends after that."""
    if starts_at <= now:
        raise InvalidInput(fields={"starts_at": "in_the_past"}, rule="LG-4")
    if ends_at <= starts_at:
        raise InvalidInput(fields={"ends_at": "before_start"}, rule="LG-4")


def demand_invitation(agenda: Sequence[object], invited: Sequence[str], allowed: frozenset[str]) -> None:
    """LG-4: an invitation has an agenda and participants, all of whom belong to the log."""
    if not agenda:
        raise InvalidInput(fields={"agenda": "required"}, rule="LG-4")
    if not invited:
        raise InvalidInput(fields={"invited_ids": "required"}, rule="LG-4")
    demand_parties(invited, allowed, "invited_ids")


def demand_next(
    next_meeting_on: date | None, reason_for_none: str | None, next_evaluation_on: date, today: date
) -> None:
    """LG-4: before minutes are published the day of the next evaluation is set, and that of the next meeting, or the
    reason why there is to be none."""
    if next_meeting_on is None and not (reason_for_none or "").strip():
        raise InvalidInput(fields={"next_meeting_on": "date_or_reason_needed"}, rule="LG-4")
    demand_coming(next_meeting_on, today, "next_meeting_on", "LG-4")
    demand_coming(next_evaluation_on, today, "next_evaluation_on", "LG-4")


@dataclass(slots=True)
class Meeting:
    """A meeting as far as rules go; `version` counts its changes."""

    meeting_id: str
    case_id: str
    invited: tuple[str, ...]
    state: str
    version: int

    def publish(
        self, expected_version: int, edits: Sequence[Edit], items: Sequence[object]
    ) -> tuple[str, ...]:
        """LG-4: minutes are published once, and have items. LG-8: on the meeting as it was read."""
        if self.state == "held":
            raise MinutesPublished
        demand_current(self.version, expected_version, edits)
        if not items:
            raise InvalidInput(fields={"items": "required"}, rule="LG-4")
        self.state, self.version = "held", self.version + 1
        return ("minutes", "state")
