"""Goals and measures, sealed for readers, and as aggregates for those who change them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.sealed import Sealed
from services.kernel.facts import Act
from services.relay_log.domain.log import Edit
from services.relay_log.domain.plan import Goal, Measure
from services.relay_log.storage.store import Record, Store, picking, rows_of_case
from services.relay_log.storage.tables import edits, goals, measures
from services.relay_log.storage.third_person import Mark, Words

_GOALS = rows_of_case(goals, goals.c.recorded_at, goals.c.goal_id)
_MEASURES = rows_of_case(measures, measures.c.recorded_at, measures.c.measure_id)
_goal = picking("goal_id", "version", "topic", "status", "recorded_at", "by_person_id", "needed_by_guardians")
_measure = picking(
    "measure_id", "goal_id", "version", "topic", "responsible_person_id", "is_childs_own", "arena", "deadline",
    "status", "effect", "replaced_by", "recorded_at", "needed_by_guardians",
)  # fmt: skip


class Edits(Store):
    """Who changed what of a thing that has versions (LG-8)."""

    def add_edit(self, thing_id: str, version: int, fields: Sequence[str], by: str, at: datetime) -> None:
        """Note a change."""
        self._insert(edits, [
            {"thing_id": thing_id, "version": version, "fields": list(fields), "by_person_id": by, "at": at}
        ])  # fmt: skip

    def edits(self, thing_id: str) -> list[Edit]:
        """All changes of a thing."""
        found = sa.select(edits.c.version, edits.c.fields).where(
            edits.c.municipality == self._municipality, edits.c.thing_id == thing_id
        )
        return [Edit(row.version, tuple(row.fields)) for row in self._conn.execute(found)]


class Plans(Edits):
    """The goals and measures of one municipality."""

    # ------------------------------------------------------------ to read

    def goals(self, case_id: str) -> list[Sealed[Record]]:
        """The goals of a case, oldest first."""
        return self._sealed_goals(self._rows(_GOALS, case_id))

    def _sealed_goals(self, rows: Sequence[Any]) -> list[Sealed[Record]]:
        agreed = self._agreed(rows)
        return [
            self._seal(
                Act.READ_PLAN, row, lambda row=row: self._goal(row, row.word_of in agreed),  # type: ignore[misc]
                row.changed_at, needed_by_guardians=row.needed_by_guardians,
                third_person=row.third_person, third_person_agrees=row.word_of in agreed,
            )
            for row in rows
        ]  # fmt: skip

    def as_read(self, thing: Goal | Measure) -> Sealed[Record]:
        """A goal or a measure, sealed, as it is kept."""
        if isinstance(thing, Goal):
            return self._sealed_goals([self._row(goals, "goal_id", thing.goal_id)])[0]
        return self.sealed([self._row(measures, "measure_id", thing.measure_id)])[0]

    def measures(self, case_id: str) -> list[Sealed[Record]]:
        """The measures of a case, oldest first."""
        return self.sealed(self._rows(_MEASURES, case_id))

    def sealed(self, rows: Sequence[Any]) -> list[Sealed[Record]]:
        """Rows of measures, sealed."""
        marks = self.marks(rows)
        return [
            self._seal(
                Act.READ_PLAN, row, lambda row=row: self._measure(row, marks[row.measure_id].agrees),  # type: ignore[misc]
                row.changed_at, needed_by_guardians=row.needed_by_guardians,
                third_person=row.third_person, third_person_agrees=marks[row.measure_id].agrees,
            )
            for row in rows
        ]  # fmt: skip

    def marks(self, rows: Sequence[Any]) -> dict[str, Mark]:
        """Of measures, by id, whom they tell of besides the child. A measure of a goal that tells of somebody shows
        with the goal: it waits for that person's word on both (GU-6)."""
        agreed = self._agreed(rows)
        of_goals = {
            goal.goal_id: goal.word_of
            for case_id in {row.case_id for row in rows if row.third_person}
            for goal in self._rows(_GOALS, case_id)
            if goal.third_person
        }
        return {
            row.measure_id: Mark(
                row.third_person,
                row.word_of in agreed and of_goals.get(row.goal_id, row.word_of) in agreed,
            )
            for row in rows
        }

    def marks_of(self, case_id: str) -> dict[str, Mark]:
        """Of the goals and measures of a case that tell of somebody besides the child, by id: whom, and whether that
        person agrees."""
        goals_now, measures_now = self._rows(_GOALS, case_id), self._rows(_MEASURES, case_id)
        agreed = self._agreed(goals_now)
        found = {row.goal_id: Mark(row.third_person, row.word_of in agreed) for row in goals_now}
        found |= self.marks(measures_now)
        return {thing_id: mark for thing_id, mark in found.items() if mark.third_person is not None}

    def mark(self, thing: Goal | Measure) -> Mark:
        """Whom a goal or a measure tells of besides the child, as it now is."""
        if thing.third_person is None:
            return Mark()
        agreed = self._words.agreed(thing.case_id)
        goal = self.goal(thing.case_id, thing.goal_id)
        with_goal = goal is None or goal.third_person is None or goal.word_of in agreed
        return Mark(thing.third_person, thing.word_of in agreed and with_goal)

    @property
    def _words(self) -> Words:
        return Words(self._conn, self._municipality, self._keys)

    def _agreed(self, rows: Iterable[Any]) -> Set[str]:
        """That to which third persons have agreed; not asked for where none of the rows tells of anybody else."""
        marked = {row.case_id for row in rows if row.third_person}
        return {each for case_id in marked for each in self._words.agreed(case_id)}

    def measure_rows(self, case_id: str) -> Sequence[Any]:
        """The rows of the measures, oldest first; their `what` is ciphertext."""
        return self._rows(_MEASURES, case_id)

    def due_of(self, case_ids: Sequence[str], person_id: str | None, until: date) -> Sequence[Any]:
        """Open measures of a responsible person (None: of the children themselves) with a deadline before or on
        `until`: ids, topic, deadline."""
        found = sa.select(measures).where(
            measures.c.municipality == self._municipality,
            measures.c.case_id.in_(case_ids),
            measures.c.responsible_person_id.is_not_distinct_from(person_id),
            measures.c.status.in_(["planned", "running"]),
            measures.c.deadline <= until,
        )
        return self._conn.execute(found).all()

    def _goal(self, row: Any, agrees: bool) -> Record:
        text = self._decrypt(row.case_id, "goal", row.goal_id, row.text)
        return {**_goal(row), "text": text, **_told_of(row, agrees)}

    def _measure(self, row: Any, agrees: bool) -> Record:
        what = self._decrypt(row.case_id, "measure", row.measure_id, row.what)
        return {**_measure(row), "what": what, **_told_of(row, agrees)}

    # ------------------------------------------------------------ to change

    def goal(self, case_id: str, goal_id: str) -> Goal | None:
        """A goal of the case, or None."""
        row = self._row(goals, "goal_id", goal_id)
        if row is None or row.case_id != case_id:
            return None
        return Goal(
            row.goal_id, row.case_id, row.topic, row.status, row.version, row.third_person, row.word_of
        )

    def measure(self, case_id: str, measure_id: str) -> Measure | None:
        """A measure of the case, or None."""
        row = self._row(measures, "measure_id", measure_id)
        return None if row is None or row.case_id != case_id else measure_of(row)

    def add_goal(self, goal: Goal, text: str, by: str, at: datetime) -> None:
        """Keep a new goal."""
        self._insert(goals, [
            {"goal_id": goal.goal_id, "case_id": goal.case_id, "topic": goal.topic,
             "text": self._encrypt(goal.case_id, "goal", goal.goal_id, text),
             "status": goal.status, "version": goal.version,
             "recorded_at": at, "changed_at": at, "by_person_id": by, "needed_by_guardians": False,
             "third_person": goal.third_person, "word_of": goal.word_of}
        ])  # fmt: skip

    def save_goal(self, goal: Goal, text: str | None, changed: Sequence[str], by: str, at: datetime) -> None:
        """Keep a change; measures bear the goal's topic."""
        values: dict[str, Any] = {
            "topic": goal.topic, "status": goal.status, "version": goal.version, "changed_at": at,
            "third_person": goal.third_person, "word_of": goal.word_of,
        }  # fmt: skip
        if text is not None:
            values["text"] = self._encrypt(goal.case_id, "goal", goal.goal_id, text)
        self._update(goals, "goal_id", goal.goal_id, values)
        self.add_edit(goal.goal_id, goal.version, changed, by, at)

    def add_measure(self, measure: Measure, what: str, by: str, at: datetime) -> None:
        """Keep a new measure."""
        self._insert(measures, [
            {"measure_id": measure.measure_id,
             "what": self._encrypt(measure.case_id, "measure", measure.measure_id, what),
             "is_childs_own": measure.is_childs_own, "case_id": measure.case_id, "goal_id": measure.goal_id,
             "topic": measure.topic, "recorded_at": at, "by_person_id": by, "needed_by_guardians": False,
             **_state(measure, at)}
        ])  # fmt: skip

    def save_measure(
        self, measure: Measure, what: str | None, changed: Sequence[str], by: str, at: datetime
    ) -> None:
        """Keep a change."""
        values = {"topic": measure.topic, **_state(measure, at)}
        if what is not None:
            values["what"] = self._encrypt(measure.case_id, "measure", measure.measure_id, what)
        self._update(measures, "measure_id", measure.measure_id, values)
        self.add_edit(measure.measure_id, measure.version, changed, by, at)


def measure_of(row: Any) -> Measure:
    """The aggregate of a row."""
    return Measure(
        row.measure_id, row.case_id, row.goal_id, row.topic, row.responsible_person_id, row.is_childs_own, row.arena,
        row.deadline, row.status, row.effect, row.replaced_by, row.version, row.third_person, row.word_of,
    )  # fmt: skip


def _state(measure: Measure, at: datetime) -> dict[str, Any]:
    return {
        "responsible_person_id": measure.responsible,
        "arena": measure.arena,
        "deadline": measure.deadline,
        "status": measure.status,
        "effect": measure.effect,
        "replaced_by": measure.replaced_by,
        "version": measure.version,
        "changed_at": at,
        "third_person": measure.third_person,
        "word_of": measure.word_of,
    }


def _told_of(row: Any, agrees: bool) -> Record:
    return {
        "item_id": row.word_of if row.third_person else None,
        "third_person": row.third_person,
        "third_person_agrees": agrees,
    }
