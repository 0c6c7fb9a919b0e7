"""The shapes in which the access decision is asked and answered (CO-8): question, facts, decision.

Every service fills the facts from what it knows and asks `services.kernel.access.decide`. All times are aware
instants; all spans are half-open: in force from `valid_from`, no longer at `valid_to` (None: no end set)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from services.kernel.policies import Policy
from services.kernel.sentences import sentence_of


class Act(StrEnum):
    """What somebody wants to do with a case. The table in access.py says who may."""

    SEE_CASE = "see_case"  # the overview: level, holder, next step
    READ_NOTES = "read_notes"  # level-0 notes: concern, observations, talk
    WRITE_NOTES = "write_notes"  # the level-0 work, the talk's record included
    READ_PLAN = "read_plan"  # one goal or measure (bears a topic)
    READ_LOG_ITEM = "read_log_item"  # one entry, minute item or evaluation (bears a topic)
    READ_VIEW = "read_view"  # the child's own view (bears a topic)
    READ_CONSENT = "read_consent"  # requests and answers, not what they open (a line bears a topic)
    READ_REPORT = "read_report"  # the report's frame; its items are asked for one by one
    WRITE_PLAN = "write_plan"  # goals and measures
    WRITE_LOG = "write_log"  # entries, minutes, evaluations, views
    MANAGE = "manage"  # the holder's acts: meetings, participants, agenda (HO-7)
    DECIDE_LEVEL = "decide_level"
    PROPOSE_HANDOVER = "propose_handover"
    ANSWER_HANDOVER = "answer_handover"
    REQUEST_CONSENT = "request_consent"
    NAME_PERSON = "name_person"  # the subject asks themselves whether a parent may read (AG-5, GU-2)
    SIGN_CONSENT = "sign_consent"  # grant or refuse
    WITHDRAW_CONSENT = "withdraw_consent"
    REGISTER_CONSENT = "register_consent"  # another's answer, given on paper or by word of mouth
    READ_EVIDENCE = "read_evidence"  # the scan, and the place in the journal, of one such answer
    COMMENT = "comment"  # family and participants, to the holder (LG-7)
    CLOSE = "close"
    END_LOG = "end_log"  # the family's own act (LG-11)
    REOPEN = "reopen"
    GIVE_FEEDBACK = "give_feedback"
    KEEP_FAMILY = "keep_family"  # ask the register again; register and verify papers (GU-3)
    REGISTER_BIRTH = "register_birth"  # of the child, on the case of its mother
    READ_ACCESS = "read_access"  # who has looked (SE-2)


class Capacity(StrEnum):
    """As whom a person acts: a choice made at login, never a permission."""

    EMPLOYEE = "employee"
    GUARDIAN = "guardian"
    SELF = "self"
    SERVICE = "service"
    ANONYMOUS = "anonymous"
    SYSTEM = "system"  # another system, for one of the municipality's services; nobody logs in as this


class Role(StrEnum):
    """What the directory says of an employee in a unit."""

    EMPLOYEE = "employee"
    LEADER = "leader"
    COORDINATOR = "coordinator"
    CHILD_PROTECTION = "child_protection"
    ADMIN = "admin"


class Audience(StrEnum):
    """Where the answer goes. The first four are one person's own reading; `OUTSIDE` is a system of others, told
    for the service that it acts for; statistics are denied until they have rules."""

    READER = "reader"
    EXPORT = "export"
    SEARCH = "search"
    NOTIFICATION = "notification"
    STATISTIC = "statistic"
    OUTSIDE = "outside"


SOMEBODY = "somebody"
"""A third person who has no id here, such as a sibling (GU-6)."""


class Question(NamedTuple):
    """Who wants to do what, when. `unit_id`: the unit chosen by an employee, or the one for which an outside
    system acts; `service_id`: the service for which it does. `topic` and `recorded_at`: the item's, where the
    act is on one item; an item whose time is not given counts as recorded now (the strictest).

    The flags say of the item: given by the child apart from the guardians, and whether the child agrees to show it
    (LG-5); marked by the holder as needed for parental responsibility (AG-6).

    `third_person`: of whom the item tells besides the subject, a sibling or a parent's own health, and whether that
    person has agreed to show it (GU-6). `signed_by`: whose answer it is that a piece of evidence
    proves (CO-6), or on which a line of a request for consent rests (AG-6)."""

    municipality: str
    person_id: str
    capacity: Capacity
    act: Act
    now: datetime
    unit_id: str | None = None
    topic: str | None = None
    recorded_at: datetime | None = None
    audience: Audience = Audience.READER
    given_apart: bool = False
    child_agrees: bool = False
    needed_by_guardians: bool = False
    service_id: str | None = None
    third_person: str | None = None
    third_person_agrees: bool = False
    signed_by: str | None = None

    def on(self, act: Act, topic: str | None) -> Question:
        """The same question about another act and topic."""
        return self._replace(act=act, topic=topic)


@dataclass(frozen=True, slots=True)
class Post:
    """An employee at work in a unit of a service."""

    person_id: str
    unit_id: str
    service_id: str


@dataclass(frozen=True, slots=True)
class Holder:
    """The relay holder, or the one to whom a handover is proposed; `active` ends with employment or role
    (HO-6)."""

    person_id: str
    unit_id: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the cases service tells of a case. `state`: "open" or "closed". `frozen`: the last consent ended
    (LG-1)."""

    case_id: str
    municipality: str
    owner_unit: str
    owner_service: str
    owner_person: str
    subject_person: str
    level: int
    state: str = "open"
    holder: Holder | None = None
    proposed_holder: Holder | None = None
    talk_recorded: bool = False
    frozen: bool = False

    @property
    def closed(self) -> bool:
        return self.state == "closed"


