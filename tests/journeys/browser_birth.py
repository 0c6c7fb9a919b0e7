"""A pregnant woman whose case the midwife owns, and the birth, in a browser. The steps are those of birth_story.py."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.birth_story import FATHER, MIDWIFE, MOTHER, NEWBORN
from tests.journeys.browser_story import BrowserStory, button, field, in_days, link, reload_until, shows
from tests.support.browser import BrowserAt

NURSES_SERVICE = "Skolehelsetjenesten i Granli"
NOTE = "Hun ønsker seg en fast person å ringe til når barnet er født."
HEALTH = "Hun har hatt en fødselsdepresjon før."
AS_HERSELF, AS_PARENT = "^Meg selv", "^Forelder"


class BrowserBirthStory(BrowserStory):
    """The story of one birth; to be played in the order of its steps. `case` is first hers, then the child's."""

    def __init__(self, browser: BrowserAt) -> None:
        super().__init__(browser, MOTHER)
        self.hers = ""

    # ------------------------------------------------------------ 1

    def concern(self) -> None:
        """LV-13: the midwife raises a pregnant woman's worry, writes down what she tells, and talks with her."""
        self.midwife = page = self.enter(MIDWIFE)
        self.close_what_was_left_open()
        page.goto(f"{self.browser.url}/mitt-arbeid")
        link(page, "Meld undring").click()
        page.get_by_label("Nei", exact=True).check()
        button(page, "Neste steg").click()
        page.get_by_label("En gravid").check()
        field(page, "Fødselsnummer").fill(self.demo.number(MOTHER))
        self.look(page, "concern-who")
        button(page, "Neste steg").click()
        field(page, "Beskriv det").fill("Hun har få å snakke med og gruer seg til tiden etter fødselen.")
        page.get_by_label("Trivsel og venner").check()
        button(page, "Neste steg").click()
        button(page, "Meld undringen").click()
        self.look(page, "concern-receipt")
        link(page, "Åpne saken til").click()
        self.case = self.hers = page.url
        for topic, text in (("wellbeing", NOTE), ("health", HEALTH)):
            link(page, "Skriv et notat").click()
            field(page, "Hva har du sett").fill(text)
            field(page, "Hvilket tema").select_option(topic)
            self.look(page, "note")
            button(page, "Lagre notatet").click()
        self.look(page, "midwife-case")
        self.talk((self.name,), "Hun vil gjerne ha hjelp, og vil selv bestemme hvem som får vite hva.",
                  "Hun vil ikke måtte fortelle alt på nytt.")  # fmt: skip
        self.to_level_one()

    def talk(self, people: tuple[str, ...], summary: str, view: str) -> None:
        page = self.at(self.midwife)
        link(page, "Skriv inn en samtale").click()
        field(page, "Når snakket dere sammen?").fill(in_days(0))
        for name in people:
            field(page, name).check()
        field(page, "Hva snakket dere om?").fill(summary)
        field(page, "Hva mener").fill(view)
        self.look(page, f"talk-{'hers' if self.case == self.hers else 'childs'}")
        button(page, "Lagre samtalen").click()
        shows(page, "Samtalen er lagret")

    def to_level_one(self) -> None:
        page = self.at(self.midwife)
        link(page, "Bestem om dere skal gå videre").click()
        page.get_by_label(re.compile("^Gå videre i egen tjeneste")).check()
        field(page, "Hvorfor?").fill("Vi følger opp sammen med familien.")
        field(page, "Hvem blir stafettholder?").select_option(index=1)
        page.get_by_label("De er enige i valget").check()
        self.look(page, "decide")
        button(page, "Lagre beslutningen").click()
        shows(page, "Du er stafettholder")

    # ------------------------------------------------------------ 2

    def she_consents_alone(self) -> None:
        """LV-13: she alone is asked, and signs alone."""
        page = self.ask_for("wellbeing")
        self.look(page, "hers-asked")
        assert self.demo.name(FATHER) not in page.locator("main").inner_text(), "LV-13: nobody else is asked"
        self.mother = page = self.sign(MOTHER, AS_HERSELF)
        shows(page, "Alle har sagt ja")
        self.opens_as_pdf(page, self.name)
        link(page, "Til saken").click()
        shows(page, HEALTH)
        self.look(page, "hers-own-case")

    def ask_for(self, topic: str) -> Page:
        page = self.at(self.midwife)
        link(page, "Be om samtykke").click()
        field(page, "Hvorfor trenger dere å dele?").fill("Helsesykepleier skal kunne møte familien.")
        block = page.locator("details", has=page.locator("summary", has_text=NURSES_SERVICE)).first
        block.locator("summary").click()
        block.locator(f"[value={topic}]").check()
        field(page, "Hvor lenge skal samtykket gjelde?").fill(in_days(90))
        self.look(page, f"ask-{'hers' if self.case == self.hers else 'childs'}")
        button(page, "Send til familien").click()
        return page

    # ------------------------------------------------------------ 3

    def birth(self) -> None:
        """LV-18, GU-6: a case of the child's own; what she agreed to comes along, her health is not even offered."""
        page = self.at(self.midwife)
        link(page, "Registrer fødsel").click()
        assert HEALTH not in page.locator("main").inner_text(), "GU-6"
        field(page, "Barnets fødselsnummer").fill(self.demo.number(NEWBORN))
        field(page, "Hva handler barnets sak om?").fill("Familien ønsker en fast kontakt den første tiden.")
        page.get_by_label(NOTE).check()
        page.get_by_label("Den avsluttes").check()
        field(page, "Hvorfor avsluttes den?").fill("Barnet er født og har sin egen sak.")
        button(page, "Registrer fødselen").click()
        expect(page.locator("ds-error-summary")).to_contain_text("Når sa hun ja")
        field(page, "Når sa hun ja til dette?").fill(in_days(0))
        self.look(page, "birth")
        button(page, "Registrer fødselen").click()
        shows(page, "Dette er barnets egen sak")
        self.case = page.url
        assert self.case != self.hers
        self.name = self.demo.name(NEWBORN)
        self.first = self.name.split()[0]
        shows(page, "fast person å ringe til")
        assert "fødselsdepresjon" not in page.locator("main").inner_text(), "GU-6"
        self.look(page, "childs-case")
        page.goto(f"{self.case}/samtykke")
        shows(page, "Ingen samtykker gjelder")
        page.goto(self.hers)
        shows(page, "Saken er avsluttet")
        assert self.first not in page.locator("main").inner_text(), "LV-18: hers names no child"
        self.look(page, "hers-closed")

    # ------------------------------------------------------------ 4

    def consents_of_its_own(self) -> None:
        """GU-1, LV-18: for the child both say yes; her own case stays hers."""
        self.talk((self.demo.name(MOTHER), self.demo.name(FATHER)), "Begge vil ha hjelp den første tiden.",
                  "Olivia er rolig når noen bærer henne.")  # fmt: skip
        self.to_level_one()
        self.look(self.ask_for("wellbeing"), "childs-asked")
        at_mother = self.sign(MOTHER, AS_PARENT)
        shows(at_mother, f"Vi venter på svar fra {self.demo.name(FATHER)}")
        self.father = self.sign(FATHER)
        shows(self.father, "Alle har sagt ja")
        self.at(self.father)
        self.look(self.father, "father-case")
        for part in ("", "/logg", "/samtykke", "/hvem-har-lest"):
            answer = self.father.goto(f"{self.hers}{part}")
            assert answer is not None and answer.status == 404, "LV-18: hers stays hers"
        self.father.goto(f"{self.browser.url}/mine-saker")
        assert self.demo.name(MOTHER) not in self.father.locator("main").inner_text()
        self.mother.goto(f"{self.browser.url}/mine-saker")
        shows(self.mother, self.demo.name(MOTHER))
        assert self.name not in self.mother.locator("main").inner_text(), (
            "as herself she has her own case alone"
        )

    # ------------------------------------------------------------ 5

    def withdraws(self) -> None:
        """CO-3: one parent takes it back, and nothing of the child is shared any more; the midwife is told."""
        page = self.at(self.father)
        link(page, "Trekk et samtykke").click()
        page.get_by_label("Alt", exact=True).check()
        button(page, "Trekk samtykket").click()
        shows(page, "Samtykket er trukket")
        self.opens_as_pdf(page, self.demo.name(FATHER))
        page = self.midwife
        page.goto(f"{self.browser.url}/innboks")
        reload_until(page, "Et samtykke er trukket")
        self.at(page, "/samtykke")
        shows(page, "Trukket")
        self.look(page, "childs-withdrawn")
        self.close(self.case)

    def close_what_was_left_open(self) -> None:
        """A story that broke off has left cases running; a new concern would join one of them (LG-1)."""
        page = self.midwife
        for name in (self.demo.name(MOTHER), self.demo.name(NEWBORN)):
            listed = page.locator("main table").get_by_role("link", name=name, exact=True)
            if listed.count():
                listed.click()
                expect(page.locator("h1")).to_contain_text(name)
                self.close(page.url)
                page.goto(f"{self.browser.url}/mitt-arbeid")

    def close(self, case: str) -> None:
        page = self.midwife
        page.goto(case)
        if link(page, "Bestem om dere skal gå videre").count():
            link(page, "Bestem om dere skal gå videre").click()
            page.get_by_label(re.compile("^Avslutt")).check()
            field(page, "Hvorfor?").fill("Historien er til ende.")
            button(page, "Lagre beslutningen").click()
            shows(page, "Saken er avsluttet")
            return
        link(page, "Avslutt saken").click()
        page.get_by_label("En annen grunn").check()
        field(page, "Fortell kort").fill("Historien er til ende.")
        button(page, "Avslutt saken").click()
        shows(page, "Saken er avsluttet")
