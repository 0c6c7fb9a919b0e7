"""What child protection let reporters know: ciphertext under each report's key."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.lane.storage.reports import ANSWERED
from services.cases.lane.storage.tables import answers, reports
from services.chassis.ids import new_id
from services.chassis.keys import Keys
from services.chassis.storage import AnyConnection, WriteTransaction


def answer(tx: WriteTransaction, keys: Keys, row: Any, text: str, by: str, now: datetime) -> None:
    """Keep what child protection lets the reporter know; the report is answered then."""
    answer_id = new_id()
    tx.execute(
        answers.insert(),
        {
            "municipality": row.municipality,
            "answer_id": answer_id,
            "report_id": row.report_id,
            "by_person_id": by,
            "at": now,
            "content": keys.encrypt(f"lane:{row.report_id}", row.municipality, f"answer:{answer_id}", text),
        },
    )
    tx.execute(
        sa.update(reports)
        .where(reports.c.municipality == row.municipality, reports.c.report_id == row.report_id)
        .values(state=ANSWERED)
    )


def answers_of(conn: AnyConnection, keys: Keys, row: Any) -> list[dict[str, Any]]:
    """The answers to a report, deciphered, the oldest first. Who may read them has been decided by the caller."""
    found = (
        sa.select(answers)
        .where(answers.c.municipality == row.municipality, answers.c.report_id == row.report_id)
        .order_by(answers.c.answer_id)
    )
    owner = f"lane:{row.report_id}"
    return [
        {
            "text": keys.decrypt(owner, each.municipality, f"answer:{each.answer_id}", each.content),
            "by_person_id": each.by_person_id,
            "at": each.at,
        }
        for each in conn.execute(found)
    ]
