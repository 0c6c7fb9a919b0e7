"""The coordinator at the pages, in a browser: why somebody could see something, and the rules of the municipality."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.journeys.people import Demo, Person
from tests.support.browser import BrowserAt, press
from tests.support.suite import Suite

HOLDER, UNIT = "live-rognbakken", "unit-granli-bjorkelia"
OUTSIDER = "solveig-brekkmo"
COORDINATOR = "ragnhild-moanes"
TODAY = datetime.now(UTC).date()


def a_case(suite: Suite, demo: Demo) -> str:
    """The oldest case from level 1 on that the holder has: its address. Its id tells its age."""
    found = Person(suite.url, demo, HOLDER).log_in("employee", UNIT).get("/cases")["items"]
    case_id = min(each["case_id"] for each in found if each["level"] >= 1 and each["state"] == "open")
    return f"{suite.url}/sak/{case_id}"


def look_up(page: Page, case: str, who: str, act: str) -> str:
    """Ask, and read the answer."""
    page.get_by_label("Hvilken sak?").fill(case)
    choice = page.locator("[name=who] option", has_text=who).first.get_attribute("value")
    page.locator("[name=who]").select_option(choice)
    page.locator("[name=act]").select_option(act)
    press(page, "Slå opp")
    return page.locator("main section").first.inner_text()


def test_CO_8_the_coordinator_looks_up_why(browser: BrowserAt, suite: Suite, demo: Demo) -> None:
    """Those with a part and one without, in words; and nothing of what was written."""
    case = a_case(suite, demo)
    page = browser.log_in(demo.name(COORDINATOR))
    page.get_by_role("link", name="Hvorfor kunne noen se dette?").click()
    press(page, "Slå opp")
    expect(page.locator("ds-error-summary")).to_contain_text("Dette må fylles ut")
    browser.look(page, "explain-wrong")
    told = look_up(page, case, "Foreldrene", "see_case")
    assert "kan det nå" in told and "har bekreftet foreldreansvar" in told
    told = look_up(page, case, demo.name(HOLDER), "see_case")
    assert f"{demo.name(HOLDER)} kan det nå" in told and "Versjon 1" in told
    browser.look(page, "explain-yes")
    told = look_up(page, case, demo.name(OUTSIDER), "read_notes")
    assert f"{demo.name(OUTSIDER)} kan ikke det nå" in told and "ingen del i saken" in told
    page.get_by_label("Hvilken dag?").fill((TODAY - timedelta(days=4000)).isoformat())
    assert "fantes ikke" in look_up(page, case, demo.name(HOLDER), "see_case")
    assert browser.faults == []


def test_the_coordinator_sees_what_a_rule_would_do_and_saves_it(browser: BrowserAt, demo: Demo) -> None:
    page = browser.log_in(demo.name(COORDINATOR))
    page.get_by_role("link", name="Reglene i kommunen").click()
    expect(page.locator("main")).to_contain_text("Gjelder nå")
    browser.look(page, "policies")
    page.get_by_role("link", name="Endre reglene").click()
    expect(page.get_by_label("Frist for å vurdere en undring (dager)")).to_have_value("14")
    page.get_by_label("Frist for å vurdere en undring (dager)").fill("mange")
    press(page, "Se virkningen")
    expect(page.locator("ds-error-summary")).to_contain_text("Skriv et tall")
    browser.look(page, "policy-new-wrong")
    page.get_by_label("Frist for å vurdere en undring (dager)").fill("2")
    press(page, "Se virkningen")
    expect(page.locator("ds-error-summary")).to_contain_text("Varselet må komme før fristen")
    day = TODAY + timedelta(days=4000)
    page.get_by_label("Frist for å vurdere en undring (dager)").fill("21")
    page.locator("summary", has_text="Hjemme").click()
    page.locator("[name=topic_home_one_guardian_suffices]").select_option("yes")
    page.get_by_label("Fra hvilken dag?").fill(day.isoformat())
    press(page, "Se virkningen")
    expect(page.locator("main")).to_contain_text("Ingenting er lagret ennå")
    expect(page.locator("main")).to_contain_text("Fra 14 til 21")
    expect(page.locator("main")).to_contain_text("Hjemme: Det holder at én forelder samtykker")
    browser.look(page, "policy-check")
    press(page, "Endre utkastet")
    expect(page.get_by_label("Frist for å vurdere en undring (dager)")).to_have_value("21")
    press(page, "Se virkningen")
    press(page, "Lagre reglene")
    expect(page.locator("main [role=status]").first).to_contain_text("Reglene er lagret")
    expect(page.locator("main")).to_contain_text("Kommer")
    expect(page.locator("main")).to_contain_text(f"Lagret av {demo.name(COORDINATOR)}")
    assert browser.faults == []


def test_others_find_neither(browser: BrowserAt, suite: Suite, demo: Demo) -> None:
    page = browser.log_in(demo.name(HOLDER))
    assert page.get_by_role("link", name="Reglene i kommunen").count() == 0
    for address in ("/koordinator/regler", "/koordinator/regler/ny", "/koordinator/hvorfor"):
        answer = page.goto(f"{suite.url}{address}")
        assert answer is not None and answer.status == 403
        expect(page.locator("main")).to_contain_text("Bare BTI-koordinatoren")
