"""Cases as a running service for its tests: with staff at work, demo families, and consent as consent would tell it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from services.cases.registers import DEMO_FILE
from services.cases.service import CasesService
from services.chassis.actor import Actor, service_actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.chassis.ids import new_id
from services.chassis.keys import ensure_key_material
from services.chassis.settings import Settings
from services.contracts import bus, cases, consent, directory
from services.contracts.base import EventType, Procedure
from services.contracts.catalogue import STREAMS
from services.contracts.envelope import Event
from services.kernel.errors import Refusal

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@cache
def demo_families() -> list[dict[str, Any]]:
    """The families of the demo: read once, since that takes longer than most tests. Not to be changed."""
    with DEMO_FILE.open(encoding="utf-8") as file:
        families: list[dict[str, Any]] = yaml.load(file, Loader=yaml.CSafeLoader)["families"]
    return families


def _numbers(*keys: str) -> list[str]:
    people = {
        person["key"]: person["number"]
        for each in demo_families()
        for person in each["adults"] + each["children"]
    }
    return [people[key] for key in keys]


TUVA, MARIT, JONAS = _numbers("tuva-fagerdalen", "marit-elvestrand", "jonas-fagerdalen")
"""A child of four with two guardians, of the demo families."""
EMIL, RAYMOND = _numbers("emil-stillviken", "raymond-ostgrenda")
"""A child whose address is protected, and his father, who is linked to him nowhere."""

KINDERGARTEN, OTHER_KINDERGARTEN = "unit-granli-bjorkelia", "unit-granli-maltrosten"
HEALTH, PSYCHOLOGY, PROTECTION = (
    "unit-granli-helsestasjonen",
    "unit-granli-ppt-kontor",
    "unit-granli-barnevern-kontor",
)
SERVICES = {
    KINDERGARTEN: "service-granli-barnehage", OTHER_KINDERGARTEN: "service-granli-barnehage",
    HEALTH: "service-granli-helsestasjon", PSYCHOLOGY: "service-granli-ppt", PROTECTION: "service-granli-barnevern",
}  # fmt: skip
STAFF = {
    "p-teacher": (KINDERGARTEN, "employee"), "p-colleague": (KINDERGARTEN, "employee"),
    "p-leader": (KINDERGARTEN, "leader"), "p-other": (OTHER_KINDERGARTEN, "employee"),
    "p-nurse": (HEALTH, "employee"), "p-psychologist": (PSYCHOLOGY, "employee"),
    "p-protection": (PROTECTION, "child_protection"), "p-protection-too": (PROTECTION, "child_protection"),
}  # fmt: skip

SENTENCE = "Hun sitter mye alene ved vinduet"


def employee(person_id: str) -> Actor:
    return Actor("granli", "employee", person_id, STAFF[person_id][0], "high")


TEACHER, COLLEAGUE, LEADER, NURSE = map(employee, ("p-teacher", "p-colleague", "p-leader", "p-nurse"))
OTHER, PSYCHOLOGIST, CHILD_PROTECTION = map(employee, ("p-other", "p-psychologist", "p-protection"))


class House:
    """One App of cases, with short words for what people do."""

    def __init__(self, database_url: str, var: Path, contact_register_url: str = "") -> None:
        ensure_key_material(var)
        self.clock = SettableClock(NOW)
        settings = Settings(
            "cases", var, "amqp://127.0.0.1:1//", database_url, contact_register_url=contact_register_url
        )
        self.heard: list[Event] = []
        self.app = App(CasesService, settings, clock=self.clock, ask_source=self._events_between)
        self.app.setup()
        for person_id, (unit, role) in STAFF.items():
            self.hear(directory.StaffChanged, person_id, {
                "person_id": person_id,
                "roles": [{"unit_id": unit, "service_id": SERVICES[unit], "role": role, "valid_from": "2020-01-01"}],
            })  # fmt: skip
        self.keep_up()

    # ------------------------------------------------------------ the bus, as it would be

    def hear(self, kind: EventType, subject: str, data: Mapping[str, Any]) -> None:
        """Another service's event, as the inbox hands it over."""
        before = sum((each.stream, each.subject) == (kind.stream, subject) for each in self.heard)
        event = Event(
            new_id(), kind.type, f"/granli/{kind.service}", subject, self.clock.now(), "granli", kind.stream,
            before + 1, None, dict(data),
        )  # fmt: skip
        self.heard.append(event)
        with self.app.work("granli") as uow:
            CasesService.handlers[kind.type](uow, event)

    def _events_between(
        self, municipality: str, procedure: Procedure, wanted: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What the source of a stream answers of its history: all that it has told."""
        asked = (municipality, wanted["stream"], wanted["subject"])
        found = [
            each.as_dict()
            for each in self.heard
            if (each.municipality, each.stream, each.subject) == asked
            and procedure.service == each.service
            and wanted["first"] <= each.sequence <= wanted["last"]
        ]
        return {"events": found[: bus.MOST_EVENTS]}

    def keep_up(self) -> None:
        """A heartbeat of every stream, as of now (CO-9)."""
        state = self.app.db.chassis.stream_state
        with self.app.db.write() as tx:
            tx.execute(state.delete())
            now = self.clock.now()
            tx.execute(state.insert(), [
                {"stream": stream, "as_of": now} for stream in STREAMS
            ])  # fmt: skip

    def advance(self, **by: float) -> None:
        self.clock.advance(**by)
        self.keep_up()

    def consent(self, case_id: str, *units: str) -> None:
        """The family's consent for the services of these units, and no others, from now on."""
        spans = {
            "valid_from": self.clock.now().isoformat(),
            "valid_to": (NOW + timedelta(days=180)).isoformat(),
        }
        self.hear(consent.WindowsChanged, case_id, {
            "case_id": case_id, "reason": "signed", "at": self.clock.now().isoformat(),
            "windows": [{"service_id": SERVICES[unit], "topic": "wellbeing", **spans} for unit in units],
        })  # fmt: skip

    def told(self, kind: EventType | None = None, outbox: str = "outbox") -> list[dict[str, Any]]:
        """The data of the events told so far."""
        table = self.app.db.chassis.outboxes[outbox]
        with self.app.db.read() as conn:
            rows = conn.execute(sa.select(table).order_by(table.c.row)).all()
        return [row.data for row in rows if kind is None or row.type == kind.type]

    # ------------------------------------------------------------ what people do

    def ask(self, procedure: Procedure, actor: Actor, **request: Any) -> dict[str, Any]:
        named = "granli" if actor.capacity == "service" else None
        return self.app.call(procedure, actor, request, municipality=named)

    def concern(self, actor: Actor = TEACHER, number: str = TUVA, **more: Any) -> str:
        told = {"child_number": number, "unit_id": actor.unit_id, "concern": SENTENCE, **more}
        return str(self.ask(cases.RaiseConcern, actor, **told)["id"])

    def talk(self, case_id: str, actor: Actor = TEACHER, **more: Any) -> dict[str, Any]:
        family = self.case(case_id, actor)
        told = {
            "case_id": case_id, "held_on": self.clock.now().date().isoformat(), "summary": "Vi snakket godt sammen",
            "with_person_ids": [guardian["person_id"] for guardian in family["guardians"]],
            "child_view_missing": "too_young", **more,
        }  # fmt: skip
        return self.ask(cases.RecordTalk, actor, **told)

    def move(
        self, case_id: str, to_level: int, *units: str, actor: Actor = TEACHER, **more: Any
    ) -> dict[str, Any]:
        told = {
            "case_id": case_id, "to_level": to_level, "reason": "Vi vil prøve mer", "family_answer": "agreed",
            "service_ids": [SERVICES[unit] for unit in units], **more,
        }  # fmt: skip
        return self.ask(cases.MoveLevel, actor, **told)

    def at_level_1(self, number: str = TUVA, actor: Actor = TEACHER) -> str:
        case_id = self.concern(actor, number)
        self.talk(case_id, actor)
        self.move(case_id, 1, actor=actor, holder_person_id=actor.person_id, holder_unit_id=actor.unit_id)
        return case_id

    def case(self, case_id: str, actor: Actor = TEACHER) -> dict[str, Any]:
        return self.ask(cases.GetCase, actor, case_id=case_id)

    def guardian(self, case_id: str, number: int = 0, actor: Actor = TEACHER) -> Actor:
        return Actor(
            "granli", "guardian", self.case(case_id, actor)["guardians"][number]["person_id"], None, "high"
        )

    def login(self, number: str) -> list[dict[str, Any]]:
        persons: list[dict[str, Any]] = self.ask(cases.ResolveLogin, service_actor("gateway"), number=number)[
            "persons"
        ]
        return persons

    def dump(self, *, without: tuple[str, ...] = ()) -> dict[str, list[str]]:
        """Every row of every table, as text."""
        with self.app.db.read() as conn:
            return {
                table.name: sorted(repr(tuple(row)) for row in conn.execute(sa.select(table)))
                for table in CasesService.metadata.sorted_tables
                if table.name not in without
            }


@contextmanager
def house(
    database_url: str, var: Path, contact_register_url: str = "", kind: type[House] = House
) -> Iterator[House]:
    made = kind(database_url, var, contact_register_url)
    try:
        yield made
    finally:
        made.app.db.close()
        lane_record = made.app.surroundings.services.lane_record
        lane_record.close()


def at_once(*acts: Any) -> list[Any]:
    """What each act answered or raised, all begun together."""
    barrier, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int) -> None:
        barrier.wait(10)
        try:
            outcomes[number] = acts[number]()
        except Refusal as refusal:
            outcomes[number] = refusal

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return outcomes
