"""The lane's own tables; all that a report tells is one ciphertext under the report's own key."""

import sqlalchemy as sa

from services.cases.storage.tables import metadata
from services.chassis.storage import UtcDateTime, heads_table


def _id(name: str, *, key: bool = False, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), primary_key=key, nullable=optional)


reports = sa.Table(
    "lane_reports",
    metadata,
    _id("municipality", key=True),
    _id("report_id", key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    _id("reporter_person_id"),
    _id("child_index", optional=True),
    sa.Column("adults", sa.JSON, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("filed_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    _id("taken_by", optional=True),
    sa.Column("taken_at", UtcDateTime),
    sa.Column("identified", sa.LargeBinary),
    _id("identified_by", optional=True),
    sa.Column("identified_at", UtcDateTime),
    sa.Column("ask_again", sa.Boolean, nullable=False),
    sa.Column("ask_after", UtcDateTime),
    sa.Column("guardians_asked_on", sa.Date),
    sa.Index("ix_lane_reports_reporter", "municipality", "reporter_person_id"),
    sa.Index("ix_lane_reports_child", "municipality", "child_index"),
)
"""`adults`: the lane's look-up values of those whom the register tied to the child when it was named. `identified`:
whom child protection found a report to be about that named nobody, or the register once it answered, as ciphertext;
what was reported stays as it is. `ask_again`: the register was silent when it was filed; not before `ask_after`.
`guardians_asked_on`: when it was last asked who the guardians are, of a report that was made with them."""

guardians = sa.Table(
    "lane_guardians",
    metadata,
    _id("municipality", key=True),
    _id("report_id", key=True),
    _id("guardian_index", key=True),
    _id("person_id"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index("ix_lane_guardians_guardian", "municipality", "guardian_index"),
    sa.Index("ix_lane_guardians_person", "municipality", "person_id"),
)
"""With whom a report was made: of a protected one nobody (PR-3). `guardian_index`: as the lane looks somebody up.
`person_id`: who they are at login while nothing but the lane knows them. `content`: their name and tie, and the child's
number, as ciphertext under the report's key."""

answers = sa.Table(
    "lane_answers",
    metadata,
    _id("municipality", key=True),
    _id("answer_id", key=True),
    _id("report_id"),
    _id("by_person_id"),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index("ix_lane_answers_report", "municipality", "report_id"),
)
"""What child protection let the reporter know: ciphertext under the report's key."""

drafts = sa.Table(
    "lane_drafts",
    metadata,
    _id("municipality", key=True),
    _id("person_id", key=True),
    _id("draft_id", optional=True),
    sa.Column("content", sa.LargeBinary),
    sa.Column("kept_at", UtcDateTime, nullable=False),
    _id("form", optional=True),
    _id("filed_form", optional=True),
)
"""What somebody has begun to write, one a person: ciphertext under a key of the draft's own; nothing once it is filed.
`form`: in which it is written; as long as it grows there, its key is the same. `filed_form`: the form whose report was
filed last: what comes late from it is not kept."""

spent_keys = sa.Table("lane_spent_keys", metadata, _id("municipality", key=True), _id("draft_id", key=True))
"""Drafts that are no more, whose keys are still to be destroyed (SE-6): noted with the change, so that whatever crashes
no key is left behind."""

readers = sa.Table(
    "lane_readers",
    metadata,
    _id("municipality", key=True),
    _id("report_id", key=True),
    _id("person_id", key=True),
    _id("named_by", optional=True),
    sa.Column("valid_from", UtcDateTime, nullable=False),
    sa.Column("valid_to", UtcDateTime),
)
"""Whom the reporter or child protection named as readers (PR-5)."""

access_record = sa.Table(
    "lane_access",
    metadata,
    _id("id", key=True),
    _id("municipality"),
    sa.Column("at", UtcDateTime, nullable=False),
    _id("person_id", optional=True),
    sa.Column("capacity", sa.String(32), nullable=False),
    _id("unit_id", optional=True),
    sa.Column("act", sa.String(64), nullable=False),
    sa.Column("rule", sa.String(32), nullable=False),
    _id("report_id", optional=True),
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("municipality", "position", name="uq_lane_access_position"),
    sa.Index("ix_lane_access_report", "municipality", "report_id", "at"),
)
"""Who filed and read reports: never in the ordinary access record, which the family reads (SE-2, PR-3)."""

access_heads = heads_table(metadata, "lane_access_heads")
"""The last line's place and hash in each municipality's chain."""
