"""One child's case as its people live it: at each moment the sensible next acts, and a seeded choice among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from services.kernel.calendar import local_date
from tests.simulation.caller import Act, Caller, Role
from tests.simulation.cast import Child, Worker

TOPICS = ("learning", "wellbeing", "health", "home")
ENOUGH_REFUSALS = 12
"""So many refusals in a row end a story: its people can't go on as they are (an outside holder without consent)."""

Choice = tuple[float, Callable[[], object]]


@dataclass
class Asked:
    """A request for consent: what was asked, and who has not answered yet."""

    request_id: str
    services: list[str]
    waiting: list[str]
    refused: bool = False


@dataclass
class Circle:
    """What the story believes of its case; the services know better."""

    case: str = ""
    level: int = 0
    talked: bool = False
    people: dict[str, str] = field(default_factory=dict)
    goals: list[str] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)
    asked: Asked | None = None
    granted: list[str] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    taking_part: dict[str, Worker] = field(default_factory=dict)
    """By unit: somebody may work in two, and take part for one."""
    meetings: list[tuple[str, int]] = field(default_factory=list)
    handover: tuple[str, Worker] | None = None
    acts: int = 0


class Story:
    """One child, one case at a time. `over` is True when it has ended; `now()` is the suite's own time."""

    def __init__(self, caller: Caller, child: Child, random: Random, now: Callable[[], datetime]) -> None:
        self.child, self.over, self.known = child, False, Circle()
        self._caller, self._random, self._now = caller, random, now
        self.owner = random.choice(child.owners)
        self.outsiders = random.sample(child.outsiders, k=min(2, len(child.outsiders)))
        self.holder = self.owner
        self._refused = 0

    def step(self) -> None:
        """Do one sensible thing, chosen by the seed."""
        choices = self._before() if self.known.level == 0 else self._begun()
        [act] = self._random.choices([act for _, act in choices], [weight for weight, _ in choices])
        act()
        self.known.acts += 1
        if self._refused >= ENOUGH_REFUSALS:
            self.over = True

    def outside(self) -> list[tuple[Worker, Role]]:
        """Those who take, took or might take part from outside."""
        return [(each, _role(each)) for each in self.outsiders]

    # ------------------------------------------------------------ what is sensible

    def _before(self) -> list[Choice]:
        if not self.known.case:
            return [(1, self._raise)]
        return [
            (1, partial(self._post, "notes", {"text": self._words(), "topic": self._topic()})),
            (4, self._talk) if not self.known.talked else (6, self._level_one),
        ]

    def _begun(self) -> list[Choice]:
        known, own = self.known, self.holder is self.owner
        choices: list[Choice] = [
            (3, self._goal), (2, partial(self._entry, _role(self.holder), "note")),
            (2, partial(self._entry, self._guardian(), "comment")), (1, self._complete_step),
        ]  # fmt: skip
        if known.goals:
            choices.append((3, self._measure))
        if known.measures:
            choices.append((0.7, self._evaluate))
        if known.asked is None and len(known.granted) < 2 and own:
            choices.append((3, self._ask))
        if known.asked is not None:
            choices.append((8, self._sign))
        if known.level == 1 and known.granted and own:
            choices.append((5, self._level_two))
        if known.level == 2:
            choices += self._together()
        if known.handover is not None:
            choices.append((6, self._answer))
        if known.acts > 25:
            choices.append((known.acts / 25, self._close))
        return choices

    def _together(self) -> list[Choice]:
        known = self.known
        choices: list[Choice] = [(1.5, self._call)]
        to_come = [each for each in self.outsiders if each.service_id in known.granted]
        if any(each.unit_id not in known.taking_part for each in to_come):
            choices.append((5, partial(self._bring_in, to_come)))
        if known.meetings:
            choices.append((2, self._minutes))
        for worker in known.taking_part.values():
            if worker.service_id in known.granted:
                choices.append((1, partial(self._entry, _role(worker), "comment")))
                choices.append((1, partial(self._look, worker)))
        others = [each for each in (self.owner, *known.taking_part.values()) if each is not self.holder]
        if known.handover is None and others:
            choices.append((0.8, partial(self._propose, others)))
        to_withdraw = [each for each in known.granted if each != self.holder.service_id]
        if to_withdraw:
            choices.append((0.8, partial(self._withdraw, to_withdraw)))
        if self.holder is self.owner:
            choices.append((0.3, self._back_to_one))
        return choices

    # ------------------------------------------------------------ the concern

    def _raise(self) -> None:
        told = {"child_number": self._caller.number_of(self.child.key), "unit_id": self.owner.unit_id,
                "topic": self._topic(), "concern": self._words()}  # fmt: skip
        act = self._do(self._caller.act(_role(self.owner), "POST", "/cases", told))
        if act.outcome == "done":
            self.known = Circle(case=act.answer["id"])

    def _talk(self) -> None:
        case, _ = self._case()
        if not case:
            return
        self.known.people = {each["name"]: each["person_id"] for each in case["guardians"]}
        told = {"held_on": self._day(0), "with_person_ids": list(self.known.people.values()),
                "summary": self._words(), "child_view_missing": "not_asked_yet"}  # fmt: skip
        self.known.talked = self._post("talks", told).outcome == "done"

    def _level_one(self) -> None:
        case, etag = self._case()
        told = {"to_level": 1, "reason": self._words(), "family_answer": "agreed",
                "holder_person_id": self.owner.person_id, "holder_unit_id": self.owner.unit_id}  # fmt: skip
        if case and (act := self._post("level", told, etag=etag)).outcome == "done":
            joined = act.answer["id"] != self.known.case
            self.known.level, self.over = 1, joined  # a concern that joined a running case ends here (LG-1)

    # ------------------------------------------------------------ consent and levels

    def _ask(self) -> None:
        services = [each.service_id for each in self.outsiders if each.service_id not in self.known.granted]
        shares = [
            {"service_id": each, "topics": sorted(self._random.sample(TOPICS, k=2))} for each in services
        ]
        act = self._post(
            "consent-requests", {"purpose": self._words(), "shares": shares, "valid_to": self._day(180)}
        )
        if act.outcome == "done":
            self.known.asked = Asked(act.answer["id"], services, list(self.child.guardians.values()))

    def _sign(self) -> None:
        asked = self.known.asked
        assert asked is not None
        signer = Role(asked.waiting[0], "guardian")
        shown, _ = self._caller.read(signer, f"/consent-requests/{asked.request_id}")
        if not shown:
            self._refused += 1
            return
        word = "no" if self._random.random() < 0.1 else "yes"
        answers = [
            {"service_id": each["service_id"], "topic": each["topic"], "answer": word}
            for each in shown["lines"]
        ]
        path = f"/consent-requests/{asked.request_id}/signatures"
        act = self._do(
            self._caller.act(signer, "POST", path, {"text_hash": shown["text_hash"], "answers": answers})
        )
        if act.outcome == "done":
            asked.waiting.pop(0)
            asked.refused |= word == "no"
        if not asked.waiting:
            self.known.granted += [] if asked.refused else asked.services
            self.known.withdrawn -= set(self.known.granted)
            self.known.asked = None

    def _level_two(self) -> None:
        case, etag = self._case()
        told = {"to_level": 2, "reason": self._words(), "service_ids": self.known.granted, "family_answer": "agreed",
                "against_suggestion_reason": self._words()}  # fmt: skip
        if case and self._post("level", told, etag=etag).outcome == "done":
            self.known.level = 2

    def _back_to_one(self) -> None:
        case, etag = self._case()
        told = {
            "to_level": 1,
            "reason": self._words(),
            "family_answer": "agreed",
            "against_suggestion_reason": self._words(),
        }
        if case and self._post("level", told, etag=etag).outcome == "done":
            self.known.level, self.known.taking_part, self.known.handover = 1, {}, None

    def _withdraw(self, services: list[str]) -> None:
        service = self._random.choice(services)
        path = f"/cases/{self.known.case}/withdrawals"
        if (
            self._do(self._caller.act(self._guardian(), "POST", path, {"service_id": service})).outcome
            == "done"
        ):
            self.known.granted.remove(service)
            self.known.withdrawn.add(service)

    # ------------------------------------------------------------ the plan

    def _goal(self) -> None:
        act = self._post("goals", {"topic": self._topic(), "text": self._words()})
        if act.outcome == "done":
            self.known.goals.append(act.answer["id"])

    def _measure(self) -> None:
        told = {"goal_id": self._random.choice(self.known.goals), "what": self._words(), "is_childs_own": True,
                "arena": "home", "deadline": self._day(30)}  # fmt: skip
        act = self._post("measures", told)
        if act.outcome == "done":
            self.known.measures.append(act.answer["id"])

    def _evaluate(self) -> None:
        measure = self._random.choice(self.known.measures)
        told = {
            "outcomes": [{"measure_id": measure, "outcome": "end", "effect": "good"}],
            "next_evaluation_on": self._day(60),
        }
        if self._post("evaluations", told).outcome == "done":
            self.known.measures.remove(measure)

    def _entry(self, role: Role, kind: str) -> None:
        told = {"kind": kind, "topic": self._topic(), "text": self._words()}
        self._do(self._caller.act(role, "POST", f"/cases/{self.known.case}/entries", told))

    def _complete_step(self) -> None:
        case, _ = self._case()
        current = next((each["step"] for each in case.get("steps", ()) if each["state"] == "current"), None)
        if current:
            self._post(f"steps/{current}", {})

    # ------------------------------------------------------------ together

    def _bring_in(self, workers: list[Worker]) -> None:
        worker = self._random.choice([each for each in workers if each.unit_id not in self.known.taking_part])
        told = {
            "person_id": worker.person_id,
            "unit_id": worker.unit_id,
            "may_write": self._random.random() < 0.5,
        }
        if self._post("participants", told).outcome == "done":
            self.known.taking_part[worker.unit_id] = worker

    def _look(self, worker: Worker) -> None:
        self._caller.read(_role(worker), f"/cases/{self.known.case}/log")
        self._caller.read(_role(worker), "/inbox")

    def _call(self) -> None:
        starts = (self._now() + timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
        told = {
            "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat(),
            "agenda": [{"topic": self._topic(), "text": self._words()}],
            "invited_ids": [self.owner.person_id, *self.known.people.values()],
        }  # fmt: skip
        act = self._post("meetings", told)
        if act.outcome == "done":
            self.known.meetings.append((act.answer["id"], act.answer["version"]))

    def _minutes(self) -> None:
        meeting, version = self.known.meetings[0]
        told = {"items": [{"topic": self._topic(), "text": self._words()}], "next_meeting_on": self._day(45),
                "next_evaluation_on": self._day(30)}  # fmt: skip
        if self._post(f"meetings/{meeting}/minutes", told, etag=f'"{version}"').outcome == "done":
            self.known.meetings.pop(0)

    def _propose(self, others: list[Worker]) -> None:
        to = self._random.choice(others)
        told = {
            "to_person_id": to.person_id,
            "to_unit_id": to.unit_id,
            "family_answer": "agreed",
            "reason": self._words(),
        }
        act = self._post("handovers", told)
        if act.outcome == "done":
            self.known.handover = (act.answer["id"], to)

    def _answer(self) -> None:
        assert self.known.handover is not None
        handover, to = self.known.handover
        word = "accepted" if self._random.random() < 0.7 else "declined"
        path = f"/cases/{self.known.case}/handovers/{handover}/answer"
        act = self._do(self._caller.act(_role(to), "POST", path, {"answer": word, "reason": self._words()}))
        if act.outcome == "done":
            self.holder, self.known.handover = (to if word == "accepted" else self.holder), None

    def _close(self) -> None:
        case, etag = self._case()
        if (
            case
            and self._post(
                "closing", {"outcome": "goals_reached", "reason": self._words()}, etag=etag
            ).outcome
            == "done"
        ):
            self.over = True

    # ------------------------------------------------------------ how

    def _case(self) -> tuple[dict[str, Any], str]:
        found = self._caller.read(_role(self.holder), f"/cases/{self.known.case}")
        self._refused += not found[0]
        return found

    def _post(self, what: str, body: dict[str, Any], *, etag: str | None = None) -> Act:
        """An act of the holder in the case."""
        path = f"/cases/{self.known.case}/{what}"
        return self._do(self._caller.act(_role(self.holder), "POST", path, body, etag))

    def _do(self, act: Act) -> Act:
        """Count it; an act that nobody ever answered ends the story: nobody knows where it stands."""
        self._refused = 0 if act.outcome == "done" else self._refused + 1
        self.over |= act.outcome == "unanswered"
        return act

    def _guardian(self) -> Role:
        return Role(self._random.choice(list(self.child.guardians.values())), "guardian")

    def _topic(self) -> str:
        return self._random.choice(TOPICS)

    def _words(self) -> str:
        return f"Vi prøver dette sammen ({self._random.randrange(10**6)})."

    def _day(self, ahead: int) -> str:
        return (local_date(self._now().astimezone(UTC)) + timedelta(days=ahead)).isoformat()


def _role(worker: Worker) -> Role:
    return Role(worker.key, "employee", worker.unit_id)
