"""What is acted on: one child's case, from a first concern to an end, state by state, with all that belongs to it.

Each state is built by those who build it in life, through the API. `ids` holds what stands in the case then."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from services.chassis.ids import new_id
from tests.journeys.main_job import today
from tests.journeys.people import Person, Unexpected, until
from tests.security.matrix.cast import Cast
from tests.security.matrix.players import Players
from tests.support.scans import paper

TOPIC = "learning"
SHARED_BY_TWO = "service-granli-familiesenter"
_REPORT = {
    "child_description": "En gutt på bussen", "kind": "protected", "suspicion": "violence", "text": "Han gråt.",
    "guardians_informed": "no", "guardians_informed_reason": "Vet ikke hvem de er.", "police_contacted": False,
}  # fmt: skip
_NOT_YET = (
    "goal_id", "measure_id", "meeting_id", "participant_id", "handover_id", "request_id", "signed_request_id",
    "signature_id", "paper_signature_id", "withdrawal_id", "entry_id", "third_entry_id", "spare_id", "paper_id",
)  # fmt: skip
"""What a case has none of at level 0."""


class Story:
    """One child's case. States are built in their order: level 0, level 1, level 2, and then one that follows: closed,
    in care, log ended."""

    def __init__(self, cast: Cast, players: Players, case_id: str | None = None) -> None:
        self.cast, self.players = cast, players
        self.owner, self.holder = players.at_work(cast, "owner"), players.at_work(cast, "holder")
        self.ids: dict[str, str] = {"case_id": case_id} if case_id else {}
        self.beside: dict[str, str] = {}
        self._emergency_id: str | None = None
        if not case_id:
            self._let_the_family_be_known()

    @property
    def signer(self) -> Person:
        """Who answers for the family."""
        return self.cast.play(*self.players.signer, None, "high")

    def born(self, newborn: Players) -> Story:
        """The child of the pregnant woman is born: the story of its own case, at level 1 (LV-18)."""
        told = {
            "child_number": self.cast.demo.number(newborn.child),
            "topic": TOPIC,
            "concern": "De vil ha hjelp.",
        }
        case_id = self.owner.post(f"/cases/{self._case}/births", told)["id"]
        story = Story(self.cast, newborn, case_id)
        story._begin()
        story.build("level 1")
        return story

    # ------------------------------------------------------------ the states

    def build(self, state: str) -> None:
        """From the state before it to this one."""
        getattr(self, "_" + state.replace(" ", "_"))()

    def begin_anew(self) -> None:
        """A case of the same child at level 2, with all that belongs to it; the one before is closed, an order over."""
        self._close_what_was_left_open()
        for state in ("level 0", "level 1", "level 2"):
            self.build(state)

    def _level_0(self) -> None:
        """Before the talk: the family knows nothing, and the notes are the owner's alone."""
        self._raise_concern()
        self._begin()

    def _begin(self) -> None:
        detail = self.owner.get(f"/cases/{self._case}")
        self.ids |= dict.fromkeys(_NOT_YET, new_id())
        self.ids["child_id"] = detail["child"]["person_id"]
        family = [*detail["guardians"], detail["child"]]
        signer = [each["person_id"] for each in family if each["name"] == self._signers_name]
        self.ids["guardian_id"] = (
            signer if self.players.signer[1] == "guardian" else [family[0]["person_id"]]
        )[0]
        self.ids["signer_id"] = self._id_of(self.signer)
        self.ids["owner_id"] = self._id_of(self.owner)
        self.ids["form_id"] = self._form()
        if self.players.emergency:
            self._open_in_emergency()

    def _level_1(self) -> None:
        """The unit's own plan, held by a colleague of the owner; consent has been asked for, nobody has answered."""
        self._talk()
        to = {"holder_person_id": self._id_of(self.holder), "holder_unit_id": self.players.holder.unit_id}
        moved = {"to_level": 1, "reason": "Vi vil prøve noe.", "family_answer": "agreed", **to}
        self.owner.post(f"/cases/{self._case}/level", moved, If_Match=self._version())
        for log in (f"/api/cases/{self._case}/log", f"/sak/{self._case}/logg"):
            until(partial(self._answers, self.holder, log), 15, "the log knows of its holder")
        self._plan()
        first, second = self.players.services
        self.ids["request_id"] = self._ask(
            "Hjelpe sammen.", {first: [TOPIC, "wellbeing"], second: ["health"]}, named=True
        )
        self.ids["meeting_id"] = self._meeting()
        self.renew("spare_id")
        if not self.players.pregnant:
            self.renew("paper_id")

    def _level_2(self) -> None:
        """Two services take part under consent for a topic each; some of it is taken back, and some was given on paper.
        A handover and another request wait for answers."""
        ids, (first, second) = self.ids, self.players.services
        ids["signed_request_id"], ids["signature_id"] = ids["request_id"], self._sign(ids["request_id"])
        until(lambda: self._moved(2, [first, second]), 10, "cases knows of the consent")
        for part in ("first", "second"):
            until(partial(self._bring_in, part), 10, "the log knows of the consent")
        ids["participant_id"] = ids["first"]
        if self.players.spare is None:
            ids["spare_id"] = ids["second"]
        for part in ("first", "second"):
            until(partial(self.sees, self.players.at_work(self.cast, part)), 15, f"{part} sees the case")
        ids["meeting_id"] = self._meeting()
        self.renew("handover_id")
        taken = {"service_id": first, "topic": "wellbeing"}
        ids["withdrawal_id"] = self.signer.post(f"/cases/{self._case}/withdrawals", taken)["id"]
        ids["paper_signature_id"] = self._sign_on_paper(self._ask("Skolevei.", {first: ["attendance"]}))
        ids["request_id"] = self._ask("Også hjemme.", {first: ["home"]})

    def _closed(self) -> None:
        """The report is made, and the services read on for 30 days."""
        ended = {"outcome": "goals_reached", "reason": "Det går bra."}
        self.holder.get(f"/cases/{self._case}")
        self.holder.post(f"/cases/{self._case}/closing", ended, If_Match=self.holder.etag or "")
        self._wait_for_the_report()

    def _in_care(self) -> None:
        """Child protection keeps an order, and stands in the guardians' place; it lets them see the topic of the goals
        here. Of what the guardians agreed to nothing is shared any more, a youth's own word stands (GU-4)."""
        self._order(self.players.child, {"guardians_see": "topics", "topics": [TOPIC]})
        first = self.players.at_work(self.cast, "first")
        until(partial(self.sees, self._keeper), 15, "child protection sees the case")
        if self.players.signer[1] == "guardian":
            until(lambda: not self.sees(first), 15, "the service that takes part sees nothing")
            until(partial(self.sees, self.signer), 15, "the guardian sees what child protection lets them")

    def _log_ended(self) -> None:
        """The one who consented has ended it (LG-11); the services read on for 30 days, unless the family shuts them
        out."""
        ended = {"confirmed": True, "reason": "Vi vil klare oss selv."}
        self.signer.get(f"/cases/{self._case}")
        self.signer.post(f"/cases/{self._case}/log-ending", ended, If_Match=self.signer.etag or "")
        self._wait_for_the_report()

    def _wait_for_the_report(self) -> None:
        for part in ("holder", "first"):
            reader = self.players.at_work(self.cast, part)
            until(partial(self._answers, reader, f"/api/cases/{self._case}/report"), 15, "the report is made")
        until(
            lambda: self.holder.get(f"/cases/{self._case}/log")["state"] == "closed", 10, "the log is closed"
        )

    # ------------------------------------------------------------ what a call uses up

    def renew(self, what: str) -> None:
        """Put there once more what a call has used up: somebody to release, a handover to answer, a paper to decide."""
        getattr(self, f"_new_{what.removesuffix('_id')}")()

    def _new_spare(self) -> None:
        if self.players.spare is not None:
            spare = self.players.at_work(self.cast, "spare")
            body = {"person_id": self._id_of(spare), "unit_id": self.players.spare.unit_id}
            self.ids["spare_id"] = self.holder.post(f"/cases/{self._case}/participants", body)["id"]

    def _new_handover(self) -> None:
        asked = self.players.at_work(self.cast, "asked")
        body = {"to_person_id": self._id_of(asked), "to_unit_id": self.players.asked.unit_id,
                "family_answer": "agreed", "reason": "Helse."}  # fmt: skip
        self.ids["handover_id"] = self.holder.post(f"/cases/{self._case}/handovers", body)["id"]
        until(partial(self.sees, asked), 15, "the receiver sees the case")

    def _new_paper(self) -> None:
        """One that says what is known already, so that nothing follows from it."""
        says = {"kind": "other", "relation": "mother", "has_responsibility": False, "valid_from": today(300)}
        body = {"person_id": self.ids["guardian_id"], **says}
        self.ids["paper_id"] = self.owner.post(f"/cases/{self._case}/papers", body)["id"]

    def _new_reader(self) -> None:
        asked = self.players.at_work(self.cast, "asked")
        self.beside["reader_id"] = self._id_of(asked)
        named = {"person_id": self.beside["reader_id"]}
        self.owner.post(f"/lane-reports/{self.beside['report_id']}/readers", named)

    # ------------------------------------------------------------ what is of no case

    def tell_beside(self) -> None:
        """A report in the lane with a reader who was named for it, a question to another unit, a message to the family,
        a care order for another child, and an emergency that is over."""
        self.beside["report_id"] = self.owner.post("/lane-reports", _REPORT)["id"]
        self.renew("reader_id")
        question = {"to_unit_ids": [self.players.first.unit_id], "text": "Et barn er stille. Hva ser vi etter?",
                    "child_number": self.cast.demo.number(self.players.child)}  # fmt: skip
        self.beside["discussion_id"] = self.owner.post("/discussions", question)["id"]
        waiting = until(lambda: self.signer.get("/inbox", limit=1)["items"], 15, "the family has a message")
        self.beside["message_id"] = waiting[0]["message_id"]
        if self.players.in_care is not None:
            self.beside["order_id"] = self._order(self.players.in_care, {"guardians_see": "nothing"})
        if self._emergency_id:
            self._end_emergency()
            self._open_in_emergency()

    def _order(self, child: str, lets: Mapping[str, Any]) -> str:
        """A care order for a child that has none, and what it lets the guardians see; its id."""
        for each in self._orders(child):
            return str(each["order_id"])
        body = {
            "child_number": self.cast.demo.number(child),
            "valid_from": today(-1),
            **lets,
        }
        order_id = str(self._keeper.post("/care-orders", body)["id"])
        if self.players.confirms is not None:
            confirmed = {"decision": "confirmed", "child_number": body["child_number"]}
            self.players.at_work(self.cast, "confirms").post(f"/care-orders/{order_id}/decision", confirmed)
        return order_id

    def _orders(self, child: str) -> list[dict[str, Any]]:
        """Those of a child that have no end."""
        name, kept = self.cast.demo.name(child), self._keeper.get("/care-orders")["items"]
        return [each for each in kept if each["child_name"] == name and not each.get("valid_to")]

    def _lift_orders(self) -> None:
        """The child is in nobody's care: what there was has not held for a day."""
        for each in self._orders(self.players.child):
            over = {"valid_to": each["valid_from"], "guardians_see": "nothing"}
            path, version = f"/care-orders/{each['order_id']}", f'"{each["version"]}"'
            self._keeper.post(path, over, method="PATCH", If_Match=version)

    # ------------------------------------------------------------ what they are made of

    @property
    def _case(self) -> str:
        return self.ids["case_id"]

    @property
    def _keeper(self) -> Person:
        return self.players.at_work(self.cast, "protection")

    @property
    def _signers_name(self) -> str:
        return self.cast.demo.name(self.players.signer[0])

    @staticmethod
    def _id_of(person: Person) -> str:
        return str(person.get("/me")["chosen"]["person_id"])

    def _let_the_family_be_known(self) -> None:
        """A concern that came to nothing, so that the family can log in before the next talk (LV-17)."""
        self._close_what_was_left_open()
        self._raise_concern()
        self._talk()
        if self.players.by_paper:
            self._tie_by_paper()
        ended = {"outcome": "no_concern", "reason": "Det gikk over."}
        self.owner.post(f"/cases/{self._case}/closing", ended, If_Match=self._version())
        self.ids = {}

    def _close_what_was_left_open(self) -> None:
        self._end_emergency()
        self._lift_orders()
        for worker in (self.owner, self.holder):
            for each in worker.get("/cases", limit=100)["items"]:
                if (
                    each["child"]["name"] == self.cast.demo.name(self.players.child)
                    and each["state"] == "open"
                ):
                    detail = worker.get(f"/cases/{each['case_id']}")
                    if "close" in detail["permitted"]:
                        ended = {"outcome": "other", "reason": "Begynner på nytt."}
                        worker.post(f"/cases/{each['case_id']}/closing", ended, If_Match=worker.etag or "")

    def _tie_by_paper(self) -> None:
        """Another parent, without responsibility, by a paper that its keeper has verified (GU-3)."""
        says = {
            "kind": "agreement",
            "relation": "other",
            "has_responsibility": False,
            "valid_from": today(-30),
        }
        body = {"adult_number": self.cast.demo.number(self.players.named or ""), **says}
        kept = self.owner.post(f"/cases/{self._case}/papers", body)["id"]
        looked = {"decision": "verified", "same_person_reason": "Alene på jobb."}
        self.owner.post(f"/cases/{self._case}/papers/{kept}/decision", looked)

    def _open_in_emergency(self) -> None:
        """Going on for its hour, or until a case is begun anew."""
        asked = {
            "child_number": self.cast.demo.number(self.players.child),
            "reason_code": "other",
            "reason": "Fallet.",
        }
        reader = self.players.at_work(self.cast, "emergency")
        reader.post("/emergencies", asked)
        self._emergency_id = reader.get(f"/cases/{self._case}")["emergency"]["emergency_id"]

    def _end_emergency(self) -> None:
        """By who opened it. Somebody at work may open five an hour: none is opened only to be ended at once."""
        if self._emergency_id:
            reader = self.players.at_work(self.cast, "emergency")
            reader.post(f"/emergencies/{self._emergency_id}/ending", {})
            self.beside["emergency_id"], self._emergency_id = self._emergency_id, None

    def _raise_concern(self) -> None:
        told = {"child_number": self.cast.demo.number(self.players.child), "unit_id": self.players.owner.unit_id,
                "topic": TOPIC, "concern": "Vi undrer oss.",
                "subject_kind": "pregnant" if self.players.pregnant else "child"}  # fmt: skip
        self.ids = {"case_id": self.owner.post("/cases", told)["id"]}

    def _talk(self) -> None:
        detail = self.owner.get(f"/cases/{self._case}")
        family = [each["person_id"] for each in (*detail["guardians"], detail["child"])]
        said = {
            "held_on": today(),
            "with_person_ids": family[:1],
            "summary": "Vi er enige.",
            "child_view": "Bra.",
        }
        self.owner.post(f"/cases/{self._case}/talks", said)

    def _form(self) -> str:
        tool = self.owner.get(f"/municipalities/{self.players.place}/tools/observation")
        answers = {
            "observed_on": today(-1),
            "situation": "play",
            "what_happened": "Sto.",
            "how_often": "daily",
        }
        sent = {"tool": "observation", "tool_version": tool["version"], "answers": answers, "topic": TOPIC}
        return str(self.owner.post(f"/cases/{self._case}/forms", sent)["id"])

    def _plan(self) -> None:
        goal = {"topic": TOPIC, "text": "Flere ord."}
        self.ids["goal_id"] = self.holder.post(f"/cases/{self._case}/goals", goal)["id"]
        measure = {"goal_id": self.ids["goal_id"], "what": "Lese bok", "arena": "kindergarten", "deadline": today(30),
                   "responsible_person_id": self._id_of(self.holder)}  # fmt: skip
        self.ids["measure_id"] = self.holder.post(f"/cases/{self._case}/measures", measure)["id"]
        entry = {"kind": "note", "topic": TOPIC, "text": "I gang."}
        self.ids["entry_id"] = self.holder.post(f"/cases/{self._case}/entries", entry)["id"]
        if not self.players.pregnant:
            of_another = entry | {"text": "Mor er syk.", "third_person": self.ids["guardian_id"]}
            self.ids["third_entry_id"] = self.holder.post(f"/cases/{self._case}/entries", of_another)["id"]

    def _meeting(self) -> str:
        starts = (datetime.now(UTC) + timedelta(days=7)).replace(hour=12, minute=0, second=0, microsecond=0)
        invited = [self._id_of(self.holder), self.ids["guardian_id"]]
        if "first" in self.ids:
            invited.append(self._id_of(self.players.at_work(self.cast, "first")))
        return str(self.holder.post(f"/cases/{self._case}/meetings", {
            "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat(), "place": "Rom 2",
            "agenda": [{"topic": TOPIC, "text": "Hvordan går det?"}], "invited_ids": invited,
        })["id"])  # fmt: skip

    def _bring_in(self, part: str) -> bool:
        post = getattr(self.players, part)
        body = {"person_id": self._id_of(self.players.at_work(self.cast, part)), "unit_id": post.unit_id}
        answer = self._try(self.holder, f"/cases/{self._case}/participants", body, "consent")
        if answer:
            self.ids[part] = answer["id"]
        return bool(answer)

    def _moved(self, level: int, services: list[str]) -> bool:
        body = {
            "to_level": level,
            "reason": "Vi hjelper sammen.",
            "service_ids": services,
            "family_answer": "agreed",
        }
        if self.players.counts_all:
            body["against_suggestion_reason"] = "To er nok."
        self.holder.get(f"/cases/{self._case}")
        path = f"/cases/{self._case}/level"
        return bool(self._try(self.holder, path, body, "consent", If_Match=self.holder.etag or ""))

    @staticmethod
    def _try(person: Person, path: str, body: Any, while_: str, **headers: str) -> Any:
        """The answer, or None while it is refused for `while_`: what was done elsewhere is on its way."""
        try:
            return person.post(path, body, **headers)
        except Unexpected as refused:
            if while_ not in str(refused):
                raise
            return None

    # ------------------------------------------------------------ consent

    def _ask(self, purpose: str, shares: dict[str, list[str]], *, named: bool = False) -> str:
        """Ask for consent; the request's id. The service that two municipalities share is asked for with the first."""
        lines = [{"service_id": service, "topics": topics} for service, topics in shares.items()]
        asked: dict[str, Any] = {"purpose": purpose, "valid_to": today(90), "shares": lines}
        if named and self.players.partner:
            lines.append({"service_id": SHARED_BY_TWO, "topics": [TOPIC]})
        if named and self.players.named:
            consents = self.holder.get(f"/cases/{self._case}/consents")
            self.ids["named_id"] = self._named_of(consents["nameable"])
            asked["person_shares"] = [{"person_id": self.ids["named_id"], "topics": [TOPIC]}]
        request_id = str(self.holder.post(f"/cases/{self._case}/consent-requests", asked)["id"])
        until(
            partial(self._answers, self.signer, f"/api/consent-requests/{request_id}"),
            15,
            "the family is asked",
        )
        self.ids["text_hash"] = self.signer.get(f"/consent-requests/{request_id}")["text_hash"]
        return request_id

    def _named_of(self, nameable: list[str]) -> str:
        name = self.cast.demo.name(self.players.named or "")
        ties = self.holder.get(f"/cases/{self._case}/family")["ties"]
        found = next(each["person_id"] for each in ties if each["name"] == name)
        assert found in nameable
        return str(found)

    def _shown(self, request_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The request as the signer is shown it, and what to send for a yes to all that is theirs to answer."""
        shown = self.signer.get(f"/consent-requests/{request_id}")
        mine = next(each for each in shown["signers"] if each["person_id"] == self.ids["signer_id"])

        def yes(lines: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
            return [{name: line[name], "topic": line["topic"], "answer": "yes"}
                    for line in lines if line["topic"] in mine["required_for"]]  # fmt: skip

        sent = {"text_hash": shown["text_hash"], "answers": yes(shown["lines"], "service_id"),
                "person_answers": yes(shown["person_lines"], "person_id")}  # fmt: skip
        return shown, sent

    def _sign(self, request_id: str) -> str:
        _, sent = self._shown(request_id)
        return str(self.signer.post(f"/consent-requests/{request_id}/signatures", sent)["id"])

    def _sign_on_paper(self, request_id: str) -> str:
        _, sent = self._shown(request_id)
        written = {"signer_id": self.ids["signer_id"], "way": "paper", "given_on": today(),
                   "scan": base64.b64encode(paper()).decode()}  # fmt: skip
        return str(
            self.holder.post(f"/consent-requests/{request_id}/registered-answers", sent | written)["id"]
        )

    # ------------------------------------------------------------ looking

    def _version(self) -> str:
        self.owner.get(f"/cases/{self._case}")
        return self.owner.etag or ""

    def sees(self, person: Person) -> bool:
        """Whether somebody reads the case by now, and its log."""
        paths = (f"/api/cases/{self._case}", f"/api/cases/{self._case}/log", f"/sak/{self._case}")
        return all(self._answers(person, path) for path in paths)

    def _answers(self, person: Person, path: str) -> bool:
        return person.http.get(f"{self.cast.url}{path}", timeout=20).status_code == 200
