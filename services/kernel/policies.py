"""What a municipality may decide for itself: versioned, dated values with the rulebook's defaults behind
them.

A case is judged by the version in force on the day of the act, so policies are kept, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

ADULT_AGE = 18
"""Majority is law, not policy (AG-5)."""


class CountServices(StrEnum):
    """How LV-4 counts: the services beside the owning one, or all of them."""

    OTHER = "other"
    ALL = "all"


class InvalidPolicy(ValueError):
    """A policy that cannot stand; `code` is stable, `field` names the culprit (`topics.<code>` for one topic), `fault`
    is the code of what is wrong with it."""

    code = "invalid_policy"

    def __init__(self, field: str, why: str, fault: str = "invalid") -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.fault = fault


@dataclass(frozen=True, slots=True)
class TopicPolicy:
    """Who consents for one topic, by the subject's age (AG-2, AG-3, AG-6, GU-1).

    The youth signs from `youth_signs_from`; the guardians sign until `youth_alone_from`; between the two ages
    both do. `one_guardian_suffices` relaxes GU-1. From `guardians_limited_from` guardians read only what the
    holder marked (AG-6)."""

    code: str
    youth_signs_from: int = 15
    youth_alone_from: int = 15
    one_guardian_suffices: bool = False
    guardians_limited_from: int | None = None

    def __post_init__(self) -> None:
        if not self.code.isidentifier() or not self.code.islower():
            raise InvalidPolicy("topics", f"{self.code!r} is not a topic code")
        if not 12 <= self.youth_signs_from <= self.youth_alone_from <= ADULT_AGE:
            raise InvalidPolicy(
                f"topics.{self.code}", f"the ages must rise from 12 to {ADULT_AGE}", "ages_must_rise"
            )
        if self.guardians_limited_from is not None and not 12 <= self.guardians_limited_from <= ADULT_AGE:
            raise InvalidPolicy(
                f"topics.{self.code}",
                f"guardians_limited_from lies outside 12 to {ADULT_AGE}",
                "limit_out_of_range",
            )


DEFAULT_TOPICS = (
    TopicPolicy("learning"),
    TopicPolicy("wellbeing"),
    TopicPolicy("attendance"),
    TopicPolicy("health", youth_alone_from=16, guardians_limited_from=16),
    TopicPolicy("home"),
    TopicPolicy("practical"),
)


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a municipality's choices. Each field bears the rule that it serves; days are calendar
    days."""

    version: int = 1
    valid_from: date = date(1900, 1, 1)
    topics: tuple[TopicPolicy, ...] = DEFAULT_TOPICS
    count_services: CountServices = CountServices.OTHER  # LV-4
    concern_days: int = 14  # LV-7
    concern_warning_days: int = 3  # LV-7
    break_leader_days: int = 3  # LV-16
    break_coordinator_days: int = 7  # LV-16
    inquiry_working_days: int = 5  # LV-19
    holder_from_level: int = 1  # HO-1
    handover_days: int = 5  # HO-3
    individual_plan_closes_log: bool = True  # HO-8
    consent_months: int = 12  # CO-2
    consent_renewal_days: int = 30  # CO-2: how long before the end it is asked for again
    knowledge_seconds: int = 30  # CO-9
    own_access_age: int = 12  # AG-1: from when the child reads its own log
    say_notice_days: int = 30  # AG-4
    quiet_from_hour: int = 21  # NO-5
    quiet_to_hour: int = 7  # NO-5
    hide_counts_below: int = 5  # SE-4
    retention_years: int = 10  # SE-6
    emergency_minutes: int = 60  # SE-3: how long a stated emergency opens a case

    def __post_init__(self) -> None:
        codes = [topic.code for topic in self.topics]
        if not codes or len(codes) != len(set(codes)):
            raise InvalidPolicy("topics", "there must be topics, each once", "topics_each_once")
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise InvalidPolicy(name, f"must be from {low} to {high}", "out_of_range")
        if self.concern_warning_days >= self.concern_days:
            raise InvalidPolicy(
                "concern_warning_days", "must be shorter than concern_days", "not_shorter_than_limit"
            )
        if self.break_coordinator_days < self.break_leader_days:
            raise InvalidPolicy(
                "break_coordinator_days", "must not be shorter than break_leader_days", "before_the_leader"
            )

    def topic(self, code: str) -> TopicPolicy | None:
        """What applies to one topic, or None for a code that this version does not know."""
        for topic in self.topics:
            if topic.code == code:
                return topic
        return None

    @property
    def topic_codes(self) -> tuple[str, ...]:
        return tuple(topic.code for topic in self.topics)

    def to_dict(self) -> dict[str, Any]:
        """JSON values only; `from_dict` reads it back to an equal policy."""
        return {field.name: _to_json(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Policy:
        """A policy from JSON values; what is left out has the default. Raises InvalidPolicy naming the
        field."""
        return cls(
            **_from_json(cls, data, {"valid_from": _day, "topics": _topics, "count_services": _counting})
        )


_RANGES: dict[str, tuple[int, int]] = {
    "version": (1, 1_000_000),
    "concern_days": (1, 90),
    "concern_warning_days": (0, 89),
    "break_leader_days": (0, 60),
    "break_coordinator_days": (0, 90),
    "inquiry_working_days": (1, 30),
    "holder_from_level": (0, 2),
    "handover_days": (1, 60),
    "consent_months": (1, 12),
    "consent_renewal_days": (1, 180),
    "knowledge_seconds": (1, 300),
    "own_access_age": (7, ADULT_AGE),
    "say_notice_days": (1, 365),
    "quiet_from_hour": (0, 23),
    "quiet_to_hour": (0, 23),
    "hide_counts_below": (2, 100),
    "retention_years": (1, 100),
    "emergency_minutes": (5, 480),
}
_DEFAULTS = Policy()


def drafted(before: Policy, values: Mapping[str, Any], version: int, valid_from: date) -> Policy:
    """The version that `values` would make of the one before it: what they leave out keeps its value.

    Raises InvalidPolicy naming the field; number and first day are not among the values."""
    for name in ("version", "valid_from"):
        if name in values:
            raise InvalidPolicy(name, "is not a value of the policy", "unknown_field")
    given = {**before.to_dict(), **values, "version": version, "valid_from": valid_from.isoformat()}
    return Policy.from_dict(given)


def policy_on(policies: Iterable[Policy], day: date) -> Policy:
    """The version in force on a day: the latest begun, the higher version where two begin together.

    Where none has begun, the rulebook's defaults stand."""
    begun = [policy for policy in policies if policy.valid_from <= day]
    return max(begun, key=lambda policy: (policy.valid_from, policy.version), default=_DEFAULTS)


def _to_json(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [{field.name: getattr(topic, field.name) for field in fields(topic)} for topic in value]
    return str(value) if isinstance(value, StrEnum) else value


def _from_json(cls: type, data: Mapping[str, Any], readers: Mapping[str, Any]) -> dict[str, Any]:
    """The constructor's arguments: known fields of the right type, special ones read by their reader."""
    known = {field.name: field for field in fields(cls)}
    arguments: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            raise InvalidPolicy(name, "is not a policy", "unknown_field")
        if name in readers:
            arguments[name] = readers[name](name, value)
            continue
        expected = {"int": (int,), "bool": (bool,), "str": (str,), "int | None": (int, type(None))}[
            str(known[name].type)
        ]
        if type(value) not in expected:
            raise InvalidPolicy(name, f"must be {known[name].type}", "wrong_type")
        arguments[name] = value
    for name, field in known.items():
        if field.default is MISSING and name not in arguments:
            raise InvalidPolicy(name, "is missing", "required")
    return arguments


def _day(name: str, value: object) -> date:
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InvalidPolicy(name, "must be an ISO date", "not_a_date") from None


def _topics(name: str, value: object) -> tuple[TopicPolicy, ...]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise InvalidPolicy(name, "must be a list of topics", "not_a_list")
    return tuple(TopicPolicy(**_from_json(TopicPolicy, item, {})) for item in value)


def _counting(name: str, value: object) -> CountServices:
    try:
        return CountServices(value)  # type: ignore[arg-type]
    except ValueError:
        raise InvalidPolicy(name, "must be 'other' or 'all'", "not_a_choice") from None
