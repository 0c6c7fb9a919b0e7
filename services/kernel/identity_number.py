"""Norwegian identity numbers: check digits, D-numbers, test series, the rules for numbers issued from 2032.

Own check, since common libraries know neither the test series (month + 80) nor the 2032 rules. A number tells
no age and no century (AG-7): the registered birth date does. In the sandbox only the test series is accepted
(DI-6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_WEIGHTS_1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_WEIGHTS_2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_REMAINDERS_1 = frozenset({0, 1, 2, 3})
"""Numbers issued from 2032 may leave 1, 2 or 3 at the first check digit; earlier ones leave 0. The second
leaves 0 always."""
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

INVALID = "identity_number_invalid"
REAL_IN_SANDBOX = "real_number_in_sandbox"
SYNTHETIC_IN_PRODUCTION = "synthetic_number_in_production"


class Series(StrEnum):
    """By what was added to the month."""

    REAL = "real"  # 0
    OTHER = "other"  # 40 and 65: emergency numbers and other bodies' test persons
    TEST = "test"  # 80: the national test population, the only one for the sandbox


_OFFSETS = ((0, Series.REAL), (40, Series.OTHER), (65, Series.OTHER), (80, Series.TEST))


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A number with a real day and right check digits. `d_number`: given to people without a permanent stay
    (day + 40)."""

    digits: str
    series: Series
    d_number: bool


def parse(text: str) -> IdentityNumber | None:
    """The number in a text (spaces are ignored), or None when it is none: shape, day of the year or check
    digits."""
    digits = "".join(text.split())
    if len(digits) != 11 or not (digits.isascii() and digits.isdigit()):
        return None
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    d_number = day > 40
    for offset, series in _OFFSETS:
        if _is_day(day - 40 if d_number else day, month - offset, year):
            return IdentityNumber(digits, series, d_number) if _digits_agree(digits) else None
    return None


def check(number: str, sandbox: bool) -> str | None:
    """None when the number is acceptable here, else a stable code (DI-6).

    `identity_number_invalid`: no such number; `real_number_in_sandbox`: any other than the test series, in
    the sandbox; `synthetic_number_in_production`: any other than a real one, outside it."""
    parsed = parse(number)
    if parsed is None:
        return INVALID
    if sandbox:
        return None if parsed.series is Series.TEST else REAL_IN_SANDBOX
    return None if parsed.series is Series.REAL else SYNTHETIC_IN_PRODUCTION


def make_test_number(birth_date: date, serial: int) -> str:
    """The `serial`-th (from 0) number of the test series for a birth date: for demo data and tests, never a
    real person's.

    The same arguments always give the same number, different serials different ones. Raises ValueError past
    the last."""
    for position, number in enumerate(_test_numbers(birth_date)):
        if position == serial:
            return number
    raise ValueError("a day has no so many numbers")


def _test_numbers(birth_date: date) -> Iterator[str]:
    """Individual numbers of the birth date's century, as validators of the old kind expect; some leave no
    check digit."""
    serials = range(500, 1000) if birth_date.year >= 2000 else range(500)
    for individual in serials:
        stem = f"{birth_date.day:02}{birth_date.month + 80:02}{birth_date.year % 100:02}{individual:03}"
        first = -_sum(_WEIGHTS_1, stem) % 11
        second = -_sum(_WEIGHTS_2, f"{stem}{first}") % 11
        if first < 10 and second < 10:
            yield f"{stem}{first}{second}"


def _digits_agree(digits: str) -> bool:
    first = (_sum(_WEIGHTS_1, digits) + int(digits[9])) % 11
    second = (_sum(_WEIGHTS_2, digits) + int(digits[10])) % 11
    return first in _REMAINDERS_1 and second == 0


def _sum(weights: tuple[int, ...], digits: str) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False))


def _is_day(day: int, month: int, year: int) -> bool:
    """29 February by the two digits of the year alone: the century is not known."""
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1]:
        return False
    return (day, month) != (29, 2) or year % 4 == 0
