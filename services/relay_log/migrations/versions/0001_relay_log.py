"""Plan, participants, meetings, evaluations, entries, views, reports; the chassis' tables and the access facts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from services.chassis.access import create_access_tables
from services.chassis.storage import UtcDateTime, create_chassis_tables

revision = "0001"
down_revision = None


def _id(name: str, *, key: bool = False, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(64), primary_key=key, nullable=optional)


def _code(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(32), nullable=optional)


def _instant(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime, nullable=optional)


def upgrade() -> None:
    create_chassis_tables(op)
    create_access_tables(op)
    op.create_table(
        "logs",
        _id("municipality", key=True),
        _id("case_id", key=True),
        sa.Column("next_evaluation_on", sa.Date),
    )
    op.create_table(
        "goals",
        _id("municipality", key=True),
        _id("goal_id", key=True),
        _id("case_id"),
        _code("topic"),
        sa.Column("text", sa.LargeBinary, nullable=False),
        _code("status"),
        sa.Column("version", sa.Integer, nullable=False),
        _instant("recorded_at"),
        _instant("changed_at"),
        _id("by_person_id"),
        sa.Column("needed_by_guardians", sa.Boolean, nullable=False),
        sa.Column("third_person", sa.String(64)),
        sa.Column("word_of", sa.String(64), nullable=False),
    )
    op.create_table(
        "measures",
        _id("municipality", key=True),
        _id("measure_id", key=True),
        _id("case_id"),
        _id("goal_id"),
        _code("topic"),
        sa.Column("what", sa.LargeBinary, nullable=False),
        _id("responsible_person_id", optional=True),
        sa.Column("is_childs_own", sa.Boolean, nullable=False),
        _code("arena"),
        sa.Column("deadline", sa.Date, nullable=False),
        _code("status"),
        _code("effect", optional=True),
        _id("replaced_by", optional=True),
        sa.Column("version", sa.Integer, nullable=False),
        _instant("recorded_at"),
        _instant("changed_at"),
        _id("by_person_id"),
        sa.Column("needed_by_guardians", sa.Boolean, nullable=False),
        sa.Column("third_person", sa.String(64)),
        sa.Column("word_of", sa.String(64), nullable=False),
    )
    op.create_table(
        "edits",
        _id("municipality", key=True),
        _id("thing_id", key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fields", sa.JSON, nullable=False),
        _id("by_person_id"),
        _instant("at"),
    )
    op.create_table(
        "participants",
        _id("municipality", key=True),
        _id("participant_id", key=True),
        _id("case_id"),
        _id("person_id"),
        _id("unit_id"),
        _id("service_id"),
        _instant("valid_from"),
        _instant("valid_to", optional=True),
        sa.Column("may_write", sa.Boolean, nullable=False),
        sa.Column("follows_up", sa.Boolean, nullable=False),
    )
    op.create_table(
        "meetings",
        _id("municipality", key=True),
        _id("meeting_id", key=True),
        _id("case_id"),
        _instant("starts_at"),
        _instant("ends_at"),
        sa.Column("place", sa.LargeBinary),
        sa.Column("invited_ids", sa.JSON, nullable=False),
        _id("called_by"),
        _instant("called_at"),
        _code("state"),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "meeting_items",
        _id("municipality", key=True),
        _id("meeting_id", key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _id("case_id"),
        _code("topic"),
        sa.Column("text", sa.LargeBinary, nullable=False),
        _instant("recorded_at"),
        sa.Column("third_person", sa.String(64)),
    )
    op.create_table(
        "minutes",
        _id("municipality", key=True),
        _id("meeting_id", key=True),
        _id("case_id"),
        sa.Column("answers", sa.LargeBinary),
        sa.Column("present_ids", sa.JSON, nullable=False),
        sa.Column("next_meeting_on", sa.Date),
        sa.Column("next_evaluation_on", sa.Date, nullable=False),
        _instant("published_at"),
        _id("by_person_id"),
    )
    op.create_table(
        "evaluations",
        _id("municipality", key=True),
        _id("evaluation_id", key=True),
        _id("case_id"),
        _instant("recorded_at"),
        _id("by_person_id"),
        sa.Column("next_evaluation_on", sa.Date),
    )
    op.create_table(
        "outcomes",
        _id("municipality", key=True),
        _id("evaluation_id", key=True),
        _id("measure_id", key=True),
        sa.Column("number", sa.Integer, nullable=False),
        _id("case_id"),
        _code("topic"),
        _code("outcome"),
        _code("effect"),
        _id("service_id", optional=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "entries",
        _id("municipality", key=True),
        _id("entry_id", key=True),
        _id("case_id"),
        _code("kind"),
        _code("root"),
        _code("topic"),
        sa.Column("text", sa.LargeBinary, nullable=False),
        _id("corrects", optional=True),
        _id("by_person_id"),
        _code("by_capacity"),
        _instant("recorded_at"),
        sa.Column("needed_by_guardians", sa.Boolean, nullable=False),
        sa.Column("third_person", sa.String(64)),
        sa.UniqueConstraint("municipality", "corrects"),
    )
    op.create_table(
        "third_person_words",
        _id("municipality", key=True),
        _id("entry_id", key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _id("case_id"),
        sa.Column("agrees", sa.Boolean, nullable=False),
        sa.Column("said_on", sa.Date, nullable=False),
        _id("recorded_by"),
        _instant("recorded_at"),
    )
    op.create_table(
        "views",
        _id("municipality", key=True),
        _id("view_id", key=True),
        _id("case_id"),
        _code("topic"),
        _code("occasion"),
        sa.Column("text", sa.LargeBinary),
        _code("missing", optional=True),
        _code("given"),
        sa.Column("guardians_may_see", sa.Boolean, nullable=False),
        _instant("recorded_at"),
        _id("by_person_id"),
    )
    op.create_table(
        "reports",
        _id("municipality", key=True),
        _id("report_id", key=True),
        _id("case_id"),
        _instant("made_at"),
        _instant("closed_at"),
        _code("outcome"),
    )
    for table in (
        "goals",
        "measures",
        "participants",
        "meetings",
        "meeting_items",
        "minutes",
        "evaluations",
        "outcomes",
        "entries",
        "third_person_words",
        "views",
        "reports",
    ):
        op.create_index(f"ix_{table}_case", table, ["municipality", "case_id"])
