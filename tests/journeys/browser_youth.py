"""The youth of 15 in a browser: she consents alone, keeps something from her parents, and withdraws for one service.
The steps are those of youth_story.py."""

from __future__ import annotations

from functools import partial

from tests.journeys.browser_story import BrowserStory, button, field, in_days, link, reload_until, shows
from tests.journeys.people import AT_ONCE, until
from tests.journeys.youth_story import MOTHER, NURSE, OTHER, TEACHER, YOUTH
from tests.support.browser import BrowserAt

SCHOOL_HEALTH, SCHOOL_HEALTH_ID = "Skolehelsetjenesten i Granli", "service-granli-skolehelse"
FATHER = "geir-ove-langtjern"
APART, TOGETHER = "Hun vil ikke at hjemme skal vite hvor lite hun sover.", "Hun savner Vilja."


class BrowserYouthStory(BrowserStory):
    """The story of one youth; to be played in the order of its steps."""

    def __init__(self, browser: BrowserAt) -> None:
        super().__init__(browser, YOUTH)

    # ------------------------------------------------------------ 1

    def asked(self) -> None:
        """The school asks her for consent to work with the school nurse; the page says who will be asked of what."""
        self.teacher = page = self.open(self.enter(TEACHER))
        self.case = page.url
        self.look(page, "teacher-case")
        self.release(NURSE)
        self.at(page)
        link(page, "Be om samtykke").click()
        field(page, "Hvorfor trenger dere å dele?").fill(
            "Oda skal kunne snakke med helsesykepleier om hvordan hun har det."
        )
        block = page.locator("details", has=page.locator("summary", has_text=SCHOOL_HEALTH)).first
        block.locator("summary").click()
        for topic in ("wellbeing", "health"):
            block.locator(f"[value={topic}]").check()
        field(page, "Hvor lenge skal samtykket gjelde?").fill(in_days(90))
        self.look(page, "consent-ask")
        button(page, "Send til").click()
        self.look(page, "consent-asked")

    # ------------------------------------------------------------ 2

    def consents_alone(self) -> None:
        """AG-2, AG-3: she is asked about both topics, her mother of health alone; the nurse reads what she opened."""
        self.nurse = self.enter(NURSE, SCHOOL_HEALTH)
        self.refused(self.nurse)
        self.youth = page = self.sign(YOUTH)
        shows(page, "Noe av det du sa ja til, kan leses nå")
        shows(page, f"Vi venter på svar fra {self.demo.name(MOTHER)} og {self.demo.name(FATHER)}")
        self.opens_as_pdf(page, self.name)
        link(page, "Til saken").click()
        self.look(page, "youth-case")
        self.mother = self.enter(MOTHER)
        self.look(self.mother, "mother-cases")
        link(self.mother, "Les og svar").click()
        self.look(self.mother, "mother-consent")
        asked = self.mother.locator("input[type=radio]").all()
        assert {each.get_attribute("name") for each in asked} == {f"answer-{SCHOOL_HEALTH_ID}-health"}, (
            "AG-2: on wellbeing the youth consents alone"
        )
        page = self.at(self.teacher)
        reload_until(page, "Ta med en deltaker")
        self.bring_in(NURSE)
        reader = self.nurse
        reader.goto(f"{self.browser.url}/mitt-arbeid")
        reload_until(reader, self.name)
        self.look(self.open(reader), "nurse-case")
        link(reader, "Åpne stafettloggen").click()
        shows(reader, "Oda har noen å være sammen med")
        assert "Oda er på skolen alle dager" not in reader.locator("main").inner_text(), (
            "CO-1: what she named"
        )

    def bring_in(self, who: str) -> None:
        page = self.at(self.teacher)
        link(page, "Ta med en deltaker").click()
        chooser = field(page, "Hvem tar du med?")
        chooser.select_option(
            chooser.locator("option", has_text=self.demo.name(who)).first.get_attribute("value")
        )
        button(page, "Ta med").click()
        shows(page, self.demo.name(who))

    # ------------------------------------------------------------ 3

    def keeps_something(self) -> None:
        """LG-5: what she said apart stands in the plan for her and those whom she lets see it, not for her parents."""
        self.write_view("Alene", APART)
        self.write_view("Sammen med foreldrene", TOGETHER)
        for reader in (self.youth, self.nurse):
            self.at(reader, "/logg")
            shows(reader, APART)
            shows(reader, TOGETHER)
        shows(self.youth, "Foreldrene ser ikke dette")
        self.look(self.youth, "youth-plan")
        father = self.enter(FATHER)
        for parent in (self.mother, father):
            shows(self.at(parent, "/logg"), TOGETHER)
            for part in ("", "/logg", "/logg/tidslinje", "/hvem-har-sett", "/hvem-har-lest"):
                told = self.at(parent, part).locator("body").inner_text()
                assert "lite hun sover" not in told and "hver for seg" not in told, f"LG-5: {parent.url}"
        self.look(self.at(self.mother, "/logg"), "mother-plan")

    def write_view(self, given: str, text: str) -> None:
        page = self.at(self.teacher)
        link(page, "Skriv ned hva").click()
        field(page, "Hva sier").fill(text)
        page.get_by_label(given, exact=True).check()
        field(page, "Når spurte du?").select_option("planning")
        field(page, "Hvilket tema").select_option("wellbeing")
        self.look(page, "view-form")
        button(page, "Lagre").click()
        shows(page, text)

    # ------------------------------------------------------------ 4

    def health_is_for_both(self) -> None:
        """AG-3, GU-1: her mother says yes on health, her father is silent, so nothing of it opens."""
        page = self.at(self.teacher, "/logg")
        link(page, "Nytt mål").click()
        field(page, "Hva vil dere skal bli bedre?").fill("Oda sover hele natten")
        page.get_by_label("Helse", exact=True).check()
        button(page, "Lagre målet").click()
        shows(page, "Oda sover hele natten")
        self.sign(MOTHER).context.close()
        page = self.at(self.teacher, "/samtykke")
        reload_until(page, f"{SCHOOL_HEALTH} kan lese om «Trivsel og venner». Svar mangler om «Helse».")
        self.look(page, "consent-status")
        assert "sover hele natten" not in self.at(self.nurse, "/logg").locator("main").inner_text()

    # ------------------------------------------------------------ 5

    def withdraws(self) -> None:
        """CO-3: for the school nurse alone, refused within a second; the other service reads on; the holder is told."""
        other = self.enter(OTHER)
        shows(self.at(other, "/logg"), "Oda er på skolen alle dager")
        page = self.at(self.youth)
        self.look(page, "youth-case-later")
        link(page, "Trekk et samtykke").click()
        page.get_by_label(SCHOOL_HEALTH, exact=True).check()
        self.look(page, "withdraw")
        button(page, "Trekk samtykket").click()
        shows(page, "Samtykket er trukket")
        until(partial(self.is_refused, self.nurse), AT_ONCE, "the nurse is refused")
        self.refused(self.nurse)
        shows(self.at(other, "/logg"), "Oda er på skolen alle dager")
        self.look(page, "withdrawal")
        self.opens_as_pdf(page, self.name)
        self.look(self.at(page, "/hvem-har-lest"), "who-has-read")
        shows(page, self.demo.name(NURSE))
        page = self.teacher
        page.goto(f"{self.browser.url}/innboks")
        reload_until(page, "Et samtykke er trukket")
        self.release(NURSE)

    def release(self, who: str) -> None:
        """Thank somebody who takes part; nothing where they do not, as when the story begins anew."""
        page = self.at(self.teacher, "/logg/deltakere")
        listed = link(page, f"Takk av {self.demo.name(who)}")
        if listed.count():
            listed.click()
            self.look(page, "release")
            field(page, "Skriv en vennlig beskjed").fill("Takk for hjelpen.")
            button(page, "Takk av").click()
            shows(page, "Deltakeren er takket av")
