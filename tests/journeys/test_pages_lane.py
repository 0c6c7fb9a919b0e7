"""Reporting to child protection in a browser, from any page, and what becomes of it (PR-1, PR-2, PR-5)."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.people import Demo
from tests.support.browser import BrowserAt, press
from tests.support.suite import Suite

TEACHER, LEADER, PROTECTION = "live-rognbakken", "turid-haugnesli", "espen-lysvollen"
CHILD, MOTHER = "kasper-lomtjonna", "ellen-lomtjonna"
WITHOUT_CASE, WITHOUT_CASES_FATHER = "felix-lerkevoll", "oskar-doggvang"
STORY = "Kasper sier at han er redd for å gå hjem."


def fill(page: Page, kind: str, informed: str) -> None:
    page.get_by_label("Vold", exact=True).check()
    page.get_by_label("Hva har du sett eller hørt?").fill(STORY)
    page.locator(f"[name=kind][value={kind}]").check()
    page.locator(f"[name=guardians_informed][value={informed}]").check()


def log_in_unlisted(browser: BrowserAt, number: str, *, scripts: bool = True) -> Page:
    """Somebody whom the stand-in's page does not list, by their number."""
    page = browser.visit("/logg-inn/videre?next=/hjem", scripts=scripts)
    page.goto(f"{page.url}&login_hint=testid:{number}_idporten-loa-substantial")
    return page


def to_report(page: Page) -> None:
    page.get_by_role("link", name="Meld til barnevernet").click()


def test_PR_1_the_way_to_report_stands_on_every_page_of_an_employee(
    browser: BrowserAt, demo: Demo, suite: Suite
) -> None:
    """PR-1: with the case of the page, where it has one; also on the open pages and where nothing was found. A family
    has no such link."""
    page = browser.log_in(demo.name(TEACHER), scripts=False)
    page.get_by_role("link", name=re.compile(demo.name(CHILD))).first.click()
    case = re.search(r"/sak/([0-9a-f-]+)", page.url)
    assert case is not None
    with_case, without = f"/melding?case_id={case[1]}", "/melding"
    for address, target in (
        (f"/sak/{case[1]}", with_case), (f"/sak/{case[1]}/logg", with_case), (f"/sak/{case[1]}/niva", with_case),
        ("/mitt-arbeid", without), ("/innboks", without), ("/granli/veileder/0", without), ("/finnes/ikke", without),
    ):  # fmt: skip
        page.goto(f"{suite.url}{address}")
        link = page.locator("header").get_by_role("link", name="Meld til barnevernet")
        assert [each.get_attribute("href") for each in link.all()] == [target], address
    family = browser.log_in(demo.name(MOTHER), scripts=False)
    assert family.get_by_role("link", name=re.compile("barnevernet")).count() == 0


def test_PR_2_a_draft_goes_on_and_a_report_with_the_guardians_is_read_by_them(
    browser: BrowserAt, demo: Demo, suite: Suite
) -> None:
    """PR-2, PR-5: what was begun on a case's page is there again; the mother finds the report on her page, and no other
    guardian does."""
    page = browser.log_in(demo.name(TEACHER))
    page.get_by_role("link", name=re.compile(demo.name(CHILD))).first.click()
    to_report(page)
    assert page.locator("[name=kind][value=protected]").is_checked(), (
        "protected, unless the reporter says otherwise"
    )
    fill(page, "protected", "deferred")
    press(page, "Lagre og fortsett senere")
    page.goto(f"{suite.url}/mitt-arbeid")
    to_report(page)
    expect(page.locator("main")).to_contain_text("Du har begynt på en melding om et annet barn")
    page.get_by_role("link", name="Fortsett på den").click()
    expect(page.get_by_label("Hva har du sett eller hørt?")).to_have_value(STORY)
    browser.look(page, "draft")
    fill(page, "with_guardians", "deferred")
    page.get_by_label("Hvorfor vet de det ikke nå?").fill("De er ikke hjemme.")
    press(page, "Send meldingen")
    expect(page.locator("ds-error-summary")).to_be_visible()
    fill(page, "with_guardians", "yes")
    press(page, "Send meldingen")
    expect(page.locator("h1")).to_have_text("Meldingen er sendt")
    mother = browser.log_in(demo.name(MOTHER))
    expect(mother.locator("main")).to_contain_text("Meldinger til barnevernet")
    mother.get_by_role("link", name=re.compile("^Melding ")).click()
    expect(mother.locator("main")).to_contain_text(STORY)
    browser.look(mother, "with-guardians")
    assert mother.get_by_role("button", name=re.compile("Jeg tar|Send")).count() == 0
    other = browser.log_in(demo.name("trude-kvernmoen"))
    assert "Meldinger til barnevernet" not in other.locator("main").inner_text()
    answer = other.goto(mother.url)
    assert answer is not None and answer.status == 404


