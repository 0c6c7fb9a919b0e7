"""The log as a whole: its lock, the next evaluation, the participants, the final report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.storage import insert_ignore, upsert
from services.kernel.facts import Post
from services.relay_log.domain.participants import Circle, Participant
from services.relay_log.storage.store import Record, Store, rows_of_case
from services.relay_log.storage.tables import logs, participants, reports

_PARTICIPANTS = rows_of_case(participants, participants.c.valid_from, participants.c.participant_id)
_REPORTS = rows_of_case(reports, reports.c.made_at.desc())
_LOG = rows_of_case(logs)


class Logs(Store):
    """The logs of one municipality."""

    def begin(self, case_id: str) -> None:
        """The log begins, unless it has already (LG-1: reopening and later concerns go on with it)."""
        insert_ignore(self._conn, logs, {"municipality": self._municipality, "case_id": case_id})

    def lock(self, case_id: str) -> None:
        """Wait for the log's turn: what is read of it after this stays so until the end of the transaction."""
        self._conn.execute(_LOG.statement.with_for_update(), self._of(case_id))

    def next_evaluation_on(self, case_id: str) -> date | None:
        """The day of the next evaluation."""
        found = self._rows(_LOG, case_id)
        return found[0].next_evaluation_on if found else None

    def next_evaluations(self, case_ids: Sequence[str]) -> dict[str, date]:
        """The day of the next evaluation by case, of those that have one."""
        found = sa.select(logs.c.case_id, logs.c.next_evaluation_on).where(
            logs.c.municipality == self._municipality,
            logs.c.case_id.in_(case_ids),
            logs.c.next_evaluation_on.is_not(None),
        )
        return {row.case_id: row.next_evaluation_on for row in self._conn.execute(found)}

    def set_next_evaluation(self, case_id: str, day: date | None) -> None:
        """Set the day of the next evaluation, or none."""
        key = {"municipality": self._municipality, "case_id": case_id}
        upsert(self._conn, logs, key, {"next_evaluation_on": day})

    # ------------------------------------------------------------ participants

    def circle(self, case_id: str) -> Circle:
        """All who take or took part, in the order in which they came."""
        return Circle([
            Participant(
                row.participant_id, Post(row.person_id, row.unit_id, row.service_id), row.valid_from, row.valid_to,
                row.may_write, row.follows_up,
            )
            for row in self._rows(_PARTICIPANTS, case_id)
        ])  # fmt: skip

    def save_participants(self, case_id: str, touched: Iterable[Participant]) -> None:
        """Keep those who came, changed or went."""
        for each in touched:
            key = {"municipality": self._municipality, "participant_id": each.participant_id}
            upsert(self._conn, participants, key, {
                "case_id": case_id, "person_id": each.post.person_id, "unit_id": each.post.unit_id,
                "service_id": each.post.service_id, "valid_from": each.valid_from, "valid_to": each.valid_to,
                "may_write": each.may_write, "follows_up": each.follows_up,
            })  # fmt: skip

    def participants(self, case_id: str) -> list[Record]:
        """As `circle`, in the contract's shape."""
        return [dict(row._mapping) for row in self._rows(_PARTICIPANTS, case_id)]

    # ------------------------------------------------------------ report

    def add_report(
        self, report_id: str, case_id: str, made_at: datetime, closed_at: datetime, outcome: str
    ) -> None:
        """Keep that the final report was made (LG-10)."""
        self._insert(reports, [
            {"report_id": report_id, "case_id": case_id, "made_at": made_at, "closed_at": closed_at,
             "outcome": outcome}
        ])  # fmt: skip

    def report(self, case_id: str) -> Any:
        """The row of the last report; None when there is none."""
        found = self._rows(_REPORTS, case_id)
        return found[0] if found else None
