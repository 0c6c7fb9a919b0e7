"""The words that were signed, kept as they were read, whatever becomes of the files that they came from (CO-7).

They are the same for all and name nobody, so they stand in clear and once."""

from __future__ import annotations

import sqlalchemy as sa

from services.chassis.storage import AnyConnection, WriteTransaction, insert_ignore
from services.consent.storage.requests import metadata, sentences

signed_texts = sa.Table(
    "signed_texts",
    metadata,
    sa.Column("text_version", sa.String(16), primary_key=True),
    sa.Column("language", sa.String(8), primary_key=True),
    sa.Column("sentences", sa.JSON, nullable=False),
)


def keep_text(tx: WriteTransaction, version: str, language: str) -> None:
    """Keep a wording with the first signature that bears it; what is kept is never written again."""
    row = {"text_version": version, "language": language, "sentences": sentences(version, language)}
    insert_ignore(tx, signed_texts, row)


def signed_text(conn: AnyConnection, version: str, language: str) -> dict[str, str]:
    """The sentences as they were read by whoever signed them, by key in their order."""
    found: dict[str, str] = conn.execute(
        sa.select(signed_texts.c.sentences).where(
            signed_texts.c.text_version == version, signed_texts.c.language == language
        )
    ).scalar_one()
    return found
