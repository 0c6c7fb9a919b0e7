"""Who has looked at a case (SE-2): each service that keeps something of a case answers from its own access record."""

from functools import cache

from services.contracts.base import (
    Message,
    Procedure,
    code,
    date,
    flag,
    instant,
    many,
    nested,
    opaque,
    query,
)

METHOD = "access_history"
DAYS = 14
"""How many days a page has."""

HIDDEN_SYSTEM = "hidden"
"""In the place of an outside system's code where the asker is shown no places (PR-6): no system bears it."""

SERVICES = ("cases", "consent", "relay_log", "notifications")

THINGS = (
    "overview", "plan", "log", "notes", "view", "consents", "report", "messages", "emergency", "explanation",
    "who_looked", "outside", "emergency_ended",
)  # fmt: skip
"""What was looked at, in the order in which it is told. The list may grow."""


class WantedLooks(Message):
    case_id = opaque()
    before = date(required=False, description="Only what was before this day; none given: up to now")


class Look(Message):
    """What one person read in one day, for one unit."""

    day = date(description="Norwegian local day")
    first_at = instant()
    last_at = instant()
    you = flag(description="Whether it was the asker")
    capacity = code(description="employee, guardian, self, service")
    person_id = opaque(
        required=False,
        description="None for an outside system, when it can no longer be read, or for staff who are not named (PR-6)",
    )
    unit_id = opaque(required=False)
    recipient = code(required=False, description="The outside system that was told, by its code")
    things = many(code(*THINGS), max_items=len(THINGS), description="What kinds of thing")
    reasons = many(
        code(), max_items=50, description="Reason codes of the decisions that allowed it, or of an emergency"
    )
    rules = many(opaque(), max_items=50, description="The rules that allowed it")


class Looks(Message):
    """A page of at most 14 days, newest day first; the days are the same for every service that is asked the same."""

    items = nested(Look, many=True, max_items=2000)
    next = date(
        required=False, description="`before` for the next page that has anything; none: there is none"
    )


@cache
def access_history(service: str) -> Procedure:
    """The procedure with which `service` answers who has looked at what it keeps of a case."""
    return query(
        f"{service}.{METHOD}",
        WantedLooks,
        Looks,
        "Who has looked at a case, by day and person, for the family and the owning unit's leader (SE-2).",
    )


PROCEDURES: tuple[Procedure, ...] = tuple(map(access_history, SERVICES))
