"""The main job as people do it in a browser: they follow links and buttons by their words, fill in what the pages ask
for, and every page that they pass is looked at. The steps are those of main_job.py."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from tests.journeys.browser_story import BrowserStory, button, field, in_days, link, reload_until, shows
from tests.support.browser import BrowserAt

PSYCHOLOGIST, NURSE = "henrik-solnesvik", "ingvild-tangvoll"
PPT, HEALTH = "PP-tjenesten i Granli", "Helsestasjonen i Granli"


class BrowserJob(BrowserStory):
    """One child's story. `people`: keys of the worker, the child and its two parents."""

    def __init__(
        self,
        browser: BrowserAt,
        people: tuple[str, str, str, str],
        *,
        scripts: bool = True,
        looks: bool = True,
    ) -> None:
        super().__init__(browser, people[1], scripts=scripts, looks=looks)
        self.worker, self.child, self.mother, self.father = people

    # ------------------------------------------------------------ 1

    def anyone(self) -> None:
        """Services, guide, tools, and what to do about another's child; without login (DI-1, DI-4)."""
        page = self.browser.visit("/")
        self.look(page, "start")
        link(page, "Granli").click()
        self.look(page, "front")
        page.get_by_role("navigation").get_by_role("link", name="Tjenester").click()
        field(page, "Hva trenger du hjelp med?").fill("språk")
        button(page, "Søk").click()
        self.look(page, "services")
        link(page, PPT).click()
        self.look(page, "service")
        page.get_by_role("navigation").get_by_role("link", name="Veileder").click()
        self.look(page, "guide")
        link(page, "Nivå 0").click()
        self.look(page, "guide-level")
        page.get_by_role("navigation").get_by_role("link", name="Verktøy").click()
        self.look(page, "tools")
        link(page, "Hvor sterk er bekymringen").click()
        self.look(page, "tool")
        page.get_by_role("link", name="Bekymret for et barn?").click()
        self.look(page, "worried")
        page.get_by_role("link", name="For barn og unge").click()
        self.look(page, "for-the-young")
        page.goto(f"{self.browser.url}/granli/")
        page.get_by_role("link", name="Logg inn").first.click()
        self.look(page, "login")
        button(page, "Logg inn").or_(link(page, "Logg inn")).first.click()
        self.look(page, "test-login")
        page.context.close()

    # ------------------------------------------------------------ 2

    def concern(self) -> None:
        """LV-2: the teacher raises the concern and makes it concrete with three forms."""
        self.teacher = page = self.enter(self.worker)
        self.look(page, "teacher-work")
        link(page, "Meld undring").click()
        self.look(page, "concern-duty")
        page.get_by_label("Nei", exact=True).check()
        button(page, "Neste steg").click()
        page.get_by_label("Et barn eller en ungdom").check()
        field(page, "Fødselsnummer").fill(self.demo.number(self.child))
        self.look(page, "concern-child")
        button(page, "Neste steg").click()
        field(page, "Beskriv det").fill(
            f"{self.first} leker mest alene. Når de andre spør, ser hun ned og sier ingenting."
        )
        page.get_by_label("Trivsel og venner").check()
        self.look(page, "concern-seen")
        button(page, "Neste steg").click()
        self.look(page, "concern-check")
        button(page, "Meld undringen").click()
        self.look(page, "concern-receipt")
        link(page, "Åpne saken til").click()
        self.case = page.url
        self.look(page, "case-level-0")
        link(page, "Velg skjema").click()
        self.look(page, "form-choose")
        link(page, "Observasjon").click()
        field(page, "Hvilken dag var det?").fill(in_days(-1))
        page.get_by_label("Lek eller fri").check()
        field(page, "Hva så og hørte du?").fill(f"{self.first} sto ved vinduet mens de andre bygde hytte.")
        page.get_by_label("Nesten hver dag").check()
        self.look(page, "form-observation")
        button(page, "Lagre skjemaet").click()
        self.look(page, "form-observation-saved")
        self.at(page, "/skjema")
        link(page, "Hvor sterk er bekymringen").click()
        page.get_by_label(re.compile("^2 – Jeg undrer")).check()
        field(page, "Hva gjør at du valgte").fill("Det skjer hver dag, men hun ler når vi voksne er med.")
        field(page, "Hva gjør du nå?").fill("Jeg ringer mor og far i dag.")
        self.look(page, "form-zones")
        button(page, "Lagre skjemaet").click()
        self.at(page, "/skjema")
        link(page, "Forberede samtalen").click()
        field(page, "Hva setter du pris på").fill("Hun er god mot de minste.")
        field(page, "Hva vil du spørre om?").fill("Kjenner dere dette igjen hjemme?")
        page.get_by_label("Jeg følger barnet i lek").check()
        self.look(page, "form-talk-preparation")
        button(page, "Lagre skjemaet").click()
        self.at(page)
        button(page, "Steget er ferdig").click()

    def talk_and_decide(self) -> None:
        """LV-7, LV-17: the talk with the guardians, the child's view, level 1 with a holder, a goal and a measure."""
        page = self.teacher
        link(page, "Skriv inn samtalen").click()
        field(page, "Når snakket dere sammen?").fill(in_days(0))
        for key in (self.mother, self.father):
            field(page, self.demo.name(key)).check()
        field(page, "Hva snakket dere om?").fill(
            "Mor og far kjenner det igjen. De vil at vi hjelper henne inn i leken."
        )
        field(page, f"Hva mener {self.first}?").fill("Jeg vil leke med Ada.")
        self.look(page, "talk")
        button(page, "Lagre samtalen").click()
        self.look(page, "case-after-talk")
        link(page, "Bestem sammen").click()
        page.get_by_label(re.compile("^Gå videre i egen tjeneste")).check()
        field(page, "Hvorfor?").fill("Vi vil prøve tiltak i barnehagen først.")
        field(page, "Hvem blir stafettholder?").select_option(index=1)
        page.get_by_label("De er enige i valget").check()
        self.look(page, "decide")
        button(page, "Lagre beslutningen").click()
        shows(page, "Du er stafettholder")
        self.look(page, "case-level-1")
        link(page, "Lag et mål").click()
        self.fill_goal(page, "Trivsel og venner", f"{self.first} er med i leken hver dag")
        self.look(page, "plan-first-goal")
        self.add_measure(
            page, f"Starte en lek sammen med {self.first} og Ada", self.demo.name(self.worker), "Barnehagen"
        )

    def fill_goal(self, page: Page, topic: str, text: str) -> None:
        field(page, "Hva vil dere skal bli bedre?").fill(text)
        page.get_by_label(topic, exact=True).check()
        self.look(page, "goal-form")
        button(page, "Lagre målet").click()
        shows(page, text)

    def add_measure(self, page: Page, what: str, who: str, where: str, goal: str = "er med i leken") -> None:
        """From the plan, with the button of its goal."""
        page.locator("main").get_by_role("link", name=re.compile(f"^Nytt tiltak.*{goal}")).click()
        field(page, "Hva skal gjøres?").fill(what)
        chooser = field(page, "Hvem gjør det?")
        value = chooser.locator("option", has_text=re.compile(f"^\\s*{re.escape(who)}")).first.get_attribute(
            "value"
        )
        chooser.select_option(value)
        page.get_by_label(where, exact=True).check()
        field(page, "Når skal det være gjort").fill(in_days(30))
        self.look(page, "measure-form")
        button(page, "Lagre tiltaket").click()
        shows(page, what)

    # ------------------------------------------------------------ 3

    def ask_consent(self) -> None:
        """CO-1: each service with its topics; the family reads just what is written here."""
        page = self.at(self.teacher)
        link(page, "Be om samtykke").click()
        field(page, "Hvorfor trenger dere å dele?").fill(
            "Da hjelper vi på samme måte hjemme og i barnehagen."
        )
        for service, topics in ((PPT, ("learning", "wellbeing")), (HEALTH, ("wellbeing", "health"))):
            block = page.locator("details", has=page.locator("summary", has_text=service)).first
            block.locator("summary").click()
            for topic in topics:
                block.locator(f"[value={topic}]").check()
        field(page, "Hvor lenge skal samtykket gjelde?").fill(in_days(180))
        self.look(page, "consent-ask")
        button(page, "Send til familien").click()
        self.look(page, "consent-asked")

    def consent(self) -> None:
        """The services read nothing before the second signature."""
        self.at_mother = self.sign(self.mother)
        shows(self.at_mother, self.demo.name(self.father))
        self.psychologist, self.nurse = self.enter(PSYCHOLOGIST), self.enter(NURSE)
        for outside in (self.psychologist, self.nurse):
            self.refused(outside)
        self.look(self.psychologist, "refused")
        self.at_father = self.sign(self.father)

    def level_two(self) -> None:
        """LV-8: consent covers both, so the case can move; each reads exactly the topics granted (CO-4)."""
        page = self.at(self.teacher)
        reload_until(page, "Bestem nivået")
        self.look(page, "case-consent-given")
        link(page, "Endre nivå").click()
        for service in (PPT, HEALTH):
            field(page, service).check()
        page.get_by_label(re.compile("^Nivå 2")).check()
        field(page, "Hvorfor endrer dere nivå?").fill("To tjenester skal hjelpe sammen.")
        page.get_by_label("De er enige i valget").check()
        self.look(page, "level")
        button(page, "Endre nivået").click()
        shows(page, "Saken er nå på nivå 2")
        self.look(page, "case-level-2")
        for topic, text in (
            ("Helse", f"{self.first} sover hele natten"),
            ("Hjemme", "Rolige ettermiddager hjemme"),
        ):
            self.at(page, "/logg/mal/nytt")
            self.fill_goal(page, topic, text)
        for who in (PSYCHOLOGIST, NURSE):
            self.at(page)
            link(page, "Ta med en deltaker").click()
            chooser = field(page, "Hvem tar du med?")
            chooser.select_option(
                chooser.locator("option", has_text=self.demo.name(who)).get_attribute("value")
            )
            page.get_by_label("Kan skrive i loggen").check()
            self.look(page, "participant-form")
            button(page, "Ta med").click()
            shows(page, self.demo.name(who))
        self.look(page, "participants")

    def shared_plan(self) -> None:
        """LG-2, LG-4: measures of each, one the child's own; each reader sees what is theirs to see."""
        page = self.at(self.teacher, "/logg")
        self.add_measure(page, "Spørre Ada om å leke", f"{self.first} selv", "Barnehagen")
        self.add_measure(page, "Fast leggetid med samme bok", self.demo.name(self.mother), "Hjemme", "sover")
        self.look(page, "plan")
        reader = self.psychologist
        reader.goto(f"{self.browser.url}/mitt-arbeid")
        reload_until(reader, self.name)
        self.look(reader, "psychologist-work")
        link(reader, self.name).click()
        self.look(reader, "psychologist-case")
        link(reader, "Åpne stafettloggen").click()
        shows(reader, "er med i leken hver dag")
        text = reader.locator("main").inner_text()
        assert "sover hele natten" not in text and "Rolige ettermiddager" not in text, (
            "only granted topics (CO-4)"
        )
        self.look(reader, "psychologist-plan")
        family = self.at(self.at_mother)
        self.look(family, "mother-case")
        self.at(family, "/logg")
        shows(family, "Rolige ettermiddager")
        self.look(family, "mother-plan")
        self.at(family, "/forslag")
        page = family
        page.get_by_label("Kommentere noe").check()
        field(page, "Hva vil du si?").fill("Hun snakker om Ada hver dag nå.")
        page.get_by_label(re.compile("^Trivsel og venner")).check()
        self.look(page, "suggest")
        button(page, "Send").click()
        self.look(page, "mother-timeline")
