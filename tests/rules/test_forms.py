"""The form engine (DI-3): definitions as data, clean answers, errors by field, prefill."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.forms import clean, faults, prefill, validate

OBSERVATION: dict[str, Any] = {
    "code": "observation",
    "version": 1,
    "title": "Observation",
    "sections": [
        {
            "title": "What was seen",
            "fields": [
                {
                    "name": "who",
                    "type": "text",
                    "label": "Child",
                    "prefill": "subject_name",
                    "max_length": 40,
                },
                {"name": "seen", "type": "long_text", "label": "What you saw", "required": True},
                {"name": "day", "type": "date", "label": "Day", "prefill": "today"},
            ],
        },
        {
            "title": "How it is",
            "fields": [
                {
                    "name": "zone",
                    "type": "choice",
                    "label": "Zone",
                    "options": [{"value": "calm", "label": "Calm"}, {"value": "worry", "label": "Worry"}],
                },
                {
                    "name": "arenas",
                    "type": "multi_choice",
                    "label": "Where",
                    "options": [{"value": v, "label": v} for v in ("home", "kindergarten", "leisure")],
                },
                {"name": "wellbeing", "type": "scale", "label": "Wellbeing", "min": 1, "max": 5},
                {"name": "talked", "type": "yes_no", "label": "Talked with the family"},
            ],
        },
    ],
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
)


def test_DI_3_a_browsers_texts_and_an_apis_values_come_out_alike() -> None:
    """DI-3"""
    browser = {
        "seen": "Sat alone.\r\nDid not eat. ",
        "day": "2026-11-20",
        "zone": "worry",
        "arenas": "home",
        "wellbeing": "2",
        "talked": "yes",
    }
    api = {
        "seen": "Sat alone.\nDid not eat.",
        "day": "2026-11-20",
        "zone": "worry",
        "arenas": ["home"],
        "wellbeing": 2,
        "talked": True,
    }
    assert validate(OBSERVATION, browser) == (api, {})
    assert validate(OBSERVATION, api) == (api, {})


@pytest.mark.parametrize(
    ("name", "answer", "code"),
    [
        ("who", "x" * 41, "too_long"),
        ("who", "a\x00b", "control_character"),
        ("who", 7, "not_text"),
        ("seen", "x" * 10_001, "too_long"),
        ("day", "20.11.2026", "not_a_date"),
        ("day", "9999-01-01", "date_out_of_range"),
        ("zone", "red", "not_a_choice"),
        ("zone", ["calm"], "not_a_choice"),
        ("arenas", ["home", "moon"], "not_a_choice"),
        ("arenas", {"home": 1}, "not_a_list"),
        ("wellbeing", 6, "out_of_range"),
        ("wellbeing", "2.5", "not_a_number"),
        ("wellbeing", True, "not_a_number"),
        ("talked", "maybe", "not_yes_or_no"),
        ("colour", "red", "unknown_field"),
    ],
)
def test_DI_3_a_wrong_answer_is_named_and_not_kept(name: str, answer: object, code: str) -> None:
    """DI-3"""
    kept, errors = validate(OBSERVATION, {"seen": "Sat alone.", name: answer})
    assert errors[name] == code
    assert name not in kept


def test_DI_3_required_counts_for_a_whole_form_and_not_for_a_draft() -> None:
    """DI-3: a text of spaces is no answer."""
    for answers in ({}, {"seen": ""}, {"seen": "  \n"}):
        assert validate(OBSERVATION, answers) == ({}, {"seen": "required"})
        assert clean(OBSERVATION, answers) == ({}, {})


def test_DI_3_choices_come_in_the_definitions_order_each_once() -> None:
    """DI-3"""
    kept, _ = clean(OBSERVATION, {"arenas": ["leisure", "home", "leisure"]})
    assert kept == {"arenas": ["home", "leisure"]}


def test_DI_3_prefill_takes_what_the_form_declares_and_suits() -> None:
    """DI-3"""
    known = {"subject_name": "Ask", "today": "2026-11-21", "seen": "not declared", "extra": 1}
    assert prefill(OBSERVATION, known) == {"who": "Ask", "day": "2026-11-21"}
    assert prefill(OBSERVATION, {"subject_name": None, "today": "later"}) == {}


@given(
    st.dictionaries(
        st.sampled_from(["who", "seen", "day", "zone", "arenas", "wellbeing", "talked", "x"]), ANYTHING
    )
)
def test_DI_3_whatever_is_sent_what_is_kept_is_clean(answers: dict[str, object]) -> None:
    """DI-3: no answer breaks the engine, and cleaning twice changes nothing."""
    kept, errors = clean(OBSERVATION, answers)
    assert not kept.keys() & errors.keys()
    assert clean(OBSERVATION, kept) == (kept, {})


def test_DI_5_a_definition_tells_its_faults() -> None:
    """DI-5"""
    assert faults(OBSERVATION) == []
    assert faults({}) == [f"{key} is missing" for key in ("code", "version", "title", "sections")]
    bad = [
        {"name": "a", "type": "text", "label": "A"},
        {"name": "a", "type": "colour", "label": "A"},
        {"name": "b b", "type": "text", "label": "B"},
        {"name": "c", "type": "choice", "label": "C", "options": [{"value": "x"}, {"value": "x"}]},
        {"name": "d", "type": "scale", "label": "", "min": 5, "max": 1, "colour": "red"},
    ]
    found = faults(OBSERVATION | {"sections": [{"title": "T", "fields": bad}]})
    assert found == [
        "a is there twice",
        "a: 'colour' is not a type",
        "'b b' is not a field name",
        "c: needs options with different values",
        "d: has no label",
        "d: colour is not known",
        "d: needs whole numbers min < max",
    ]
