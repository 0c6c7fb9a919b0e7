"""Sealed records: what a repository read, and nobody may look at before the access decision said so (CO-8).

A repository knows how to read a row, not who may; so it hands out `Sealed` values. They open with a `Grant`, and
only services/chassis/access makes grants. Whoever forgets to decide has code that mypy refuses.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, NamedTuple, Never, TypeVar, final

from services.kernel.facts import Act, Audience, Decision

T = TypeVar("T")


class SealBroken(RuntimeError):
    """A sealed record was opened with a grant for something else: a fault in the code, never the caller's."""


class About(NamedTuple):
    """What a sealed record is about, and so which question must have been answered yes to open it.

    `act` is the act of reading it. The rest is as in kernel.facts.Question: the item's topic and time where it
    has them, what the child or the holder said of showing it to the guardians, and of evidence whose answer it
    proves.
    """

    municipality: str
    case_id: str
    act: Act
    topic: str | None = None
    recorded_at: datetime | None = None
    given_apart: bool = False
    child_agrees: bool = False
    needed_by_guardians: bool = False
    third_person: str | None = None
    third_person_agrees: bool = False
    audience: Audience = Audience.READER
    signed_by: str | None = None

    @property
    def but_its_time(self) -> tuple[object, ...]:
        """All that it is about but when it was recorded: the same for records that differ in nothing else. Of each
        record of a page this is asked, so it is cut out, and not copied and changed (ADR 0058)."""
        return self[:_TIME] + self[_TIME + 1 :]


_TIME = About._fields.index("recorded_at")


@final
class Grant:
    """An allowed decision, as the key to the records it is about. Made by services/chassis/access alone."""

    __slots__ = ("__about", "__decision")
    __about: About
    __decision: Decision

    def __init__(self, no_value_fits: Never) -> None:
        raise TypeError("only the access decision makes a grant: call access.require or access.open_allowed")

    @property
    def about(self) -> About:
        """The question that was answered."""
        return self.__about

    @property
    def decision(self) -> Decision:
        """The answer, with the rule that allowed it."""
        return self.__decision

    @staticmethod
    def _mint(about: About, decision: Decision) -> "Grant":
        """A grant for an allowed decision. Only services/chassis/access calls this (a test holds it)."""
        if not decision.allowed:
            raise SealBroken(f"{decision.reason_code}: a refusal opens nothing")
        grant = object.__new__(Grant)
        grant.__about = about
        grant.__decision = decision
        return grant


@final
class Sealed(Generic[T]):
    """A record that is read (and deciphered) only when it is opened: `sealed.open(grant)`."""

    __slots__ = ("__about", "__read")

    def __init__(self, about: About, read: Callable[[], T]) -> None:
        self.__about = about
        self.__read = read

    @property
    def about(self) -> About:
        """The question that must be answered yes."""
        return self.__about

    def open(self, grant: Grant) -> T:
        """The record; raises SealBroken for a grant about another municipality, case, act, topic or time."""
        if not isinstance(grant, Grant) or grant.about != self.__about:
            raise SealBroken(f"no grant for {self.__about.act} in case {self.__about.case_id}")
        return self.__read()

    def __repr__(self) -> str:
        return f"Sealed({self.__about})"
