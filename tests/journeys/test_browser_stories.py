"""Two more stories in a real browser: a youth of 15 who consents alone, and a pregnant woman and the birth."""

from __future__ import annotations

from tests.journeys.browser_birth import BrowserBirthStory
from tests.journeys.browser_youth import BrowserYouthStory
from tests.support.browser import BrowserAt
from tests.support.suite import Suite


def test_a_youth_consents_alone_and_keeps_something_from_her_parents_by_clicking(suite: Suite) -> None:
    """AG-2, AG-3, CO-1, CO-3, CO-7, GU-1, LG-5. Every page on the way is looked at, as in the main job."""
    with BrowserAt(suite.url, "youth") as browser:
        story = BrowserYouthStory(browser)
        story.asked()
        story.consents_alone()
        story.keeps_something()
        story.health_is_for_both()
        story.withdraws()
        assert browser.faults == []


def test_a_birth_is_registered_and_her_health_stays_hers_by_clicking(suite: Suite) -> None:
    """LV-13, LV-18, CO-3, CO-7, GU-1, GU-6."""
    with BrowserAt(suite.url, "birth") as browser:
        story = BrowserBirthStory(browser)
        story.concern()
        story.she_consents_alone()
        story.birth()
        story.consents_of_its_own()
        story.withdraws()
        assert browser.faults == []
