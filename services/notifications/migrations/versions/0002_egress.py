"""Subscriptions of outside systems, and what is still to be told to each."""

import sqlalchemy as sa
from alembic import op

from services.chassis.storage import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("subscription_id", sa.String(64), primary_key=True),
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("unit_id", sa.String(64)),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("url", sa.LargeBinary),
        sa.Column("allow_private", sa.Boolean, nullable=False),
        sa.Column("secrets", sa.LargeBinary),
        sa.Column("token_hash", sa.String(64)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_place", sa.BigInteger, nullable=False),
        sa.Column("last_number", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("failing_since", UtcDateTime),
        sa.Column("next_try_at", UtcDateTime, nullable=False),
        sa.Column("undelivered_since", UtcDateTime),
        sa.Column("leased_by", sa.String(64)),
        sa.Column("leased_until", UtcDateTime),
        sa.Column("skip_from", sa.BigInteger),
        sa.Column("skip_to", sa.BigInteger),
        sa.Column("catch_up_since", UtcDateTime),
        sa.Column("catch_up_at", sa.JSON),
        sa.Column("queue_most", sa.Integer, nullable=False),
        sa.Column("dropped", sa.BigInteger, nullable=False),
        sa.Column("dropped_untold", sa.BigInteger, nullable=False),
        sa.Column("dropped_first", sa.BigInteger),
        sa.Column("dropped_last", sa.BigInteger),
        sa.UniqueConstraint("municipality", "recipient", name="uq_subscriptions_recipient"),
        sa.UniqueConstraint("token_hash", name="uq_subscriptions_token"),
    )
    op.create_table(
        "egress_rows",
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("subscription_id", sa.String(64), primary_key=True),
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger),
        sa.Column("case_id", sa.String(64)),
        sa.Column("event", sa.JSON, nullable=False),
        sa.Column("happened_at", UtcDateTime, nullable=False),
        sa.Column("next_try_at", UtcDateTime, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.UniqueConstraint("municipality", "subscription_id", "place", name="uq_egress_rows_place"),
    )
    columns = ["municipality", "subscription_id", "case_id", "place"]
    op.create_index("ix_egress_rows_case", "egress_rows", columns)
