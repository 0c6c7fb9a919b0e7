"""How dates, ages and names are written on pages, and what every template has at hand (`install`).
Dates are read out in Norwegian local time, with how far off they are, since "13.03" tells a tired reader little."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

from babel.dates import format_date
from jinja2 import Environment

from gateway.frame.paths import path
from gateway.translations import Translator, translator
from services.kernel.calendar import NORWAY

QUICK_EXIT = "https://www.yr.no/"
STATIC = Path(__file__).resolve().parent.parent / "static"

When = date | datetime | str


def local_date(value: When) -> date:
    """The day in Norway of a date, an instant, or their ISO text."""
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(NORWAY).date()
    return value


def clock_time(value: When) -> str:
    """The time of day in Norway: "10.12"."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError("a date has no time of day")
    return value.astimezone(NORWAY).strftime("%H.%M")


def iso(value: When) -> str:
    """For `datetime` attributes: the day, or the instant with its offset."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(NORWAY).isoformat(timespec="minutes")
    return value.isoformat()


def initials(name: str) -> str:
    """At most two letters: "Solveig Brekke" gives "SB"."""
    parts = [part for part in name.replace("-", " ").split() if part]
    return "".join(part[0].upper() for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts))


def first_name(name: str) -> str:
    """The first given name, as people are called in running text."""
    return name.split()[0] if name.split() else name


def genitive(name: str) -> str:
    """Norwegian genitive: "Olas", "Jonas'"."""
    return f"{name}'" if name[-1:].lower() in {"s", "x", "z"} else f"{name}s"


def size(count: int) -> str:
    """A whole number with thin groups of three."""
    return f"{count:,}".replace(",", "\u00a0")


class Words:
    """Dates and lists in words, for one language and one clock."""

    def __init__(self, translate: Translator, now: Callable[[], datetime]) -> None:
        self.t = translate
        self.now = now

    def today(self) -> date:
        """Today in Norway."""
        return self.now().astimezone(NORWAY).date()

    def day(self, value: When) -> str:
        """ "fredag 13. mars"; with the year when it is not this year."""
        found = local_date(value)
        pattern = "EEEE d. MMMM" if found.year == self.today().year else "EEEE d. MMMM y"
        return format_date(found, pattern, locale=self.t.locale)

    def short_day(self, value: When) -> str:
        """ "13. mars"; with the year when it is not this year."""
        found = local_date(value)
        pattern = "d. MMMM" if found.year == self.today().year else "d. MMMM y"
        return format_date(found, pattern, locale=self.t.locale)

    def full_day(self, value: When) -> str:
        """ "13. mars 2026", for papers that are kept."""
        return format_date(local_date(value), "d. MMMM y", locale=self.t.locale)

    def distance(self, value: When) -> str:
        """ "om 3 dager", "i dag", "for 2 dager siden"."""
        days = (local_date(value) - self.today()).days
        if abs(days) <= 1:
            return self.t({0: "date.today", 1: "date.tomorrow", -1: "date.yesterday"}[days])
        if abs(days) < 60:
            return self.t("date.in_days" if days > 0 else "date.days_ago", count=abs(days))
        return self.t("date.in_months" if days > 0 else "date.months_ago", count=round(abs(days) / 30.4))

    def deadline(self, value: When) -> str:
        """ "fredag 13. mars (om 3 dager)"; a text that is no day, as somebody has sent it, stays as it is."""
        try:
            return f"{self.day(value)} ({self.distance(value)})"
        except ValueError:
            return str(value)

    def overdue(self, value: When | None) -> bool:
        """Whether the day has passed."""
        return value is not None and local_date(value) < self.today()

    def soon(self, value: When | None, days: int = 3) -> bool:
        """Whether the day is at most `days` ahead, or has passed."""
        return value is not None and (local_date(value) - self.today()).days <= days

    def moment(self, value: When) -> str:
        """ "fredag 13. mars kl. 10.12"."""
        return self.t("date.moment", day=self.day(value), time=clock_time(value))

    def age(self, years: int) -> str:
        """ "4 år"; under one year in words."""
        return self.t("date.age", count=years) if years else self.t("date.under_one")

    def joined(self, parts: Iterable[str]) -> str:
        """ "a, b og c"."""
        items = [str(part) for part in parts]
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.t('common.and')} {items[-1]}"


@lru_cache(maxsize=64)
def asset(name: str) -> str:
    """The address of a static file, with a mark of its content, so that browsers may keep it for ever."""
    file = STATIC / name
    mark = hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else "missing"
    return f"/static/{name}?v={mark}"


def install(env: Environment, now: Callable[[], datetime] | None = None, locale: str = "nb") -> None:
    """Give a Jinja environment what the templates of this package use: `t`, `path`, `asset`, and the filters."""
    words = Words(translator(locale), now or (lambda: datetime.now(UTC)))
    env.trim_blocks = env.lstrip_blocks = True
    env.globals.update(quick_exit=QUICK_EXIT, t=words.t, path=path, asset=asset, today=words.today)
    env.filters.update(
        day=words.day,
        short_day=words.short_day,
        full_day=words.full_day,
        distance=words.distance,
        deadline=words.deadline,
        moment=words.moment,
        years=words.age,
        joined=words.joined,
        clock_time=clock_time,
        iso=iso,
        initials=initials,
        first_name=first_name,
        genitive=genitive,
        size=size,
    )
    env.tests.update(overdue=words.overdue, soon=words.soon)
