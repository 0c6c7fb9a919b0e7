"""On what a report rests, apart from all consent (CO-11): a record of its own beside it, read by whoever may read the
report."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.storage.tables import metadata
from services.chassis.keys import Keys
from services.chassis.storage import AnyConnection, UtcDateTime, WriteTransaction
from services.kernel.legal_basis import Basis

_ID = sa.String(64)

grounds = sa.Table(
    "lane_grounds",
    metadata,
    sa.Column("municipality", _ID, primary_key=True),
    sa.Column("report_id", _ID, primary_key=True),
    sa.Column("by_person_id", _ID, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""`content`: ground and version of the municipality's reference, as ciphertext under the report's key."""


def keep(
    tx: WriteTransaction,
    keys: Keys,
    municipality: str,
    report_id: str,
    ground: Basis,
    version: int | None,
    by: str,
    at: datetime,
) -> None:
    """Keep on what a report rests. `version`: of the municipality's reference, None where none was known."""
    told = json.dumps({"ground": ground.value, "version": version})
    tx.execute(
        grounds.insert(),
        {
            "municipality": municipality,
            "report_id": report_id,
            "by_person_id": by,
            "at": at,
            "content": keys.encrypt(f"lane:{report_id}", municipality, "ground", told),
        },
    )


def of_report(conn: AnyConnection, keys: Keys, municipality: str, report_id: str) -> dict[str, Any]:
    """On what a report rests, deciphered. Who may read it has been decided by the caller."""
    found = sa.select(grounds.c.content).where(
        grounds.c.municipality == municipality, grounds.c.report_id == report_id
    )
    content = conn.scalar(found)
    told = (
        json.loads(keys.decrypt(f"lane:{report_id}", municipality, "ground", content))
        if content
        else {"ground": None, "version": None}
    )
    return {"ground": told["ground"], "ground_version": told["version"]}
