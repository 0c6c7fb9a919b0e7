"""The main job in a real browser, from the public pages to the final report; and its first half without JavaScript."""

from __future__ import annotations

from tests.journeys.browser_job import BrowserJob
from tests.journeys.browser_job_log import WholeBrowserJob
from tests.support.browser import BrowserAt

TUVA = ("solveig-brekkmo", "tuva-fagerdalen", "marit-elvestrand", "jonas-fagerdalen")
JAKOB = ("sindre-aspevollen", "jakob-askvangen", "kaja-askvangen", "linn-therese-vardal")
"""Worker, child, and its two parents."""


def test_the_main_job_is_done_by_clicking(browser: BrowserAt) -> None:
    """Every page on the way: two widths, no overflow, axe-core finds nothing, no console error, no 5xx."""
    job = WholeBrowserJob(browser, TUVA)
    job.anyone()
    job.concern()
    job.talk_and_decide()
    job.ask_consent()
    job.consent()
    job.level_two()
    job.shared_plan()
    job.meeting()
    job.handover()
    job.evaluation()
    job.withdrawal()
    job.closing()
    assert browser.faults == []


def test_concern_and_consent_need_no_scripts(browser: BrowserAt) -> None:
    """The same by other people, with JavaScript switched off."""
    job = BrowserJob(browser, JAKOB, scripts=False, looks=False)
    job.concern()
    job.talk_and_decide()
    job.ask_consent()
    job.consent()
    assert browser.faults == []
