"""The story that is played twice: one child's case from a concern to an evaluation, a youth's beside it, and a child
without a case, about whom a report is made together with the parents in both plays. With
`reports`, employees also report to child protection, which reads, names readers and answers; nobody else does anything
else because of it, so that both plays ask for the same things, in the same order."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from deploy.processes import StartFailed
from deploy.steps import ROOT
from services.contracts.catalogue import EVENTS
from services.kernel.calendar import local_date
from tests.journeys.main_job import (
    CHILD,
    FATHER,
    HEALTH,
    HEALTH_UNIT,
    KINDERGARTEN,
    MOTHER,
    NURSE,
    PPT,
    PPT_UNIT,
    PSYCHOLOGIST,
    TEACHER,
)
from tests.journeys.people import Demo, Person
from tests.security.noninterference import asked
from tests.security.noninterference.collecting import (
    Feed,
    Got,
    Hook,
    Tap,
    Viewer,
    access_lines,
    letters_to,
    queue_of,
)
from tests.security.noninterference.timing import Timing, compared, measured
from tests.security.noninterference.turns import service_by_service
from tests.security.noninterference.world import World
from tests.support.suite import Suite

LEADER, COLLEAGUE, SCHOOL = "turid-haugnesli", "live-rognbakken", "amund-kvitneslia"
UNINVOLVED = "mona-seljebotn"
COORDINATOR, ADMIN, YOUTHS_TEACHER = "ragnhild-moanes", "ola-petter-nybraten", "sindre-aspevollen"
YOUTH, YOUTHS_MOTHER, ELSEWHERE = "oda-kvernmoen", "trude-kvernmoen", "trine-skjaervoll"
CHILD_PROTECTION = "espen-lysvollen"
WITHOUT_CASE, WITHOUT_CASES_MOTHER = "kasper-masebakken", "maria-masebakken"
UNITS = {
    TEACHER: KINDERGARTEN, LEADER: KINDERGARTEN, COLLEAGUE: KINDERGARTEN, NURSE: HEALTH_UNIT, PSYCHOLOGIST: PPT_UNIT,
    SCHOOL: "unit-granli-barneskole", UNINVOLVED: "unit-granli-maltrosten", YOUTHS_TEACHER: "unit-granli-ungdomsskole",
    COORDINATOR: "unit-granli-koordinering", ADMIN: "unit-granli-koordinering",
    CHILD_PROTECTION: "unit-granli-barnevern-kontor", ELSEWHERE: "unit-storvik-solsida",
}  # fmt: skip
FAMILY = {
    MOTHER: "guardian", FATHER: "guardian", YOUTH: "self", YOUTHS_MOTHER: "guardian", WITHOUT_CASES_MOTHER: "guardian",
}  # fmt: skip
IN_THE_LANE = (CHILD_PROTECTION, TEACHER, NURSE, COLLEAGUE, SCHOOL, YOUTHS_TEACHER)
"""Child protection, those who report, and those who are named as readers: they know."""
EVERYTHING = (MOTHER, FATHER, YOUTH, WITHOUT_CASES_MOTHER, UNINVOLVED, "anonymous")
"""Who asks for every address there is; the others ask for what their pages point to, and for the case's."""
_TOLD = {
    "suspicion": "violence", "text": "Merker på armene som ingen kan forklare.", "guardians_informed": "no",
    "guardians_informed_reason": "Det kan sette barnet i fare.",
}  # fmt: skip
_SYSTEMS: dict[str, Sequence[str]] = {
    "sammenligning": ("--service", "service-granli-barnehage", "--unit", KINDERGARTEN, "--way", "queue"),
    "naboen": ("--service", "service-granli-barnehage", "--way", "feed"),
    "fagsystem": ("--service", PPT, "--way", "feed"),
}
_CALLS = ("e-mail", "calendar", "webhook")
"""The channels of what stays where it came to, and is looked at again."""


