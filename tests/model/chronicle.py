"""What has happened in a case, in plain data: what the oracle judges by. No code of the product is used here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

Line = tuple[str, str]
"""A receiver, which is a service or a person by name, and a topic."""


@dataclass(frozen=True)
class Item:
    """Something that was written, or the case itself. `apart`: given by the child apart from the guardians, who may not
    see it. `tells_of`: whom it tells of besides the child, a guardian by name or somebody else."""

    id: str
    kind: str  # "case"; "note" before there is a log, else "log"
    topic: str | None
    at: datetime
    apart: bool = False
    tells_of: str | None = None


@dataclass(frozen=True)
class Word:
    """What one signer answered to one line of a request: a person, or the unit that a care order names."""

    who: str
    line: Line
    answer: str  # "yes", "no" or "talk_first"
    at: datetime


@dataclass
class Request:
    """Consent that was asked for, and all that was answered."""

    lines: frozenset[Line]
    starts: datetime
    ends: datetime
    words: list[Word] = field(default_factory=list)


@dataclass(frozen=True)
class CareOrder:
    """A unit of child protection stands in the guardians' place from a day to a day (no longer on it). They see of the
    log the topics among `guardians_see`, and with None among them the case."""

    id: str
    unit: str
    set_by: str
    starts: date
    ends: date
    guardians_see: frozenset[str | None]


@dataclass(frozen=True)
class Emergency:
    """Somebody at work said that they must read the case, and why."""

    who: str
    at: datetime


@dataclass
class Report:
    """To child protection. `readers`: whoever reported, and whom they or child protection named since, each with the
    day from which no more."""

    id: str
    with_guardians: bool
    readers: dict[str, date]


@dataclass
class Chronicle:
    """The case. `ties`: (parental responsibility, verified) by guardian; `posts`: (unit, role) by employee; `left`: the
    day from which an employee works there no more. `agreed`: the items that the one whom they tell of lets others read;
    `needed`: those that the holder marked as needed for parental responsibility."""

    born: date
    grade: str
    owner: str
    unit: str
    posts: dict[str, tuple[str, str]]
    ties: dict[str, tuple[bool, bool]]
    level: int = 0
    closed: bool = False
    talked: bool = False
    holder: str | None = None
    left: dict[str, date] = field(default_factory=dict)
    takes_part: set[str] = field(default_factory=set)
    items: list[Item] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    orders: list[CareOrder] = field(default_factory=list)
    emergencies: list[Emergency] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    agreed: set[str] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)
