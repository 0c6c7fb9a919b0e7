"""The main job, from a first concern to a closed relay log, played through the API by those who do it.

The steps are those of the README's tour. Each asserts what must hold on the way; a broken promise raises Unexpected.
"""

from __future__ import annotations

import email
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from functools import partial
from typing import Any

import requests

from services.kernel.calendar import local_date
from tests.journeys.people import AT_ONCE, Demo, Person, Unexpected, until

TEACHER, MOTHER, FATHER, CHILD = "solveig-brekkmo", "marit-elvestrand", "jonas-fagerdalen", "tuva-fagerdalen"
PSYCHOLOGIST, NURSE = "henrik-solnesvik", "ingvild-tangvoll"
KINDERGARTEN, PPT_UNIT, HEALTH_UNIT = (
    "unit-granli-bjorkelia", "unit-granli-ppt-kontor", "unit-granli-helsestasjonen",
)  # fmt: skip
PPT, HEALTH = "service-granli-ppt", "service-granli-helsestasjon"
SECRETS = (
    "Tuva", "Fagerdalen", "Elvestrand", "leker mest alene", "PPT", "Helsestasjonen", "Grupperommet i barnehagen",
)  # fmt: skip

Say = Callable[[str, float], None]


def today(days: int = 0) -> str:
    """A day from today on, as text."""
    return (local_date(datetime.now(UTC)) + timedelta(days=days)).isoformat()


