"""Papers of consent: the form to be signed by hand, receipts, and the same as a record in the shape of
ISO/IEC TS 27560 (docs/adr/0035, 0036).

Their words stand in words/<language>.yaml, beside the catalogue of pages: these are read in the language in which
somebody signs, whatever language the rest of the page has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml
from babel.dates import format_date
from babel.lists import format_list

from gateway.times import instant
from gateway.translations import Translator, flat
from services.kernel.calendar import NORWAY

HERE = Path(__file__).resolve().parent
DEFAULT = "nb"
_DAY = {"nb": "d. MMMM y", "nn": "d. MMMM y", "en": "d MMMM y"}
_TIME = {"nb": "%H.%M", "nn": "%H.%M", "en": "%H:%M"}


def languages() -> list[str]:
    """The languages that have words."""
    return sorted(path.stem for path in (HERE / "words").glob("*.yaml"))


@cache
def words(language: str) -> Translator:
    """The words of a language; of the default one where there are none."""
    found = language if language in languages() else DEFAULT
    node = yaml.load((HERE / "words" / f"{found}.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
    return Translator(found, dict(flat("", node)))


def day(value: str | datetime, language: str) -> str:
    """A day in Norway in words, as papers have it: "13. mars 2026"."""
    at = instant(value)
    found = at.astimezone(NORWAY).date() if at.tzinfo else at.date()
    locale = words(language).locale
    return str(format_date(found, _DAY[locale], locale=locale))


def moment(value: str | datetime, language: str) -> str:
    """A day and the time of day in Norway: "13. mars 2026 kl. 10.12"."""
    at, w = instant(value), words(language)
    return w("moment", day=day(at, language), time=at.astimezone(NORWAY).strftime(_TIME[w.locale]))


def listed(parts: Sequence[str], language: str) -> str:
    """ "a, b og c", in the words of the language."""
    return str(format_list(parts, locale=words(language).locale))


def control_code(text_hash: str) -> str:
    """Eight signs by which a paper is held against the text that was asked: "3F7A-19C2"."""
    return f"{text_hash[:4]}-{text_hash[4:8]}".upper()
