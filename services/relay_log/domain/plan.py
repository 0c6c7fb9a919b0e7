"""Goals and measures: how they change, how they end, and what makes the plan complete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.kernel.calendar import age_on
from services.kernel.errors import InvalidInput
from services.kernel.facts import Facts
from services.relay_log.domain.errors import GoalNotActive, MeasureNotOpen, MeasureWithoutEffect
from services.relay_log.domain.log import demand_coming

OPEN = frozenset({"planned", "running"})
SCHOOL_AGE, SCHOOL_START, SCHOOL_END = 6, (8, 1), 19
KINDERGARTEN_AGE = 1


def word_of(thing_id: str, version: int) -> str:
    """For what a third person's word on a goal or measure is kept: for its text as of a version. A new text is another
    thing to agree to (GU-6)."""
    return f"{thing_id}:{version}"


def marked(now: str | None, given: str | None) -> bool:
    """GU-6: whether a mark is set that was not there. Once set it is neither moved nor taken away: whoever it tells of
    would lose their say without having had it."""
    if given is None or given == now:
        return False
    if now is not None:
        raise InvalidInput(fields={"third_person": "already_marked"}, rule="GU-6")
    return True


def asks_anew(changed: Iterable[str]) -> bool:
    """GU-6: whether a change of these fields makes it another thing for the third person to agree to."""
    return bool({"text", "what", "third_person"} & set(changed))


@dataclass(slots=True)
class Goal:
    """What is to be better. Its text is ciphertext, and no matter of rules; its topic is that of all its measures."""

    goal_id: str
    case_id: str
    topic: str
    status: str
    version: int
    third_person: str | None = None
    word_of: str | None = None

    def __post_init__(self) -> None:
        self.word_of = self.word_of or word_of(self.goal_id, self.version)

    def change(
        self, *, topic: str | None, status: str | None, text: bool, third_person: str | None = None
    ) -> tuple[str, ...]:
        """Change what is given (`text`: whether a new text is); the names of the fields that are others now."""
        changed = ["text"] if text else []
        if marked(self.third_person, third_person):
            self.third_person = third_person
            changed.append("third_person")
        if topic is not None and topic != self.topic:
            self.topic = topic
            changed.append("topic")
        if status is not None and status != self.status:
            self.status = status
            changed.append("status")
        if changed:
            self.version += 1
        if asks_anew(changed):
            self.word_of = word_of(self.goal_id, self.version)
        return tuple(changed)


@dataclass(slots=True)
class Measure:
    """What is done for a goal, by whom, where, until when. `responsible` None: the child itself."""

    measure_id: str
    case_id: str
    goal_id: str
    topic: str
    responsible: str | None
    is_childs_own: bool
    arena: str
    deadline: date
    status: str = "planned"
    effect: str | None = None
    replaced_by: str | None = None
    version: int = 1
    third_person: str | None = None
    word_of: str | None = None

    def __post_init__(self) -> None:
        self.word_of = self.word_of or word_of(self.measure_id, self.version)

    @classmethod
    def of(
        cls,
        measure_id: str,
        goal: Goal,
        *,
        responsible: str | None,
        is_childs_own: bool,
        arena: str,
        deadline: date,
        today: date,
        third_person: str | None = None,
    ) -> Measure:
        """LG-2: a measure belongs to an active goal and bears its topic; without a responsible one it is the child's
        own. Its deadline lies ahead. GU-6: it tells of whom its goal tells."""
        if goal.status != "active":
            raise GoalNotActive
        demand_coming(deadline, today, "deadline", "LG-2")
        own = is_childs_own or responsible is None
        if goal.third_person is not None and third_person not in (None, goal.third_person):
            raise InvalidInput(fields={"third_person": "goal_tells_of_another"}, rule="GU-6")
        return cls(
            measure_id, goal.case_id, goal.goal_id, goal.topic, responsible, own, arena, deadline,
            third_person=goal.third_person or third_person,
        )  # fmt: skip

    def bear(self, third_person: str | None) -> tuple[str, ...]:
        """GU-6: tell of whom the goal tells from now on; the names of the fields that are others now."""
        if third_person is None or third_person == self.third_person:
            return ()
        if self.third_person is not None:
            raise InvalidInput(fields={"third_person": "measure_tells_of_another"}, rule="GU-6")
        self.third_person, self.version = third_person, self.version + 1
        self.word_of = word_of(self.measure_id, self.version)
        return ("third_person",)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.status in OPEN

    def change(
        self,
        *,
        what: bool,
        responsible: str | None,
        arena: str | None,
        deadline: date | None,
        status: str | None,
        effect: str | None,
        today: date,
        third_person: str | None = None,
    ) -> tuple[str, ...]:
        """Change what is given; the names of the fields that are others now. A measure is replaced by an evaluation,
        never by an edit, and what has ended stands as it is (LV-10)."""
        self.demand_open()
        if status == "replaced":
            raise InvalidInput(fields={"status": "replaced_by_evaluation"}, rule="LV-10")
        if deadline is not None and deadline != self.deadline:
            demand_coming(deadline, today, "deadline", "LG-2")
        changed = ["what"] if what else []
        if marked(self.third_person, third_person):
            self.third_person = third_person
            changed.append("third_person")
        given = {
            "responsible": responsible,
            "arena": arena,
            "deadline": deadline,
            "status": status,
            "effect": effect,
        }
        for name, value in given.items():
            if value is not None and value != getattr(self, name):
                setattr(self, name, value)
                changed.append("responsible_person_id" if name == "responsible" else name)
        self._demand_effect()
        if changed:
            self.version += 1
        if asks_anew(changed):
            self.word_of = word_of(self.measure_id, self.version)
        return tuple(changed)

    def conclude(self, status: str, effect: str, replaced_by: str | None = None) -> tuple[str, ...]:
        """What an evaluation makes of it (LV-10); the names of the changed fields."""
        self.demand_open()
        self.status, self.effect, self.replaced_by = status, effect, replaced_by
        self._demand_effect()
        self.version += 1
        return ("status", "effect", *(("replaced_by",) if replaced_by else ()))

    def demand_open(self) -> None:
        """Only what is open is changed or evaluated."""
        if not self.is_open:
            raise MeasureNotOpen(measure_ids=[self.measure_id])

    def _demand_effect(self) -> None:
        """LV-10: a measure without effect is ended or replaced, never left open."""
        if self.effect == "none" and self.is_open:
            raise MeasureWithoutEffect(measure_ids=[self.measure_id])


def arenas_of(birth_date: date, today: date) -> tuple[str, ...]:
    """LG-3: where a child of that age is in its week: at home always; in kindergarten from its first birthday; at
    school from August of the year in which it turns six, until it is nineteen."""
    arenas = ["home"]
    starts_school = date(birth_date.year + SCHOOL_AGE, *SCHOOL_START)
    if today >= starts_school:
        if age_on(birth_date, today) < SCHOOL_END:
            arenas.append("school")
    elif age_on(birth_date, today) >= KINDERGARTEN_AGE:
        arenas.append("kindergarten")
    return tuple(arenas)


def arenas_without_measure(measures: Iterable[Measure], facts: Facts, today: date) -> tuple[str, ...]:
    """LG-3: the arenas of the child that no open measure cares for. Shown, and forbids nothing."""
    if facts.subject_birth_date is None:
        return ()
    cared_for = {measure.arena for measure in measures if measure.is_open}
    return tuple(arena for arena in arenas_of(facts.subject_birth_date, today) if arena not in cared_for)


def childs_own_missing(measures: Iterable[Measure]) -> bool:
    """LG-3: one of the measures is the child's own."""
    return not any(measure.is_childs_own and measure.is_open for measure in measures)


def near(day: date, today: date, days: int) -> bool:
    """Whether a day is overdue, or at most so many days ahead."""
    return (day - today).days <= days
