"""A pregnant woman whose case the health station owns, and the birth: a case of the child's own, with its own consents
(LV-13, LV-18, GU-1, GU-6); through the API.

She is one of the demo's mothers, and the newborn hers. Each step asserts what must hold on the way; a broken promise
raises Unexpected. It can be played again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.journeys.main_job import Say, today
from tests.journeys.people import AT_ONCE, Demo, Person, until

MIDWIFE, NURSE = "siri-havnstaden", "lene-bergsvagen"
MOTHER, FATHER, NEWBORN = "mari-ternholm", "age-regnbuevoll", "olivia-ternholm"
MIDWIVES, NURSES_UNIT = "unit-granli-jordmor", "unit-granli-skolehelse-kontor"
NURSES_SERVICE = "service-granli-skolehelse"


class BirthStory:
    """The story of one birth; `say` is told each step and its seconds."""

    def __init__(self, url: str, say: Say, demo: Demo | None = None) -> None:
        self.url, self._say, self.demo = url, say, demo or Demo()
        self.hers = self.childs = self.note = ""
        self.refused_after = 0.0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self._say(what, time.perf_counter() - begun)

    def play(self) -> None:
        """All five steps."""
        self.concern()
        self.she_consents_alone()
        self.birth()
        self.consents_of_its_own()
        self.withdraws()

    def concern(self) -> None:
        with self.step("1. The midwife raises a pregnant woman's worry with her, and has a case of hers"):
            self.midwife = self._person(MIDWIFE, "employee", MIDWIVES)
            self._close_what_was_left_open()
            self.hers = self.midwife.post("/cases", {
                "child_number": self.demo.number(MOTHER), "unit_id": MIDWIVES, "subject_kind": "pregnant",
                "topic": "wellbeing", "concern": "Hun har få å snakke med og gruer seg til tiden etter fødselen.",
            })["id"]  # fmt: skip
            self.note = self.midwife.post(f"/cases/{self.hers}/notes", {
                "topic": "wellbeing", "text": "Hun ønsker seg en fast person å ringe til når barnet er født.",
            })["id"]  # fmt: skip
            self.health = self.midwife.post(f"/cases/{self.hers}/notes", {
                "topic": "health", "text": "Hun har hatt en fødselsdepresjon før.",
            })["id"]  # fmt: skip
            case = self.midwife.get(f"/cases/{self.hers}")
            self.midwife.post(f"/cases/{self.hers}/talks", {
                "held_on": today(), "with_person_ids": [case["child"]["person_id"]],
                "summary": "Hun vil gjerne ha hjelp, og vil selv bestemme hvem som får vite hva.",
                "child_view_missing": "other",
            })  # fmt: skip
            self._to_level_one(self.hers)

    def she_consents_alone(self) -> None:
        with self.step("2. She alone is asked, and signs alone; nobody of her family is"):
            self.mother = self._person(MOTHER, "self", level="high")
            request = self._ask(self.hers, ["wellbeing"])
            shown = self._shown(self.mother, request)
            me = self.mother.get("/me")["chosen"]["person_id"]
            assert [each["person_id"] for each in shown["signers"]] == [me], (
                "LV-13: a pregnant adult consents alone"
            )
            self._sign(self.mother, request)
            until(
                lambda: self._windows(self.hers) == {"wellbeing"}, 5, "the window of her own case stands open"
            )

    def birth(self) -> None:
        with self.step(
            "3. The child is born: a case of its own; what she agreed to comes along, her health does not"
        ):
            told = {
                "child_number": self.demo.number(NEWBORN), "topic": "wellbeing", "mother_agreed_on": today(),
                "concern": "Familien ønsker en fast kontakt den første tiden.", "note_ids": [self.note],
            }  # fmt: skip
            path = f"/cases/{self.hers}/births"
            refused = self.midwife.post(path, told | {"note_ids": [self.note, self.health]}, expect=422)
            assert "health_stays_hers" in str(refused), "GU-6"
            self.midwife.post(path, {key: told[key] for key in told if key != "mother_agreed_on"}, expect=422)
            self.childs = self.midwife.post(path, told | {
                "closes": True, "closing_reason": "Barnet er født og har sin egen sak.",
            })["id"]  # fmt: skip
            assert self.childs != self.hers
            assert self.midwife.get(f"/cases/{self.hers}")["state"] == "closed"
            notes = self.midwife.get(f"/cases/{self.childs}/notes")["notes"]
            told_there = " ".join(str(each.get("text")) for each in notes)
            assert "fast person å ringe til" in told_there and "fødselsdepresjon" not in told_there
            assert self.midwife.get(f"/cases/{self.childs}/consents")["requests"] == [], (
                "LV-18: consents begin anew"
            )

    def consents_of_its_own(self) -> None:
        with self.step(
            "4. For the child both parents must say yes; the father finds nothing of her own case"
        ):
            case = self.midwife.get(f"/cases/{self.childs}")
            self.midwife.post(f"/cases/{self.childs}/talks", {
                "held_on": today(), "with_person_ids": [each["person_id"] for each in case["guardians"]],
                "summary": "Begge vil ha hjelp den første tiden.", "child_view_missing": "too_young",
            })  # fmt: skip
            self._to_level_one(self.childs)
            request = self._ask(self.childs, ["wellbeing"])
            mother = self._person(MOTHER, "guardian", level="high")
            father = self._person(FATHER, "guardian", level="high")
            assert len(self._shown(mother, request)["signers"]) == 2, "GU-1"
            self._sign(mother, request)
            assert self._windows(self.childs) == set(), "GU-1: the father has not answered"
            self._sign(father, request)
            until(
                lambda: self._windows(self.childs) == {"wellbeing"}, 5, "the child's own window stands open"
            )
            father.get(f"/cases/{self.childs}")
            father.get(f"/cases/{self.hers}", expect=404)
            father.get(f"/cases/{self.hers}/notes", expect=404)
            self.father = father

    def withdraws(self) -> None:
        with self.step("5. One parent takes it back, and nothing is shared of the child any more"):
            begun = time.perf_counter()
            self.father.post(f"/cases/{self.childs}/withdrawals", {})
            until(lambda: self._windows(self.childs) == set(), AT_ONCE, "the window is shut")
            self.refused_after = time.perf_counter() - begun
            self._close(self.childs)

    # ------------------------------------------------------------ in short

    def _person(
        self, key: str, capacity: str, unit_id: str | None = None, level: str = "substantial"
    ) -> Person:
        return Person(self.url, self.demo, key).log_in(capacity, unit_id, level)

    def _close_what_was_left_open(self) -> None:
        """A story that broke off earlier has left cases running; a new concern would join one of them (LG-1)."""
        names = {self.demo.name(MOTHER), self.demo.name(NEWBORN)}
        for each in self.midwife.get("/cases", limit=100)["items"]:
            if each["child"]["name"] in names and each["state"] == "open":
                self._close(each["case_id"])

    def _close(self, case_id: str) -> None:
        ended = {"outcome": "other", "reason": "Historien er til ende."}
        self.midwife.post(f"/cases/{case_id}/closing", ended, If_Match=self._version(case_id))

    def _version(self, case_id: str) -> str:
        self.midwife.get(f"/cases/{case_id}")
        assert self.midwife.etag
        return self.midwife.etag

    def _to_level_one(self, case_id: str) -> None:
        owner = self.midwife.get(f"/cases/{case_id}")["owner_person_id"]
        self.midwife.post(f"/cases/{case_id}/level", {
            "to_level": 1, "reason": "Vi følger opp sammen med familien.", "family_answer": "agreed",
            "holder_person_id": owner, "holder_unit_id": MIDWIVES,
        }, If_Match=self._version(case_id))  # fmt: skip

    def _ask(self, case_id: str, topics: list[str]) -> str:
        return str(self.midwife.post(f"/cases/{case_id}/consent-requests", {
            "purpose": "Helsesykepleier skal kunne møte familien.", "valid_to": today(90),
            "shares": [{"service_id": NURSES_SERVICE, "topics": topics}],
        })["id"])  # fmt: skip

    def _sign(self, signer: Person, request: str) -> None:
        shown = self._shown(signer, request)
        said = [
            {"service_id": line["service_id"], "topic": line["topic"], "answer": "yes"}
            for line in shown["lines"]
        ]
        signer.post(
            f"/consent-requests/{request}/signatures", {"text_hash": shown["text_hash"], "answers": said}
        )

    def _shown(self, signer: Person, request: str) -> Any:
        """The question as this signer reads it, as soon as consent knows that they may."""

        def readable() -> Any:
            answer = signer.http.get(f"{self.url}/api/consent-requests/{request}", timeout=10)
            return answer.json() if answer.status_code == 200 else None

        return until(readable, 5, f"{signer.key} can read the question")

    def _windows(self, case_id: str) -> set[Any]:
        return {each["topic"] for each in self.midwife.get(f"/cases/{case_id}/consents")["windows"]}
