"""The time limit of a concern: the last day to decide it, and when its owner is warned (LV-7)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.kernel.calendar import local_date
from services.kernel.policies import Policy


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Days in Norwegian local time. `decide_by`: the last day to decide; `warn_on`: the first day of warning."""

    decide_by: date
    warn_on: date

    @classmethod
    def of(cls, registered_at: datetime, policy: Policy) -> "TimeLimit":
        """The limit of a concern, by the policy in force on the day it was registered (LV-7)."""
        decide_by = local_date(registered_at) + timedelta(days=policy.concern_days)
        return cls(decide_by, decide_by - timedelta(days=policy.concern_warning_days))

    def near(self, now: datetime) -> bool:
        """Whether the owner is to be warned now; not any more once the limit has passed (LV-7)."""
        return self.warn_on <= local_date(now) <= self.decide_by

    def passed(self, now: datetime) -> bool:
        """Whether the last day is over (LV-7)."""
        return local_date(now) > self.decide_by
