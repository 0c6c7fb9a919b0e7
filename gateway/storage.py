"""The gateway's own small database: sessions and drafts, both ciphertext. Nothing else of a person rests here; beside
them, as codes, what failed of the lane's pages (PR-3)."""

import sqlalchemy as sa

from services.chassis.storage import UtcDateTime, faults_table, new_metadata

metadata = new_metadata()
faults_table(metadata)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id_hash", sa.String(64), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("begun_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)
