"""The database of the systems that have none of their own: what was told, and what was handled, in one table each."""

from __future__ import annotations

import sqlalchemy as sa

TABLES = (
    "CREATE TABLE IF NOT EXISTS told (n bigint PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS thing (subject text PRIMARY KEY, n bigint)",
    "CREATE TABLE IF NOT EXISTS seen (row bigserial PRIMARY KEY, subject text, n bigint)",
)
TELL = sa.text("INSERT INTO told (n) VALUES (:n)")
UPSERT = sa.text(
    "INSERT INTO thing (subject, n) VALUES (:subject, :n) ON CONFLICT (subject) DO UPDATE SET n = :n"
)
RECORD = sa.text("INSERT INTO seen (subject, n) VALUES (:subject, :n)")


def make_tables(engine: sa.Engine) -> None:
    """Make the tables, unless they are there."""
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(1)"))
        for table in TABLES:
            connection.execute(sa.text(table))
