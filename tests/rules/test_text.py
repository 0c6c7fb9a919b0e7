"""Texts and dates from outside: what may be kept."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.text import one_newline, safe_date, safe_text


@pytest.mark.parametrize(
    "text", ["", "Æøå – ŋáŧ", "to linjer\nog\ttab", "fra nettleseren\r\nny linje", "👩‍👧"]
)
def test_ordinary_text_is_kept(text: str) -> None:
    assert safe_text(text) is None


@pytest.mark.parametrize(
    "bad", ["\x00", "\x08", "\x1b", "\x7f", "\x85", "\r", "a\rb", "\u202e", "\u2066", "\ud800"]
)
def test_control_characters_are_refused(bad: str) -> None:
    assert safe_text(f"x{bad}y") == "control_character"


@given(st.integers(0, 300), st.integers(1, 300))
def test_length_counts_characters_as_kept(length: int, limit: int) -> None:
    assert (safe_text("å" * length, limit) is None) == (length <= limit)
    assert (safe_text("\r\n" * length, limit) is None) == (length <= limit)


@given(st.text())
def test_what_is_safe_stays_safe_as_kept(text: str) -> None:
    if safe_text(text) is None:
        assert safe_text(one_newline(text)) is None
        assert "\r" not in one_newline(text)


def test_only_text_is_text() -> None:
    for value in (None, 1, b"x", ["x"]):
        assert safe_text(value) == "not_text"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1900-01-01", None),
        ("2200-12-31", None),
        (date(2026, 2, 28), None),
        ("1899-12-31", "date_out_of_range"),
        ("2201-01-01", "date_out_of_range"),
        (date(9999, 1, 1), "date_out_of_range"),
        ("2026-02-29", "not_a_date"),
        ("20260228", "not_a_date"),
        ("2026-W09-6", "not_a_date"),
        ("", "not_a_date"),
        ("2026-02-28T10:00", "not_a_date"),
        (None, "not_a_date"),
        (datetime(2026, 1, 1, tzinfo=UTC), "not_a_date"),
    ],
)
def test_dates_lie_between_1900_and_2200(value: object, code: str | None) -> None:
    assert safe_date(value) == code
