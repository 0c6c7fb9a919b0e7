"""Messages and what was tried outside; the chassis' tables and the access facts."""

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
        "messages",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("message_id", sa.String(64), primary_key=True),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("case_id", sa.String(64)),
        sa.Column("item_id", sa.String(64)),
        sa.Column("by_person_id", sa.String(64)),
        sa.Column("topics", sa.String(200), nullable=False),
        sa.Column("starts_at", UtcDateTime),
        sa.Column("ends_at", UtcDateTime),
        sa.Column("third_person", sa.String(64)),
        sa.Column("read_at", UtcDateTime),
        sa.Column("traceparent", sa.String(64)),
        sa.UniqueConstraint("municipality", "event_id", "person_id", "kind", name="uq_messages_once"),
    )
    op.create_index("ix_messages_of", "messages", ["municipality", "person_id", "message_id"])
    op.create_index("ix_messages_unread", "messages", ["municipality", "person_id", "read_at"])
    op.create_index("ix_messages_about", "messages", ["municipality", "item_id"])
    op.create_table(
        "lane_lost",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("report_id", sa.String(64), primary_key=True),
    )
    op.create_table(
        "third_person_marks",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("item_id", sa.String(64), primary_key=True),
        sa.Column("third_person", sa.String(64)),
    )
    op.create_table(
        "attempts",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("message_id", sa.String(64), primary_key=True),
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime),
        sa.Column("next_try_at", UtcDateTime, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("ix_attempts_due", "attempts", ["outcome", "next_try_at"])