class Story:
    """One play. `got` is what everyone outside the lane got, in order; `reports` are the ids of what was filed."""

    def __init__(self, world: World, suite: Suite, hook: Hook, *, reports: bool) -> None:
        self.world, self.suite, self.with_reports = world, suite, reports
        self.got: list[Got] = []
        self.reports: list[str] = []
        self._hook, self._demo = hook, Demo()
        self._people: dict[str, Person] = {}
        self._ids: dict[str, str] = {}
        self._known: dict[str, list[str]] = {"municipality": ["granli"], "service_id": [PPT], "level": ["0", "2"],
            "tool": ["observation"], "tool_id": ["observation"], "code": ["young_person"], "filename": ["stafett.css"],
            "step": ["make_concrete"]}  # fmt: skip
        self.case = self.youths_case = ""

    def play(self) -> None:
        """The whole story, and what each moment of it shows."""
        with Tap(self.suite) as tap:
            self._play(tap)

    def _play(self, tap: Tap) -> None:
        systems = {name: self._subscribe(name, *words) for name, words in _SYSTEMS.items()}
        feeds = [Feed(name, systems[name]) for name in ("naboen", "fagsystem")]
        self._subscribe(
            "helsejournal",
            "--service",
            HEALTH,
            "--way",
            "webhook",
            "--url",
            self._hook.url,
            "--allow-private",
        )
        for key in UNITS:
            self._enter(key)
        for key in (YOUTH, YOUTHS_MOTHER):
            self._enter(key)
        self._people["anonymous"] = Person(self.suite.url, self._demo)
        self._concern()
        self._report(self._by_page, TEACHER, case_id=self.case)
        self._look("a concern", (LEADER, UNINVOLVED, COORDINATOR))
        self._level_one()
        self._report(self._by_api, TEACHER, case_id=self.case)
        self._report(self._by_api, SCHOOL, child_number=self._demo.number(CHILD))
        self._report(self._by_api, COLLEAGUE, child_description="En jente på tre-fire år med rød lue.")
        self._report_with_guardians()
        self._follow_up()
        self._look("level 1", (MOTHER, FATHER, UNINVOLVED, LEADER))
        self._cooperate()
        self._report(self._by_page, NURSE, case_id=self.case)
        self._report(self._by_api, TEACHER, case_id=self.case)
        self._report(self._by_api, YOUTHS_TEACHER, case_id=self.youths_case)
        self._follow_up()
        self._go_on()
        self.world.settle()
        self._look_at_everything()
        came = partial(self._what_came, systems["sammenligning"], feeds, tap)
        self.got += came()
        self._end_the_logs()
        self.got += service_by_service(came())
        self.got += access_lines(self.suite)

    def _what_came(self, queue: Mapping[str, Any], feeds: Sequence[Feed], tap: Tap) -> list[Got]:
        """What has come by itself, to whom and of what kind it may be, since this was asked before."""
        self._settle_heard()
        kept = {(each.who, each.what) for each in self.got if each.channel in _CALLS}
        letters = letters_to(self.suite, self._addresses())
        calls = [each for each in (*letters, *self._hook.got) if (each.who, each.what) not in kept]
        return [
            *calls,
            *queue_of("sammenligning", dict(queue)),
            *(got for feed in feeds for got in feed.read()),
            *tap.drain(),
        ]

    def time_before_and_after_reports(self, many: int = 10) -> list[Timing]:
        """Measured at the end of a play without reports: twice as it is, and once after so many of them."""
        mother, case = self._people[MOTHER], self.case
        addresses = (f"/sak/{case}", f"/api/cases/{case}/log", "/mine-saker", f"/melding/{uuid4()}")
        before, again = measured(mother, addresses), measured(mother, addresses)
        for _ in range(many):
            self.reports.append(self._by_api(self._people[TEACHER], case_id=case))
        self.world.settle()
        return compared(before, again, [measured(mother, addresses) for _ in range(3)])

    # ------------------------------------------------------------ the case

    def _concern(self) -> None:
        told = {
            "child_number": self._demo.number(CHILD), "unit_id": KINDERGARTEN, "topic": "wellbeing",
            "concern": "Tuva leker mest alene.",
        }  # fmt: skip
        teacher = self._people[TEACHER]
        self.case = teacher.post("/cases", told)["id"]
        self.youths_case = next(
            each["case_id"] for each in self._people[YOUTH].get("/cases", include_closed="true")["items"]
        )
        self._known["case_id"] = [self.case, self.youths_case]
        self.world.settle()

    def _level_one(self) -> None:
        teacher = self._people[TEACHER]
        family = teacher.get(f"/cases/{self.case}")["guardians"]
        self._relatives = {each["relation"]: each["person_id"] for each in family}
        teacher.post(f"/cases/{self.case}/talks", {
            "held_on": self._day(), "with_person_ids": list(self._relatives.values()),
            "summary": "De kjenner det igjen.", "child_view": "Tuva vil leke med Ada.",
        })  # fmt: skip
        self._move({"to_level": 1, "reason": "Vi vil prøve tiltak i barnehagen.", "family_answer": "agreed",
                    "holder_person_id": self._id(TEACHER), "holder_unit_id": KINDERGARTEN})  # fmt: skip
        self._goal = teacher.post(
            f"/cases/{self.case}/goals", {"topic": "wellbeing", "text": "Tuva er med i leken."}
        )["id"]
        self._measure = teacher.post(f"/cases/{self.case}/measures", {
            "goal_id": self._goal, "what": "Starte en lek", "arena": "kindergarten", "deadline": self._day(30),
            "responsible_person_id": self._id(TEACHER),
        })["id"]  # fmt: skip
        self.world.settle()
        for key in (MOTHER, FATHER):
            self._enter(key)

    def _cooperate(self) -> None:
        teacher = self._people[TEACHER]
        request = teacher.post(f"/cases/{self.case}/consent-requests", {
            "purpose": "Tuva skal få lik hjelp hjemme og i barnehagen.", "valid_to": self._day(180),
            "shares": [{"service_id": PPT, "topics": ["wellbeing"]},
                       {"service_id": HEALTH, "topics": ["wellbeing", "health"]}],
        })["id"]  # fmt: skip
        for key in (MOTHER, FATHER):
            shown = self._people[key].get(f"/consent-requests/{request}")
            answers = [
                {"service_id": line["service_id"], "topic": line["topic"], "answer": "yes"}
                for line in shown["lines"]
            ]
            self._people[key].post(
                f"/consent-requests/{request}/signatures",
                {"text_hash": shown["text_hash"], "answers": answers},
            )
        self._known["request_id"] = [request]
        self.world.settle()
        self._move(
            {
                "to_level": 2,
                "reason": "To tjenester hjelper.",
                "service_ids": [PPT, HEALTH],
                "family_answer": "agreed",
            }
        )
        for key in (PSYCHOLOGIST, NURSE):
            teacher.post(
                f"/cases/{self.case}/participants", {"person_id": self._id(key), "unit_id": UNITS[key]}
            )
        self.world.settle()
        starts = datetime.combine(local_date(self.world.now()), datetime.min.time()).astimezone() + timedelta(
            days=7, hours=12
        )
        invited = [*map(self._id, (TEACHER, PSYCHOLOGIST, NURSE)), *self._relatives.values()]
        meeting = teacher.post(f"/cases/{self.case}/meetings", {
            "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat(),
            "place": "Grupperommet", "invited_ids": invited,
            "agenda": [{"topic": "wellbeing", "text": "Hvordan går leken?"}],
        })["id"]  # fmt: skip
        self._known["meeting_id"] = [meeting]
        self.world.settle()
        proposed = teacher.post(f"/cases/{self.case}/handovers", {
            "to_person_id": self._id(NURSE), "to_unit_id": HEALTH_UNIT, "family_answer": "agreed",
            "reason": "Helsestasjonen følger opp.",
        })["id"]  # fmt: skip
        self._known["handover_id"] = [proposed]
        self.world.settle()
        self._people[NURSE].post(f"/cases/{self.case}/handovers/{proposed}/answer", {"answer": "accepted"})
        self.world.settle()

    def _go_on(self) -> None:
        self._people[MOTHER].post(
            f"/cases/{self.case}/entries",
            {"kind": "comment", "topic": "wellbeing", "text": "Hun snakker om Ada."},
        )
        self.world.settle()
        self._people[NURSE].post(f"/cases/{self.case}/evaluations", {
            "outcomes": [{"measure_id": self._measure, "outcome": "continue", "effect": "some"}],
            "next_evaluation_on": self._day(60),
        })  # fmt: skip
        self.world.settle()

    def _move(self, body: Mapping[str, Any]) -> None:
        teacher = self._people[TEACHER]
        teacher.get(f"/cases/{self.case}")
        teacher.post(f"/cases/{self.case}/level", dict(body), If_Match=teacher.etag or "")
        self.world.settle()

    def _day(self, days: int = 0) -> str:
        return (local_date(self.world.now()) + timedelta(days=days)).isoformat()

    # ------------------------------------------------------------ the lane

    def _report(self, file: Callable[..., str], key: str, **about: str) -> None:
        """Somebody reports, in the play in which they do."""
        if not self.with_reports:
            return
        self.reports.append(file(self._people[key], **about))
        self.world.settle()

    def _report_with_guardians(self) -> None:
        """About a child without a case a report is made together with the parents, in both plays: the mother is nobody
        at login before, and reads it afterwards, whatever else was reported about the child (PR-2)."""
        child = self._demo.number(WITHOUT_CASE)
        self._report(self._by_api, SCHOOL, child_number=child)
        nobody = Person(self.suite.url, self._demo, WITHOUT_CASES_MOTHER)
        self._keep("nobody yet", Viewer(WITHOUT_CASES_MOTHER, nobody).log_in())
        told = {
            "kind": "with_guardians",
            "suspicion": "other",
            "guardians_informed": "yes",
            "child_number": child,
        }
        self._by_api(self._people[SCHOOL], **told)
        self._report(self._by_api, SCHOOL, child_number=child)
        self.world.settle()
        self._enter(WITHOUT_CASES_MOTHER)
        mother = Viewer(WITHOUT_CASES_MOTHER, self._people[WITHOUT_CASES_MOTHER])
        found = mother.look(["/mine-saker", "/hjem", "/api/me", "/api/lane-reports", "/melding/liste"])
        assert any(
            "/melding/" in each.what and each.text.startswith("200 ") and "Merker" in each.text
            for each in found
        )
        self._keep("a report with her", found)

    @staticmethod
    def _by_api(person: Person, **about: str) -> str:
        body = {**_TOLD, "kind": "protected", "police_contacted": True, **about}
        return str(person.post("/lane-reports", body)["id"])

    def _by_page(self, person: Person, **about: str) -> str:
        """As from the link on a page: the form is opened, and sent."""
        address = f"{person.url}/melding"
        assert person.http.get(address, params=about, timeout=20).status_code == 200
        form = {**_TOLD, "kind": "protected", "csrf_token": person.csrf}
        answer = person.http.post(address, params=about, data=form, timeout=20, allow_redirects=False)
        assert answer.status_code == 303, answer.text[:400]
        person.page(answer.headers["Location"])
        person.page("/melding/liste")
        return answer.headers["Location"].split("/")[2]

    def _follow_up(self) -> None:
        """Child protection finds the reports in its inbox and its list, reads each, takes and answers the first, and
        lets a leader read it; the reporter lets a colleague, and takes the name back."""
        inbox = self._people[CHILD_PROTECTION].page("/innboks")  # opened whether something is there or not
        if not self.with_reports:
            return
        reader, reporter, first = self._people[CHILD_PROTECTION], self._people[TEACHER], self.reports[0]
        for link in (each for each in asked.links(inbox) if each.startswith("/melding/")):
            reader.page(link)
        for page in ("/melding/liste", "/melding/liste?tilstand=received", f"/melding/{first}/lesere"):
            reader.page(page)
        assert len(reader.get("/lane-reports")["items"]) == len(self.reports) + 1, "with that of both plays"
        if reader.get(f"/lane-reports/{first}")["state"] == "received":
            reader.post(f"/lane-reports/{first}/assessment")
            reader.post(f"/lane-reports/{first}/readers", {"person_id": self._id(SCHOOL)})
        reader.post(f"/lane-reports/{first}/answers", {"text": "Vi har mottatt meldingen og ser på den."})
        reader.page(f"/melding/{first}/innsyn")
        self._people[SCHOOL].page(f"/melding/{first}")
        reporter.post(f"/lane-reports/{first}/readers", {"person_id": self._id(YOUTHS_TEACHER)})
        reporter.post(f"/lane-reports/{first}/readers/{self._id(YOUTHS_TEACHER)}/removal")
        reporter.post("/lane-draft", {"text": "Det jeg så i dag", "case_id": self.case})
        reporter.page("/melding")
        self.world.settle()

    # ------------------------------------------------------------ who looks

    def _look(self, moment: str, keys: Sequence[str]) -> None:
        """The case's pages and the viewer's own, and what they point to, at one moment of the story."""
        places = [f"/sak/{self.case}", f"/api/cases/{self.case}/page", f"/api/cases/{self.case}/log", "/api/inbox",
                  "/api/work", "/innboks", "/hjem", "/mine-saker", "/mitt-arbeid"]  # fmt: skip
        for key in keys:
            self._keep(moment, Viewer(key, self._people[key]).look(places, follow=False))

    def _look_at_everything(self) -> None:
        """Every address there is, by those who are furthest from the lane; the rest, by the others; and every change,
        with nothing in it."""
        self._learn()
        ids = {**self._known, "report_id": [self.reports[0] if self.reports else f"{uuid4()}"]}
        for key, person in self._people.items():
            if key in IN_THE_LANE:
                continue
            viewer = Viewer(key, person)
            known = {**ids, "message_id": viewer.own_messages()}
            case = f"/sak/{self.case}"
            wanted = (
                list(asked.addresses("GET", known)) if key in EVERYTHING else ["/hjem", case, "/api/work"]
            )
            self._keep("the end", viewer.look(wanted))
        for key in (MOTHER, YOUTH, UNINVOLVED, "anonymous"):
            viewer = Viewer(key, self._people[key])
            for method in ("POST", "PATCH"):
                changes = [each for each in asked.addresses(method, ids) if each.startswith("/api/")]
                self._keep("a change", viewer.attempt(method, changes, self.world.settle))
        self.world.settle()

    def _end_the_logs(self) -> None:
        """The last act of the story: those end a log who may (LG-11), after those who may not have tried; and what the
        family, the leader and others find then."""
        ends, sure = [f"/api/cases/{self.case}/log-ending"], {"confirmed": True}
        version = self._people[MOTHER].get(f"/cases/{self.case}")["version"]
        for key in ("anonymous", UNINVOLVED, YOUTH, MOTHER):
            viewer = Viewer(key, self._people[key])
            self._keep("the log", viewer.attempt("POST", ends, self.world.settle, sure, version))
        assert self._people[MOTHER].get(f"/cases/{self.case}")["state"] == "closed"
        self._look("the log is ended", (MOTHER, FATHER, UNINVOLVED, LEADER, COORDINATOR))

    def _keep(self, moment: str, got: list[Got]) -> None:
        self.got += [Got(each.channel, each.who, f"{moment}: {each.what}", each.text) for each in got]

    def _learn(self) -> None:
        """The ids with which addresses are filled: all that the API's answers name, to those who take part."""
        for key in (TEACHER, NURSE):
            for part in ("", "/log", "/consents", "/notes"):
                answer = self._people[key].http.get(
                    f"{self.suite.url}/api/cases/{self.case}{part}", timeout=20
                )
                for name, value in asked.ids_in(answer.text):
                    kept = self._known.setdefault(name, [])
                    if (
                        name not in ("case_id", "service_id", "municipality")
                        and value not in kept
                        and len(kept) < 2
                    ):
                        kept.append(value)

    def _settle_heard(self) -> None:
        self.world.settle(heard=True)

    def _addresses(self) -> list[str]:
        people = [self._demo.by_key[key] for key in self._people if key not in (*IN_THE_LANE, "anonymous")]
        return [str(each.get("email") or (each.get("contact") or {}).get("email") or "") for each in people]

    # ------------------------------------------------------------ coming in

    def _enter(self, key: str) -> None:
        level = "high" if key in (MOTHER, FATHER) else "substantial"
        self._people[key] = Person(self.suite.url, self._demo, key).log_in(
            FAMILY.get(key, "employee"), UNITS.get(key), level
        )
        self._ids[key] = str(self._people[key].get("/me")["chosen"]["person_id"])

    def _id(self, key: str) -> str:
        return self._ids[key]

    def _subscribe(self, recipient: str, *words: str) -> dict[str, Any]:
        granted = ",".join(sorted(each.type for each in EVENTS.values() if each.outside is not None))
        command = [sys.executable, "-m", "deploy.ops", "subscribe", "--municipality", "granli",
                   "--recipient", recipient, *words, "--events", granted, "--json",
                   "--var", str(self.suite.var)]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        [row] = json.loads(done.stdout)
        for line in row.get("run", ()):
            words = shlex.split(line, comments=True)[1:]
            with suppress(StartFailed) if "delete_user" in words else nullcontext():
                self.suite.broker.ctl(*words)  # the first play's user of that name, if there was one, goes
        found: dict[str, Any] = row
        return found
