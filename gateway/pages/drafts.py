"""Drafts: what somebody has begun to write, kept in their encrypted session until it is sent or the session ends."""

from __future__ import annotations

from typing import Any

from flask import session

MOST = 8
LONGEST = 12_000
OF_MANY_PAGES = frozenset({"concern"})
"""Drafts that several pages write; each keeps what the others wrote."""


def draft(name: str) -> dict[str, Any]:
    """What was kept under this name; empty when there is nothing."""
    kept = session.get("drafts", {}).get(name, {})
    return dict(kept)


def keep(name: str, data: dict[str, Any]) -> None:
    """Keep the draft, and let go of the oldest when there are many."""
    drafts = {key: value for key, value in session.get("drafts", {}).items() if key != name}
    for oldest in list(drafts)[: max(0, len(drafts) - MOST + 1)]:
        del drafts[oldest]
    session["drafts"] = drafts | {name: {key: _cut(value) for key, value in list(data.items())[:80]}}


def drop(name: str) -> None:
    """Forget the draft: it has been sent."""
    if name in session.get("drafts", {}):
        session["drafts"] = {key: value for key, value in session["drafts"].items() if key != name}


def _cut(value: Any) -> Any:
    if isinstance(value, list):
        return [_cut(item) for item in value[:50]]
    return value[:LONGEST] if isinstance(value, str) else value
