"""A youth of 15 who consents alone, keeps something from her parents, and withdraws for one service; through the API.

Her case is one of the demo's: the school holds it, and a low-threshold service takes part with her consent. Each step
asserts what must hold on the way; a broken promise raises Unexpected. It can be played again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.journeys.main_job import Say, today
from tests.journeys.people import AT_ONCE, Demo, Person, Unexpected, until

TEACHER, NURSE, OTHER = "sindre-aspevollen", "lene-bergsvagen", "nora-vindheimsli"
YOUTH, MOTHER = "oda-kvernmoen", "trude-kvernmoen"
SCHOOL, NURSES_UNIT, OTHERS_UNIT = (
    "unit-granli-ungdomsskole", "unit-granli-skolehelse-kontor", "unit-granli-rom-for-prat",
)  # fmt: skip
SCHOOL_HEALTH = "service-granli-skolehelse"


class YouthStory:
    """The story of one youth; `say` is told each step and its seconds."""

    def __init__(self, url: str, say: Say, demo: Demo | None = None) -> None:
        self.url, self._say, self.demo = url, say, demo or Demo()
        self.case = self.request = ""
        self.refused_after = 0.0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self._say(what, time.perf_counter() - begun)

    def _person(
        self, key: str, capacity: str, unit_id: str | None = None, level: str = "substantial"
    ) -> Person:
        return Person(self.url, self.demo, key).log_in(capacity, unit_id, level)

    def play(self) -> None:
        """All five steps."""
        self.asked()
        self.consents_alone()
        self.keeps_something()
        self.health_is_for_both()
        self.withdraws()

    def asked(self) -> None:
        with self.step("1. The school asks a youth of 15 for consent to work with the school nurse"):
            self.teacher = self._person(TEACHER, "employee", SCHOOL)
            mine = [each for each in self.teacher.get("/cases", limit=100)["items"]
                    if each["child"]["name"] == self.demo.name(YOUTH) and each["level"] >= 2]  # fmt: skip
            assert mine and mine[0]["child"]["age"] == 15, "the demo has a youth of 15 with a case"
            self.case = mine[0]["case_id"]
            self._let_the_nurse_go()
            self.request = self.teacher.post(f"/cases/{self.case}/consent-requests", {
                "purpose": "Oda skal kunne snakke med helsesykepleier om hvordan hun har det.",
                "shares": [{"service_id": SCHOOL_HEALTH, "topics": ["wellbeing", "health"]}],
                "valid_to": today(90),
            })["id"]  # fmt: skip

    def consents_alone(self) -> None:
        with self.step("2. She signs alone for wellbeing; her mother is not asked, and the nurse reads it"):
            self.youth = self._person(YOUTH, "self", level="high")
            self.mother = self._person(MOTHER, "guardian", level="high")
            required = {
                each["person_id"]: set(each["required_for"]) for each in self._shown(self.youth)["signers"]
            }
            mother_id = self.mother.get("/me")["chosen"]["person_id"]
            youth_id = self.youth.get("/me")["chosen"]["person_id"]
            assert required[youth_id] == {"wellbeing", "health"}, "AG-2, AG-3: she is asked about both"
            assert required[mother_id] == {"health"}, "AG-2: on wellbeing the youth consents alone"
            self._sign(self.youth, {"wellbeing", "health"})
            until(
                lambda: self._windows() == {"wellbeing"},
                5,
                "the window on wellbeing stands open, and no other",
            )
            self.nurse = self._person(NURSE, "employee", NURSES_UNIT)
            nurse_id = self.nurse.get("/me")["chosen"]["person_id"]
            until(lambda: self._brought_in(nurse_id), 5, "the log knows of the consent")
            log = until(lambda: self._log(self.nurse), 10, "the nurse reads")
            assert set(log["topics"]) == {"wellbeing"}, f"CO-1: what she named, and no more: {log['topics']}"

    def keeps_something(self) -> None:
        with self.step("3. What she said apart is kept from her parents; those whom she lets see it do"):
            apart = self.teacher.post(f"/cases/{self.case}/views", {
                "topic": "wellbeing", "occasion": "planning", "given": "apart",
                "text": "Hun vil ikke at hjemme skal vite hvor lite hun sover.",
            })["id"]  # fmt: skip
            together = self.teacher.post(f"/cases/{self.case}/views", {
                "topic": "wellbeing", "occasion": "planning", "given": "together", "text": "Hun savner Vilja.",
            })["id"]  # fmt: skip
            seen = {who.key: {view["view_id"] for view in self._log(who)["views"]}
                    for who in (self.youth, self.nurse, self.mother)}  # fmt: skip
            assert {apart, together} <= seen[YOUTH] and {apart, together} <= seen[NURSE]
            assert together in seen[MOTHER] and apart not in seen[MOTHER], "LG-5"
            assert "hvor lite hun sover" not in self.mother.page(f"/sak/{self.case}/logg")

    def health_is_for_both(self) -> None:
        with self.step(
            "4. On health both she and her parents must say yes: one of them silent, nothing opens"
        ):
            goal = self.teacher.post(f"/cases/{self.case}/goals", {"topic": "health", "text": "Sove bedre."})[
                "id"
            ]
            self._sign(self.mother, {"health"})
            assert self._windows() == {"wellbeing"}, "GU-1: the father has not answered"
            assert goal not in {each["goal_id"] for each in self._log(self.nurse)["goals"]}

    def withdraws(self) -> None:
        with self.step(
            "5. She withdraws for the school nurse: refused within 1 s, the other service reads on"
        ):
            other = self._person(OTHER, "employee", OTHERS_UNIT)
            before = {each["goal_id"] for each in self._log(other)["goals"]}
            self.youth.post(f"/cases/{self.case}/withdrawals", {"service_id": SCHOOL_HEALTH})
            begun = time.perf_counter()
            until(lambda: self._log(self.nurse) is None, AT_ONCE, "the nurse is refused")
            self.refused_after = time.perf_counter() - begun
            assert {each["goal_id"] for each in self._log(other)["goals"]} == before, (
                "CO-3: for one service alone"
            )
            self._let_the_nurse_go()

    # ------------------------------------------------------------ in short

    def _shown(self, signer: Person) -> dict[str, Any]:
        return dict(signer.get(f"/consent-requests/{self.request}"))

    def _sign(self, signer: Person, topics: set[str]) -> None:
        shown = self._shown(signer)
        said = [{"service_id": line["service_id"], "topic": line["topic"], "answer": "yes"}
                for line in shown["lines"] if line["topic"] in topics]  # fmt: skip
        signer.post(
            f"/consent-requests/{self.request}/signatures", {"text_hash": shown["text_hash"], "answers": said}
        )

    def _windows(self) -> set[str]:
        found = self.teacher.get(f"/cases/{self.case}/consents")["windows"]
        return {each["topic"] for each in found if each["service_id"] == SCHOOL_HEALTH}

    def _brought_in(self, person_id: str) -> bool:
        try:
            self.teacher.post(
                f"/cases/{self.case}/participants", {"person_id": person_id, "unit_id": NURSES_UNIT}
            )
        except Unexpected as refused:
            if "consent" not in str(refused):
                raise
            return False
        return True

    def _let_the_nurse_go(self) -> None:
        for each in self._log(self.teacher)["participants"]:
            if each["unit_id"] == NURSES_UNIT and not each["valid_to"]:
                self.teacher.post(f"/cases/{self.case}/participants/{each['participant_id']}/release",
                                  {"notice": "Takk for hjelpen."})  # fmt: skip

    def _log(self, person: Person) -> Any:
        answer = person.http.get(f"{self.url}/api/cases/{self.case}/log", timeout=10)
        return answer.json() if answer.status_code == 200 else None
