"""Meetings: their frame, the items of agenda and minutes one by one, and the rest of the minutes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.sealed import About, Sealed
from services.kernel.facts import Act
from services.relay_log.domain.meetings import Meeting
from services.relay_log.storage.plan import Edits
from services.relay_log.storage.store import Record, picking, rows_of_case
from services.relay_log.storage.tables import meeting_items, meetings, minutes
from services.relay_log.storage.third_person import Words, item_id

_MEETINGS = rows_of_case(meetings, meetings.c.starts_at, meetings.c.meeting_id)
_ITEMS = rows_of_case(meeting_items, meeting_items.c.meeting_id, meeting_items.c.kind, meeting_items.c.number)
_MINUTES = rows_of_case(minutes)
_frame = picking(
    "meeting_id", "version", "starts_at", "ends_at", "invited_ids", "called_by", "called_at", "state"
)
_protocol = picking("present_ids", "next_meeting_on", "next_evaluation_on", "published_at", "by_person_id")


@dataclass(frozen=True, slots=True)
class MeetingRecords:
    """All meetings of a case. `items` know their meeting and kind; `frames` are without them."""

    frames: list[Sealed[Record]]
    items: list[Sealed[Record]]
    answers: dict[str, Sealed[Record]]


def _word_of(row: Any) -> str:
    return item_id(row.meeting_id, row.number)


class Meetings(Edits):
    """The meetings of one municipality."""

    # ------------------------------------------------------------ to read

    def of_case(self, case_id: str) -> MeetingRecords:
        """The meetings of a case. A frame is opened by whoever sees the case, an item by whoever may read its topic;
        `answers` (by meeting) bear no topic, and are opened by whoever sees the case: the caller asks for more."""
        frames = self._rows(_MEETINGS, case_id)
        if not frames:
            return MeetingRecords([], [], {})
        items = self._rows(_ITEMS, case_id)
        marked = any(row.third_person for row in items)
        agreed = Words(self._conn, self._municipality, self._keys).agreed(case_id) if marked else frozenset()
        protocols = {row.meeting_id: row for row in self._rows(_MINUTES, case_id)}
        about = About(self._municipality, case_id, Act.SEE_CASE)
        return MeetingRecords(
            [
                Sealed(about, lambda row=row: self._frame(row, protocols.get(row.meeting_id)))  # type: ignore[misc]
                for row in frames
            ],
            [
                self._seal(
                    Act.READ_LOG_ITEM,
                    row,
                    lambda row=row: self._item(row, _word_of(row) in agreed),  # type: ignore[misc]
                    row.recorded_at,
                    third_person=row.third_person,
                    third_person_agrees=_word_of(row) in agreed,
                )
                for row in items
            ],
            {
                row.meeting_id: Sealed(about, lambda row=row: self._answers(row))  # type: ignore[misc]
                for row in protocols.values()
            },
        )

    def coming_and_held(self, case_ids: Sequence[str], since: datetime) -> Sequence[Any]:
        """Meetings that end after `since`, or whose minutes have not been published: ids and times."""
        found = sa.select(
            meetings.c.meeting_id, meetings.c.case_id, meetings.c.starts_at, meetings.c.ends_at,
            meetings.c.invited_ids, meetings.c.state,
        ).where(
            meetings.c.municipality == self._municipality,
            meetings.c.case_id.in_(case_ids),
            (meetings.c.ends_at > since) | (meetings.c.state == "called"),
        )  # fmt: skip
        return self._conn.execute(found.order_by(meetings.c.starts_at)).all()

    def hours(self, meeting_id: str) -> Any:
        """Times, version and case of a meeting; None when there is no such meeting."""
        found = sa.select(
            meetings.c.case_id, meetings.c.starts_at, meetings.c.ends_at, meetings.c.version
        ).where(meetings.c.municipality == self._municipality, meetings.c.meeting_id == meeting_id)
        return self._conn.execute(found).first()

    def _frame(self, row: Any, protocol: Any) -> Record:
        frame = _frame(row)
        frame["place"] = (
            None if row.place is None else self._decrypt(row.case_id, "place", row.meeting_id, row.place)
        )
        frame["agenda"], frame["minutes"] = [], None
        if protocol is not None:
            frame["minutes"] = {**_protocol(protocol), "items": [], "answers": {}}
        return frame

    def _item(self, row: Any, agreed: bool) -> Record:
        text = self._decrypt(row.case_id, row.kind, _word_of(row), row.text)
        told = {"meeting_id": row.meeting_id, "kind": row.kind, "topic": row.topic, "text": text}
        if row.kind == "agenda":
            return told
        return told | {
            "item_id": _word_of(row),
            "third_person": row.third_person,
            "third_person_agrees": agreed,
        }

    def _answers(self, row: Any) -> Record:
        if row.answers is None:
            return {}
        told: Record = json.loads(self._decrypt(row.case_id, "answers", row.meeting_id, row.answers))
        return told

    # ------------------------------------------------------------ to change

    def meeting(self, case_id: str, meeting_id: str) -> Meeting | None:
        """A meeting of the case, or None."""
        row = self._row(meetings, "meeting_id", meeting_id)
        if row is None or row.case_id != case_id:
            return None
        return Meeting(row.meeting_id, row.case_id, tuple(row.invited_ids), row.state, row.version)

    def add(self, meeting: Meeting, request: Record, by: str, at: datetime) -> None:
        """Keep a new meeting with its agenda."""
        place = request["place"]
        self._insert(meetings, [
            {"meeting_id": meeting.meeting_id, "case_id": meeting.case_id, "starts_at": request["starts_at"],
             "ends_at": request["ends_at"], "invited_ids": list(meeting.invited), "called_by": by, "called_at": at,
             "place": None if place is None else self._encrypt(meeting.case_id, "place", meeting.meeting_id, place),
             "state": meeting.state, "version": meeting.version}
        ])  # fmt: skip
        self._add_items(meeting, "agenda", request["agenda"], at)

    def add_minutes(
        self,
        meeting: Meeting,
        request: Record,
        answers: Record,
        changed: Sequence[str],
        by: str,
        at: datetime,
    ) -> None:
        """Keep the minutes, item by item, and that they are there."""
        told = json.dumps(answers, ensure_ascii=False) if answers else None
        self._insert(minutes, [
            {"meeting_id": meeting.meeting_id, "case_id": meeting.case_id, "present_ids": request["present_ids"],
             "answers": None if told is None else self._encrypt(meeting.case_id, "answers", meeting.meeting_id, told),
             "next_meeting_on": request["next_meeting_on"], "next_evaluation_on": request["next_evaluation_on"],
             "published_at": at, "by_person_id": by}
        ])  # fmt: skip
        self._add_items(meeting, "minute", request["items"], at)
        self._update(
            meetings, "meeting_id", meeting.meeting_id, {"state": meeting.state, "version": meeting.version}
        )
        self.add_edit(meeting.meeting_id, meeting.version, changed, by, at)

    def _add_items(self, meeting: Meeting, kind: str, items: Sequence[Record], at: datetime) -> None:
        self._insert(meeting_items, [
            {"meeting_id": meeting.meeting_id, "kind": kind, "number": number, "case_id": meeting.case_id,
             "topic": item["topic"], "recorded_at": at, "third_person": item.get("third_person"),
             "text": self._encrypt(meeting.case_id, kind, item_id(meeting.meeting_id, number), item["text"])}
            for number, item in enumerate(items)
        ])  # fmt: skip
