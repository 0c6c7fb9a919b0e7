"""What has happened in a case, in plain data, and what is so at a moment: all that the oracle judges by. No code of the
product is used here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

NEVER = datetime.max.replace(tzinfo=UTC)


class Line(NamedTuple):
    """A part of what consent is asked for; the receiver is a service, or a person by name."""

    receiver: str
    topic: str


@dataclass(frozen=True)
class Item:
    """Something that was written, or the case itself. `apart`: given by the child apart from the guardians, who may not
    see it. `tells_of`: whom it tells of besides the child, a guardian by name or somebody else. `corrects`: the first
    of the entries that it corrects. `holds`: the items whose words stand in it too, as a goal's in its measure."""

    id: str
    kind: str  # "case"; "note" before there is a log, else "log"
    topic: str | None
    at: datetime
    apart: bool = False
    tells_of: str | None = None
    corrects: str | None = None
    holds: frozenset[str] = frozenset()

    @property
    def first(self) -> str:
        """For what the holder's mark is kept: an entry and its corrections have it in common (LG-6)."""
        return self.corrects or self.id


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

    id: str
    lines: frozenset[Line]
    starts: datetime
    ends: datetime
    words: list[Word] = field(default_factory=list)

    def runs(self, now: datetime) -> bool:
        """CO-2: from its first instant on, and no longer at its last."""
        return self.starts <= now < self.ends

    def agreed(self, line: Line) -> dict[str, datetime]:
        """Whose latest word is yes, and since when without a break."""
        since: dict[str, datetime] = {}
        for word in (each for each in self.words if each.line == line):
            if word.answer == "yes":
                since.setdefault(word.who, word.at)
            else:
                since.pop(word.who, None)
        return since

    def answered(self, line: Line) -> set[str]:
        """Who has ever said yes or no. A wish to talk first is no answer."""
        return {word.who for word in self.words if word.line == line and word.answer != "talk_first"}


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

    def ended_by(self, later: CareOrder) -> CareOrder:
        """This order once another was confirmed after it: where both would hold, the later one does."""
        together = self.starts < later.ends and later.starts < self.ends
        return replace(self, ends=max(self.starts, later.starts)) if together else self


@dataclass(frozen=True)
class Emergency:
    """Somebody at work said that they must read the case, and why; `ended`: that they need it no more."""

    id: str
    who: str
    at: datetime
    ended: datetime = NEVER


@dataclass
class Report:
    """To child protection. `named`: whom the reporter or child protection named to read it, each with the day from
    which no more."""

    id: str
    by: str
    with_guardians: bool
    named: dict[str, date] = field(default_factory=dict)


@dataclass
class Chronicle:
    """The case. `ties`: (parental responsibility, verified) by adult who is linked to the child; `posts`: (unit, role)
    by employee; `left`: the day from which an employee works there no more; `kin`: the employees whom the register or
    papers tie to the child, linked or not. `agreed`: the items that the one whom they tell of lets others read;
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
    kin: set[str] = field(default_factory=set)
    takes_part: set[str] = field(default_factory=set)
    items: list[Item] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    orders: list[CareOrder] = field(default_factory=list)
    emergencies: list[Emergency] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    agreed: set[str] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Moment:
    """What is so of a case at a time. `fresh`: the service that is asked has heard of all others lately;
    `office`: of cases and directory."""

    case: Chronicle
    now: datetime
    fresh: bool = True
    office: bool = True

    @cached_property
    def age(self) -> int:
        """The child's, in years."""
        return self.age_on(self.now)

    def age_on(self, when: datetime) -> int:
        """AG-7, AG-8: by Norwegian days; whoever is born on a leap day has their birthday on 1 March."""
        born, day = self.case.born, local(when)
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    @cached_property
    def today(self) -> date:
        """The day in Norway."""
        return local(self.now)

    def employed(self, who: str) -> bool:
        """Whether somebody is an employee, and still is."""
        return who in self.case.posts and self.today < self.case.left.get(who, date.max)

    def works(self, who: str) -> bool:
        """Whether somebody deals with the child at work: of its own family nobody does (SE-3)."""
        return self.employed(who) and who not in self.case.kin

    def post(self, who: str) -> tuple[str, str]:
        """An employee's unit and role."""
        return self.case.posts[who]

    @cached_property
    def holder(self) -> str | None:
        """HO-6: whoever was appointed, while they work there; of an open case from level 1 else the leader of its unit,
        else the coordinator."""
        at_the_head = [(self.case.unit, "leader"), ("office", "coordinator")]
        running = self.case.level >= 1 and not self.case.closed
        heads = [who for post in at_the_head for who in self.case.posts if self.post(who) == post]
        return next((who for who in (self.case.holder, *heads * running) if who and self.works(who)), None)

    def works_inside(self, who: str) -> bool:
        """Whether somebody is at work in the unit that owns the case, or stands in there as holder."""
        stands_in = who == self.holder != self.case.holder
        return self.works(who) and (stands_in or self.post(who)[0] == self.case.unit)

    @cached_property
    def order(self) -> CareOrder | None:
        """The care order that is in force."""
        return next((each for each in self.case.orders if each.starts <= self.today < each.ends), None)

    @cached_property
    def protected(self) -> bool:
        """Whether the child's address is, by grade 6 or 7."""
        return self.case.grade in ("confidential", "strictly_confidential")

    def leads(self, who: str) -> bool:
        """Whether somebody sees by leading. Where the address is protected nobody does (PR-6)."""
        return self.post(who)[1] == "leader" and not self.protected

    @cached_property
    def guardians(self) -> set[str]:
        """Who has parental responsibility by papers that were seen, or the register."""
        return {who for who, tie in self.case.ties.items() if tie == (True, True)}

    @cached_property
    def unverified(self) -> set[str]:
        """Who is said to have parental responsibility, and nobody has seen papers of it."""
        return {who for who, tie in self.case.ties.items() if tie == (True, False)}

    def asked(self, receiver: str, topic: str | None) -> list[tuple[Request, Line]]:
        """What is asked for somebody at this time, on a topic or (None) on any."""
        running = [request for request in self.case.requests if request.runs(self.now)]
        lines = [(request, line) for request in running for line in request.lines]
        return [each for each in lines if each[1].receiver == receiver and topic in (None, each[1].topic)]

    def untold(self, who: str) -> set[str]:
        """The items that tell of somebody else than the child and the reader, who has not agreed to that."""
        marked = {each.id for each in self.case.items if each.tells_of not in (None, who)}
        return marked - self.case.agreed


def local(now: datetime) -> date:
    """The day in Norway at an instant."""
    return now.astimezone(ZoneInfo("Europe/Oslo")).date()