def test_PR_2_a_father_logs_in_for_a_report_about_a_child_without_a_case(
    browser: BrowserAt, demo: Demo, suite: Suite
) -> None:
    """PR-2: nobody here before, he finds the report on the page that the login leads to, and no case."""
    nobody = log_in_unlisted(browser, demo.number(WITHOUT_CASES_FATHER), scripts=False)
    assert nobody.get_by_role("heading", name="Mine saker").count() == 0
    teacher = browser.log_in(demo.name(TEACHER), scripts=False)
    to_report(teacher)
    teacher.get_by_label("Barnets fødselsnummer").fill(demo.number(WITHOUT_CASE))
    fill(teacher, "with_guardians", "yes")
    press(teacher, "Send meldingen")
    father = log_in_unlisted(browser, demo.number(WITHOUT_CASES_FATHER))
    expect(father.locator("h1")).to_have_text("Mine saker")
    expect(father.locator("main")).to_contain_text("Du har ingen saker her")
    browser.look(father, "report-without-a-case")
    father.get_by_role("link", name=re.compile("^Melding ")).click()
    expect(father.locator("main")).to_contain_text(STORY)
    browser.look(father, "report-of-a-child-without-a-case")
    father.goto(f"{suite.url}/innboks")
    expect(father.locator("h1")).to_be_visible()
    assert browser.faults == []


def test_PR_5_child_protection_takes_a_report_answers_it_and_names_a_reader(
    browser: BrowserAt, demo: Demo, suite: Suite
) -> None:
    """PR-5: found in the inbox; the reporter is told; whoever is named reads it until the name is taken back."""
    teacher = browser.log_in(demo.name(TEACHER))
    to_report(teacher)
    teacher.get_by_label("Hvis du ikke vet hvem barnet er").fill("Gutten i rød jakke på buss 12")
    fill(teacher, "protected", "no")
    teacher.get_by_label("Hvorfor vet de det ikke nå?").fill("Det kan sette Kasper i fare.")
    press(teacher, "Send meldingen")
    report = teacher.url.removesuffix("/kvittering")

    worker = browser.log_in(demo.name(PROTECTION))
    message = worker.locator(f"a[href*='{report.rsplit('/', 1)[1]}']")
    worker.goto(f"{suite.url}/innboks")
    for _ in range(40):
        if message.count():
            break
        worker.reload()
    message.first.click()
    browser.look(worker, "received")
    press(worker, "Jeg tar meldingen")
    expect(worker.locator("main")).to_contain_text(f"{demo.name(PROTECTION)} tok meldingen")
    press(worker, "Lagre hvem barnet er")
    expect(worker.locator("main")).to_contain_text("Skriv fødselsnummeret")
    worker.get_by_label("Barnets fødselsnummer").fill(demo.number(CHILD))
    browser.look(worker, "who-is-the-child")
    press(worker, "Lagre hvem barnet er")
    expect(worker.locator("main")).to_contain_text(demo.name(CHILD))
    worker.get_by_label("Hva kan den som meldte, få vite?").fill("Vi har åpnet undersøkelse.")
    press(worker, "Send tilbakemeldingen")
    teacher.goto(report)
    expect(teacher.locator("main")).to_contain_text("Vi har åpnet undersøkelse.")

    worker.get_by_role("link", name="Gi en til lov til å lese").click()
    worker.get_by_label("Hvor arbeider den du vil gi lov?").select_option(label="Bjørkelia barnehage")
    press(worker, "Vis ansatte")
    choice = worker.locator("[name=person] option", has_text=demo.name(LEADER)).get_attribute("value")
    worker.locator("[name=person]").select_option(choice)
    browser.look(worker, "name-reader")
    press(worker, "Gi lov til å lese")
    leader = browser.log_in(demo.name(LEADER))
    leader.goto(report)
    expect(leader.locator("main")).to_contain_text(STORY)
    worker.goto(report)
    press(worker, "Ta tilbake")
    gone = leader.goto(report)
    assert gone is not None and gone.status == 404
    worker.goto(f"{report}/innsyn")
    expect(worker.locator("main")).to_contain_text(f"{demo.name(LEADER)}, Bjørkelia barnehage")
    browser.look(worker, "access")
    worker.goto(f"{suite.url}/melding/liste?tilstand=answered")
    assert worker.locator(f"a[href$='{report.rsplit('/', 1)[1]}']").count() == 1
    assert browser.faults == []
