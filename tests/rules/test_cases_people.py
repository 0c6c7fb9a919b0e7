"""Whom a registration links to a child (PR-6), and whom a case can be about (LV-13)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.domain.people import (
    RegisteredGuardian,
    RegisteredPerson,
    guardians_to_link,
    is_protected,
    may_be_subject,
)

GRADES = ("ungraded", "client", "confidential", "strictly_confidential")
BORN = date(2022, 5, 17)


def child(grade: str, *adults: str) -> RegisteredPerson:
    guardians = tuple(
        RegisteredGuardian(f"0{number}", "An Adult", date(1990, 1, 1), "mother", True, True, adult)
        for number, adult in enumerate(adults)
    )
    return RegisteredPerson("1", "A Child", BORN, grade, guardians=guardians)


@given(st.sampled_from(GRADES), st.lists(st.sampled_from(GRADES), max_size=3))
def test_no_guardian_is_linked_where_an_address_is_protected(grade: str, adults: list[str]) -> None:
    """PR-6: grade 6 or 7 of the child or of an adult: nobody is linked; else all are, never some of them (GU-1)."""
    registered = child(grade, *adults)
    protected = any(each in ("confidential", "strictly_confidential") for each in (grade, *adults))
    linked = guardians_to_link(registered)
    assert tuple(linked) == (() if protected else registered.guardians)


@pytest.mark.parametrize("grade, protected", list(zip(GRADES, (False, False, True, True), strict=True)))
def test_grades_six_and_seven_are_protected(grade: str, protected: bool) -> None:
    """PR-6: a client address concerns that address only."""
    assert is_protected(grade) is protected


@pytest.mark.parametrize(
    "born, kind, can",
    [
        (date(2022, 5, 17), "child", True), (date(2001, 11, 22), "child", True), (date(2001, 11, 21), "child", False),
        (date(1960, 1, 1), "child", False),
        (date(1998, 7, 12), "pregnant", True), (date(2020, 1, 1), "pregnant", False),
    ],
)  # fmt: skip
def test_a_case_is_about_a_child_a_youth_or_a_pregnant_woman(born: date, kind: str, can: bool) -> None:
    """LV-13: a child or a youth up to 24 years, or a pregnant woman."""
    assert may_be_subject(born, kind, date(2026, 11, 21)) is can
