"""Ids: UUIDv7 texts, which sort by the time they were made."""

import uuid6


def new_id() -> str:
    """A new id (UUIDv7, lower-case text)."""
    return str(uuid6.uuid7())
