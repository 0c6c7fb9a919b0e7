"""The story of a youth of 15 through the API: she consents alone, keeps something to herself, and withdraws in part."""

from __future__ import annotations

from tests.journeys.youth_story import YouthStory
from tests.support.suite import Suite


def test_a_youth_of_15_consents_alone_and_keeps_something_from_her_parents(suite: Suite) -> None:
    """AG-2, AG-3, CO-1, CO-3, GU-1, LG-5; and again, as who plays it a second time finds it."""
    steps: list[tuple[str, float]] = []
    story = YouthStory(suite.url, lambda what, seconds: steps.append((what, seconds)))
    story.play()
    story.play()
    assert [what[0] for what, _ in steps] == list("1234512345"), "every step of the story was played, twice"
    print(f"CO-10: refused {story.refused_after:.2f} s after the withdrawal")
