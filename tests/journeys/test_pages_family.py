"""The family at the pages, in a browser: answering on consent and taking it back; and the log that they share with the
holder. The seeded case is Noah's: his mother has said yes, his father has not answered."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.main_job import today
from tests.journeys.people import Demo
from tests.support.browser import BrowserAt, press

MOTHER, FATHER, HOLDER = "ida-havrekroken", "simen-tverrasen", "mona-seljebotn"


def test_a_father_signs_and_a_mother_takes_it_back(browser: BrowserAt, demo: Demo) -> None:
    """CO-1, CO-3, CO-7, GU-1, UI.md "Consent": nothing preselected, a last look, a step up, a receipt, and the way to
    change a no; no scripts."""
    page = browser.log_in(demo.name(FATHER), scripts=False)
    page.get_by_role("link", name="Les og svar").click()
    request = page.url
    assert page.title().startswith("Skjema"), "the tab tells nobody what this is"
    assert page.locator("input[type=radio]:checked").count() == 0, "nothing is chosen beforehand"
    press(page, "Se over svarene")
    expect(page.locator("ds-error-summary")).to_contain_text("Velg ett svar")
    page.locator("input[value=talk_first]").check()
    press(page, "Se over svarene")
    expect(page.locator("dl")).to_contain_text("Jeg vil snakke med noen først")
    page.get_by_role("link", name=re.compile("^Endre")).click()
    assert page.locator("input[value=talk_first]").is_checked(), "what was answered here is remembered"
    page.locator("input[value=no]").check()
    press(page, "Se over svarene")
    press(page, "Neste steg")
    page.get_by_role("link", name="Bekreft med elektronisk ID").click()
    page.locator("input[name=acr][value$='-high']").check()
    page.get_by_role("button", name=re.compile(f"^{demo.name(FATHER)}")).first.click()
    expect(page.locator("main")).to_contain_text("Du har bekreftet hvem du er")
    press(page, "Signer og send")
    expect(page.locator("h1")).to_have_text("Svaret ditt er sendt")
    expect(page.locator("main")).to_contain_text("Ingenting blir delt")
    assert page.get_by_role("link", name="Trekk samtykket").count() == 0, "there is nothing to take back"

    page.get_by_role("link", name="Svar på nytt").click()
    assert page.locator("input[type=radio]:checked").count() == 0, "whoever answers anew chooses anew"
    page.locator("input[value=yes]").check()
    press(page, "Se over svarene")
    press(page, "Signer og send")
    expect(page.locator("h1")).to_have_text("Svaret ditt er sendt")
    expect(page.locator("main")).to_contain_text("Alle har sagt ja")
    assert page.get_by_role("link", name="Svar på nytt").count() == 0
    expect(page.locator("main")).to_contain_text(f"Signert av{demo.name(FATHER)}", use_inner_text=False)
    expect(page.locator("main")).to_contain_text(f"{demo.name(MOTHER)}, mor: ja")

    mother = browser.log_in(demo.name(MOTHER))
    browser.look(mother, "my-cases")
    mother.goto(request)
    browser.look(mother, "consent")
    mother.goto(f"{request}/kvittering")
    browser.look(mother, "consent-receipt")
    mother.get_by_role("link", name="Til saken").click()
    case = mother.url
    browser.look(mother, "case")
    for name, part in (("access", "hvem-har-sett"), ("plan", "logg"), ("withdraw", "samtykke/trekk")):
        mother.goto(f"{case}/{part}")
        browser.look(mother, name)
    mother.get_by_label(re.compile("^Familiesenteret")).check()
    press(mother, "Trekk samtykket")
    expect(mother.locator("main")).to_contain_text("Samtykket er trukket")
    mother.goto(f"{case}/hvem-har-sett")
    expect(mother.locator("main")).to_contain_text("Ingen andre tjenester kan lese noe")
    assert browser.faults == []


def test_holder_and_family_share_the_log(browser: BrowserAt, demo: Demo) -> None:
    """LG-2, LG-4, LG-6, LG-7, LG-8, LV-10 as holder and mother meet them."""
    page = browser.log_in(demo.name(HOLDER))
    page.get_by_role("link", name=re.compile(f"^{demo.name('noah-havrekroken')}")).first.click()
    log = f"{page.url}/logg"

    page.goto(log)
    browser.look(page, "holder-plan")
    goal = page.get_by_role("link", name=re.compile("^Endre målet")).first.get_attribute("href")
    assert goal is not None
    _two_edit_at_once(browser, page, goal)

    page.goto(f"{log}/tiltak/nytt")
    page.get_by_label("Hva skal gjøres?").fill("Lese den samme boka begge steder")
    page.get_by_label("Hvem gjør det?").select_option("child")
    page.get_by_label("Hjemme", exact=True).check()
    press(page, "Lagre tiltaket")
    expect(page.locator("ds-error-summary")).to_contain_text("Når skal det være gjort")
    page.get_by_label("Når skal det være gjort eller vurdert?").fill(today(30))
    press(page, "Lagre tiltaket")
    expect(page.locator("main")).to_contain_text("Lese den samme boka begge steder")

    meeting = _meet(browser, page, log, demo)
    mother = browser.log_in(demo.name(MOTHER))
    mother.goto(meeting)
    expect(mother.locator("main")).to_contain_text("Kaninen er med hver gang")
    mother.get_by_role("link", name="Kommenter referatet").click()
    mother.get_by_label("Kommentere noe").check()
    mother.get_by_label("Hva vil du si?").fill("Mandagene er bedre nå.")
    mother.get_by_label(re.compile("^Hjemme")).check()
    browser.look(mother, "suggest")
    press(mother, "Send")
    expect(mother.locator("main")).to_contain_text("Mandagene er bedre nå.")
    browser.look(mother, "timeline")
    answer = mother.goto(f"{log}/mal/nytt")
    assert answer is not None and answer.status == 403, "no form is offered to who can't send it"
    expect(mother.locator("main")).to_contain_text("ikke gjøre dette")
    assert browser.faults == []


def _two_edit_at_once(browser: BrowserAt, page: Page, goal: str) -> None:
    """LG-8: the later one is told what changed, and decides."""
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{browser.url}{goal}")
    other.get_by_label("Hva vil dere skal bli bedre?").fill("Byttedagene er forutsigbare.")
    press(other, "Lagre målet")
    page.get_by_label("Hva vil dere skal bli bedre?").fill("Byttedagene er gode.")
    press(page, "Lagre målet")
    expect(page.locator("h1")).to_contain_text("har endret dette samtidig")
    expect(page.locator("table")).to_contain_text("Byttedagene er forutsigbare.")
    browser.look(page, "conflict")
    press(page, "Lagre det jeg skrev")
    expect(page.locator("main")).to_contain_text("Byttedagene er gode.")
    other.close()


def _meet(browser: BrowserAt, page: Page, log: str, demo: Demo) -> str:
    """A meeting is called, and its minutes are published; its address."""
    page.goto(f"{log}/moter/nytt")
    page.get_by_label("Dato").fill(today(7))
    page.get_by_label("Fra klokka").fill("12:00")
    page.get_by_label("Til klokka").fill("13:00")
    page.get_by_label("Punkt 1", exact=True).fill("Hvordan går byttedagene?")
    page.get_by_label("Tema for punkt 1").select_option("home")
    page.get_by_label(re.compile(f"^{demo.name(MOTHER)}")).check()
    browser.look(page, "meeting-new")
    press(page, "Send innkallingen")
    page.locator("main article").get_by_role("link").first.click()
    meeting = page.url
    page.get_by_role("link", name="Skriv referat").click()
    press(page, "Legg ut referatet")
    expect(page.locator("ds-error-summary")).to_contain_text("minst ett tema")
    page.locator("#f-item-home").fill("Kaninen er med hver gang.")
    page.get_by_label("Barnet fortalte det på forhånd").check()
    page.get_by_label("Hva går bra?").fill("Levering og henting.")
    page.get_by_label("Hva er fortsatt vanskelig?").fill("Mandagene.")
    page.get_by_label("Hvem gjør hva?").fill("Lage en plan for mandager.")
    page.get_by_label("Ja", exact=True).check()
    page.get_by_label("Når ser dere på om tiltakene virker?").fill(today(40))
    page.get_by_label(re.compile("^Hvis dere ikke skal møtes igjen")).fill("Vi ringes.")
    browser.look(page, "minutes")
    press(page, "Legg ut referatet")
    expect(page.locator("main")).to_contain_text("Kaninen er med hver gang.")
    browser.look(page, "meeting")
    return meeting


def test_a_mother_decides_on_what_tells_of_her_and_ends_the_log(browser: BrowserAt, demo: Demo) -> None:
    """GU-6, LG-11: she is asked, says yes, takes it back; she ends the log, twice over, and has a receipt; no scripts.
    The seeded case is Samuel's, to which both parents have agreed."""
    page = browser.log_in(demo.name("amund-kvitneslia"))
    page.get_by_role("link", name=re.compile(f"^{demo.name('samuel-fjellvang')}")).first.click()
    found = re.match(r".*/sak/[^/?]+", page.url)
    assert found is not None
    case = found[0]
    page.goto(f"{case}/logg/innlegg")
    page.get_by_label("Innlegg", exact=True).check()
    page.get_by_label("Hva vil du skrive?").fill("Mor sover dårlig for tiden.")
    page.get_by_label(re.compile("^Hjemme")).check()
    page.get_by_label(re.compile("^Handler dette også")).select_option(
        label=demo.name("blessing-okorie-fjellvang")
    )
    press(page, "Legg ut")
    expect(page.locator("main")).to_contain_text("Vises ikke for andre ennå")
    page.get_by_role("link", name="Se det, og om andre kan lese det").click()
    browser.look(page, "third-person-holder")

    mother = browser.log_in(demo.name("blessing-okorie-fjellvang"), scripts=False)
    mother.goto(case)
    mother.get_by_role("link", name="Se det loggen forteller om deg").click()
    seen = browser.log_in(demo.name("blessing-okorie-fjellvang"))
    seen.goto(mother.url)
    browser.look(seen, "third-person")
    press(mother, "Ja, vis det")
    expect(mother.locator("main")).to_contain_text("Disse kan se det nå")
    press(mother, "Ta tilbake")
    expect(mother.locator("main")).to_contain_text("Kan andre se dette?")

    _a_correction_is_hers_too(page, mother, case, demo.name("blessing-okorie-fjellvang"))
    _she_decides_on_a_goal(page, mother, case, demo.name("blessing-okorie-fjellvang"))
    mother.goto(case)
    mother.get_by_role("link", name="Avslutt stafettloggen").click()
    seen.goto(mother.url)
    browser.look(seen, "log-end")
    press(mother, "Avslutt stafettloggen")
    expect(mother.locator("ds-error-summary")).to_contain_text("Kryss av for at du er sikker")
    ending, again = mother.url, mother.context.new_page()
    again.goto(ending)
    for tab in (mother, again):
        tab.get_by_label("Ja, jeg vil avslutte stafettloggen").check()
        press(tab, "Avslutt stafettloggen")
        expect(tab.locator("h1")).to_have_text("Stafettloggen er avsluttet")
    expect(mother.locator("main")).to_contain_text(demo.name("blessing-okorie-fjellvang"))
    seen.goto(mother.url)
    browser.look(seen, "log-ended")
    press_link(mother, "Les sluttrapporten")
    expect(mother.locator("h1")).to_contain_text("Sluttrapport")
    page.goto(case)
    expect(page.locator("main")).to_contain_text("avsluttet stafettloggen for familien")
    assert browser.faults == []


