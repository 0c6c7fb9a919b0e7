"""Requests, their lines, signatures and answers, when each case is weighed next; the chassis' tables and the access facts."""

import sqlalchemy as sa
from alembic import op

from services.chassis.access import create_access_tables
from services.chassis.storage import UtcDateTime, create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    create_access_tables(op)
    op.create_table(
        "requests",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), nullable=False, index=True),
        sa.Column("purpose", sa.LargeBinary, nullable=False),
        sa.Column("valid_from", UtcDateTime, nullable=False),
        sa.Column("valid_to", UtcDateTime, nullable=False, index=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("text_version", sa.String(16), nullable=False),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("replaced_by", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
    )
    op.create_table(
        "request_lines",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("service_id", sa.String(64), primary_key=True),
        sa.Column("topic", sa.String(64), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", UtcDateTime),
    )
    op.create_table(
        "signatures",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("signature_id", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(64), nullable=False, index=True),
        sa.Column("signer_id", sa.String(64), nullable=False),
        sa.Column("signed_at", UtcDateTime, nullable=False),
        sa.Column("assurance", sa.String(16), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("text_version", sa.String(16), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("by_person_id", sa.String(64)),
    )
    op.create_table(
        "answers",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("municipality", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False, index=True),
        sa.Column("signature_id", sa.String(64), nullable=False),
        sa.Column("signer_id", sa.String(64), nullable=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "published_windows",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("persons_digest", sa.String(64), nullable=False),
    )
    op.create_table(
        "weighings",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("due_at", UtcDateTime, index=True),
    )
    op.create_table(
        "told_ahead",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("what", sa.String(16), primary_key=True),
        sa.Column("of", sa.String(64), primary_key=True),
    )
