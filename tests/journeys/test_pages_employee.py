"""Employees at the pages, in a browser: a concern from its first word to a plan, handed over and reported on."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.people import Demo
from tests.support.browser import BrowserAt, press

TEACHER = "live-rognbakken"
COLLEAGUE = "solveig-brekkmo"
LEADER = "turid-haugnesli"


def told(page: Page) -> str:
    """What the page says has just been done."""
    return page.locator("main [role=status]").first.inner_text()


def raise_concern(browser: BrowserAt, page: Page, number: str, look: bool = False) -> str:
    """From my work to the case page; its address."""

    def seen(name: str) -> None:
        if look:
            browser.look(page, name)

    page.get_by_role("link", name="Meld undring").click()
    seen("concern-1-duty")
    page.get_by_label("Nei", exact=True).check()
    press(page, "Neste steg")
    page.get_by_label("Et barn eller en ungdom").check()
    page.get_by_label("Fødselsnummer").fill("12345678901")
    press(page, "Neste steg")
    expect(page.locator("ds-error-summary")).to_contain_text("11 siffer")
    page.get_by_label("Fødselsnummer").fill(f"{number[:6]} {number[6:]}")
    seen("concern-2-child")
    press(page, "Neste steg")
    page.get_by_label("Beskriv det du har sett eller hørt").fill("Barnet satt alene hele uken.\nHan sa lite.")
    seen("concern-3-seen")
    press(page, "Neste steg")
    expect(page.locator("main")).not_to_contain_text(number[6:])
    seen("concern-4-check")
    press(page, "Meld undringen")
    seen("concern-5-receipt")
    page.get_by_role("link", name=re.compile("Åpne saken til")).click()
    return page.url


def record_talk(page: Page, case: str, guardians: list[str]) -> None:
    page.goto(f"{case}/samtale")
    page.get_by_label("Når snakket dere sammen?").fill("2026-01-15")
    for name in guardians:
        page.get_by_label(re.compile(f"^{name}")).check()
    page.get_by_label("Hva snakket dere om?").fill("Vi så ulikt på det, og ble enige om å prøve noe nytt.")
    press(page, "Lagre samtalen")
    expect(page.locator("ds-error-summary")).to_contain_text("hva barnet mener")
    page.get_by_label(re.compile("^Hva mener")).fill("Jeg vil bygge tårn.")
    press(page, "Lagre samtalen")
    assert "Samtalen er lagret" in told(page)


def test_a_concern_becomes_a_case_that_is_handed_over(browser: BrowserAt, demo: Demo) -> None:
    """LV-2, LV-7, LV-17, HO-1, HO-2, HO-5 as a teacher meets them; what is missing is said in words at its field."""
    page = browser.log_in(demo.name(TEACHER))
    browser.look(page, "work-0")
    case = raise_concern(browser, page, demo.number("kasper-masebakken"), look=True)
    browser.look(page, "case-level-0")

    page.goto(f"{case}/notat")
    page.get_by_label("Hva har du sett eller hørt?").fill("I dag lo han da vi sang.")
    press(page, "Lagre notatet")
    assert "I dag lo han" in page.locator("main").inner_text()

    page.goto(f"{case}/skjema/concern_zones")
    press(page, "Lagre skjemaet")
    browser.look(page, "form-with-errors")
    page.get_by_label(re.compile("3 – Jeg er bekymret")).check()
    page.get_by_label("Hva gjør at du valgte denne sonen?").fill("Uroen blir hos meg.")
    page.get_by_label("Hva gjør du nå?").fill("Jeg ringer hjem i morgen.")
    press(page, "Lagre skjemaet")
    assert "Uroen blir hos meg." in page.locator("main").inner_text()
    browser.look(page, "form-saved")
    page.goto(f"{case}/skjema/concern_talk_preparation")
    assert "satt alene" in page.locator("[name=what_i_saw]").input_value(), (
        "the form begins with what is known"
    )

    page.goto(case)
    press(page, "Steget er ferdig")
    page.goto(f"{case}/vurder")
    expect(page.locator("main")).to_contain_text("ikke skrevet inn samtalen")
    record_talk(page, case, [demo.name("maria-masebakken"), demo.name("magnus-varflodin")])

    page.goto(f"{case}/vurder")
    page.get_by_label(re.compile("Gå videre i egen tjeneste")).check()
    press(page, "Lagre beslutningen")
    browser.look(page, "decide-with-errors")
    page.get_by_label("Hvorfor?").fill("Vi vil prøve i barnehagen først.")
    page.get_by_label("Hvem blir stafettholder?").select_option(index=1)
    page.get_by_label("De er enige i valget").check()
    press(page, "Lagre beslutningen")
    expect(page.locator("main")).to_contain_text("Du er stafettholder")
    browser.look(page, "case-level-1")

    page.goto(f"{case}/overlevering")
    choice = page.locator("[name=to] option", has_text=demo.name(COLLEAGUE)).get_attribute("value")
    page.locator("[name=to]").select_option(choice)
    page.get_by_label("De er enige i valget").check()
    browser.look(page, "handover")
    press(page, "Send spørsmålet")
    expect(page.locator("main")).to_contain_text("Du er stafettholder")

    other = browser.log_in(demo.name(COLLEAGUE))
    other.get_by_role("link", name=re.compile(f"{demo.name('kasper-masebakken')}: Vil du bli")).click()
    other.get_by_role("link", name="Svar", exact=True).click()
    browser.look(other, "handover-answer")
    other.get_by_label("Ja, jeg tar over").check()
    press(other, "Send svaret")
    assert "Du er nå stafettholder" in told(other)
    page.goto(case)
    expect(page.locator("main")).to_contain_text(f"Stafettholder er {demo.name(COLLEAGUE)}")
    assert browser.faults == []


def test_pages_do_their_work_without_scripts(browser: BrowserAt, demo: Demo) -> None:
    """A concern that ends at level 0, and a report to child protection, with JavaScript switched off (LV-9, PR-5)."""
    page = browser.log_in(demo.name(TEACHER), scripts=False)
    case = raise_concern(browser, page, demo.number("storm-tinnholtet"))
    page.get_by_role("link", name="Meld fra til barnevernet").click()
    assert page.title().startswith("Skjema"), "the tab tells nobody what this is"
    page.get_by_label("Vold", exact=True).check()
    page.get_by_label("Hva har du sett eller hørt?").fill("Han viste meg et merke.")
    page.locator("[name=kind][value=protected]").check()
    page.locator("[name=guardians_informed][value=no]").check()
    press(page, "Send meldingen")
    page.locator("[name=guardians_informed_reason]").fill("Det kan sette barnet i fare.")
    press(page, "Send meldingen")
    expect(page.locator("h1")).to_have_text("Meldingen er sendt")
    report = page.url.removesuffix("/kvittering")
    leader = browser.log_in(demo.name(LEADER), scripts=False)
    answer = leader.goto(report)
    assert answer is not None and answer.status == 404, "not even the leader sees what stands in the lane"

    record_talk(page, case, [demo.name("une-tinnholtet"), demo.name("rune-regnbuevoll")])
    page.goto(f"{case}/vurder")
    page.get_by_label(re.compile("^Avslutt")).check()
    page.get_by_label("Hvorfor?").fill("Det gikk over.")
    press(page, "Lagre beslutningen")
    expect(page.locator("main")).to_contain_text("Saken er avsluttet")
    page.goto(f"{case}/notat")
    page.get_by_label("Hva har du sett eller hørt?").fill("Enda noe.")
    press(page, "Lagre notatet")
    expect(page.locator("ds-error-summary")).to_contain_text("avsluttet")
    assert browser.faults == []


def test_a_child_is_not_shown_to_who_has_no_part(browser: BrowserAt, demo: Demo) -> None:
    """SE-3, SE-7: the same page for a case that is not there and for one that is another's."""
    page = browser.log_in(demo.name(TEACHER))
    case = raise_concern(browser, page, demo.number("brage-einerhaugen"))
    outside = browser.log_in(demo.name("henrik-solnesvik"))
    texts = []
    for address in (case, f"{case[:-4]}beef"):
        answer = outside.goto(address)
        assert answer is not None and answer.status == 404
        texts.append(outside.locator("main").inner_text())
    assert texts[0] == texts[1]
