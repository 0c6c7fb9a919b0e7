"""The tables that every service's database has, for its events out and in, its answers and its access record.

They stand here twice on purpose: as the tables that code reads (`chassis_tables`), and as the first
migration that made them (`create_chassis_tables`, never changed again once released). A test compares the
two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import DateTime, TypeDecorator

_KEY = "chassis_tables"
QUIET_FAULTS = "quiet_faults"


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, on both engines. A naive time is refused (ValueError)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps it without zone, as text that sorts."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


@dataclass(frozen=True)
class ChassisTables:
    """The chassis' tables of one service. `outboxes` maps an outbox's name to its table."""

    outbox: sa.Table
    stream_sequences: sa.Table
    inbox: sa.Table
    inbox_positions: sa.Table
    parked: sa.Table
    undecodable: sa.Table
    stream_state: sa.Table
    idempotency: sa.Table
    quiet_idempotency: sa.Table
    access_record: sa.Table
    access_heads: sa.Table
    access_anchors: sa.Table
    access_checks: sa.Table
    own_outbox: Mapping[str, str] = field(default_factory=dict)
    outboxes: Mapping[str, sa.Table] = field(default_factory=dict)

    def outbox_of(self, stream: str) -> sa.Table:
        """The outbox in which events of `stream` stand: its own if it has one (PR-5), else the common one."""
        return self.outboxes[self.own_outbox.get(stream, "outbox")]

    @staticmethod
    def of(metadata: sa.MetaData) -> ChassisTables:
        """The chassis tables in `metadata`; KeyError if `chassis_tables(metadata)` was not called."""
        tables: ChassisTables = metadata.info[_KEY]
        return tables


def chassis_tables(metadata: sa.MetaData, own_outbox: Mapping[str, str] | None = None) -> ChassisTables:
    """Add the chassis tables to a service's `metadata`.

    `own_outbox` gives streams an outbox table of their own ({"cases.lane": "lane_outbox"}), with its own numbering,
    so that what stands there shows nowhere else (PR-3, PR-5).
    """
    own_outbox = dict(own_outbox or {})
    outboxes = {name: _outbox(metadata, name) for name in ["outbox", *dict.fromkeys(own_outbox.values())]}
    tables = ChassisTables(
        outbox=outboxes["outbox"],
        stream_sequences=sa.Table(
            "stream_sequences",
            metadata,
            sa.Column("stream", sa.String(64), primary_key=True),
            sa.Column("subject", sa.String(64), primary_key=True),
            sa.Column("municipality", sa.String(64), nullable=False),
            sa.Column("sequence", sa.BigInteger, nullable=False),
        ),
        inbox=sa.Table(
            "inbox",
            metadata,
            sa.Column("event_id", sa.String(64), primary_key=True),
            sa.Column("stream", sa.String(64), nullable=False),
            sa.Column("subject", sa.String(64), nullable=False),
            sa.Column("sequence", sa.BigInteger, nullable=False),
            sa.Column("handled_at", UtcDateTime, nullable=False),
        ),
        inbox_positions=sa.Table(
            "inbox_positions",
            metadata,
            sa.Column("stream", sa.String(64), primary_key=True),
            sa.Column("subject", sa.String(64), primary_key=True),
            sa.Column("municipality", sa.String(64), nullable=False),
            sa.Column("sequence", sa.BigInteger, nullable=False),
        ),
        parked=sa.Table(
            "parked",
            metadata,
            sa.Column("stream", sa.String(64), primary_key=True),
            sa.Column("subject", sa.String(64), primary_key=True),
            sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("municipality", sa.String(64), nullable=False),
            sa.Column("event", sa.JSON, nullable=False),
            sa.Column("reason", sa.String(64), nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("retry_at", UtcDateTime),
            sa.Column("parked_at", UtcDateTime, nullable=False),
            sa.Column("dead_at", UtcDateTime),
        ),
        undecodable=sa.Table(
            "undecodable",
            metadata,
            sa.Column("id", sa.String(64), primary_key=True),
            sa.Column("sha256", sa.String(64), nullable=False, unique=True),
            sa.Column("ciphertext", sa.LargeBinary, nullable=False),
            sa.Column("received_at", UtcDateTime, nullable=False),
        ),
        stream_state=sa.Table(
            "stream_state",
            metadata,
            sa.Column("stream", sa.String(64), primary_key=True),
            sa.Column("as_of", UtcDateTime),
            sa.Column("told_as_of", UtcDateTime),
            sa.Column("told_position", sa.BigInteger, nullable=False, default=0),
            sa.Column("read_position", sa.BigInteger, nullable=False, default=0),
            sa.Column("complete", sa.Boolean, nullable=False, default=False),
        ),
        idempotency=_answers(metadata, "idempotency"),
        quiet_idempotency=_answers(metadata, "quiet_idempotency"),
        access_record=sa.Table(
            "access_record",
            metadata,
            sa.Column("id", sa.String(64), primary_key=True),
            sa.Column("municipality", sa.String(64), nullable=False),
            sa.Column("position", sa.BigInteger, nullable=False),
            sa.Column("at", UtcDateTime, nullable=False),
            sa.Column("capacity", sa.String(32), nullable=False),
            sa.Column("act", sa.String(64), nullable=False),
            sa.Column("rule", sa.String(32), nullable=False),
            sa.Column("case_id", sa.String(64)),
            sa.Column("subject_person_id", sa.String(64)),
            sa.Column("allowed", sa.Boolean, nullable=False),
            sa.Column("reader", sa.String(64)),
            sa.Column("who", sa.LargeBinary, nullable=False),
            sa.Column("hash", sa.LargeBinary, nullable=False),
            sa.UniqueConstraint("municipality", "position", name="uq_access_record_position"),
            sa.Index("ix_access_record_case", "municipality", "case_id", "at"),
            sa.Index("ix_access_record_subject", "municipality", "subject_person_id", "at"),
        ),
        access_heads=heads_table(metadata, "access_heads"),
        access_anchors=sa.Table(
            "access_anchors",
            metadata,
            sa.Column("row", Serial, primary_key=True, autoincrement=True),
            sa.Column("municipality", sa.String(64), nullable=False),
            sa.Column("source", sa.String(32), nullable=False),
            sa.Column("record", sa.String(32), nullable=False),
            sa.Column("sealed", sa.LargeBinary, nullable=False),
            sa.Column("kept_at", UtcDateTime, nullable=False),
            sa.Index("ix_access_anchors_of", "municipality", "source", "record", "row"),
            sqlite_autoincrement=True,
        ),
        access_checks=sa.Table(
            "access_checks",
            metadata,
            sa.Column("record", sa.String(32), primary_key=True),
            sa.Column("municipality", sa.String(64), primary_key=True),
            sa.Column("told", sa.LargeBinary),
            sa.Column("told_at", UtcDateTime),
            sa.Column("verified_at", UtcDateTime),
            sa.Column("fault", sa.String(32)),
            sa.Column("fault_position", sa.BigInteger),
        ),
        own_outbox=own_outbox,
        outboxes=outboxes,
    )
    faults_table(metadata)
    metadata.info[_KEY] = tables
    return tables


def _answers(metadata: sa.MetaData, name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("procedure", sa.String(128), primary_key=True),
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )


def faults_table(metadata: sa.MetaData) -> sa.Table:
    """What failed of the work of which nothing is told (quiet_faults.py); put into `metadata` if it is not there."""
    known = metadata.tables.get(QUIET_FAULTS)
    if known is not None:
        return known
    return sa.Table(
        QUIET_FAULTS,
        metadata,
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("what", sa.String(128), primary_key=True),
        sa.Column("error_type", sa.String(200), primary_key=True),
        sa.Column("place", sa.String(300), primary_key=True),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("first_at", UtcDateTime, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False),
    )


def create_faults_table(op: Any) -> None:
    """Migration step: what failed of the work of which nothing is told."""
    op.create_table(
        QUIET_FAULTS,
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("what", sa.String(128), primary_key=True),
        sa.Column("error_type", sa.String(200), primary_key=True),
        sa.Column("place", sa.String(300), primary_key=True),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("first_at", UtcDateTime, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False),
    )


def heads_table(metadata: sa.MetaData, name: str) -> sa.Table:
    """The heads of a chained record (access_record/chain.py): one row for each municipality."""
    return sa.Table(
        name,
        metadata,
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )


def create_heads_table(op: Any, name: str) -> None:
    """Migration step: the heads of a chained record, one row for each municipality."""
    op.create_table(
        name,
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )


def _outbox(metadata: sa.MetaData, name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("row", Serial, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("municipality", sa.String(64), nullable=False),
        sa.Column("type", sa.String(128), nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("time", UtcDateTime, nullable=False),
        sa.Column("traceparent", sa.String(64)),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        sa.Column("position", sa.BigInteger),
        sa.UniqueConstraint("stream", "subject", "sequence", "type", name=f"uq_{name}_sequence"),
        sa.UniqueConstraint("position", name=f"uq_{name}_position"),
        sa.Index(
            f"ix_{name}_unsent",
            "row",
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        ),
        sqlite_autoincrement=True,
    )


def create_outbox_table(op: Any, name: str) -> None:
    """Migration step: an outbox table called `name` (for a stream with an outbox of its own)."""
    op.create_table(
        name,
        sa.Column("row", Serial, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("municipality", sa.String(64), nullable=False),
        sa.Column("type", sa.String(128), nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("time", UtcDateTime, nullable=False),
        sa.Column("traceparent", sa.String(64)),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        sa.Column("position", sa.BigInteger),
        sa.UniqueConstraint("stream", "subject", "sequence", "type", name=f"uq_{name}_sequence"),
        sa.UniqueConstraint("position", name=f"uq_{name}_position"),
        sqlite_autoincrement=True,
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_index(f"ix_{name}_unsent", name, ["row"], sqlite_where=unsent, postgresql_where=unsent)


def create_chassis_tables(op: Any) -> None:
    """Migration step for a service's first version: the chassis tables as they were in the first release."""
    create_outbox_table(op, "outbox")
    for name in ("stream_sequences", "inbox_positions"):
        op.create_table(
            name,
            sa.Column("stream", sa.String(64), primary_key=True),
            sa.Column("subject", sa.String(64), primary_key=True),
            sa.Column("municipality", sa.String(64), nullable=False),
            sa.Column("sequence", sa.BigInteger, nullable=False),
        )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("handled_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "parked",
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("municipality", sa.String(64), nullable=False),
        sa.Column("event", sa.JSON, nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retry_at", UtcDateTime),
        sa.Column("parked_at", UtcDateTime, nullable=False),
        sa.Column("dead_at", UtcDateTime),
    )
    op.create_table(
        "undecodable",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "stream_state",
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("as_of", UtcDateTime),
        sa.Column("told_as_of", UtcDateTime),
        sa.Column("told_position", sa.BigInteger, nullable=False),
        sa.Column("read_position", sa.BigInteger, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
    )
    for name in ("idempotency", "quiet_idempotency"):
        op.create_table(
            name,
            sa.Column("municipality", sa.String(64), primary_key=True),
            sa.Column("person", sa.String(64), primary_key=True),
            sa.Column("procedure", sa.String(128), primary_key=True),
            sa.Column("key", sa.String(128), primary_key=True),
            sa.Column("body_hash", sa.String(64), nullable=False),
            sa.Column("answer", sa.JSON, nullable=False),
            sa.Column("at", UtcDateTime, nullable=False),
        )
    op.create_table(
        "access_record",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("municipality", sa.String(64), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("capacity", sa.String(32), nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(64)),
        sa.Column("subject_person_id", sa.String(64)),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("reader", sa.String(64)),
        sa.Column("who", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("municipality", "position", name="uq_access_record_position"),
    )
    op.create_index("ix_access_record_case", "access_record", ["municipality", "case_id", "at"])
    op.create_index("ix_access_record_subject", "access_record", ["municipality", "subject_person_id", "at"])
    create_heads_table(op, "access_heads")
    create_faults_table(op)
    op.create_table(
        "access_anchors",
        sa.Column("row", Serial, primary_key=True, autoincrement=True),
        sa.Column("municipality", sa.String(64), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("record", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("kept_at", UtcDateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_access_anchors_of", "access_anchors", ["municipality", "source", "record", "row"])
    op.create_table(
        "access_checks",
        sa.Column("record", sa.String(32), primary_key=True),
        sa.Column("municipality", sa.String(64), primary_key=True),
        sa.Column("told", sa.LargeBinary),
        sa.Column("told_at", UtcDateTime),
        sa.Column("verified_at", UtcDateTime),
        sa.Column("fault", sa.String(32)),
        sa.Column("fault_position", sa.BigInteger),
    )
