"""The chassis tables, a lane's outbox, and what handlers have seen."""

import sqlalchemy as sa
from alembic import op

from services.chassis.storage import create_chassis_tables, create_outbox_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    create_outbox_table(op, "lane_outbox")
    op.create_table(
        "seen",
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(64)),
        sa.Column("sequence", sa.Integer),
        sa.Column("n", sa.Integer),
    )
