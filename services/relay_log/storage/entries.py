"""What is only added to: evaluations, entries, and the child's own view."""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.access_record import reader_index
from services.chassis.sealed import Sealed
from services.kernel.facts import Act
from services.relay_log.domain.entries import Entry
from services.relay_log.domain.evaluation import Judged
from services.relay_log.storage.plan import Plans
from services.relay_log.storage.store import Record, Store, picking, rows_of_case
from services.relay_log.storage.tables import entries, evaluations, metadata, outcomes, views
from services.relay_log.storage.third_person import Mark, Words

_EVALUATIONS = rows_of_case(evaluations, evaluations.c.recorded_at, evaluations.c.evaluation_id)
_OUTCOMES = rows_of_case(outcomes, outcomes.c.number)
_ENTRIES = rows_of_case(entries, entries.c.recorded_at, entries.c.entry_id)
_VIEWS = rows_of_case(views, views.c.recorded_at, views.c.view_id)
_entry = picking("entry_id", "kind", "root", "topic", "corrects", "by_person_id", "by_capacity", "recorded_at",
                 "needed_by_guardians")  # fmt: skip
_view = picking(
    "view_id",
    "topic",
    "occasion",
    "missing",
    "given",
    "guardians_may_see",
    "recorded_at",
    "by_person_id",
)


