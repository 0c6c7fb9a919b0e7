"""Ask the one decision (CO-8) about a case, note it in the access record, and open what it allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from services.chassis.access.facts import load_facts_of
from services.chassis.actor import Actor
from services.chassis.sealed import About, Grant, SealBroken, Sealed
from services.contracts.cases import HIDDEN_PERSON, HIDDEN_SERVICE, HIDDEN_UNIT
from services.kernel import access as kernel
from services.kernel.errors import Forbidden, NotFound
from services.kernel.facts import Act, Audience, Capacity, Decision, Facts, Question
from services.kernel.overview import reads_history
from services.kernel.parties import NoStanding, Party
from services.kernel.places import sees_places, tells_name, tells_service

T = TypeVar("T")

NO_SUCH_CASE = Decision(False, "SE-3", "no_tie_to_case", sees_thing=False)
"""As for a case that the asker may not know of: the two answers are the same to the letter."""

_PARTS = {
    Party.OWNER: "owner",
    Party.OWN_LEADER: "leader",
    Party.OTHER_LEADER: "leader",
    Party.OWN_HOLDER: "holder",
    Party.OTHER_HOLDER: "holder",
    Party.OWN_PARTICIPANT: "participant",
    Party.OTHER_PARTICIPANT: "participant",
    Party.OWN_RECEIVER: "participant",
    Party.OTHER_RECEIVER: "participant",
    Party.GUARDIAN: "guardian",
    Party.LIMITED_GUARDIAN: "guardian",
    Party.CARE: "child_protection",
    Party.NAMED: "guardian",
    Party.CHILD: "self",
    Party.EMERGENCY: "emergency",
}


class Occasion(Protocol):
    """On what a decision is asked: what it needs of the chassis' UnitOfWork and Reading."""

    conn: Any
    settings: Any
    actor: Actor
    municipality: str
    now: datetime

    def access(
        self,
        rule: str,
        what: str,
        case_id: str | None = None,
        person_id: str | None = None,
        allowed: bool = True,
        reason: str = "",
    ) -> None:
        """Note a line of the access record (SE-1)."""
        ...


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a decision is asked: a person in one capacity, as of one unit if an employee."""

    person_id: str
    capacity: Capacity
    unit_id: str | None = None

    @classmethod
    def of(cls, actor: Actor) -> Asker:
        """The one who acts. Services and the anonymous are no person: they have no tie to any case."""
        return cls(actor.person_id or "", Capacity(actor.capacity), actor.unit_id)


class CaseAccess:
    """One case and one asker, with the facts as they were when it was made: many questions for one load.

    Make it anew after a change of the facts in the same transaction. `facts` is None when there is no such
    case.
    """

    def __init__(self, context: Occasion, case_id: str, facts: Facts | None, asker: Asker) -> None:
        self._context = context
        self.case_id = case_id
        self.facts = facts
        self.asker = asker
        self._deciding = kernel.Deciding(facts) if facts is not None else None
        self._by_time: dict[Act, bool] = {}
        self._answers: dict[tuple[object, ...], Decision] = {}
        self._sees_places: bool | None = None

    @property
    def known_facts(self) -> Facts:
        """The facts, for who goes on after `require`; raises NotFound where there is no such case."""
        if self.facts is None:
            raise NotFound
        return self.facts

    def decide(
        self,
        act: Act,
        topic: str | None = None,
        recorded_at: datetime | None = None,
        audience: Audience = Audience.READER,
    ) -> Decision:
        """The answer to one question, not noted: for what a screen offers. To show or do, use the others."""
        return self._decide(self._about(act, topic, recorded_at, audience))

    def may(self, act: Act, topic: str | None = None) -> bool:
        """Whether `decide` would allow it now, for less: for what a screen offers."""
        return self._deciding is not None and self._deciding.allows(self._asked(act, topic))

    def require(
        self,
        act: Act,
        topic: str | None = None,
        recorded_at: datetime | None = None,
        audience: Audience = Audience.READER,
    ) -> Grant:
        """The grant to do `act`, noted in the access record (SE-1).

        Raises NotFound where the asker may not know of the case, else Forbidden with rule and code.
        """
        return self._require(self._about(act, topic, recorded_at, audience))

    def open(self, sealed: Sealed[T]) -> T:
        """One sealed record, if the asker may read it; raises as `require` does."""
        self._check(sealed.about)
        return sealed.open(self._require(sealed.about))

    def may_open(self, about: About) -> bool:
        """Whether the asker may read the record that this is about, not noted: for what a screen offers."""
        self._check(about)
        return self._decide(about).allowed

    def open_allowed(self, act: Act, items: Iterable[Sealed[T]]) -> list[T]:
        """The records among `items` that the asker may read, in order; the others are left out unread.

        One line is noted for each rule that opened some, and as what. Raises SealBroken for one of another case or act.
        """
        opened: list[T] = []
        by: dict[tuple[str, str], Decision] = {}
        for item in items:
            about = item.about
            self._check(about)
            if about.act is not act:
                raise SealBroken(f"a record to be read by {about.act} was asked for by {act}")
            decision = self._decide(about)
            if decision.allowed:
                by[decision.rule, decision.reason_code] = decision
                opened.append(item.open(Grant._mint(about, decision)))
        for _, decision in sorted(by.items(), key=lambda each: each[0]):
            self._note(decision, act)
        return opened

    def permitted(self, acts: Iterable[Act] = Act) -> list[Act]:
        """Which of these acts the asker may do now, of those that bear no topic: for screens."""
        return [act for act in acts if self.may(act)]

    def readable_topics(
        self, act: Act = Act.READ_LOG_ITEM, recorded_at: datetime | None = None
    ) -> frozenset[str]:
        """The topics of which the asker may read what was recorded at that time (None: now)."""
        if self._deciding is None:
            return frozenset()
        return self._deciding.readable_topics(self._asked(act, None, recorded_at))

    @property
    def part(self) -> str | None:
        """As what the asker stands to the case, in the words of contracts.cases.PARTS: who holds it is the holder above
        all, else the strongest tie; None when there is none."""
        if self._deciding is None:
            return None
        ties = self._deciding.standings(self._asked(Act.SEE_CASE))
        if isinstance(ties, NoStanding):
            return None
        parts = [_PARTS[tie.party] for tie in ties]
        return "holder" if "holder" in parts else parts[0]

    @property
    def sees_places(self) -> bool:
        """PR-6: whether the asker may be shown units and meeting places of this case."""
        if self._sees_places is None:
            self._sees_places = self.facts is not None and sees_places(self._asked(Act.SEE_CASE), self.facts)
        return self._sees_places

    def tells_name(self, person_id: str | None) -> bool:
        """PR-6: whether the asker is told by name that this person did, or read, something in the case."""
        if person_id is None or self.facts is None:
            return False
        if self.sees_places:
            return True
        return tells_name(self._asked(Act.SEE_CASE), self.facts, person_id)

    def named(self, person_id: str) -> str:
        """PR-6: who did something, or HIDDEN_PERSON where the asker is not told by name."""
        return person_id if self.tells_name(person_id) else HIDDEN_PERSON

    def unit(self, unit_id: str) -> str:
        """PR-6: a unit, or HIDDEN_UNIT where the asker is shown no places."""
        return unit_id if self.sees_places else HIDDEN_UNIT

    def tells_service(self, service_id: str) -> bool:
        """PR-6: whether the asker is told that this service has to do with the subject."""
        if self.facts is None:
            return False
        return self.sees_places or tells_service(self._asked(Act.SEE_CASE), self.facts, service_id)

    def service(self, service_id: str) -> str:
        """PR-6: a service, or HIDDEN_SERVICE where the asker is not told of it."""
        return service_id if self.tells_service(service_id) else HIDDEN_SERVICE

    @property
    def reads_history(self) -> bool:
        """GU-2, GU-4: whether the asker is told all that happened in the case, or its overview alone."""
        return self.facts is not None and reads_history(self._asked(Act.SEE_CASE), self.facts)

    def decide_in_any_capacity(
        self,
        act: Act,
        topic: str | None = None,
        recorded_at: datetime | None = None,
        third_person: str | None = None,
    ) -> Decision:
        """NO-6: whether a message about this may go to the asker, who is not here to choose a capacity. `third_person`:
        of whom it tells who has not agreed to show it (GU-6)."""
        about = self._about(act, topic, recorded_at, Audience.NOTIFICATION)._replace(
            third_person=third_person
        )
        if self.facts is None:
            return NO_SUCH_CASE
        return kernel.decide_in_any_capacity(self._question(about), self.facts)

    def _about(self, act: Act, topic: str | None, recorded_at: datetime | None, audience: Audience) -> About:
        place = self._context.municipality
        return About(place, self.case_id, Act(act), topic, recorded_at, audience=audience)

    def _asked(
        self,
        act: Act,
        topic: str | None = None,
        recorded_at: datetime | None = None,
        audience: Audience = Audience.READER,
    ) -> Question:
        """The asker's question, now, about what has none of a record's marks. Every act that a page offers is asked
        about, so it is filled by place, which takes half the time that names do (a test holds the order)."""
        context, asker = self._context, self.asker
        return Question(
            context.municipality, asker.person_id, asker.capacity, act, context.now, asker.unit_id, topic,
            recorded_at, audience,
        )  # fmt: skip

    def _question(self, about: About) -> Question:
        """The asker's question, now, about a record with its marks."""
        context, asker = self._context, self.asker
        return Question(
            municipality=context.municipality,
            person_id=asker.person_id,
            capacity=asker.capacity,
            unit_id=asker.unit_id,
            act=about.act,
            now=context.now,
            topic=about.topic,
            recorded_at=about.recorded_at,
            audience=about.audience,
            given_apart=about.given_apart,
            child_agrees=about.child_agrees,
            needed_by_guardians=about.needed_by_guardians,
            third_person=about.third_person,
            third_person_agrees=about.third_person_agrees,
            signed_by=about.signed_by,
        )

    def _decide(self, about: About) -> Decision:
        """The decision on a record. Records that differ in nothing but when they were recorded are decided once, where
        the decision does not look at that (Deciding.by_time). What was answered is kept no longer than the facts that
        it rests on: with this object, of which each reading has its own (CO-8, CO-10)."""
        if self._deciding is None:
            return NO_SUCH_CASE
        by_time = self._by_time.get(about.act)
        if by_time is None:
            by_time = self._by_time[about.act] = self._deciding.by_time(self._asked(about.act))
        key = about if by_time else about.but_its_time
        decision = self._answers.get(key)
        if decision is None:
            decision = self._answers[key] = self._deciding.decide(self._question(about))
        return decision

    def _require(self, about: About) -> Grant:
        decision = self._decide(about)
        if self.facts is not None:
            self._note(decision, about.act)
        if decision.allowed:
            return Grant._mint(about, decision)
        if not decision.sees_thing:
            raise NotFound()
        raise Forbidden(decision.sentence, code=decision.reason_code, rule=decision.rule)

    def _check(self, about: About) -> None:
        if (about.municipality, about.case_id) != (self._context.municipality, self.case_id):
            raise SealBroken(f"a record of case {about.case_id} was asked for by way of {self.case_id}")

    def _note(self, decision: Decision, act: Act) -> None:
        subject = self.facts.case.subject_person if self.facts else None
        self._context.access(
            decision.rule, act.value, self.case_id, subject, decision.allowed, decision.reason_code
        )


