"""What is marked after it was written: what guardians of a youth need to read for their parental responsibility (AG-6),
and whom an entry turns out to tell of (GU-6)."""

from __future__ import annotations

import sqlalchemy as sa

from services.chassis.sealed import About
from services.kernel.facts import Act
from services.relay_log.storage.plan import Plans
from services.relay_log.storage.store import Store, rows_of_case
from services.relay_log.storage.tables import entries, goals, measures
from services.relay_log.storage.third_person import Mark, Words

_TABLES = {
    "goal": (goals, "goal_id", "changed_at", Act.READ_PLAN),
    "measure": (measures, "measure_id", "changed_at", Act.READ_PLAN),
    "entry": (entries, "entry_id", "recorded_at", Act.READ_LOG_ITEM),
}
_ENTRIES = rows_of_case(entries, entries.c.recorded_at)


class Marks(Store):
    """The marks of one municipality."""

    def item(self, case_id: str, kind: str, item_id: str) -> About | None:
        """What must be answered yes to read a goal, a measure or an entry; None when the case has no such thing."""
        table, key, at, act = _TABLES[kind]
        row = self._row(table, key, item_id)
        if row is None or row.case_id != case_id:
            return None
        told = self._told_of(kind, row)
        return About(
            self._municipality, case_id, act, row.topic, row._mapping[at],
            third_person=told.third_person, third_person_agrees=told.agrees,
        )  # fmt: skip

    def _told_of(self, kind: str, row: sa.Row[tuple[object, ...]]) -> Mark:
        """Whom it tells of besides the child (GU-6)."""
        if row.third_person is None:
            return Mark()
        if kind == "measure":
            return Plans(self._conn, self._municipality, self._keys).marks([row])[row.measure_id]
        agreed = Words(self._conn, self._municipality, self._keys).agreed(row.case_id)
        return Mark(row.third_person, (row.entry_id if kind == "entry" else row.word_of) in agreed)

    def put(self, case_id: str, kind: str, item_id: str, needed: bool) -> None:
        """Set or take away the mark: of an entry with all that it corrects and that corrects it (LG-6)."""
        table, key, _, _ = _TABLES[kind]
        ids = self._corrections(case_id, item_id) if kind == "entry" else {item_id}
        which = (table.c.municipality == self._municipality) & table.c[key].in_(ids)
        self._conn.execute(sa.update(table).where(which).values(needed_by_guardians=needed))

    def tell_of(self, case_id: str, entry_id: str, third_person: str) -> None:
        """GU-6: an entry, and all that it corrects, tells of that person from now on, and waits for their word."""
        which = (entries.c.municipality == self._municipality) & entries.c.entry_id.in_(
            self._corrections(case_id, entry_id)
        )
        self._conn.execute(sa.update(entries).where(which).values(third_person=third_person))

    def _corrections(self, case_id: str, entry_id: str) -> set[str]:
        found = {entry_id}
        pairs = [(row.entry_id, row.corrects) for row in self._rows(_ENTRIES, case_id) if row.corrects]
        while more := {each for pair in pairs if found & set(pair) for each in pair} - found:
            found |= more
        return found
