"""The main job in a browser, its second half: a meeting, the handover, an evaluation, a withdrawal, and the end."""

from __future__ import annotations

import re
from functools import partial

from tests.journeys.browser_job import NURSE, PPT, PSYCHOLOGIST, BrowserJob
from tests.journeys.browser_story import button, field, in_days, link, reload_until, shows
from tests.journeys.people import AT_ONCE, until


class WholeBrowserJob(BrowserJob):
    """All seven steps; to be played in their order."""

    # ------------------------------------------------------------ 4

    def meeting(self) -> None:
        """LG-4, NO-1: called, told of in the inbox and by e-mail, minutes by the template, the next evaluation."""
        page = self.at(self.teacher)
        link(page, "Kall inn til møte").click()
        field(page, "Dato").fill(in_days(7))
        field(page, "Fra klokka").fill("12:00")
        field(page, "Til klokka").fill("13:00")
        field(page, "Hvor?").fill("Grupperommet i barnehagen")
        page.get_by_label("Punkt 1", exact=True).fill("Hvordan går det i leken?")
        page.get_by_label("Tema for punkt 1").select_option("wellbeing")
        for key in (PSYCHOLOGIST, NURSE, self.mother, self.father):
            field(page, self.demo.name(key)).check()
        self.look(page, "meeting-form")
        button(page, "Send innkallingen").click()
        self.look(page, "meetings")
        guest = self.at_father
        guest.goto(f"{self.browser.url}/innboks")
        reload_until(guest, "invitert til et møte")
        self.look(guest, "father-inbox")
        link(guest, "Du er invitert til et møte").click()
        self.look(guest, "message")
        link(guest, "Gå til det").click()
        shows(guest, "Grupperommet")
        page.locator("main article").get_by_role("link").first.click()
        link(page, "Skriv referat").click()
        page.locator("#f-item-wellbeing").fill(f"{self.first} leker med Ada to ganger i uken.")
        page.get_by_label("Barnet er lite").check()
        field(page, "Hva går bra?").fill("Hun smiler når vi henter henne inn.")
        field(page, "Hva er fortsatt vanskelig?").fill("Å komme i gang selv.")
        field(page, "Hvem gjør hva?").fill("Starte en lek hver formiddag.")
        page.get_by_label("Ja", exact=True).check()
        field(page, "Når ser dere på om tiltakene virker?").fill(in_days(30))
        field(page, "Hvis dere ikke skal møtes igjen").fill("Vi ringes.")
        self.look(page, "minutes-form")
        button(page, "Legg ut referatet").click()
        shows(page, "to ganger i uken")
        self.look(page, "meeting")
        self.at(page)
        link(page, "Sett dato for neste vurdering").click()
        field(page, "Når vurderer dere tiltakene?").fill(in_days(28))
        self.look(page, "evaluation-date")
        button(page, "Lagre datoen").click()
        self.look(self.at(page), "holder-case")
        self.look(self.at(page, "/logg/tidslinje"), "timeline")

    # ------------------------------------------------------------ 5

    def handover(self) -> None:
        """HO-1, HO-2, HO-5: asked, and answered; the first is holder until then."""
        page = self.at(self.teacher)
        link(page, "Overlever til en annen").click()
        chooser = field(page, "Hvem spør du?")
        chooser.select_option(
            chooser.locator("option", has_text=self.demo.name(NURSE)).get_attribute("value")
        )
        field(page, "Hva bør den nye").fill("Mor vil helst ha beskjed på telefon.")
        page.get_by_label("De er enige i valget").check()
        self.look(page, "handover-form")
        button(page, "Send spørsmålet").click()
        shows(page, "Du er stafettholder")
        self.look(page, "handover-waits")
        other = self.nurse
        other.goto(f"{self.browser.url}/mitt-arbeid")
        reload_until(other, f"{self.name}: Vil du bli")
        self.look(other, "nurse-work")
        link(other, f"{self.name}: Vil du bli").click()
        self.look(other, "nurse-case-asked")
        link(other, "Svar").click()
        self.look(other, "handover-answer")
        other.get_by_label("Ja, jeg tar over").check()
        button(other, "Send svaret").click()
        shows(other, "Du er nå stafettholder")
        self.look(other, "nurse-case")
        self.at(page)
        shows(page, f"Stafettholder er {self.demo.name(NURSE)}")
        self.look(page, "teacher-case-handed-over")

    # ------------------------------------------------------------ 6

    def evaluation(self) -> None:
        """LV-10: one measure is ended, one is changed, one goes on."""
        page = self.at(self.nurse, "/logg")
        reload_until(page, "Vurder tiltakene")
        link(page, "Vurder tiltakene").click()
        outcomes = {
            "Starte en lek": "Endre tiltaket",
            "Spørre Ada": "Fortsette",
            "Fast leggetid": "Avslutte tiltaket",
        }
        for what, outcome in outcomes.items():
            card = page.locator(
                "section.ds-card", has=page.get_by_role("heading", name=re.compile(f"^{what}"))
            )
            card.get_by_label("Virker godt").check()
            card.get_by_label(outcome, exact=True).check()
            if outcome == "Endre tiltaket":
                card.get_by_text("Hvis tiltaket endres").click()
                card.get_by_label("Hva skal gjøres nå?").fill(f"Hjelpe {self.first} inn i lek med tre barn")
                card.get_by_label("Ny frist").fill(in_days(60))
        field(page, "Når vurderer dere igjen?").fill(in_days(60))
        self.look(page, "evaluation-form")
        button(page, "Lagre vurderingen").click()
        shows(page, "inn i lek med tre barn")
        self.look(page, "plan-evaluated")

    def withdrawal(self) -> None:
        """CO-3: refused within a second, and the holder is told."""
        reader = self.at(self.psychologist, "/logg")
        shows(reader, "er med i leken")
        page = self.at(self.at_mother)
        link(page, "Trekk").click()
        page.get_by_label(PPT, exact=True).check()
        self.look(page, "withdraw")
        button(page, "Trekk samtykket").click()
        shows(page, "Samtykket er trukket")
        until(partial(self.is_refused, reader), AT_ONCE, "the psychologist is refused")
        self.refused(reader)
        self.look(page, "consents-withdrawn")
        self.look(self.at(page, "/hvem-har-sett"), "who-can-read")
        told = self.nurse
        told.goto(f"{self.browser.url}/innboks")
        reload_until(told, "Et samtykke er trukket")
        self.look(told, "nurse-inbox")

    # ------------------------------------------------------------ 7

    def closing(self) -> None:
        """LG-10: feedback, closing, the final report; then nothing can be written."""
        page = self.at(self.at_father)
        link(page, "Gi tilbakemelding").click()
        field(page, "Hva har vært bra?").fill("Det var godt å slippe å fortelle alt to ganger.")
        self.look(page, "feedback")
        button(page, "Send tilbakemeldingen").click()
        holder = self.at(self.nurse, "/logg")
        for goal in ("er med i leken", "sover hele natten"):
            holder.get_by_role("link", name=re.compile(f"^Endre målet.*{goal}")).click()
            holder.get_by_label("Nådd", exact=True).check()
            button(holder, "Lagre målet").click()
        self.at(holder)
        link(holder, "Avslutt saken").click()
        holder.get_by_label("Vi nådde målene").check()
        field(holder, "Fortell kort").fill(f"{self.first} er med i leken.")
        self.look(holder, "close")
        button(holder, "Avslutt saken").click()
        shows(holder, "Saken er avsluttet")
        self.look(holder, "case-closed")
        answer = holder.goto(f"{self.case}/logg/mal/nytt")
        assert answer is not None and answer.status in (403, 409), "the log is read-only"
        self.at(page)
        reload_until(page, "Les sluttrapporten")
        self.look(page, "father-case-closed")
        link(page, "Les sluttrapporten").click()
        shows(page, "to ganger")
        self.look(page, "report")
        page.emulate_media(media="print")
        self.look(page, "report-on-paper")
