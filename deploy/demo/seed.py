"""Fills a new installation with the demo: catalogue, employees and scripted cases, through the services' own commands.

It runs once, before the services start: it opens the five services in this process, with their real databases and the
real broker, and a clock that is set back to the day on which each thing happened. Nothing is written past a command.
"""

from __future__ import annotations

import importlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from deploy.plan import SERVICES
from services.chassis import logging
from services.chassis.actor import Actor, service_actor
from services.chassis.app import App, AskIn
from services.chassis.clock import SettableClock, SystemClock
from services.chassis.settings import Settings
from services.contracts import cases, consent, directory, relay_log
from services.contracts.base import Procedure
from services.kernel.calendar import NORWAY, local_date
from services.kernel.errors import Refusal

_ROOT = Path(__file__).resolve().parents[2]
_DATA = Path(__file__).parent / "data"
_SEED = service_actor("seed")
_TIMEOUT = 60.0
_HEARTBEAT_SECONDS = 0.2

Say = Callable[[str], None]


def read(path: Path) -> Any:
    """A data file."""
    return yaml.safe_load(path.read_text("utf-8"))


class Seeding:
    """The five services in one process, on one clock."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.today = local_date(datetime.now(UTC))
        self.clock = SettableClock(datetime.now(UTC))
        self.apps = {
            name: App(
                importlib.import_module(f"services.{name}.service").SERVICE,
                Settings.load(name),
                clock=self.clock,
                ask_source=self._asking(name),
            )
            for name in SERVICES
        }
        for app in self.apps.values():
            # What is known is as old as its last heartbeat, and that no newer than the day that is played (CO-9): after
            # each step in time the next one is waited for.
            app.relay._clock, app.relay._heartbeat_seconds = SystemClock(), _HEARTBEAT_SECONDS
        self.unheard: dict[str, dict[str, int]] = {name: {} for name in SERVICES}
        self.steps = itertools.count(1)
        self.staff = {
            each["key"]: each for each in read(_ROOT / "services/directory/data/staff.yaml")["staff"]
        }
        self.units = {
            each["id"]: each for each in read(_ROOT / "services/directory/data/units.yaml")["units"]
        }
        self.family = {
            person["key"]: person
            for family in read(Path(os.environ["STAFETT_REGISTER_FILE"]))["families"]
            for person in (*family["adults"], *family["children"])
        }

    def _asking(self, name: str) -> AskIn:
        """How `name` asks another service of its history: here, where no RPC is served."""

        def ask(municipality: str, procedure: Procedure, request: Mapping[str, Any]) -> dict[str, Any]:
            return self.apps[procedure.service].call(procedure, service_actor(name, municipality), request)

        return ask

    @contextmanager
    def running(self) -> Iterator[None]:
        """The services' relays and inboxes at work."""
        for app in self.apps.values():
            app.setup()
        for app in self.apps.values():
            app.start()
        try:
            yield
        finally:
            for app in self.apps.values():
                app.stop()

    def ask(
        self, procedure: Procedure, actor: Actor, municipality: str | None = None, /, **request: Any
    ) -> dict[str, Any]:
        """Ask one of the services, once it has heard of all that was done before.

        Commands are numbered: a seeding that was broken off and is begun anew does nothing twice.
        """
        given = {name: value for name, value in request.items() if value is not None}
        app = self.apps[procedure.service]
        key = f"seed-{next(self.steps)}" if procedure.kind == "command" else None
        answer = self._once_known(
            lambda: app.call(
                procedure, actor, given,
                at_least=dict(self.unheard[app.name]), municipality=municipality, idempotency_key=key, timeout=_TIMEOUT,
            )
        )  # fmt: skip
        self.unheard[app.name].clear()
        for name, other in self.apps.items():
            news = answer.get("versions", {}).items()
            self.unheard[name].update(
                (key, number) for key, number in news if key.partition(":")[0] in other.hears
            )
        return answer

    @staticmethod
    def _once_known(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Call again while the first heartbeats are on their way (until then no consent counts as known, CO-9), or a
        busy machine has not yet delivered what was done before."""
        limit = time.monotonic() + _TIMEOUT
        while True:
            try:
                return call()
            except Refusal as refusal:
                soon = refusal.rule == "CO-9" or refusal.code == "not_visible_yet"
                if not soon or time.monotonic() > limit:
                    raise
                time.sleep(0.2)

    # ------------------------------------------------------------ catalogue and employees

    def municipalities(self) -> None:
        """Publish the catalogue of every municipality, and give every employee a person and their roles."""
        found = read(_ROOT / "services/directory/data/municipalities.yaml")["municipalities"]
        for each in found:
            self.say(f"catalogue of {each['name']}")
            self.ask(directory.ImportCatalogue, _SEED, each["id"], municipality=each["id"])
        self.say(f"{len(self.staff)} employees")
        for person in self.staff.values():
            place = person["municipality"]
            self.ask(
                cases.RegisterEmployee, _SEED, place,
                number=person["number"], name=person["name"], person_id=person["id"],
            )  # fmt: skip
            self.ask(
                directory.PutStaff, _SEED, place,
                person_id=person["id"], name=person["name"], title=person["title"], email=person["email"],
                roles=[self._role(role) for role in person["roles"]],
            )  # fmt: skip

    def _role(self, role: dict[str, Any]) -> dict[str, Any]:
        told = {
            "unit_id": role["unit_id"],
            "service_id": self.units[role["unit_id"]]["service_id"],
            "role": role["role"],
            "valid_from": role["valid_from"],
        }
        return told | ({"valid_to": role["valid_to"]} if role.get("valid_to") else {})

    # ------------------------------------------------------------ who acts

    def employee(self, key: str, unit_id: str | None = None) -> Actor:
        """An employee, in their first unit or the one named."""
        person = self.staff[key]
        unit = unit_id or person["roles"][0]["unit_id"]
        return Actor(person["municipality"], "employee", person["id"], unit, assurance="high")

    def at(self, days_ago: int, hour: int = 9) -> None:
        """Set the clock to a day of the past, never later than now."""
        day = self.today - timedelta(days=days_ago)
        self.clock.set(min(datetime(day.year, day.month, day.day, hour, tzinfo=NORWAY), datetime.now(UTC)))

    def later(self, minutes: int = 7) -> None:
        """Some minutes pass, never past now."""
        self.clock.set(min(self.clock.now() + timedelta(minutes=minutes), datetime.now(UTC)))

    def day(self, ahead: int) -> str:
        """A day from today on, as text."""
        return (self.today + timedelta(days=ahead)).isoformat()


class Story:
    """One scripted case, played through the services."""

    def __init__(self, seeding: Seeding, script: dict[str, Any]) -> None:
        self.s, self.script = seeding, script
        self.place: str = script["municipality"]
        self.owner = seeding.employee(script["owner"], script["unit_id"])
        self.case_id = ""
        self.people: dict[str, str] = {}
        self.answering: set[str] = set()
        self.goals: dict[str, str] = {}
        self.later_measures: list[dict[str, Any]] = []
        self.ago: int = script["concern"]["days_ago"]

    def play(self) -> None:
        """The whole case, from its concern to where it stands."""
        self.concern()
        if "talk" in self.script:
            self.talk()
        if self.script["level"] == 0 and not self.script.get("closed"):
            return
        self.move(1, [])
        self.plan()
        if self.goals:
            self.steps("make_concrete", "plan")
        services = [share["service_id"] for share in self.script.get("consent", {}).get("services", [])]
        if services:
            self.consent()
        for level in range(2, self.script["level"] + 1):
            self.move(level, services)
        self.cooperation()
        if self.script["level"] >= 2:
            self.steps("contact", "plan")
        if self.script.get("closed"):
            self.close()

    def person_id(self, key: str) -> str:
        """The person id of an employee, or that which cases gave to a member of the family."""
        return str(
            self.s.staff[key]["id"] if key in self.s.staff else self.people[self.s.family[key]["name"]]
        )

    def responsible(self, key: str) -> str:
        """Who is responsible for a measure: for a guardian who does not answer for the child, the owner does it."""
        ours = key in self.s.staff or self.s.family[key]["name"] in self.answering
        return self.person_id(key if ours else self.script["owner"])

    def known(self, keys: list[str]) -> list[str]:
        """The ids of those of the family who are linked to the child: none where the address is protected (PR-6)."""
        return [self.person_id(key) for key in keys if self.s.family[key]["name"] in self.people]

    def relative(self, key: str) -> Actor:
        """A guardian, or the child itself."""
        capacity = "self" if key == self.script["child"] else "guardian"
        return Actor(self.place, capacity, self.person_id(key), assurance="high")  # type: ignore[arg-type]

    def concern(self) -> None:
        told, s = self.script["concern"], self.s
        s.at(self.ago)
        answer = s.ask(
            cases.RaiseConcern, self.owner,
            child_number=s.family[self.script["child"]]["number"], unit_id=self.script["unit_id"],
            subject_kind=self.script.get("subject_kind", "child"), concern=told["text"].strip(), topic=told["topic"],
        )  # fmt: skip
        self.case_id = answer["id"]
        detail = s.ask(cases.GetCase, self.owner, case_id=self.case_id)
        self.people = {each["name"]: each["person_id"] for each in (detail["child"], *detail["guardians"])}
        self.answering = {each["name"] for each in detail["guardians"] if each["has_responsibility"]}
        for form in self.script.get("forms", []):
            s.later()
            s.ask(
                cases.RecordForm, self.owner,
                case_id=self.case_id, tool=form["tool"], tool_version=1, topic=form["topic"],
                answers={name: self._answer(value) for name, value in form["answers"].items()},
            )  # fmt: skip

    def _answer(self, value: Any) -> Any:
        if isinstance(value, dict) and "days_ago" in value:
            return (self.s.today - timedelta(days=value["days_ago"])).isoformat()
        return value.isoformat() if isinstance(value, date) else value

    def talk(self) -> None:
        told, s = self.script["talk"], self.s
        s.at(told["days_ago"], hour=13)
        s.ask(
            cases.RecordTalk, self.owner,
            case_id=self.case_id, held_on=local_date(s.clock.now()).isoformat(),
            with_person_ids=self.known(told["with"]), summary=told["summary"].strip(),
            child_view=told.get("child_view"), child_view_missing=told.get("child_view_missing"),
        )  # fmt: skip

    def move(self, level: int, services: list[str]) -> None:
        s = self.s
        s.later(60)
        holder = {}
        if level == 1:
            actor = s.employee(self.script["holder"])
            unit = self.script["unit_id"] if self.script["holder"] == self.script["owner"] else actor.unit_id
            holder = {"holder_person_id": actor.person_id, "holder_unit_id": unit}
        suggested = s.ask(cases.SuggestLevel, self.owner, case_id=self.case_id, service_ids=services)["level"]
        s.ask(
            cases.MoveLevel, self.owner,
            case_id=self.case_id, to_level=level, reason=(self.script.get("move_reason") or "Vi vil hjelpe.").strip(),
            service_ids=services if level >= 2 else [], family_answer="agreed",
            against_suggestion_reason=None if suggested == level else "Vi går ett nivå om gangen.", **holder,
        )  # fmt: skip

    def steps(self, *done: str) -> None:
        for step in done:
            self.s.later()
            self.s.ask(cases.CompleteStep, self.owner, case_id=self.case_id, step=step)

    def plan(self) -> None:
        """Goals, and the measures of those who are there from the start."""
        s = self.s
        for goal in self.script.get("goals", []):
            s.later()
            answer = s.ask(
                relay_log.AddGoal,
                self.owner,
                case_id=self.case_id,
                topic=goal["topic"],
                text=goal["text"].strip(),
            )
            self.goals[goal["key"]] = answer["id"]
        here = (self.script["owner"], self.script.get("holder"))
        mine = lambda each: each.get("responsible") not in s.staff or each["responsible"] in here  # noqa: E731
        measures = self.script.get("measures", [])
        self.measures([each for each in measures if mine(each)])
        self.later_measures = [each for each in measures if not mine(each)]

    def measures(self, measures: list[dict[str, Any]]) -> None:
        s = self.s
        for measure in measures:
            s.later()
            responsible = measure.get("responsible")
            s.ask(
                relay_log.AddMeasure, self.owner,
                case_id=self.case_id, goal_id=self.goals[measure["goal"]], what=measure["what"].strip(),
                responsible_person_id=self.responsible(responsible) if responsible else None,
                is_childs_own=not responsible, arena=measure["arena"], deadline=s.day(measure["days_to_deadline"]),
            )  # fmt: skip

    def consent(self) -> None:
        told, s = self.script["consent"], self.s
        s.at(min(self.ago - 1, 60), hour=14)
        request_id = s.ask(
            consent.RequestConsent, self.owner,
            case_id=self.case_id, purpose=told["purpose"].strip(), shares=told["services"],
            valid_to=s.day(min(told["days_valid"], 110)),
        )["id"]  # fmt: skip
        for key in told["signed_by"]:
            s.later()
            signer = self.relative(key)
            shown = s.ask(consent.GetRequest, signer, request_id=request_id)
            topics = next(
                each["required_for"] for each in shown["signers"] if each["person_id"] == signer.person_id
            )
            s.ask(
                consent.Sign, signer,
                request_id=request_id, text_hash=shown["text_hash"],
                answers=[
                    {"service_id": line["service_id"], "topic": line["topic"], "answer": "yes"}
                    for line in shown["lines"] if line["topic"] in topics
                ],
            )  # fmt: skip

    def cooperation(self) -> None:
        s, invited = self.s, [self.owner.person_id]
        for each in self.script.get("participants") or []:
            s.later()
            actor = s.employee(each["staff"], each["unit_id"])
            s.ask(
                relay_log.BringIn, self.owner,
                case_id=self.case_id, person_id=actor.person_id, unit_id=each["unit_id"],
            )  # fmt: skip
            invited.append(actor.person_id)
        self.measures(self.later_measures)
        view = self.script.get("child_view")
        if view:
            s.later()
            s.ask(relay_log.RecordView, self.owner, case_id=self.case_id, **view)
        meeting = self.script.get("meeting")
        if meeting:
            self._meeting(meeting, invited)

    def _meeting(self, meeting: dict[str, Any], invited: list[str | None]) -> None:
        s = self.s
        s.at(1, hour=10)
        hour, minute = (int(part) for part in meeting["starts"].split(":"))
        day = s.today + timedelta(days=meeting["days_ahead"])
        starts = datetime(day.year, day.month, day.day, hour, minute, tzinfo=NORWAY)
        family = self.known(self.script.get("talk", {}).get("with", []))
        s.ask(
            relay_log.CallMeeting, self.owner,
            case_id=self.case_id, starts_at=starts.isoformat(),
            ends_at=(starts + timedelta(minutes=meeting["minutes"])).isoformat(), place=meeting["place"],
            agenda=meeting["agenda"], invited_ids=sorted({*invited, *family} - {None}),
        )  # fmt: skip

    def close(self) -> None:
        s, closed = self.s, self.script["closed"]
        s.at(20)
        for word in closed.get("feedback", []):
            s.ask(
                relay_log.AddEntry, self.relative(word["by"]),
                case_id=self.case_id, kind="feedback", topic=self.script["concern"]["topic"],
                text=word["text"].strip(),
            )  # fmt: skip
            s.later()
        s.ask(
            cases.CloseCase, self.owner,
            case_id=self.case_id, outcome=closed["outcome"], reason=closed["reason"].strip(),
        )  # fmt: skip


def seed(say: Say) -> None:
    """Put in everything; `say` is told what is being done."""
    seeding = Seeding(say)
    with seeding.running():
        seeding.municipalities()
        scripts = read(_DATA / "cases.yaml")["cases"]
        for number, script in enumerate(scripts, start=1):
            say(f"case {number} of {len(scripts)}")
            Story(seeding, script).play()
        seeding.clock.set(datetime.now(UTC))


def main() -> int:
    """What is being put in is told on standard output, line by line; the services' log is on the other."""
    logging.configure("seed", to=sys.stderr)
    seed(lambda line: print(line, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
