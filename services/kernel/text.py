"""What a text or a date from outside must be before it is kept: bounded, printable, within a plausible time.

Errors are stable codes; the sentence for the person is the caller's."""

from __future__ import annotations

import re
from datetime import date

SHORT = 200
NARRATIVE = 10_000
FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2200, 12, 31)

NOT_TEXT = "not_text"
TOO_LONG = "too_long"
CONTROL_CHARACTER = "control_character"
NOT_A_DATE = "not_a_date"
DATE_OUT_OF_RANGE = "date_out_of_range"

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab, newline, carriage return
    "\u202a-\u202e\u2066-\u2069"  # direction overrides: what is read is not what is written
    "\ud800-\udfff]"  # halves of a character
    "|\r(?!\n)"  # a carriage return that does not end a line
)


def safe_text(value: object, max_length: int = SHORT) -> str | None:
    """None when the value is a text that may be kept, else `not_text`, `too_long` or `control_character`.

    Newline and tab are allowed; a browser's CR LF counts as one newline (see `one_newline`)."""
    if not isinstance(value, str):
        return NOT_TEXT
    if len(one_newline(value)) > max_length:
        return TOO_LONG
    return CONTROL_CHARACTER if _FORBIDDEN.search(value) else None


def one_newline(value: str) -> str:
    """The text as it is kept: lines end with a newline alone, as browsers do not send them."""
    return value.replace("\r\n", "\n")


def safe_date(value: object) -> str | None:
    """None when the value is a date (or the ISO text of one) from 1900 to 2200, else `not_a_date` or
    `date_out_of_range`."""
    day = value if type(value) is date else to_date(value)
    if day is None:
        return NOT_A_DATE
    return None if FIRST_DAY <= day <= LAST_DAY else DATE_OUT_OF_RANGE


def to_date(value: object) -> date | None:
    """The day that an ISO text YYYY-MM-DD names, or None."""
    if not isinstance(value, str) or not _ISO_DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