class MainJob:
    """The story of one child; `say` is told each step and its seconds."""

    def __init__(self, url: str, standins_url: str, say: Say, demo: Demo | None = None) -> None:
        self.url, self.standins, self._say = url, standins_url, say
        self.demo = demo or Demo()
        self.case = ""
        self.goals: dict[str, str] = {}
        self.measures: dict[str, str] = {}

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self._say(what, time.perf_counter() - begun)

    def person(
        self, key: str, capacity: str, unit_id: str | None = None, level: str = "substantial"
    ) -> Person:
        return Person(self.url, self.demo, key).log_in(capacity, unit_id, level)

    def play(self) -> None:
        """All seven steps."""
        self.anyone()
        self.concern()
        self.level_one()
        self.consent()
        self.cooperation()
        self.meeting()
        self.handover()
        self.evaluation()
        self.withdrawal()
        self.closing()

    # ------------------------------------------------------------ 1

    def anyone(self) -> None:
        with self.step("1. Anyone finds services, guide, tools and what to do about another's child"):
            visitor = Person(self.url, self.demo)
            assert {each["municipality"] for each in visitor.get("/municipalities")["items"]} == {
                "granli",
                "storvik",
            }
            granli = visitor.get("/municipalities/granli/catalogue")
            assert len(granli["services"]) >= 8 and len(granli["tools"]) >= 11
            assert [len(level["steps"]) for level in granli["guide"]["levels"]] == [5, 5, 5, 5]
            for path in ("/", "/granli/", "/granli/tjenester", "/granli/veileder/0", "/granli/verktoy",
                         "/granli/bekymret", "/granli/rad/young_person"):  # fmt: skip
                visitor.page(path)
            visitor.get("/cases", expect=401)

    # ------------------------------------------------------------ 2

    def concern(self) -> None:
        with self.step(
            "2. The kindergarten teacher raises a concern, writes it down and talks with the family"
        ):
            self.teacher = self.person(TEACHER, "employee", KINDERGARTEN)
            self._close_what_was_left_open()
            told = {
                "child_number": self.demo.number(CHILD), "unit_id": KINDERGARTEN, "topic": "wellbeing",
                "concern": "Tuva leker mest alene og sier lite når de andre spør om hun vil være med.",
            }  # fmt: skip
            key = f"journey-{time.time_ns()}"
            first = self.teacher.post("/cases", told, Idempotency_Key=key)
            again = self.teacher.post("/cases", told, Idempotency_Key=key)
            assert first["id"] == again["id"], "the same key twice made two cases"
            self.case = first["id"]
            case = self.teacher.get(f"/cases/{self.case}")
            assert case["level"] == 0 and case["decide_by"] == today(14), "LV-7: the policy's 14 days"
            self._form("observation", {
                "observed_on": today(-1), "situation": "play",
                "what_happened": "Tuva sto ved vinduet mens de andre lekte.",
                "how_often": "daily", "my_thoughts": "Kanskje hun ikke vet hvordan hun kommer inn i leken.",
            })  # fmt: skip
            self._form("concern_zones", {
                "zone": "zone_2", "why_zone": "Det skjer hver dag.", "strengths": "Hun er omsorgsfull mot de minste.",
                "talked_with": ["colleague"], "next_step": "Snakke med mor og far.",
            })  # fmt: skip
            self._form("concern_talk_preparation", None)
            self._family_is_not_told_yet()
            by_relation = {each["relation"]: each["person_id"] for each in case["guardians"]}
            mother, father = by_relation["mother"], by_relation["father"]
            self.people = {"mother": mother, "father": father, "child": case["child"]["person_id"]}
            self.teacher.post(f"/cases/{self.case}/talks", {
                "held_on": today(), "with_person_ids": [mother, father],
                "summary": "Mor og far kjenner igjen det vi ser. De vil at vi hjelper henne inn i leken.",
                "child_view": "Tuva vil leke med Ada.",
            })  # fmt: skip

    def _close_what_was_left_open(self) -> None:
        """A story that broke off earlier has left the child's case running; a new concern would join it (LG-1)."""
        for worker in (self.teacher, self.person(NURSE, "employee", HEALTH_UNIT)):
            for each in worker.get("/cases", limit=100)["items"]:
                if (
                    each["child"]["name"] == self.demo.name(CHILD)
                    and each["state"] == "open"
                    and each["level"]
                ):
                    case = worker.get(f"/cases/{each['case_id']}")
                    if "close" in case["permitted"]:
                        ended = {"outcome": "other", "reason": "Historien begynner på nytt."}
                        worker.post(f"/cases/{each['case_id']}/closing", ended, If_Match=worker.etag or "")

    def _form(self, tool: str, answers: dict[str, Any] | None) -> None:
        form = self.teacher.get(f"/municipalities/granli/tools/{tool}")
        given = answers if answers is not None else _filled_in(form["form"])
        self.teacher.post(f"/cases/{self.case}/forms", {
            "tool": tool, "tool_version": form["version"], "answers": given, "topic": "wellbeing",
        })  # fmt: skip

    def _family_is_not_told_yet(self) -> None:
        """LV-17: before the talk the guardians find nothing, not even at login."""
        known = self.teacher.get("/cases", include_closed="true")["items"]
        if all(
            each["case_id"] == self.case or each["child"]["name"] != self.demo.name(CHILD) for each in known
        ):
            Person(self.url, self.demo, MOTHER).log_in("guardian", expect=403)

    # ------------------------------------------------------------ 2, decided

    def level_one(self) -> None:
        with self.step("2. Within 14 days: level 1, a relay holder, a goal and a measure in her own service"):
            case = self.teacher.get(f"/cases/{self.case}")
            moved = {
                "to_level": 1, "reason": "Vi vil prøve tiltak i barnehagen.", "family_answer": "agreed",
                "holder_person_id": case["owner_person_id"], "holder_unit_id": KINDERGARTEN,
            }  # fmt: skip
            self.teacher.post(f"/cases/{self.case}/level", moved, expect=428)
            self.teacher.post(f"/cases/{self.case}/level", moved, If_Match=self._version())
            self.people["teacher"] = case["owner_person_id"]
            self._goal("play", "wellbeing", "Tuva er med i leken hver dag.")
            self._measure("start", "play", "Starte en lek sammen med Tuva og Ada", "teacher", "kindergarten")
            case = self.teacher.get(f"/cases/{self.case}")
            assert case["level"] == 1 and case["holder_person_id"] == self.people["teacher"]

    def _version(self) -> str:
        self.teacher.get(f"/cases/{self.case}")
        assert self.teacher.etag
        return self.teacher.etag

    def _goal(self, key: str, topic: str, text: str) -> None:
        self.goals[key] = self.teacher.post(f"/cases/{self.case}/goals", {"topic": topic, "text": text})["id"]

    def _measure(self, key: str, goal: str, what: str, responsible: str | None, arena: str) -> None:
        body: dict[str, Any] = {
            "goal_id": self.goals[goal],
            "what": what,
            "arena": arena,
            "deadline": today(30),
        }
        body |= (
            {"responsible_person_id": self.people[responsible]} if responsible else {"is_childs_own": True}
        )
        self.measures[key] = self.teacher.post(f"/cases/{self.case}/measures", body)["id"]

    # ------------------------------------------------------------ 3

    def consent(self) -> None:
        with self.step("3. Consent is asked for; mother signs; the services can still read nothing"):
            self.psychologist = self.person(PSYCHOLOGIST, "employee", PPT_UNIT)
            self.nurse = self.person(NURSE, "employee", HEALTH_UNIT)
            self.people["psychologist"] = self.psychologist.get("/me")["chosen"]["person_id"]
            self.people["nurse"] = self.nurse.get("/me")["chosen"]["person_id"]
            self._bring_in("psychologist", PPT_UNIT, expect=409)
            self.request = self.teacher.post(f"/cases/{self.case}/consent-requests", {
                "purpose": "Tuva skal få lik hjelp til å komme inn i leken, hjemme og i barnehagen.",
                "shares": [{"service_id": PPT, "topics": ["learning", "wellbeing"]},
                           {"service_id": HEALTH, "topics": ["wellbeing", "health"]}],
                "valid_to": today(180),
            })["id"]  # fmt: skip
            self.mother = self.person(MOTHER, "guardian")
            shown = self.mother.get(f"/consent-requests/{self.request}")
            assert {share["service_id"] for share in shown["shares"]} == {PPT, HEALTH}
            self._sign(self.mother, expect=403)
            self.mother = self.person(MOTHER, "guardian", level="high")
            self._sign(self.mother)
            for worker in (self.psychologist, self.nurse):
                worker.get(f"/cases/{self.case}", expect=404)
                worker.get(f"/cases/{self.case}/log", expect=404)
        with self.step("3. Father signs too; the case goes to level 2, and they read exactly their topics"):
            self.father = self.person(FATHER, "guardian", level="high")
            self._sign(self.father)
            until(
                lambda: self.teacher.get(f"/cases/{self.case}/consents")["windows"],
                5,
                "the windows stand open",
            )
            self._move_to_two()
            self._goal("sleep", "health", "Tuva sover hele natten.")
            self._goal("words", "learning", "Tuva bruker flere ord i leken.")
            self._goal("home", "home", "Rolige ettermiddager hjemme.")
            self._bring_in("psychologist", PPT_UNIT)
            self._bring_in("nurse", HEALTH_UNIT)
            granted = ((self.psychologist, {"learning", "wellbeing"}), (self.nurse, {"wellbeing", "health"}))
            for worker, topics in granted:
                log = self._log_of(worker)
                assert {goal["topic"] for goal in log["goals"]} == topics, (
                    f"{worker.key} reads {log['topics']}"
                )
                assert worker.get(f"/cases/{self.case}/notes")["notes"] == [], (
                    "notes from before are not shared"
                )

    def _sign(self, signer: Person, expect: int = 201) -> None:
        shown = signer.get(f"/consent-requests/{self.request}")
        answers = [
            {"service_id": line["service_id"], "topic": line["topic"], "answer": "yes"}
            for line in shown["lines"]
        ]
        signer.post(f"/consent-requests/{self.request}/signatures",
                    {"text_hash": shown["text_hash"], "answers": answers}, expect=expect)  # fmt: skip

    def _move_to_two(self) -> None:
        suggested = self.teacher.get(f"/cases/{self.case}/level-suggestion", service_ids=[PPT, HEALTH])[
            "level"
        ]
        assert suggested == 2, "LV-4: two other services suggest level 2"

        def moved() -> bool:
            body = {"to_level": 2, "reason": "To tjenester skal hjelpe sammen.", "service_ids": [PPT, HEALTH],
                    "family_answer": "agreed"}  # fmt: skip
            try:
                self.teacher.post(f"/cases/{self.case}/level", body, If_Match=self._version())
            except Unexpected as refused:
                if "consent" not in str(refused):
                    raise
                return False
            return True

        until(moved, 5, "cases knows of the consent")

    def _bring_in(self, who: str, unit_id: str, expect: int = 201) -> None:
        def brought() -> bool:
            """503: the log does not know yet how consent stands, as just after a start (CO-9)."""
            body = {"person_id": self.people[who], "unit_id": unit_id}
            answer = self.teacher.post(f"/cases/{self.case}/participants", body, expect=(expect, 503))
            return answer.get("code") != "consent_not_known"

        until(brought, 12, "the log knows how consent stands")

    def _log_of(self, worker: Person) -> dict[str, Any]:
        def readable() -> Any:
            answer = worker.http.get(f"{self.url}/api/cases/{self.case}/log", timeout=10)
            return answer.json() if answer.status_code == 200 else None

        return dict(until(readable, 15, f"{worker.key} can read the log"))

    # ------------------------------------------------------------ 4

    def cooperation(self) -> None:
        with self.step("4. The log: measures of each, one the child's own; family and services see the same"):
            self._measure("words", "words", "Lese bok med Tuva og en venn", "psychologist", "kindergarten")
            self._measure("night", "sleep", "Fast leggetid med samme bok", "mother", "home")
            self._measure("own", "play", "Spørre Ada om å leke", None, "kindergarten")
            log = self.mother.get(f"/cases/{self.case}/log")
            assert set(self.measures.values()) <= {each["measure_id"] for each in log["measures"]}
            assert any(each["is_childs_own"] for each in log["measures"])
            said = {"kind": "comment", "topic": "wellbeing", "text": "Hun snakker om Ada hver dag nå."}
            self.mother.post(f"/cases/{self.case}/entries", said)
            self.father.post(f"/cases/{self.case}/goals", {"topic": "home", "text": "x"}, expect=403)
            self._nobody_overwrites()

    def _nobody_overwrites(self) -> None:
        """LG-8: of two edits of the same thing the later is told what changed."""
        path = f"/cases/{self.case}/goals/{self.goals['play']}"
        version = next(g["version"] for g in self.teacher.get(f"/cases/{self.case}/log")["goals"]
                       if g["goal_id"] == self.goals["play"])  # fmt: skip
        self.teacher.post(
            path, {"text": "Tuva er med i leken ute og inne."}, method="PATCH", If_Match=f'"{version}"'
        )
        stale = self.teacher.post(
            path, {"text": "Noe annet."}, method="PATCH", If_Match=f'"{version}"', expect=412
        )
        assert "text" in str(stale), "the conflict names what changed"

    def meeting(self) -> None:
        with self.step("4. A meeting: everyone invited has one message and one e-mail that names no child"):
            self.last_mail = max((each["number"] for each in self._mails()), default=0)
            starts = (datetime.now(UTC) + timedelta(days=7)).replace(
                hour=12, minute=0, second=0, microsecond=0
            )
            invited = ["teacher", "psychologist", "nurse", "mother", "father"]
            self.meeting_id = self.teacher.post(f"/cases/{self.case}/meetings", {
                "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat(),
                "place": "Grupperommet i barnehagen",
                "agenda": [{"topic": "wellbeing", "text": "Hvordan går det i leken?"},
                           {"topic": "health", "text": "Søvn"}],
                "invited_ids": [self.people[who] for who in invited],
            })["id"]  # fmt: skip
            guests = {
                PSYCHOLOGIST: self.psychologist,
                NURSE: self.nurse,
                MOTHER: self.mother,
                FATHER: self.father,
            }
            for key, guest in guests.items():
                found = until(partial(self._inbox, guest, "meeting_called"), 10, f"{key} has the invitation")
                assert len(found) == 1
                mails = until(partial(self._invitations, key), 15, f"{key} has the e-mail")
                assert len(mails) == 1, f"{key} has {len(mails)} e-mails"
                self._names_nobody(mails[0])
        with self.step("4. Minutes by the template, and the day of the next evaluation"):
            self.teacher.post(f"/cases/{self.case}/meetings/{self.meeting_id}/minutes", {
                "items": [{"topic": "wellbeing", "text": "Tuva leker med Ada to ganger i uken."},
                          {"topic": "health", "text": "Hun sover bedre."}],
                "present_ids": [self.people[who] for who in invited],
                "next_meeting_on": today(45), "next_evaluation_on": today(30),
            }, If_Match='"1"')  # fmt: skip
            until(
                lambda: self._inbox(self.mother, "minutes_published"), 10, "the mother is told of the minutes"
            )
            self.teacher.post(f"/cases/{self.case}/next-evaluation", {"evaluate_on": today(28)})
            meeting = self._log_of(self.psychologist)["meetings"][0]
            assert {item["topic"] for item in meeting["minutes"]["items"]} == {"wellbeing"}, (
                "only granted topics"
            )

    def _inbox(self, person: Person, kind: str) -> list[dict[str, Any]]:
        items = person.get("/inbox", limit=100)["items"]
        return [each for each in items if each["kind"] == kind and each["case_id"] == self.case]

    def _mails(self, **query: Any) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.standins}/mail/api/messages", params=query, timeout=10)
        return list(answer.json()["messages"])

    def _invitations(self, key: str) -> list[Message]:
        """The e-mails with a calendar file that the person has had since the meeting was called."""
        person = self.demo.by_key[key]
        address = person.get("email") or person["contact"]["email"]
        found = self._mails(to=address, after=self.last_mail)
        messages = [email.message_from_string(each["raw"]) for each in found]
        return [each for each in messages if "text/calendar" in each.as_string()]

    def _names_nobody(self, message: Message) -> None:
        """NO-1."""
        text = message.as_string() + "".join(
            bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in message.walk()
        )
        assert "METHOD:PUBLISH" in text and "ATTENDEE" not in text
        leaked = [secret for secret in (*SECRETS, self.demo.number(CHILD)) if secret in text]
        assert not leaked, f"the e-mail tells: {leaked}"

    # ------------------------------------------------------------ 5

    def handover(self) -> None:
        with self.step(
            "5. The relay goes to the public health nurse: proposed, accepted; never two, never none"
        ):
            proposed = self.teacher.post(f"/cases/{self.case}/handovers", {
                "to_person_id": self.people["nurse"], "to_unit_id": HEALTH_UNIT, "family_answer": "agreed",
                "reason": "Tuva skal følges opp på helsestasjonen.",
            })["id"]  # fmt: skip
            assert self.teacher.get(f"/cases/{self.case}")["holder_person_id"] == self.people["teacher"]
            until(lambda: self._inbox(self.nurse, "handover_proposed"), 10, "the nurse is asked")
            self.nurse.post(f"/cases/{self.case}/handovers/{proposed}/answer", {"answer": "accepted"})
            assert self.nurse.get(f"/cases/{self.case}")["holder_person_id"] == self.people["nurse"]
            self.teacher.post(f"/cases/{self.case}/goals", {"topic": "home", "text": "x"}, expect=403)
            until(lambda: self._inbox(self.mother, "holder_changed"), 10, "the family is told (HO-5)")

    # ------------------------------------------------------------ 6

    def evaluation(self) -> None:
        with self.step("6. An evaluation ends one measure and changes another"):

            def recorded() -> bool:
                body = {
                    "outcomes": [
                        {"measure_id": self.measures["night"], "outcome": "end", "effect": "good"},
                        {"measure_id": self.measures["start"], "outcome": "change", "effect": "some",
                         "new_what": "Hjelpe Tuva inn i lek med tre barn", "new_deadline": today(60),
                         "new_arena": "kindergarten", "new_responsible_person_id": self.people["teacher"]},
                    ],
                    "next_evaluation_on": today(60),
                }  # fmt: skip
                try:
                    self.nurse.post(f"/cases/{self.case}/evaluations", body)
                except Unexpected as refused:
                    if " 403" not in str(refused) and " 404" not in str(refused):
                        raise
                    return False
                return True

            until(recorded, 5, "the log knows its new holder")
            states = {
                m["measure_id"]: m["status"] for m in self.mother.get(f"/cases/{self.case}/log")["measures"]
            }
            assert states[self.measures["night"]] == "ended" and states[self.measures["start"]] == "replaced"

    def withdrawal(self) -> None:
        with self.step(
            "6. The mother withdraws for the psychology service: refused within 1 s, the holder told"
        ):
            self._log_of(self.psychologist)
            self.mother.post(f"/cases/{self.case}/withdrawals", {"service_id": PPT})
            begun = time.perf_counter()

            def refused() -> bool:
                answer = self.psychologist.http.get(f"{self.url}/api/cases/{self.case}/log", timeout=10)
                return answer.status_code == 404

            until(refused, AT_ONCE, "the psychologist is refused")
            self.refused_after = time.perf_counter() - begun
            self.psychologist.get(f"/cases/{self.case}", expect=404)
            until(lambda: self._inbox(self.nurse, "consent_withdrawn"), 10, "the holder is told")
            assert self._log_of(self.nurse)["goals"], "the health station reads on"

    # ------------------------------------------------------------ 7

    def closing(self) -> None:
        with self.step("7. Feedback, closing, the final report; the log is read-only"):
            said = {
                "kind": "feedback",
                "topic": "wellbeing",
                "text": "Det var godt å slippe å fortelle alt to ganger.",
            }
            self.father.post(f"/cases/{self.case}/entries", said)
            self.nurse.get(f"/cases/{self.case}")
            ended = {"outcome": "goals_reached", "reason": "Tuva er med i leken."}
            self.nurse.post(f"/cases/{self.case}/closing", ended, If_Match=self.nurse.etag or "")
            report = until(lambda: self._report(self.mother), 10, "the final report is there")
            assert report["feedback"] and report["goals"], "the report bears the family's feedback"
            self.mother.page(f"/sak/{self.case}/sluttrapport")
            self.nurse.post(f"/cases/{self.case}/goals", {"topic": "home", "text": "x"}, expect=(403, 409))
            assert self.nurse.get(f"/cases/{self.case}")["state"] == "closed"

    def _report(self, person: Person) -> Any:
        answer = person.http.get(f"{self.url}/api/cases/{self.case}/report", timeout=10)
        return answer.json() if answer.status_code == 200 else None


def _filled_in(form: dict[str, Any]) -> dict[str, Any]:
    """An answer to every required field of a form."""
    fields = [field for section in form["sections"] for field in section["fields"] if field.get("required")]
    plain: dict[str, Any] = {"date": today(), "yes_no": True, "scale": 1}
    return {
        field["name"]: plain.get(field["type"])
        or (field["options"][0]["value"] if field["type"] == "choice" else None)
        or ([field["options"][0]["value"]] if field["type"] == "multi_choice" else "Vi har sett dette.")
        for field in fields
    }
