"""Who has looked at a case, put together from the records of all services that keep something of it (SE-2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import Any

from gateway.asking import Asking, Missing
from gateway.composition.case import missing_parts
from services.contracts.access_history import SERVICES, THINGS, access_history

_WHO = ("day", "person_id", "unit_id", "capacity", "recipient")


def history(asking: Asking, case_id: str, before: str | None = None) -> dict[str, Any]:
    """{days: [{day, looks}], next, missing}: a page of at most 14 days, newest first: of each day first the people,
    whoever read last foremost, then the outside systems by code, since which of two is sent to first is chance; `next`
    is the day before which the next page that has anything ends.

    Raises the refusal of cases when the asker may not read it; a service that does not answer is named in `missing`."""
    page = _page(asking, case_id, before)
    if not page["looks"] and page["next"]:
        page = _page(asking, case_id, page["next"])
    looks = sorted(page["looks"], key=lambda look: str(look["last_at"]), reverse=True)
    looks.sort(key=lambda look: look["recipient"] or "")
    looks.sort(key=lambda look: look["day"], reverse=True)
    days = [{"day": day, "looks": list(each)} for day, each in groupby(looks, key=lambda look: look["day"])]
    return {"days": days, "next": page["next"], "missing": page["missing"]}


def _page(asking: Asking, case_id: str, before: str | date | None) -> dict[str, Any]:
    request = {"case_id": case_id, "before": str(before) if before else None}
    parts = asking.together(**{service: (access_history(service), request) for service in SERVICES})
    refused = parts["cases"]
    if isinstance(refused, Missing):
        raise refused.refusal
    answers = [part for part in parts.values() if not isinstance(part, Missing)]
    return {
        "looks": _merged(look for answer in answers for look in answer["items"]),
        "next": max((answer["next"] for answer in answers if answer["next"]), default=None),
        "missing": missing_parts(parts),
    }


def _merged(looks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One look for each day and person, of what several services told."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for look in looks:
        known = found.setdefault(tuple(look[name] for name in _WHO), dict(look))
        known["first_at"] = min(known["first_at"], look["first_at"], key=str)
        known["last_at"] = max(known["last_at"], look["last_at"], key=str)
        known["things"] = sorted({*known["things"], *look["things"]}, key=THINGS.index)
        for name in ("reasons", "rules"):
            known[name] = sorted({*known[name], *look[name]})
    return list(found.values())
