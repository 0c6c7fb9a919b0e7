"""Who has looked, and reading in an emergency, at the pages: Noah's mother, a nurse without a part, the coordinator."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from deploy.ops.__main__ import main as ops
from tests.journeys.people import Demo, Person, until
from tests.support.browser import BrowserAt
from tests.support.suite import Suite

MOTHER, CHILD = "ida-havrekroken", "noah-havrekroken"
NURSE, COORDINATOR = "ingvild-tangvoll", "ragnhild-moanes"
WHY = "Han er innlagt, og vi må vite hva som er prøvd."


def test_SE_3_a_nurse_reads_in_an_emergency_and_the_family_and_the_coordinator_see_it(
    browser: BrowserAt, demo: Demo, suite: Suite
) -> None:
    """SE-2, SE-3: without scripts, as the others; a wrong number opens nothing; what was opened is read-only."""
    page = browser.log_in(demo.name(NURSE), scripts=False)
    page.goto(f"{suite.url}/nodsituasjon")
    page.get_by_role("button", name="Åpne saken").click()
    expect(page.locator("ds-error-summary")).to_contain_text("Dette må fylles ut")
    page.get_by_label("Barnets fødselsnummer").fill("12345678901")
    page.get_by_label("Akutt behandling").check()
    page.get_by_label("Hva har hendt?").fill(WHY)
    page.get_by_role("button", name="Åpne saken").click()
    expect(page.locator("main")).to_contain_text("Det er ingen sak å åpne med dette nummeret")
    page.get_by_label("Barnets fødselsnummer").fill(demo.number(CHILD))
    page.get_by_role("button", name="Åpne saken").click()
    expect(page.locator("body")).to_contain_text("BTI-koordinatoren har fått beskjed")
    expect(page.locator("body")).to_contain_text("Du leser saken i en nødsituasjon")
    case_id = page.url.rsplit("/", 1)[-1].split("?")[0]
    plan = page.goto(f"{suite.url}/sak/{case_id}/logg")
    assert plan is not None and plan.status == 200
    assert page.get_by_role("link", name=re.compile("Nytt mål|Nytt tiltak")).count() == 0

    coordinator = browser.log_in(demo.name(COORDINATOR))
    coordinator.get_by_role("link", name="Saker åpnet i en nødsituasjon").click()
    expect(coordinator.locator("main")).to_contain_text(WHY)
    expect(coordinator.locator("main")).to_contain_text(f"{demo.name(NURSE)}, ")
    expect(coordinator.locator("main")).not_to_contain_text(demo.name(CHILD))
    browser.look(coordinator, "emergencies")
    page.goto(f"{suite.url}/sak/{case_id}")
    page.get_by_role("button", name="Jeg trenger ikke lese mer").click()
    expect(page.locator("body")).to_contain_text("Lesingen er avsluttet. Saken er stengt igjen.")
    shut = page.goto(f"{suite.url}/sak/{case_id}")
    assert shut is not None and shut.status == 404
    coordinator.reload()
    expect(coordinator.locator("main")).to_contain_text(f"Avsluttet før tiden av {demo.name(NURSE)}.")
    coordinator.goto(f"{suite.url}/innboks")
    expect(coordinator.locator("main")).to_contain_text("En ansatt har åpnet en sak i en nødsituasjon")

    mother = browser.log_in(demo.name(MOTHER))
    mother.goto(f"{suite.url}/sak/{case_id}")
    mother.get_by_role("link", name="Se hvem som har lest i saken").click()
    expect(mother.locator("main")).to_contain_text(demo.name(NURSE))
    expect(mother.locator("main")).to_contain_text("Åpnet i en nødsituasjon: Akutt behandling")
    expect(mother.locator("main")).to_contain_text("Avsluttet lesing i en nødsituasjon før tiden.")
    expect(mother.locator("main")).to_contain_text("Deg selv")
    browser.look(mother, "who-has-looked")
    assert browser.faults == []


def test_SE_2_who_has_looked_comes_from_all_services_at_the_api(suite: Suite, demo: Demo) -> None:
    """SE-2: cases, consent and relay log in one line a day and person; a stranger finds nothing."""
    mother = Person(suite.url, demo, MOTHER).log_in("guardian")
    [case] = [each for each in mother.get("/cases")["items"] if each["child"]["name"] == demo.name(CHILD)]
    mother.get(f"/cases/{case['case_id']}/page")

    def own() -> set[str]:
        page = mother.get(f"/cases/{case['case_id']}/access-history")
        assert page["missing"] == []
        return {
            thing for day in page["days"] for look in day["looks"] if look["you"] for thing in look["things"]
        }

    until(lambda: {"overview", "consents", "who_looked"} <= own(), 5, "what the mother read is told")
    mother.get(f"/cases/{case['case_id']}/access-history", before="no-day", expect=422)
    stranger = Person(suite.url, demo, COORDINATOR)
    stranger.log_in("employee").get(f"/cases/{case['case_id']}/access-history", expect=404)


def test_SE_1_the_records_of_a_running_suite_are_whole(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    """SE-1: written by many at once in five processes, and verified beside them."""
    assert ops(["verify-access", "--json", "--var", str(suite.var)]) == 0
    rows = json.loads(capsys.readouterr().out)
    lines = {row["service"]: row["lines"] for row in rows if row["record"] == "access"}
    assert {"cases", "consent", "relay_log"} <= set(lines) and all(lines.values())
    assert {row["municipality"] for row in rows if row["record"] == "lane"} == {"granli", "storvik"}
