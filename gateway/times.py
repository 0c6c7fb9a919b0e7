"""Instants as the services tell them: read already, or as text."""

from __future__ import annotations

from datetime import datetime, timedelta


def instant(value: str | datetime) -> datetime:
    """The instant."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def last_day(valid_to: str | datetime) -> datetime:
    """An instant within the last day of a consent, whose end is the midnight after it."""
    return instant(valid_to) - timedelta(seconds=1)
