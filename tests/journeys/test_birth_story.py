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
    print(f"CO-10: refused {story.refused_after:.2f} s after the withdrawal")
