"""A care order in a browser: one registers it, another confirms it, and nothing follows before (GU-4, PR-6)."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.main_job import today
from tests.journeys.people import Demo, until
from tests.support.browser import BrowserAt, press
from tests.support.suite import Suite

AUTHOR, SECOND = "espen-lysvollen", "marianne-gronskar"
CHILD, OTHER = "emil-stillviken", "eira-tinnholtet"
WHY = "Vedtaket gjelder et annet barn."


def register(page: Page, suite: Suite, number: str) -> None:
    page.goto(f"{suite.url}/omsorgsvedtak")
    page.get_by_label("Barnets fødselsnummer").fill(number)
    page.get_by_label("Gjelder fra").fill(today())
    page.get_by_label("Ingenting").check()
    press(page, "Registrer vedtaket")


def to_confirm(page: Page, suite: Suite) -> None:
    """From my work, by the message."""
    link = page.locator("main").get_by_role("link", name="Et omsorgsvedtak må bekreftes av en til")

    def told() -> bool:
        page.goto(f"{suite.url}/mitt-arbeid")
        return link.count() > 0

    until(told, 15, "the second person has a message")
    link.first.click()
    page.get_by_role("link", name="Gå til det meldingen gjelder").click()
    page.get_by_role("link", name="Vedtak som").first.click()


def test_GU_4_PR_6_a_second_person_finds_a_care_order_and_confirms_it_by_the_number(
    browser: BrowserAt, demo: Demo, suite: Suite
) -> None:
    """GU-4, PR-6: of a child whose address is protected; neither the message nor the page names it."""
    author, second = browser.log_in(demo.name(AUTHOR)), browser.log_in(demo.name(SECOND))
    register(author, suite, demo.number(CHILD))
    expect(author.locator("body")).to_contain_text("Det gjelder ikke før en annen har bekreftet det.")
    expect(author.locator("main")).to_contain_text("Venter på bekreftelse")
    author.get_by_role("link", name=demo.name(CHILD)).first.click()
    browser.look(author, "mine-waits")
    to_confirm(second, suite)
    expect(second.locator("main")).to_contain_text(demo.name(AUTHOR))
    assert demo.name(CHILD).split()[0] not in second.locator("main").inner_text()
    second.get_by_label("Ja, jeg bekrefter det").check()
    second.get_by_label("Barnets fødselsnummer").fill(demo.number(OTHER))
    press(second, "Send")
    expect(second.locator("ds-error-summary")).to_contain_text("Dette er ikke barnet")
    browser.look(second, "wrong-number")
    second.get_by_label("Barnets fødselsnummer").fill(demo.number(CHILD))
    press(second, "Send")
    expect(second.locator("body")).to_contain_text("Vedtaket er bekreftet.")
    browser.look(second, "confirmed")
    author.goto(f"{suite.url}/omsorgsvedtak")
    expect(author.locator("main")).to_contain_text("Gjelder nå")
    author.get_by_role("link", name=demo.name(CHILD)).first.click()
    expect(author.get_by_label("Siste dag")).to_be_visible()


def test_GU_4_a_care_order_is_refused_with_a_reason_and_another_is_withdrawn(
    browser: BrowserAt, demo: Demo, suite: Suite
) -> None:
    """GU-4: its author reads why; what is withdrawn waits for nobody."""
    author, second = browser.log_in(demo.name(AUTHOR)), browser.log_in(demo.name(SECOND))
    register(author, suite, demo.number(OTHER))
    second.goto(f"{suite.url}/omsorgsvedtak")
    second.get_by_role("link", name="Vedtak som").first.click()
    second.get_by_label("Nei, jeg avslår").check()
    press(second, "Send")
    expect(second.locator("ds-error-summary")).to_be_visible()
    second.get_by_label("Hvorfor avslår du?").fill(WHY)
    press(second, "Send")
    expect(second.locator("body")).to_contain_text("Vedtaket er avslått.")
    author.goto(f"{suite.url}/omsorgsvedtak")
    author.get_by_role("link", name=demo.name(OTHER)).first.click()
    expect(author.locator("main")).to_contain_text(WHY)
    browser.look(author, "refused")
    register(author, suite, demo.number(OTHER))
    author.get_by_role("listitem").filter(has_text="Venter på bekreftelse").get_by_role("link").first.click()
    press(author, "Trekk vedtaket")
    expect(author.locator("body")).to_contain_text("Vedtaket er trukket.")
    second.goto(f"{suite.url}/omsorgsvedtak")
    expect(second.get_by_role("link", name="Vedtak som")).to_have_count(0)
