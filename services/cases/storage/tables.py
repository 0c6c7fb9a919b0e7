"""The tables of cases. What names or tells of a person is LargeBinary: ciphertext under that person's or case's key."""

from typing import Any

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


def _responsibility() -> tuple[sa.Column[Any], ...]:
    """What a tie says; a column belongs to one table, so each has its own."""
    return (
        sa.Column("relation", sa.String(16), nullable=False),
        sa.Column("has_responsibility", sa.Boolean, nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
    )


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
    sa.Column("asked_on", sa.Date),
    sa.Column("unlinked", sa.Text),
    sa.UniqueConstraint("municipality", "number_index"),
)
"""Everyone whose identity number is known: subjects, guardians, employees. `birth_date`: as the register told it;
`asked_on`: the day on which it was last asked about this person; `unlinked`: the look-up values of the adults whom it
ties to them and who are not linked (PR-6), so that none of them deals with the case at work."""

ties = sa.Table(
    "ties",
    metadata,
    _id("municipality", key=True),
    _id("child_id", key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _id("guardian_id"),
    *_responsibility(),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Index("ix_ties_guardian", "municipality", "guardian_id"),
)
"""The ties of each child as they follow from what the register and the papers told, days to come included."""

register_told = sa.Table(
    "register_told",
    metadata,
    _id("municipality", key=True),
    _id("child_id", key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _id("guardian_id"),
    *_responsibility(),
    sa.Column("said_from", sa.Date),
    sa.Column("said_to", sa.Date),
    sa.Column("named", sa.Boolean, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)
"""What the population register has told of each child's adults, one row each time that it said something new.
`said_from`, `said_to`: the days as it named them; `named` false: it names the adult no more."""

papers = sa.Table(
    "papers",
    metadata,
    _id("municipality", key=True),
    _id("paper_id", key=True),
    _id("child_id"),
    _id("guardian_id"),
    sa.Column("kind", sa.String(32), nullable=False),
    *_responsibility(),
    _id("recorded_by"),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    _id("decided_by", optional=True),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("same_person_reason", sa.LargeBinary),
    sa.Index("ix_papers_child", "municipality", "child_id"),
)
"""Papers about parental responsibility: what each says, who registered it, who verified or refused it (GU-3)."""

care_orders = sa.Table(
    "care_orders",
    metadata,
    _id("municipality", key=True),
    _id("order_id", key=True),
    _id("child_id"),
    _id("unit_id"),
    _id("set_by"),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("guardians_see", sa.String(16), nullable=False),
    sa.Column("topics", sa.JSON, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("registered_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("decided_by", sa.String(64)),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("reason", sa.LargeBinary),
    sa.Index("ix_care_orders_child", "municipality", "child_id"),
    sa.Index("ix_care_orders_unit", "municipality", "unit_id"),
)
"""Care orders, as child protection registered and last changed them, and who of a second person or time decided on them
(GU-4)."""

discussions = sa.Table(
    "discussions",
    metadata,
    _id("municipality", key=True),
    _id("discussion_id", key=True),
    _id("by_person_id"),
    _id("from_unit_id"),
    sa.Column("to_unit_ids", sa.JSON, nullable=False),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("named", sa.Boolean, nullable=False),
    sa.Column("agreed_ids", sa.JSON, nullable=False),
    sa.Column("agreed_on", sa.Date),
    sa.Column("asked_at", UtcDateTime, nullable=False),
)
"""Questions put to other units (LV-12). No row says of which case or child: only a named one says who of the family
agreed, and when."""

discussion_answers = sa.Table(
    "discussion_answers",
    metadata,
    _id("municipality", key=True),
    _id("answer_id", key=True),
    _id("discussion_id"),
    _id("by_person_id"),
    _id("unit_id"),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_discussion_answers_discussion", "municipality", "discussion_id"),
)

discussion_names = sa.Table(
    "discussion_names",
    metadata,
    _id("municipality", key=True),
    _id("discussion_id", key=True),
    sa.Column("part_index", sa.String(64), primary_key=True),
)
"""What answers are held against (LV-12): a look-up value of discussion and part of a name together. It gives no name
back, and no two discussions of one family have one in common."""

discussion_units = sa.Table(
    "discussion_units",
    metadata,
    _id("municipality", key=True),
    _id("unit_id", key=True),
    _id("discussion_id", key=True),
)
"""The units that may read a discussion: those asked, and the one that asked."""

discussion_not_to = sa.Table(
    "discussion_not_to",
    metadata,
    _id("municipality", key=True),
    _id("discussion_id", key=True),
    sa.Column("reader_index", sa.String(64), primary_key=True),
)
"""Who does not read a discussion, though they work in such a unit: those of whom it is about (SE-3). A look-up value of
person and discussion together, so that no two rows show to be one person, or one family."""

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

emergencies = sa.Table(
    "emergencies",
    metadata,
    _id("municipality", key=True),
    _id("emergency_id", key=True),
    _id("case_id"),
    _id("owner_unit_id"),
    _id("person_id"),
    _id("unit_id"),
    sa.Column("reason_code", sa.String(32), nullable=False),
    sa.Column("reason", sa.LargeBinary, nullable=False),
    sa.Column("valid_from", UtcDateTime, nullable=False),
    sa.Column("valid_to", UtcDateTime, nullable=False),
    _id("ended_by_person_id", optional=True),
)
"""The cases that somebody opened by stating an emergency (SE-3). `valid_to` is changed once at most, when somebody ends
it before its time. `reason` is ciphertext under the case's key."""

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

sharing_grounds = sa.Table(
    "sharing_grounds",
    metadata,
    _id("municipality", key=True),
    sa.Column("about", sa.String(16), primary_key=True),
    _id("about_id", key=True),
    sa.Column("ground", sa.String(32), nullable=False),
    sa.Column("ground_version", sa.Integer),
    _id("by_person_id"),
    sa.Column("at", UtcDateTime, nullable=False),
)
"""On what each sharing rests that no consent in Stafett opened (CO-11). That of a report stands in the lane."""
