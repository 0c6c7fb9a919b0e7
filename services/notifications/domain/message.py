"""A message as it is kept: ids, codes and times alone. What it says is looked up when it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Told:
    """That a person is to be told something. `topics` and `at` are those of the item that it is about; `starts_at`
    and `ends_at` are a meeting's; `third_person` is of whom it tells who has not agreed to show it (GU-6)."""

    person_id: str
    kind: str
    at: datetime
    case_id: str | None = None
    item_id: str | None = None
    by_person_id: str | None = None
    topics: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    third_person: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What stands in an inbox, whether its reader may see it now or not (NO-6)."""

    message_id: str
    told: Told
    read_at: datetime | None = None
