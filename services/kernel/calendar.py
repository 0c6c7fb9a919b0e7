"""Norwegian local days and ages: when a day begins, when somebody turns a year older (AG-7, AG-8).

Pure: the instant is always given by the caller. Ages come from the registered birth date, never from an
identity number."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

NORWAY = ZoneInfo("Europe/Oslo")


def local_date(instant: datetime) -> date:
    """The day it is in Norway at an instant. Raises ValueError for an instant without a time zone (AG-8)."""
    _demand_aware(instant)
    return instant.astimezone(NORWAY).date()


@lru_cache(maxsize=4096)
def midnight(day: date) -> datetime:
    """The UTC instant at which a day begins in Norway (AG-8)."""
    return datetime(day.year, day.month, day.day, tzinfo=NORWAY).astimezone(UTC)


def birthday(birth_date: date, age: int) -> date:
    """The day on which somebody turns `age`; a child of 29 February: 1 March in common years (AG-8)."""
    try:
        return birth_date.replace(year=birth_date.year + age)
    except ValueError:
        return date(birth_date.year + age, 3, 1)


def birthday_instant(birth_date: date, age: int) -> datetime:
    """The UTC instant at which somebody turns `age`: Norwegian midnight as the birthday begins (AG-8)."""
    return midnight(birthday(birth_date, age))


def age_on(birth_date: date, day: date) -> int:
    """Whole years on a day, from the registered birth date alone; negative before birth (AG-7, AG-8)."""
    age = day.year - birth_date.year
    return age if birthday(birth_date, age) <= day else age - 1


def age_at(birth_date: date, instant: datetime) -> int:
    """Whole years at an instant, by the Norwegian day it then is (AG-8)."""
    return age_on(birth_date, local_date(instant))


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last of that month when it is shorter (CO-2)."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def _demand_aware(instant: datetime) -> None:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
