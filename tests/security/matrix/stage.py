"""What the roles act on: a child's case and a youth's, taken from a first concern to the end, state by state.

Each state is built by those who build it in life, through the API. `ids` holds what stands in the case then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from services.chassis.ids import new_id
from tests.journeys.main_job import today
from tests.journeys.people import Person, Unexpected, until
from tests.security.matrix.cast import CHILD, HEALTH, HEALTH_UNIT, PLACE, PPT, PPT_UNIT, UNIT, YOUTH, Cast

STATES = ("level_0", "level_1", "level_2", "closed")
TOPIC = "learning"
COLLEAGUE = "kare-myrskogen"
_REPORT = {
    "child_description": "En gutt på bussen", "kind": "protected", "suspicion": "violence", "text": "Han gråt.",
    "guardians_informed": "no", "guardians_informed_reason": "Vet ikke hvem de er.", "police_contacted": False,
}  # fmt: skip
SIGNER = {CHILD: "guardian", YOUTH: "youth"}
"""Who signs: the one guardian with responsibility; a youth of 16 alone (AG-2)."""


class Stage:
    """The two cases. `build(state)` brings both there; states come in the order of STATES."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.owner, self.holder = cast.person("owner"), cast.person("holder")
        self.me = {code: cast.person(code).get("/me")["chosen"]["person_id"]
                   for code in ("owner", "holder", "topic", "no_topic", "asked", "leader")}  # fmt: skip
        self.ids: dict[str, dict[str, str]] = {CHILD: {}, YOUTH: {}}
        colleague = Person(cast.url, cast.demo, COLLEAGUE).log_in("employee", UNIT)
        self._colleague = colleague.get("/me")["chosen"]["person_id"]
        self.report_id: str = self.owner.post("/lane-reports", _REPORT)["id"]
        self.at: str | None = None
        for child in (CHILD, YOUTH):
            self._let_the_family_be_known(child)

    def build(self, state: str) -> None:
        """Bring both cases to the state, from the one before it."""
        for child in (CHILD, YOUTH):
            getattr(self, f"_{state}")(child)
        self.at = state

    def again(self, what: str | None, child: str) -> None:
        """Put there once more what a call has used up: somebody to release, or a handover to answer."""
        if what == "spare_id":
            self._bring_in_colleague(child)
        if what == "handover_id":
            self._propose(child)

    def _bring_in_colleague(self, child: str) -> None:
        body = {"person_id": self._colleague, "unit_id": UNIT}
        self.ids[child]["spare_id"] = self.holder.post(f"/cases/{self._case(child)}/participants", body)["id"]

    def _propose(self, child: str) -> None:
        body = {
            "to_person_id": self.me["asked"],
            "to_unit_id": HEALTH_UNIT,
            "family_answer": "agreed",
            "reason": "Helse.",
        }
        self.ids[child]["handover_id"] = self.holder.post(f"/cases/{self._case(child)}/handovers", body)["id"]
        case = self._case(child)
        until(partial(self._sees, self.cast.person("asked"), case), 15, "the receiver sees the case")

    # ------------------------------------------------------------ the states

    def _let_the_family_be_known(self, child: str) -> None:
        """A concern that came to nothing, so that the family can log in before the next talk (LV-17)."""
        self._close_what_was_left_open(child)
        self._concern(child)
        self._talk(child)
        case = self._case(child)
        ended = {"outcome": "no_concern", "reason": "Det gikk over."}
        self.owner.post(f"/cases/{case}/closing", ended, If_Match=self._version(case))
        self.ids[child] = {}

    def _close_what_was_left_open(self, child: str) -> None:
        for worker in (self.owner, self.holder):
            for each in worker.get("/cases", limit=100)["items"]:
                if each["child"]["name"] == self.cast.demo.name(child) and each["state"] == "open":
                    detail = worker.get(f"/cases/{each['case_id']}")
                    if "close" in detail["permitted"]:
                        ended = {"outcome": "other", "reason": "Begynner på nytt."}
                        worker.post(f"/cases/{each['case_id']}/closing", ended, If_Match=worker.etag or "")

    def _level_0(self, child: str) -> None:
        """Before the talk: the family knows nothing, and the notes are the owner's alone."""
        self._concern(child)
        case = self._case(child)
        detail = self.owner.get(f"/cases/{case}")
        guardians = [each["person_id"] for each in detail["guardians"]]
        told = {"case_id": case, "child_id": detail["child"]["person_id"], "guardian_id": guardians[0]}
        told["signer_id"] = told["child_id" if child == YOUTH else "guardian_id"]
        told["form_id"] = self._form(case)
        nothing = ("goal_id", "measure_id", "meeting_id", "participant_id", "handover_id", "request_id", "signature_id",
                   "entry_id", "spare_id")  # fmt: skip
        self.ids[child] = {**dict.fromkeys(nothing, new_id()), **told}

    def _level_1(self, child: str) -> None:
        """The unit's own plan, held by a colleague of the owner; consent has been asked for, nobody has answered."""
        self._talk(child)
        case, ids = self._case(child), self.ids[child]
        moved = {"to_level": 1, "reason": "Vi vil prøve noe.", "family_answer": "agreed",
                 "holder_person_id": self.me["holder"], "holder_unit_id": UNIT}  # fmt: skip
        self.owner.post(f"/cases/{case}/level", moved, If_Match=self._version(case))
        self._plan(child)
        asked = {"purpose": "Hjelpe sammen.", "valid_to": today(90),
                 "shares": [{"service_id": PPT, "topics": [TOPIC]},
                            {"service_id": HEALTH, "topics": ["health"]}]}  # fmt: skip
        ids["request_id"] = self.holder.post(f"/cases/{case}/consent-requests", asked)["id"]
        self._bring_in_colleague(child)

    def _level_2(self, child: str) -> None:
        """Two services take part under consent for a topic each; a handover and another request wait for answers."""
        case, ids = self._case(child), self.ids[child]
        ids["signature_id"] = self._sign(self.cast.person(SIGNER[child]), ids["request_id"])
        until(lambda: self._moved(case, 2, [PPT, HEALTH]), 10, "cases knows of the consent")
        for who, unit in (("topic", PPT_UNIT), ("no_topic", HEALTH_UNIT)):
            until(partial(self._bring_in, case, ids, who, unit), 10, "the log knows of the consent")
        ids["participant_id"] = ids.pop("topic")
        for who in ("topic", "no_topic", "their_leader"):
            until(partial(self._sees, self.cast.person(who), case), 15, f"{who} sees the case")
        ids["meeting_id"] = self._meeting(case, ids)
        self._propose(child)
        again = {
            "purpose": "Også hjemme.",
            "valid_to": today(90),
            "shares": [{"service_id": PPT, "topics": ["home"]}],
        }
        ids["request_id"] = self.holder.post(f"/cases/{case}/consent-requests", again)["id"]

    def _closed(self, child: str) -> None:
        """The report is made, and the services read on for 30 days."""
        case = self._case(child)
        ended = {"outcome": "goals_reached", "reason": "Det går bra."}
        self.holder.get(f"/cases/{case}")
        self.holder.post(f"/cases/{case}/closing", ended, If_Match=self.holder.etag or "")
        for who in ("holder", "topic"):
            until(
                partial(self._answers, self.cast.person(who), f"/api/cases/{case}/report"),
                15,
                "the report is made",
            )
        until(lambda: self.holder.get(f"/cases/{case}/log")["state"] == "closed", 10, "the log is closed")

    # ------------------------------------------------------------ what they are made of

    def _case(self, child: str) -> str:
        return self.ids[child]["case_id"]

    def _concern(self, child: str) -> None:
        told = {
            "child_number": self.cast.demo.number(child),
            "unit_id": UNIT,
            "topic": TOPIC,
            "concern": "Vi undrer oss.",
        }
        self.ids[child] = {"case_id": self.owner.post("/cases", told)["id"]}

    def _talk(self, child: str) -> None:
        case = self._case(child)
        guardians = [each["person_id"] for each in self.owner.get(f"/cases/{case}")["guardians"]]
        self.owner.post(f"/cases/{case}/talks", {
            "held_on": today(), "with_person_ids": guardians[:1], "summary": "Vi er enige.",
            "child_view": "Det går fint.",
        })  # fmt: skip

    def _form(self, case: str) -> str:
        tool = self.owner.get(f"/municipalities/{PLACE}/tools/observation")
        answers = {
            "observed_on": today(-1),
            "situation": "play",
            "what_happened": "Sto og så på.",
            "how_often": "daily",
        }
        sent = {"tool": "observation", "tool_version": tool["version"], "answers": answers, "topic": TOPIC}
        return str(self.owner.post(f"/cases/{case}/forms", sent)["id"])

    def _plan(self, child: str) -> None:
        case, ids = self._case(child), self.ids[child]
        ids["goal_id"] = self.holder.post(f"/cases/{case}/goals", {"topic": TOPIC, "text": "Flere ord."})[
            "id"
        ]
        measure = {"goal_id": ids["goal_id"], "what": "Lese bok", "arena": "kindergarten", "deadline": today(30),
                   "responsible_person_id": self.me["holder"]}  # fmt: skip
        ids["measure_id"] = self.holder.post(f"/cases/{case}/measures", measure)["id"]
        entry = {"kind": "note", "topic": TOPIC, "text": "I gang."}
        ids["entry_id"] = self.holder.post(f"/cases/{case}/entries", entry)["id"]

    def _meeting(self, case: str, ids: dict[str, str]) -> str:
        starts = (datetime.now(UTC) + timedelta(days=7)).replace(hour=12, minute=0, second=0, microsecond=0)
        return str(self.holder.post(f"/cases/{case}/meetings", {
            "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat(), "place": "Rom 2",
            "agenda": [{"topic": TOPIC, "text": "Hvordan går det?"}],
            "invited_ids": [self.me["holder"], self.me["topic"], ids["guardian_id"]],
        })["id"])  # fmt: skip

    def _bring_in(self, case: str, ids: dict[str, str], who: str, unit: str) -> bool:
        body = {"person_id": self.me[who], "unit_id": unit}
        answer = self._try(self.holder, f"/cases/{case}/participants", body, "consent")
        if answer:
            ids[who] = answer["id"]
        return bool(answer)

    def _moved(self, case: str, level: int, services: list[str]) -> bool:
        body = {
            "to_level": level,
            "reason": "Vi hjelper sammen.",
            "service_ids": services,
            "family_answer": "agreed",
        }
        self.holder.get(f"/cases/{case}")
        return bool(
            self._try(self.holder, f"/cases/{case}/level", body, "consent", If_Match=self.holder.etag or "")
        )

    @staticmethod
    def _try(person: Person, path: str, body: Any, while_: str, **headers: str) -> Any:
        """The answer, or None while it is refused for `while_`: what was done elsewhere is on its way."""
        try:
            return person.post(path, body, **headers)
        except Unexpected as refused:
            if while_ not in str(refused):
                raise
            return None

    def _sign(self, signer: Person, request_id: str) -> str:
        shown = signer.get(f"/consent-requests/{request_id}")
        mine = next(
            each for each in shown["signers"] if each["person_id"] == signer.get("/me")["chosen"]["person_id"]
        )
        answers = [{"service_id": line["service_id"], "topic": line["topic"], "answer": "yes"}
                   for line in shown["lines"] if line["topic"] in mine["required_for"]]  # fmt: skip
        sent = {"text_hash": shown["text_hash"], "answers": answers}
        return str(signer.post(f"/consent-requests/{request_id}/signatures", sent)["id"])

    def _version(self, case: str) -> str:
        self.owner.get(f"/cases/{case}")
        return self.owner.etag or ""

    def _sees(self, person: Person, case: str) -> bool:
        return self._answers(person, f"/api/cases/{case}") and self._answers(person, f"/sak/{case}")

    def _answers(self, person: Person, path: str) -> bool:
        return person.http.get(f"{self.cast.url}{path}", timeout=20).status_code == 200
