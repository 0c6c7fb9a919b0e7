"""When there is a log that can be written in, and what a stale edit is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.kernel.errors import InvalidInput, StaleEdit
from services.kernel.facts import Facts
from services.relay_log.domain.errors import LogClosed, NoLogYet


def state_of(facts: Facts) -> str:
    """LG-1, LG-10: "closed" with the case, "frozen" for others once the last consent has ended, else "open"."""
    if facts.case.closed:
        return "closed"
    return "frozen" if facts.case.frozen else "open"


def demand_writable(facts: Facts) -> None:
    """LG-1: the log begins at level 1. LG-10: it is read-only once the case is closed."""
    if facts.case.level < 1:
        raise NoLogYet
    if facts.case.closed:
        raise LogClosed


def demand_topic(topic: str, facts: Facts, field: str = "topic") -> None:
    """LG-2: a topic is one of the municipality's."""
    if topic not in facts.policy.topic_codes:
        raise InvalidInput(fields={field: "not_a_choice"}, rule="LG-2")


def demand_coming(day: date | None, today: date, field: str, rule: str) -> None:
    """A day that is set for something to happen is today or later."""
    if day is not None and day < today:
        raise InvalidInput(fields={field: "in_the_past"}, rule=rule)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a goal, measure or meeting: the version that it made, and the names of the fields it changed."""

    version: int
    fields: tuple[str, ...]


def demand_current(current: int, expected: int, edits: Iterable[Edit]) -> None:
    """LG-8: a change made on an older version is refused, and told which fields were changed since it was read."""
    if expected == current:
        return
    changed = {name for edit in edits if edit.version > expected for name in edit.fields}
    raise StaleEdit(changed=sorted(changed), rule="LG-8")
