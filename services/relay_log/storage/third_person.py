"""What the log tells of somebody besides the child, and that person's word on showing it (GU-6)."""

from __future__ import annotations

from collections.abc import Set
from datetime import date, datetime
from typing import NamedTuple

from services.relay_log.storage.store import Store, rows_of_case
from services.relay_log.storage.tables import entries, goals, measures, meeting_items, words

_WORDS = rows_of_case(words, words.c.number)
_ITEMS = rows_of_case(meeting_items, meeting_items.c.meeting_id, meeting_items.c.number)
_PLAN = (goals, measures)


def item_id(meeting_id: str, number: int) -> str:
    """The id of an item of minutes, within its municipality."""
    return f"{meeting_id}:{number}"


class Mark(NamedTuple):
    """Whom something tells of besides the child, None where nobody, and whether that person has agreed to show it."""

    third_person: str | None = None
    agrees: bool = False


class Marked(NamedTuple):
    """Whom something tells of, and for which id their word is kept."""

    third_person: str
    word_of: str


class Words(Store):
    """The words of third persons in one municipality."""

    def agreed(self, case_id: str) -> Set[str]:
        """That to which its third person has agreed, by their last word."""
        said = {row.entry_id: row.agrees for row in self._rows(_WORDS, case_id)}
        return {marked for marked, agrees in said.items() if agrees}

    def marked(self, case_id: str, thing_id: str) -> Marked | None:
        """Whom an entry, an item of minutes, a goal or a measure tells of besides the child; None where nobody."""
        row = self._row(entries, "entry_id", thing_id)
        if row is not None:
            marked = row.case_id == case_id and row.third_person is not None
            return Marked(row.third_person, thing_id) if marked else None
        for item in self._rows(_ITEMS, case_id):
            if item.third_person is not None and item_id(item.meeting_id, item.number) == thing_id:
                return Marked(item.third_person, thing_id)
        for table in _PLAN:
            row = self._row(table, "word_of", thing_id)
            if row is not None and row.case_id == case_id and row.third_person is not None:
                return Marked(row.third_person, thing_id)
        return None

    def add(self, case_id: str, word_of: str, agrees: bool, said_on: date, by: str, at: datetime) -> None:
        """Keep what a third person said of showing it; it is the one that counts now."""
        number = len([row for row in self._rows(_WORDS, case_id) if row.entry_id == word_of])
        self._insert(words, [
            {"entry_id": word_of, "number": number, "case_id": case_id, "agrees": agrees, "said_on": said_on,
             "recorded_by": by, "recorded_at": at}
        ])  # fmt: skip
