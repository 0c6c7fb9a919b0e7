"""The tables of consent."""

from __future__ import annotations

import sqlalchemy as sa

from services.chassis.access import access_tables
from services.chassis.storage import UtcDateTime, chassis_tables, new_metadata

metadata = new_metadata()
chassis_tables(metadata)
access_tables(metadata)

requests = sa.Table(
    "requests",
    metadata,
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

request_lines = sa.Table(
    "request_lines",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("request_id", sa.String(64), primary_key=True),
    sa.Column("service_id", sa.String(64), primary_key=True),
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.String(64), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("since", UtcDateTime),
)

signatures = sa.Table(
    "signatures",
    metadata,
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
"""`signer_id`: whose word it is, under a care order a unit's (GU-4); `by_person_id`: who signed with their identity."""

answers = sa.Table(
    "answers",
    metadata,
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

registered = sa.Table(
    "registered_answers",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("signature_id", sa.String(64), primary_key=True),
    sa.Column("case_id", sa.String(64), nullable=False, index=True),
    sa.Column("signer_id", sa.String(64), nullable=False),
    sa.Column("registered_by", sa.String(64), nullable=False),
    sa.Column("given_on", sa.Date, nullable=False),
    sa.Column("journal_ref", sa.LargeBinary),
    sa.Column("media_type", sa.String(32)),
    sa.Column("pages", sa.Integer),
    sa.Column("sha256", sa.String(64)),
    sa.Column("scan", sa.LargeBinary),
)
"""What proves an answer that was given on paper or by word of mouth (CO-6)."""

signed_texts = sa.Table(
    "signed_texts",
    metadata,
    sa.Column("text_version", sa.String(16), primary_key=True),
    sa.Column("language", sa.String(8), primary_key=True),
    sa.Column("sentences", sa.JSON, nullable=False),
)
"""The same for all, naming nobody: it stands in clear, and once (CO-7)."""

published = sa.Table(
    "published_windows",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("case_id", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("persons_digest", sa.String(64), nullable=False),
)

weighings = sa.Table(
    "weighings",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("case_id", sa.String(64), primary_key=True),
    sa.Column("due_at", UtcDateTime, index=True),
)
"""When each case that was ever asked about must be weighed anew; none: not before somebody acts."""

told_ahead = sa.Table(
    "told_ahead",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("case_id", sa.String(64), primary_key=True),
    sa.Column("what", sa.String(16), primary_key=True),
    sa.Column("of", sa.String(64), primary_key=True),
)
"""What has been told ahead of time, so that it is told once: `of` is a request, or the day of a birthday."""