def of(context: Occasion, case_id: str, asker: Asker | None = None) -> CaseAccess:
    """The access of the one who acts (or of `asker`: for senders, NO-6) to a case."""
    return of_many(context, [case_id], asker)[0]


def of_many(context: Occasion, case_ids: Sequence[str], asker: Asker | None = None) -> list[CaseAccess]:
    """As `of`, for many cases with no more queries, in the order given."""
    who = asker or Asker.of(context.actor)
    facts = load_facts_of(
        context.conn, context.municipality, case_ids, who.person_id, context.now, context.settings.service
    )
    return [CaseAccess(context, case_id, facts.get(case_id), who) for case_id in case_ids]


def decide(
    context: Occasion,
    case_id: str,
    act: Act,
    topic: str | None = None,
    recorded_at: datetime | None = None,
    audience: Audience = Audience.READER,
) -> Decision:
    """One question about one case; see CaseAccess.decide. Use `of` for more than one."""
    return of(context, case_id).decide(act, topic, recorded_at, audience)


def require(
    context: Occasion,
    case_id: str,
    act: Act,
    topic: str | None = None,
    recorded_at: datetime | None = None,
    audience: Audience = Audience.READER,
) -> Grant:
    """The grant for one act in one case; see CaseAccess.require."""
    return of(context, case_id).require(act, topic, recorded_at, audience)


def open_allowed(context: Occasion, case_id: str, act: Act, items: Iterable[Sealed[T]]) -> list[T]:
    """The records that the one who acts may read; see CaseAccess.open_allowed."""
    return of(context, case_id).open_allowed(act, items)