@dataclass(frozen=True, slots=True)
class ParticipantFact:
    """One person whom the holder brought in, for one service; `may_write`: the holder lets them write
    (HO-7)."""

    person_id: str
    unit_id: str
    service_id: str
    valid_from: datetime
    valid_to: datetime | None = None
    may_write: bool = False


@dataclass(frozen=True, slots=True)
class WindowFact:
    """An access window: consent opens one topic to one service in a span of time (CO-1)."""

    service_id: str
    topic: str
    valid_from: datetime
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonWindowFact:
    """Consent that names a person: a parent without responsibility, or a parent of a young adult (GU-2,
    AG-5)."""

    person_id: str
    topic: str
    valid_from: datetime
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class GuardianFact:
    """A tie between an adult and the subject. `responsibility`: parental responsibility; `verified`: by
    register or papers (GU-3)."""

    person_id: str
    relation: str
    responsibility: bool
    verified: bool
    valid_from: datetime
    valid_to: datetime | None = None


class GuardiansSee(StrEnum):
    """What child protection lets the guardians see while a care order is in force (GU-4)."""

    NOTHING = "nothing"
    OVERVIEW = "overview"  # that there is a case, its level and next step
    TOPICS = "topics"  # the overview, and plan and log of the topics named


@dataclass(frozen=True, slots=True)
class CareOrderFact:
    """A care order: the unit of child protection that answers in the guardians' place, and what it lets them see
    (GU-4). `set_by`: the employee who registered it, or changed it last."""

    unit_id: str
    set_by: str
    valid_from: datetime
    valid_to: datetime | None = None
    guardians_see: GuardiansSee = GuardiansSee.NOTHING
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EmergencyFact:
    """An employee opened the case by stating an emergency; it ends by itself (SE-3)."""

    person_id: str
    unit_id: str
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class RoleFact:
    """What the directory says of a person in a unit, and of which service the unit is."""

    person_id: str
    unit_id: str
    service_id: str
    role: Role
    valid_from: datetime
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """How old the facts are: `as_of` the oldest of the consent, people and staff streams (None: never heard);
    `parked`: one of this case's events on them waits or is missing (CO-9). The owner of a fact knows it as of
    now."""

    as_of: datetime | None
    parked: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the decision rests on, for one case and one asker. `roles` and `emergencies` need hold the asker's
    only. `consented`: the signers (persons, or the unit of child protection) who have ever said yes to sharing.
    `led`: somebody who may act leads the owning unit; looked up for a coordinator alone, whose turn it is where nobody
    does (HO-6). `spread`: the services known to have more than one unit at work, so that to name one tells no
    workplace; looked up where the address is protected alone (PR-6). `unlinked`: employees whom the register ties to
    the subject and who are linked nowhere, since an address is protected (PR-6): of the family, and no more than that.
    `office_knowledge`: how old the facts are without those of consent and the log; None: as all."""

    case: CaseFacts
    subject_birth_date: date | None
    knowledge: Knowledge
    participants: tuple[ParticipantFact, ...] = ()
    windows: tuple[WindowFact, ...] = ()
    person_windows: tuple[PersonWindowFact, ...] = ()
    guardians: tuple[GuardianFact, ...] = ()
    care_orders: tuple[CareOrderFact, ...] = ()
    emergencies: tuple[EmergencyFact, ...] = ()
    consented: frozenset[str] = frozenset()
    unlinked: frozenset[str] = frozenset()
    roles: tuple[RoleFact, ...] = ()
    address_grade: int = 0
    policy: Policy = field(default_factory=Policy)
    led: bool = True
    spread: frozenset[str] = frozenset()
    office_knowledge: Knowledge | None = None

    @property
    def address_protected(self) -> bool:
        """PR-6: grades 6 and 7."""
        return self.address_grade in (6, 7)


CONSENT_NOT_KNOWN = "consent_status_not_known"
"""The reason code of CO-9."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: `rule` allowed or refused it, `reason_code` is stable, `sentence` says it in words, `sees_thing`
    tells 403 (True) from 404 (False)."""

    allowed: bool
    rule: str
    reason_code: str
    sees_thing: bool

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def waits(self) -> bool:
        """Whether it is refused only until the consent status is known again: to be asked anew (CO-9)."""
        return self.reason_code == CONSENT_NOT_KNOWN

    @property
    def sentence(self) -> str:
        """Why, in words that a person understands (English)."""
        return sentence_of(self.reason_code)


class Spanning(Protocol):
    """Anything with a half-open span of time."""

    @property
    def valid_from(self) -> datetime: ...

    @property
    def valid_to(self) -> datetime | None: ...


def in_force(thing: Spanning, now: datetime) -> bool:
    """Whether a span holds at an instant: from its first instant, no longer at its end (CO-1, CO-10)."""
    return thing.valid_from <= now and (thing.valid_to is None or now < thing.valid_to)
