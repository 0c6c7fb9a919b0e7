"""The story of a pregnant woman and the birth through the API: her case, and one of the child's own."""

from __future__ import annotations

from tests.journeys.birth_story import BirthStory
from tests.support.suite import Suite


def test_a_birth_begins_a_case_of_the_childs_own_and_her_health_stays_hers(suite: Suite) -> None:
    """LV-13, LV-18, GU-1, GU-6; and again, as who plays it a second time finds it."""
    steps: list[tuple[str, float]] = []
    story = BirthStory(suite.url, lambda what, seconds: steps.append((what, seconds)))
    story.play()
    story.play()
    assert [what[0] for what, _ in steps] == list("1234512345"), "every step of the story was played, twice"
    assert story.refused_after < 1.0, "CO-10: a withdrawal is in force within a second"
