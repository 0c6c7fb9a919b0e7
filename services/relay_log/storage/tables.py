"""The tables of the relay log. LargeBinary is ciphertext under the case's key; nothing else is told of anybody."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.chassis.access import access_tables
from services.chassis.storage import UtcDateTime, chassis_tables, new_metadata

metadata = new_metadata()
chassis_tables(metadata)
access_tables(metadata)


def _id(name: str, *, key: bool = False, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(64), primary_key=key, nullable=optional)


def _code(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(32), nullable=optional)


def _instant(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime, nullable=optional)


def _of_case(table: str) -> sa.Index:
    return sa.Index(f"ix_{table}_case", "municipality", "case_id")


logs = sa.Table(
    "logs",
    metadata,
    _id("municipality", key=True),
    _id("case_id", key=True),
    sa.Column("next_evaluation_on", sa.Date),
)
"""One row a log, under whose lock all that is written in it is written."""

goals = sa.Table(
    "goals",
    metadata,
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
    _id("third_person", optional=True),
    _id("word_of"),
    _of_case("goals"),
)
"""`changed_at` decides whether a reader's consent reaches what it says now (AG-4); `needed_by_guardians` is the
holder's mark on goals, measures and entries (AG-6). `third_person`: whom it tells of besides the child; `word_of`: for
what that person's word is kept, a goal's or measure's text as of a version (GU-6)."""

measures = sa.Table(
    "measures",
    metadata,
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
    _id("third_person", optional=True),
    _id("word_of"),
    _of_case("measures"),
)

edits = sa.Table(
    "edits",
    metadata,
    _id("municipality", key=True),
    _id("thing_id", key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("fields", sa.JSON, nullable=False),
    _id("by_person_id"),
    _instant("at"),
)
"""Who changed which fields of a goal, measure or meeting, and when (LG-8)."""

participants = sa.Table(
    "participants",
    metadata,
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
    _of_case("participants"),
)

meetings = sa.Table(
    "meetings",
    metadata,
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
    _of_case("meetings"),
)

meeting_items = sa.Table(
    "meeting_items",
    metadata,
    _id("municipality", key=True),
    _id("meeting_id", key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _id("case_id"),
    _code("topic"),
    sa.Column("text", sa.LargeBinary, nullable=False),
    _instant("recorded_at"),
    _id("third_person", optional=True),
    _of_case("meeting_items"),
)
"""The items of agenda and minutes (`kind`), each of one topic. `third_person`: whom one of minutes tells of besides the
child (GU-6)."""

minutes = sa.Table(
    "minutes",
    metadata,
    _id("municipality", key=True),
    _id("meeting_id", key=True),
    _id("case_id"),
    sa.Column("answers", sa.LargeBinary),
    sa.Column("present_ids", sa.JSON, nullable=False),
    sa.Column("next_meeting_on", sa.Date),
    sa.Column("next_evaluation_on", sa.Date, nullable=False),
    _instant("published_at"),
    _id("by_person_id"),
    _of_case("minutes"),
)
"""`answers`: JSON, the rest of the meeting template, which bears no topic."""

evaluations = sa.Table(
    "evaluations",
    metadata,
    _id("municipality", key=True),
    _id("evaluation_id", key=True),
    _id("case_id"),
    _instant("recorded_at"),
    _id("by_person_id"),
    sa.Column("next_evaluation_on", sa.Date),
    _of_case("evaluations"),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
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
    _of_case("outcomes"),
)
"""`content`: JSON {comment, new_what, new_deadline, new_responsible_person_id, new_arena}."""

entries = sa.Table(
    "entries",
    metadata,
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
    _id("third_person", optional=True),
    _of_case("entries"),
    sa.UniqueConstraint("municipality", "corrects"),
)
"""Only added to (LG-6). `root`: the kind of what a correction corrects in the end, else its own. `third_person`: whom
it tells of besides the child (GU-6)."""

words = sa.Table(
    "third_person_words",
    metadata,
    _id("municipality", key=True),
    _id("entry_id", key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _id("case_id"),
    sa.Column("agrees", sa.Boolean, nullable=False),
    sa.Column("said_on", sa.Date, nullable=False),
    _id("recorded_by"),
    _instant("recorded_at"),
    _of_case("third_person_words"),
)
"""What third persons said of showing what is told of them; the last word counts (GU-6)."""

views = sa.Table(
    "views",
    metadata,
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
    _of_case("views"),
)

reports = sa.Table(
    "reports",
    metadata,
    _id("municipality", key=True),
    _id("report_id", key=True),
    _id("case_id"),
    _instant("made_at"),
    _instant("closed_at"),
    _code("outcome"),
    _of_case("reports"),
)
