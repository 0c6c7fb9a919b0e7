"""Persons as the population register tells of them, and what of it is taken over when a child is registered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.kernel.calendar import age_on

Source = Literal["register", "paper"]

PROTECTED_GRADES = frozenset({"confidential", "strictly_confidential"})
"""Address grades 7 and 6 (PR-6)."""

OLDEST_SUBJECT = 24
"""A case is about a child or a youth (LV-13); services for youth go on to the day before 25."""

YOUNGEST_PREGNANT = 10


@dataclass(frozen=True, slots=True)
class RegisteredGuardian:
    """An adult whom the register ties to a child. `verified`: the register knows of the responsibility (GU-3);
    what it does not know is neither a yes nor a no, and waits for papers.

    `valid_from`, `valid_to`: the days of the responsibility where the register tells them, days to come included.
    `person_id`: the id that demo data give a person, else None."""

    number: str
    name: str
    birth_date: date
    relation: str
    has_responsibility: bool
    verified: bool = True
    address_grade: str = "ungraded"
    person_id: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class RegisteredPerson:
    """What the register tells of one person. `address_grade`: a code of contracts.cases.GRADES; `address` is kept
    nowhere and shown to nobody: a text that is shared without a name is held against it (LV-12)."""

    number: str
    name: str
    birth_date: date
    address_grade: str
    address: str | None = None
    guardians: tuple[RegisteredGuardian, ...] = ()
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie between a child and an adult over a span of days, `valid_to` no longer among them. `verified`: by register
    or papers, which `source` tells apart (GU-3)."""

    guardian_id: str
    relation: str
    has_responsibility: bool
    verified: bool
    valid_from: date | None = None
    valid_to: date | None = None
    source: Source = "register"

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.valid_from is None or self.valid_from <= day) and not self.over(day)

    def over(self, day: date) -> bool:
        """Whether it has ended by a day."""
        return self.valid_to is not None and self.valid_to <= day


def is_protected(address_grade: str) -> bool:
    """Whether the address is protected (PR-6)."""
    return address_grade in PROTECTED_GRADES


def guardians_to_link(child: RegisteredPerson) -> Sequence[RegisteredGuardian]:
    """The guardians who are linked when the child is registered: all whom the register names, or nobody at all, where
    the child's address or an adult's is protected; a person decides that by hand (PR-6).

    Never some of them: whoever were left out, their signature would not be asked for (GU-1)."""
    if is_protected(child.address_grade) or any(
        is_protected(adult.address_grade) for adult in child.guardians
    ):
        return ()
    return child.guardians


def may_be_subject(birth_date: date, kind: str, today: date) -> bool:
    """Whether a case can be about this person: a child or youth up to 24, or a pregnant woman (LV-13)."""
    age = age_on(birth_date, today)
    return age >= YOUNGEST_PREGNANT if kind == "pregnant" else 0 <= age <= OLDEST_SUBJECT
