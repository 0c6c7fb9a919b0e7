"""The tables of cases. What names or tells of a person is LargeBinary: ciphertext under that person's or case's key."""

import sqlalchemy as sa

from services.chassis.access import access_tables
from services.chassis.storage import UtcDateTime, chassis_tables, new_metadata
from services.contracts.cases import LANE

metadata = new_metadata()
chassis_tables(metadata, own_outbox={LANE: "lane_outbox"})
access_tables(metadata)

ACTIVE = "state = 'open' AND level >= 1"
"""Which cases count in LG-1."""


def _id(name: str, *, key: bool = False, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), primary_key=key, nullable=optional)


persons = sa.Table(
    "persons",
    metadata,
    _id("municipality", key=True),
    _id("person_id", key=True),
    sa.Column("number_index", sa.String(64), nullable=False),
    sa.Column("number", sa.LargeBinary, nullable=False),
    sa.Column("name", sa.LargeBinary, nullable=False),
    sa.Column("birth_date", sa.Date),
    sa.Column("address_grade", sa.String(32), nullable=False),
    sa.Column("is_employee", sa.Boolean, nullable=False),
    sa.UniqueConstraint("municipality", "number_index"),
)
"""Everyone whose identity number is known: subjects, guardians, employees. `birth_date`: as the register told it."""

ties = sa.Table(
    "ties",
    metadata,
    _id("municipality", key=True),
    _id("child_id", key=True),
    _id("guardian_id", key=True),
    sa.Column("relation", sa.String(16), nullable=False),
    sa.Column("has_responsibility", sa.Boolean, nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date),
    sa.Index("ix_ties_guardian", "municipality", "guardian_id"),
)

cases = sa.Table(
    "cases",
    metadata,
    _id("municipality", key=True),
    _id("case_id", key=True),
    _id("subject_person_id"),
    sa.Column("subject_kind", sa.String(16), nullable=False),
    _id("owner_person_id"),
    _id("owner_unit_id"),
    _id("owner_service_id"),
    sa.Column("registered_at", UtcDateTime, nullable=False),
    sa.Column("decide_by", sa.Date, nullable=False),
    sa.Column("warn_on", sa.Date, nullable=False),
    sa.Column("warned", sa.Boolean, nullable=False),
    sa.Column("flagged", sa.Boolean, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("talk_recorded_at", UtcDateTime),
    _id("holder_person_id", optional=True),
    _id("holder_unit_id", optional=True),
    _id("holder_service_id", optional=True),
    _id("handover_id", optional=True),
    _id("handover_by", optional=True),
    _id("handover_to_person_id", optional=True),
    _id("handover_to_unit_id", optional=True),
    _id("handover_to_service_id", optional=True),
    sa.Column("handover_at", UtcDateTime),
    _id("joined_into", optional=True),
    sa.Column("closed_at", UtcDateTime),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index(
        "uq_cases_active", "municipality", "subject_person_id", unique=True,
        sqlite_where=sa.text(ACTIVE), postgresql_where=sa.text(ACTIVE),
    ),
    sa.Index("ix_cases_subject", "municipality", "subject_person_id"),
    sa.Index("ix_cases_joined_into", "municipality", "joined_into"),
    sa.Index("ix_cases_limit", "state", "level", "flagged", "warn_on"),
)  # fmt: skip
"""One row a case; level, holder and handover stand in it together (HO-1). At most one active a child (LG-1)."""

steps = sa.Table(
    "steps",
    metadata,
    _id("municipality", key=True),
    _id("case_id", key=True),
    sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step", sa.String(32), primary_key=True),
    sa.Column("done_at", UtcDateTime, nullable=False),
)
"""The steps done; `round` counts the level moves, so that a level that comes back begins anew."""

notes = sa.Table(
    "notes",
    metadata,
    _id("municipality", key=True),
    _id("note_id", key=True),
    _id("case_id"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("tool", sa.String(64)),
    sa.Column("tool_version", sa.Integer),
    sa.Column("topic", sa.String(64)),
    sa.Column("content", sa.LargeBinary, nullable=False),
    _id("by_person_id"),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Index("ix_notes_case", "municipality", "case_id"),
)
"""`content`: JSON {text, answers}."""

happenings = sa.Table(
    "happenings",
    metadata,
    _id("municipality", key=True),
    _id("happening_id", key=True),
    _id("case_id"),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("what", sa.String(32), nullable=False),
    _id("by_person_id", optional=True),
    sa.Column("codes", sa.JSON, nullable=False),
    sa.Column("told", sa.LargeBinary),
    sa.Index("ix_happenings_case", "municipality", "case_id"),
)
"""The history of each case (LV-1): `codes` in clear, `told` (JSON: reasons, wishes) under the case's key."""
