"""Documents, staff and roles; the chassis' tables."""

import sqlalchemy as sa
from alembic import op

from services.chassis.storage import UtcDateTime, create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "documents",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("document_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "policy_saves",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("saved_by", sa.String(64), nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
        sa.Column("draft_hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "ground_saves",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("ground", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("saved_by", sa.String(64), nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "machine_clients",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("recipient", sa.String(64)),
        sa.Column("subscription_id", sa.String(64)),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("old_secret_hash", sa.String(64)),
        sa.Column("old_secret_until", UtcDateTime),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("secret_made_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "staff",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("title", sa.String(200)),
        sa.Column("email", sa.String(200)),
    )
    op.create_table(
        "roles",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("unit_id", sa.String(64), nullable=False, index=True),
        sa.Column("service_id", sa.String(64), nullable=False, index=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
    )
