"""What proves an answer on paper or by word of mouth, and the words that were signed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "registered_answers",
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
    op.create_table(
        "signed_texts",
        sa.Column("text_version", sa.String(16), primary_key=True),
        sa.Column("language", sa.String(8), primary_key=True),
        sa.Column("sentences", sa.JSON, nullable=False),
    )
