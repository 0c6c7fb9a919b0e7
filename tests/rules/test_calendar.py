"""Norwegian days and ages (AG-7, AG-8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.calendar import (
    NORWAY,
    add_months,
    age_at,
    age_on,
    birthday,
    birthday_instant,
    local_date,
    midnight,
)

DAYS = st.dates(date(1930, 1, 1), date(2100, 12, 31))
INSTANTS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds must be naive)


def test_AG_8_a_leap_day_child_turns_a_year_older_on_1_march_in_common_years() -> None:
    """AG-8"""
    leapling = date(2012, 2, 29)
    assert birthday(leapling, 15) == date(2027, 3, 1)
    assert birthday(leapling, 16) == date(2028, 2, 29)
    assert age_on(leapling, date(2027, 2, 28)) == 14
    assert age_on(leapling, date(2027, 3, 1)) == 15
    assert age_on(leapling, date(2028, 2, 28)) == 15
    assert age_on(leapling, date(2028, 2, 29)) == 16


def test_AG_8_midnight_is_norwegian() -> None:
    """AG-8: an hour before UTC's in winter, two in summer."""
    assert midnight(date(2026, 1, 10)) == datetime(2026, 1, 9, 23, tzinfo=UTC)
    assert midnight(date(2026, 7, 10)) == datetime(2026, 7, 9, 22, tzinfo=UTC)
    assert local_date(datetime(2026, 7, 9, 22, tzinfo=UTC)) == date(2026, 7, 10)
    assert local_date(datetime(2026, 7, 9, 21, 59, 59, tzinfo=UTC)) == date(2026, 7, 9)


@given(INSTANTS)
def test_AG_8_every_instant_lies_in_its_local_day(instant: datetime) -> None:
    """AG-8: also on the days of 23 and 25 hours."""
    day = local_date(instant)
    assert midnight(day) <= instant < midnight(day + timedelta(days=1))
    assert day == instant.astimezone(NORWAY).date()


@given(DAYS, st.integers(0, 60))
def test_AG_8_a_birthday_is_the_first_instant_of_the_new_age(born: date, age: int) -> None:
    """AG-8"""
    instant = birthday_instant(born, age)
    assert age_at(born, instant) == age
    assert age_at(born, instant - timedelta(microseconds=1)) == age - 1


@given(DAYS, DAYS)
def test_AG_7_age_never_falls_and_comes_from_the_birth_date_alone(born: date, day: date) -> None:
    """AG-7: nothing but the registered date goes in."""
    assert age_on(born, day) <= age_on(born, day + timedelta(days=1)) <= age_on(born, day) + 1
    assert birthday(born, age_on(born, day)) <= day < birthday(born, age_on(born, day) + 1)


def test_AG_7_century_is_told_by_the_date_not_by_a_number() -> None:
    """AG-7: the same two digits of the year, a hundred years apart."""
    assert age_on(date(1921, 5, 5), date(2026, 11, 21)) == 105
    assert age_on(date(2021, 5, 5), date(2026, 11, 21)) == 5


def test_CO_2_months_end_on_the_same_day_or_the_last_of_the_month() -> None:
    """CO-2"""
    assert add_months(date(2026, 11, 21), 12) == date(2027, 11, 21)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert add_months(date(2026, 10, 31), 1) == date(2026, 11, 30)
    assert add_months(date(2026, 12, 1), 1) == date(2027, 1, 1)


def test_an_instant_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2026, 1, 1))  # noqa: DTZ001 (that is the fault)
