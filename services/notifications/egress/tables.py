"""Tables of egress: who outside is told of what, and what is still to be told. Ids, codes and times; secrets as
ciphertext or hash."""

from __future__ import annotations

import sqlalchemy as sa

from services.chassis.storage import UtcDateTime
from services.notifications.storage import metadata

subscriptions = sa.Table(
    "subscriptions",
    metadata,
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
    # counters, given under this row's lock
    sa.Column("last_place", sa.BigInteger, nullable=False),
    sa.Column("last_number", sa.BigInteger, nullable=False),
    # how it goes
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(16)),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("failing_since", UtcDateTime),
    sa.Column("next_try_at", UtcDateTime, nullable=False),
    sa.Column("undelivered_since", UtcDateTime),
    sa.Column("leased_by", sa.String(64)),
    sa.Column("leased_until", UtcDateTime),
    # of a feed: between these places nothing could be told
    sa.Column("skip_from", sa.BigInteger),
    sa.Column("skip_to", sa.BigInteger),
    # catching up from history
    sa.Column("catch_up_since", UtcDateTime),
    sa.Column("catch_up_at", sa.JSON),
    # what a full queue dropped: in all, and what the subscriber was not told of yet
    sa.Column("queue_most", sa.Integer, nullable=False),
    sa.Column("dropped", sa.BigInteger, nullable=False),
    sa.Column("dropped_untold", sa.BigInteger, nullable=False),
    sa.Column("dropped_first", sa.BigInteger),
    sa.Column("dropped_last", sa.BigInteger),
    sa.UniqueConstraint("municipality", "recipient", name="uq_subscriptions_recipient"),
    sa.UniqueConstraint("token_hash", name="uq_subscriptions_token"),
)

egress_rows = sa.Table(
    "egress_rows",
    metadata,
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
    sa.Index("ix_egress_rows_case", "municipality", "subscription_id", "case_id", "place"),
)
