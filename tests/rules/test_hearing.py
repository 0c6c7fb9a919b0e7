"""How a child's own view counts by age (AG-1), and that the screens which ask for it say so."""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway
from gateway.translations import translator
from services.kernel.hearing import Hearing, hearing

TEMPLATES = Path(gateway.__file__).parent / "templates"


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, "young"), (6, "young"), (7, "heard"), (11, "heard"), (12, "weighs"), (17, "weighs"), (18, "own")],
)
def test_AG_1_from_7_a_child_is_heard_and_from_12_its_view_weighs(age: int, expected: str) -> None:
    """AG-1: the birthday itself counts."""
    assert hearing(age) == expected


def test_AG_1_the_screens_that_ask_for_the_childs_view_say_how_it_counts() -> None:
    """AG-1: when the talk is written down, a view recorded, measures judged, and consent asked for and given."""
    for page in (
        "employee/talk",
        "employee/view",
        "log/evaluate",
        "log/plan",
        "employee/consent_ask",
        "family/consent",
    ):
        assert "case.child.hearing" in (TEMPLATES / f"{page}.html").read_text("utf-8"), page
    said = {translator("nb")(f"hearing.{each}", name="Ola") for each in Hearing}
    assert len(said) == 4 and all("Ola" in sentence for sentence in said)