class Entries(Store):
    """The evaluations, entries and views of one municipality."""

    # ------------------------------------------------------------ evaluations

    def evaluations(self, case_id: str) -> tuple[list[Record], list[Sealed[Record]]]:
        """The evaluations of a case, oldest first, bare of what they decided; and that, outcome by outcome."""
        found = self._rows(_EVALUATIONS, case_id)
        at = {row.evaluation_id: row.recorded_at for row in found}
        frames = [
            {"evaluation_id": row.evaluation_id, "recorded_at": row.recorded_at, "by_person_id": row.by_person_id,
             "next_evaluation_on": row.next_evaluation_on}
            for row in found
        ]  # fmt: skip
        marks = self.outcome_marks(case_id) if found else {}
        decided = [
            self._seal(
                Act.READ_LOG_ITEM, row, lambda row=row: self._outcome(row), at[row.evaluation_id],  # type: ignore[misc]
                third_person=marks[row.measure_id].third_person,
                third_person_agrees=marks[row.measure_id].agrees,
            )
            for row in (self._rows(_OUTCOMES, case_id) if found else ())
        ]  # fmt: skip
        return frames, decided

    def outcome_marks(self, case_id: str) -> dict[str, Mark]:
        """GU-6: by measure, whom its outcomes tell of: as the measure does, and as the one that replaced it, whose
        words they hold too."""
        plans = Plans(self._conn, self._municipality, self._keys)
        rows = plans.measure_rows(case_id)
        marks = plans.marks(rows)
        found = {}
        for row in rows:
            both = [marks[row.measure_id], *([marks[row.replaced_by]] if row.replaced_by else [])]
            told = [mark for mark in both if mark.third_person is not None]
            found[row.measure_id] = (
                Mark(told[0].third_person, all(mark.agrees for mark in told)) if told else Mark()
            )
        return found

    def add_evaluation(
        self,
        evaluation_id: str,
        case_id: str,
        judged: Sequence[Judged],
        comments: Sequence[str | None],
        next_evaluation_on: date | None,
        by: str,
        at: datetime,
    ) -> None:
        """Keep an evaluation with what it decided."""
        self._insert(evaluations, [
            {"evaluation_id": evaluation_id, "case_id": case_id, "recorded_at": at, "by_person_id": by,
             "next_evaluation_on": next_evaluation_on}
        ])  # fmt: skip
        self._insert(outcomes, [
            {"evaluation_id": evaluation_id, "measure_id": each.measure.measure_id, "number": number,
             "case_id": case_id, "topic": each.measure.topic, "outcome": each.said.outcome,
             "effect": each.said.effect, "service_id": each.said.service_id,
             "content": self._encrypt(case_id, "outcome", _outcome_id(evaluation_id, each.measure.measure_id),
                                      json.dumps(_content(each, comment), ensure_ascii=False))}
            for number, (each, comment) in enumerate(zip(judged, comments, strict=True))
        ])  # fmt: skip

    def _outcome(self, row: Any) -> Record:
        told = json.loads(
            self._decrypt(row.case_id, "outcome", _outcome_id(row.evaluation_id, row.measure_id), row.content)
        )
        if told.get("new_deadline"):
            told["new_deadline"] = date.fromisoformat(told["new_deadline"])
        return {
            "evaluation_id": row.evaluation_id,
            "measure_id": row.measure_id,
            "outcome": row.outcome,
            "effect": row.effect,
            "service_id": row.service_id,
            **told,
        }

    # ------------------------------------------------------------ entries

    def entries(self, case_id: str) -> list[Sealed[Record]]:
        """The entries of a case, oldest first, each with what corrects it."""
        found = self._rows(_ENTRIES, case_id)
        corrected_by = {row.corrects: row.entry_id for row in found if row.corrects}
        agreed = self._agreed_of(case_id, found)
        return [
            self._seal(
                Act.READ_LOG_ITEM, row,
                lambda row=row: self._entry(row, corrected_by.get(row.entry_id), row.entry_id in agreed),  # type: ignore[misc]
                row.recorded_at, needed_by_guardians=row.needed_by_guardians,
                third_person=row.third_person, third_person_agrees=row.entry_id in agreed,
            )
            for row in found
        ]  # fmt: skip

    def _agreed_of(self, case_id: str, found: Sequence[Any]) -> Set[str]:
        """The entries whose third person has agreed (GU-6); not asked for where none tells of anybody else."""
        if not any(row.third_person for row in found):
            return frozenset()
        return Words(self._conn, self._municipality, self._keys).agreed(case_id)

    def marks_of(self, case_id: str) -> dict[str, Mark]:
        """Of the entries that tell of somebody besides the child, by id: whom, and whether that person agrees."""
        found = self._rows(_ENTRIES, case_id)
        agreed = self._agreed_of(case_id, found)
        return {
            row.entry_id: Mark(row.third_person, row.entry_id in agreed) for row in found if row.third_person
        }

    def entry(self, case_id: str, entry_id: str) -> tuple[Entry, datetime, Mark] | None:
        """An entry of the case as far as rules go, when it was recorded, and whom it tells of; None when there is
        none."""
        row = self._row(entries, "entry_id", entry_id)
        if row is None or row.case_id != case_id:
            return None
        correction = self._row(entries, "corrects", entry_id)
        corrected_by = None if correction is None else correction.entry_id
        mark = Mark(row.third_person, entry_id in self._agreed_of(case_id, [row]))
        return Entry(row.entry_id, row.topic, row.root, row.by_person_id, corrected_by), row.recorded_at, mark

    def add_entry(self, case_id: str, entry: Record, text: str, at: datetime) -> None:
        """Keep a new entry; nothing of those before changes (LG-6). A correction bears the holder's mark of what it
        corrects, so that it shows to the same readers (AG-6)."""
        corrected = self._row(entries, "entry_id", entry["corrects"]) if entry.get("corrects") else None
        self._insert(entries, [
            {"case_id": case_id, "text": self._encrypt(case_id, "entry", entry["entry_id"], text), "recorded_at": at,
             "needed_by_guardians": bool(corrected and corrected.needed_by_guardians), "corrects": None,
             "root": entry["kind"], "third_person": None, **entry}
        ])  # fmt: skip

    def unread_by(self, case_ids: Sequence[str], person_id: str, kinds: Sequence[str]) -> list[Any]:
        """Entries of these kinds, not by the person, recorded since they last read the log; ids, topic, time, and whom
        they tell of (`mark_of` says whether that person agrees).

        When somebody last read a log, the access record knows (SE-1)."""
        found = self._conn.execute(
            sa.select(
                entries.c.entry_id,
                entries.c.case_id,
                entries.c.topic,
                entries.c.recorded_at,
                entries.c.third_person,
            )
            .where(
                entries.c.municipality == self._municipality,
                entries.c.case_id.in_(case_ids),
                entries.c.kind.in_(kinds),
                entries.c.by_person_id != person_id,
            )
            .order_by(entries.c.recorded_at)
        ).all()
        last = self._last_reads({row.case_id for row in found}, person_id)
        return [row for row in found if row.case_id not in last or row.recorded_at > last[row.case_id]]

    def mark_of(self, row: Any) -> Mark:
        """Whom the entry of a row tells of besides the child, and whether that person agrees (GU-6)."""
        return Mark(row.third_person, row.entry_id in self._agreed_of(row.case_id, [row]))

    def _last_reads(self, case_ids: Set[str], person_id: str) -> dict[str, datetime]:
        """When the person last read each of these logs, of those that they have read."""
        if not case_ids:
            return {}
        record = metadata.tables["access_record"].c
        found = (
            sa.select(record.case_id, sa.func.max(record.at).label("at"))
            .where(
                record.municipality == self._municipality,
                record.case_id.in_(case_ids),
                record.reader == reader_index(self._keys, self._municipality, person_id),
                record.act == Act.READ_LOG_ITEM.value,
                record.allowed.is_(True),
            )
            .group_by(record.case_id)
        )
        return {row.case_id: row.at for row in self._conn.execute(found)}

    def _entry(self, row: Any, corrected_by: str | None, agreed: bool) -> Record:
        text = self._decrypt(row.case_id, "entry", row.entry_id, row.text)
        return {
            **_entry(row),
            "corrected_by": corrected_by,
            "text": text,
            "third_person": row.third_person,
            "third_person_agrees": agreed,
        }

    # ------------------------------------------------------------ the child's view

    def views(self, case_id: str) -> list[Sealed[Record]]:
        """The child's views, oldest first; each knows whether the guardians may see it (LG-5)."""
        return [
            self._seal(
                Act.READ_VIEW, row, lambda row=row: self._view(row), row.recorded_at,  # type: ignore[misc]
                given_apart=row.given == "apart", child_agrees=row.guardians_may_see,
            )
            for row in self._rows(_VIEWS, case_id)
        ]  # fmt: skip

    def add_view(self, case_id: str, view: Record, text: str | None, at: datetime) -> None:
        """Keep what the child said, or why there is nothing."""
        ciphertext = None if text is None else self._encrypt(case_id, "view", view["view_id"], text)
        self._insert(views, [{"case_id": case_id, "text": ciphertext, "recorded_at": at, **view}])

    def _view(self, row: Any) -> Record:
        text = None if row.text is None else self._decrypt(row.case_id, "view", row.view_id, row.text)
        return {**_view(row), "text": text}


def _outcome_id(evaluation_id: str, measure_id: str) -> str:
    return f"{evaluation_id}:{measure_id}"


def _content(judged: Judged, comment: str | None) -> Record:
    said = judged.said
    told = {"comment": comment}
    if judged.replacement is not None:
        new = judged.replacement
        told |= {
            "new_what": said.new_what,
            "new_deadline": new.deadline.isoformat(),
            "new_responsible_person_id": new.responsible,
            "new_arena": new.arena,
        }
    return told