def _a_correction_is_hers_too(holder: Page, mother: Page, case: str, name: str) -> None:
    """GU-6: new words in a correction are asked about anew; what was corrected stays hers to decide on."""
    holder.goto(f"{case}/logg/tidslinje")
    holder.get_by_role("listitem").filter(has_text="Mor sover dårlig").get_by_role("link").click()
    expect(holder.locator("main")).to_contain_text(f"Forteller om: {name}")
    holder.get_by_label("Hva vil du skrive?").fill("Mor er ofte våken om natten.")
    press(holder, "Legg ut")
    mother.goto(f"{case}/logg/om-andre")
    cards = mother.get_by_label(re.compile("^Om deg"))
    card = cards.filter(has_text="Mor er ofte våken om natten.")
    card.get_by_role("button", name="Ja, vis det").click()
    expect(card).to_contain_text("Disse kan se det nå")
    expect(cards.filter(has_text="Mor sover dårlig")).to_contain_text("Kan andre se dette?")


def _she_decides_on_a_goal(holder: Page, mother: Page, case: str, name: str) -> None:
    """GU-6: what the plan says of her is hers; new words are asked about anew."""
    holder.goto(f"{case}/logg/mal/nytt")
    holder.get_by_label("Hva vil dere skal bli bedre?").fill("Mor får sove.")
    holder.get_by_label(re.compile("^Hjemme")).check()
    holder.get_by_label(re.compile("^Handler dette også")).select_option(label=name)
    press(holder, "Lagre målet")
    expect(holder.locator("main")).to_contain_text("Vises ikke for andre ennå")
    for words in ("Mor får sove.", "Mor får sove hele natten."):
        mother.goto(f"{case}/logg")
        mother.get_by_role("link", name="Se det, og om andre kan lese det").click()
        card = mother.get_by_label(re.compile("^Om deg")).filter(has_text=words)
        card.get_by_role("button", name="Ja, vis det").click()
        expect(card).to_contain_text("Disse kan se det nå")
        holder.goto(f"{case}/logg")
        expect(holder.locator("main")).not_to_contain_text("Vises ikke for andre ennå")
        holder.get_by_role("link", name=re.compile(f"Endre målet.*{words}")).click()
        expect(holder.locator("main")).to_contain_text(f"Forteller om: {name}")
        holder.get_by_label("Hva vil dere skal bli bedre?").fill("Mor får sove hele natten.")
        press(holder, "Lagre målet")


def press_link(page: Page, name: str) -> None:
    page.locator("main").get_by_role("link", name=name).click()
