"""Identity numbers: published check vectors, test series, the sandbox's gate (DI-6, AG-7)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import identity_number
from services.kernel.identity_number import Series, check, make_test_number, parse

OLD_AND_NEW = ("02013299997", "02013299806", "30108299920")  # published vectors for validators
NEW_ONLY = ("02013299903", "30108299939")  # valid by the rules for 2032 and later
BIRTH_DATES = st.dates(date(1930, 1, 1), date(2039, 12, 31))
SERIALS = st.integers(0, 300)


def second_digit(stem: str) -> str:
    """A stem of ten digits with its second check digit, or "" when it has none."""
    weights = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    digit = -sum(w * int(d) for w, d in zip(weights, stem, strict=True)) % 11
    return f"{stem}{digit}" if digit < 10 else ""


@pytest.mark.parametrize("number", OLD_AND_NEW + NEW_ONLY)
def test_published_vectors_are_valid_by_the_rules_of_2032(number: str) -> None:
    assert check(number, sandbox=False) is None


@given(st.sampled_from(OLD_AND_NEW), st.integers(0, 10), st.integers(1, 9))
def test_no_single_wrong_digit_of_the_serial_or_second_check_passes(number: str, at: int, add: int) -> None:
    """The second check digit finds every single wrong digit."""
    wrong = number[:at] + str((int(number[at]) + add) % 10) + number[at + 1 :]
    assert check(wrong, sandbox=False) == "identity_number_invalid"


@given(st.text(max_size=13))
def test_any_text_gets_an_answer(text: str) -> None:
    assert check(text, sandbox=True) in {"identity_number_invalid", "real_number_in_sandbox", None}


@pytest.mark.parametrize(
    "number",
    [
        "",
        "123",
        "0201329999",
        "020132999970",
        "0201329999x",
        "٠٢٠١٣٢٩٩٩٩٧",
        "00000000000",
        "32013299997",
        "99999999999",
    ],
)
def test_malformed_numbers_are_invalid(number: str) -> None:
    for sandbox in (True, False):
        assert check(number, sandbox) == "identity_number_invalid"


def test_spaces_are_ignored() -> None:
    assert parse("020132 99997") == parse("02013299997")


@pytest.mark.parametrize("number", OLD_AND_NEW + NEW_ONLY)
def test_DI_6_no_real_looking_number_is_accepted_in_the_sandbox(number: str) -> None:
    """DI-6"""
    assert check(number, sandbox=True) == identity_number.REAL_IN_SANDBOX


@given(BIRTH_DATES, SERIALS)
def test_DI_6_the_sandbox_takes_the_test_series_and_production_refuses_it(birth: date, serial: int) -> None:
    """DI-6: for all birth dates, those of 29 February too."""
    number = make_test_number(birth, serial)
    assert int(number[2:4]) == birth.month + 80
    assert check(number, sandbox=True) is None
    assert check(number, sandbox=False) == identity_number.SYNTHETIC_IN_PRODUCTION


@given(BIRTH_DATES, SERIALS, SERIALS)
def test_made_numbers_are_stable_and_differ_by_serial(birth: date, one: int, other: int) -> None:
    assert (make_test_number(birth, one) == make_test_number(birth, other)) == (one == other)


@pytest.mark.parametrize(
    ("month", "series"), [("41", Series.OTHER), ("66", Series.OTHER), ("81", Series.TEST)]
)
@pytest.mark.parametrize("day", ["04", "44"])
def test_DI_6_other_series_are_taken_nowhere(day: str, month: str, series: Series) -> None:
    """DI-6: month + 40 may be a real person's emergency number; only month + 80 is the sandbox's. D-numbers
    (day + 40) count."""
    number = next(
        n
        for serial in range(600, 700)
        for last in range(10)
        if (n := second_digit(f"{day}{month}21{serial}{last}")) and parse(n)
    )
    found = parse(number)
    assert found is not None and (found.series, found.d_number) == (series, day == "44")
    assert check(number, sandbox=False) == identity_number.SYNTHETIC_IN_PRODUCTION
    expected = None if series is Series.TEST else identity_number.REAL_IN_SANDBOX
    assert check(number, sandbox=True) == expected


def test_AG_7_a_number_offers_no_age() -> None:
    """AG-7: what is parsed names neither year nor century."""
    parsed = parse(OLD_AND_NEW[0])
    assert parsed is not None
    assert set(parsed.__slots__) == {"digits", "series", "d_number"}


def test_a_day_has_a_last_number() -> None:
    with pytest.raises(ValueError, match="so many"):
        make_test_number(date(2020, 1, 1), 500)
