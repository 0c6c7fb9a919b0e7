"""The first tables of cases, those of the protected lane apart."""

import sqlalchemy as sa
from alembic import op

from services.chassis.access import create_access_tables
from services.chassis.storage import (
    UtcDateTime,
    create_chassis_tables,
    create_heads_table,
    create_outbox_table,
)

revision = "0001"
down_revision = None

ID = sa.String(64)


def upgrade() -> None:
    create_chassis_tables(op)
    create_access_tables(op)
    _people()
    _cases()
    _emergencies()
    _grounds()
    _lane()


def _people() -> None:
    op.create_table(
        "persons",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("person_id", ID, primary_key=True),
        sa.Column("number_index", sa.String(64), nullable=False),
        sa.Column("number", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("birth_date", sa.Date),
        sa.Column("address_grade", sa.String(32), nullable=False),
        sa.Column("is_employee", sa.Boolean, nullable=False),
        sa.Column("asked_on", sa.Date),
        sa.Column("unlinked", sa.Text),
        sa.UniqueConstraint("municipality", "number_index", name="uq_persons_municipality_number_index"),
    )
    op.create_table(
        "ties",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("child_id", ID, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("guardian_id", ID, nullable=False),
        *_responsibility(),
        sa.Column("source", sa.String(16), nullable=False),
    )
    op.create_index("ix_ties_guardian", "ties", ["municipality", "guardian_id"])
    op.create_table(
        "register_told",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("child_id", ID, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("guardian_id", ID, nullable=False),
        *_responsibility(),
        sa.Column("said_from", sa.Date),
        sa.Column("said_to", sa.Date),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "papers",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("paper_id", ID, primary_key=True),
        sa.Column("child_id", ID, nullable=False),
        sa.Column("guardian_id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        *_responsibility(),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_by", ID),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("same_person_reason", sa.LargeBinary),
    )
    op.create_index("ix_papers_child", "papers", ["municipality", "child_id"])
    op.create_table(
        "care_orders",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("order_id", ID, primary_key=True),
        sa.Column("child_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("set_by", ID, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("guardians_see", sa.String(16), nullable=False),
        sa.Column("topics", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("registered_at", UtcDateTime, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_by", ID),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("reason", sa.LargeBinary),
    )
    op.create_index("ix_care_orders_child", "care_orders", ["municipality", "child_id"])
    op.create_index("ix_care_orders_unit", "care_orders", ["municipality", "unit_id"])
    _discussions()


def _discussions() -> None:
    op.create_table(
        "discussions",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("discussion_id", ID, primary_key=True),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("from_unit_id", ID, nullable=False),
        sa.Column("to_unit_ids", sa.JSON, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("agreed_ids", sa.JSON, nullable=False),
        sa.Column("agreed_on", sa.Date),
        sa.Column("asked_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "discussion_answers",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("answer_id", ID, primary_key=True),
        sa.Column("discussion_id", ID, nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "discussion_names",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("discussion_id", ID, primary_key=True),
        sa.Column("part_index", sa.String(64), primary_key=True),
    )
    op.create_index(
        "ix_discussion_answers_discussion", "discussion_answers", ["municipality", "discussion_id"]
    )
    op.create_table(
        "discussion_units",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("unit_id", ID, primary_key=True),
        sa.Column("discussion_id", ID, primary_key=True),
    )
    op.create_table(
        "discussion_not_to",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("discussion_id", ID, primary_key=True),
        sa.Column("reader_index", sa.String(64), primary_key=True),
    )


def _responsibility() -> "tuple[sa.Column, ...]":
    return (
        sa.Column("relation", sa.String(16), nullable=False),
        sa.Column("has_responsibility", sa.Boolean, nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("case_id", ID, primary_key=True),
        sa.Column("subject_person_id", ID, nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("owner_person_id", ID, nullable=False),
        sa.Column("owner_unit_id", ID, nullable=False),
        sa.Column("owner_service_id", ID, nullable=False),
        sa.Column("registered_at", UtcDateTime, nullable=False),
        sa.Column("decide_by", sa.Date, nullable=False),
        sa.Column("warn_on", sa.Date, nullable=False),
        sa.Column("warned", sa.Boolean, nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("talk_recorded_at", UtcDateTime),
        sa.Column("holder_person_id", ID),
        sa.Column("holder_unit_id", ID),
        sa.Column("holder_service_id", ID),
        sa.Column("handover_id", ID),
        sa.Column("handover_by", ID),
        sa.Column("handover_to_person_id", ID),
        sa.Column("handover_to_unit_id", ID),
        sa.Column("handover_to_service_id", ID),
        sa.Column("handover_at", UtcDateTime),
        sa.Column("joined_into", ID),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    active = sa.text("state = 'open' AND level >= 1")
    op.create_index(
        "uq_cases_active",
        "cases",
        ["municipality", "subject_person_id"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_index("ix_cases_subject", "cases", ["municipality", "subject_person_id"])
    op.create_index("ix_cases_joined_into", "cases", ["municipality", "joined_into"])
    op.create_index("ix_cases_limit", "cases", ["state", "level", "flagged", "warn_on"])
    op.create_table(
        "steps",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("case_id", ID, primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.String(32), primary_key=True),
        sa.Column("done_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "notes",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("note_id", ID, primary_key=True),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("tool", sa.String(64)),
        sa.Column("tool_version", sa.Integer),
        sa.Column("topic", sa.String(64)),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_notes_case", "notes", ["municipality", "case_id"])
    op.create_table(
        "happenings",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("happening_id", ID, primary_key=True),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("by_person_id", ID),
        sa.Column("codes", sa.JSON, nullable=False),
        sa.Column("told", sa.LargeBinary),
    )
    op.create_index("ix_happenings_case", "happenings", ["municipality", "case_id"])


def _emergencies() -> None:
    op.create_table(
        "emergencies",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("emergency_id", ID, primary_key=True),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("owner_unit_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("reason_code", sa.String(32), nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("valid_from", UtcDateTime, nullable=False),
        sa.Column("valid_to", UtcDateTime, nullable=False),
        sa.Column("ended_by_person_id", ID),
    )


def _grounds() -> None:
    op.create_table(
        "sharing_grounds",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("about", sa.String(16), primary_key=True),
        sa.Column("about_id", ID, primary_key=True),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("ground_version", sa.Integer),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )


def _lane() -> None:
    create_outbox_table(op, "lane_outbox")
    op.create_table(
        "lane_reports",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("report_id", ID, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("reporter_person_id", ID, nullable=False),
        sa.Column("child_index", ID),
        sa.Column("adults", sa.JSON, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("filed_at", UtcDateTime, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("taken_by", ID),
        sa.Column("taken_at", UtcDateTime),
        sa.Column("identified", sa.LargeBinary),
        sa.Column("identified_by", ID),
        sa.Column("identified_at", UtcDateTime),
        sa.Column("ask_again", sa.Boolean, nullable=False),
        sa.Column("ask_after", UtcDateTime),
        sa.Column("guardians_asked_on", sa.Date),
    )
    op.create_index("ix_lane_reports_reporter", "lane_reports", ["municipality", "reporter_person_id"])
    op.create_index("ix_lane_reports_child", "lane_reports", ["municipality", "child_index"])
    op.create_table(
        "lane_guardians",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("report_id", ID, primary_key=True),
        sa.Column("guardian_index", ID, primary_key=True),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_lane_guardians_guardian", "lane_guardians", ["municipality", "guardian_index"])
    op.create_index("ix_lane_guardians_person", "lane_guardians", ["municipality", "person_id"])
    op.create_table(
        "lane_answers",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("answer_id", ID, primary_key=True),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_lane_answers_report", "lane_answers", ["municipality", "report_id"])
    op.create_table(
        "lane_grounds",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("report_id", ID, primary_key=True),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "lane_drafts",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("person_id", ID, primary_key=True),
        sa.Column("draft_id", ID),
        sa.Column("content", sa.LargeBinary),
        sa.Column("kept_at", UtcDateTime, nullable=False),
        sa.Column("form", ID),
        sa.Column("filed_form", ID),
    )
    op.create_table(
        "lane_spent_keys",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("draft_id", ID, primary_key=True),
    )
    op.create_table(
        "lane_readers",
        sa.Column("municipality", ID, primary_key=True),
        sa.Column("report_id", ID, primary_key=True),
        sa.Column("person_id", ID, primary_key=True),
        sa.Column("named_by", ID),
        sa.Column("valid_from", UtcDateTime, nullable=False),
        sa.Column("valid_to", UtcDateTime),
    )
    op.create_table(
        "lane_access",
        sa.Column("id", ID, primary_key=True),
        sa.Column("municipality", ID, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("person_id", ID),
        sa.Column("capacity", sa.String(32), nullable=False),
        sa.Column("unit_id", ID),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("report_id", ID),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("municipality", "position", name="uq_lane_access_position"),
    )
    create_heads_table(op, "lane_access_heads")
    op.create_index("ix_lane_access_report", "lane_access", ["municipality", "report_id", "at"])
