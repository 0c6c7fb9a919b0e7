"""The four services that decide, in one process on SQLite, with a bus that a test can hold back.

Commands, queries, timers, outboxes and inboxes are the product's own. What a service has told is carried from its
outbox to the others' intake, each pair of services being a way of its own: a way that is held keeps its events, in
order, and the heartbeats behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.cases.commands.people import register
from services.cases.domain.people import RegisteredGuardian, RegisteredPerson
from services.cases.service import CasesService
from services.chassis.actor import Actor, service_actor
from services.chassis.app import App
from services.chassis.bus.outbox import event_of
from services.chassis.bus.relay import _heartbeat
from services.chassis.bus.topology import HEARTBEAT
from services.chassis.clock import Clock, SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.service import Service, Work
from services.chassis.settings import Settings
from services.consent.service import ConsentService
from services.contracts import cases, directory, relay_log
from services.contracts.base import Procedure
from services.contracts.catalogue import HEARS, STREAMS
from services.contracts.envelope import Event
from services.directory.service import DirectoryService
from services.kernel.errors import Refusal
from services.kernel.identity_number import make_test_number
from services.relay_log.service import RelayLogService

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
SCHOOL, PSYCHOLOGY, HEALTH, PROTECTION, OFFICE = "school", "psychology", "health", "protection", "office"
STAFF = {
    "teacher": (SCHOOL, "employee"), "colleague": (SCHOOL, "employee"), "head": (SCHOOL, "leader"),
    "psychologist": (PSYCHOLOGY, "employee"), "other-psychologist": (PSYCHOLOGY, "employee"),
    "chief": (PSYCHOLOGY, "leader"), "nurse": (HEALTH, "employee"), "matron": (HEALTH, "leader"),
    "carer": (PROTECTION, "child_protection"), "other-carer": (PROTECTION, "child_protection"),
    "coordinator": (OFFICE, "coordinator"),
}  # fmt: skip
"""Who works where. The case is the teacher's; psychology and health station are other services, protection is child
protection, and in the office the coordinator works."""
FAMILY = ("mother", "father", "stepfather")
RELATIVE, RELATIVE_AT_WORK = "relative", "nurse"
"""One person: as one of the child's family, where they turn out to be, and as an employee."""
_numbers = count(1)


class Register:
    """A population register that a test writes."""

    def __init__(self) -> None:
        self.people: dict[str, RegisteredPerson] = {}

    def find(self, number: str) -> RegisteredPerson | None:
        """What it tells of a number."""
        return self.people.get(number)


class House:
    """The services, with one clock: one that a test sets, unless another is given. Each town in it is a municipality of
    its own (SE-7). With the folder of a running suite these are second instances, which neither send nor hear."""

    def __init__(self, folder: Path, clock: Clock | None = None, databases: str = ".") -> None:
        ensure_key_material(folder)
        self.clock, self.register = clock or SettableClock(START), Register()
        self._folder, self._databases = folder, databases
        kinds = (DirectoryService, self._cases_with_register(), ConsentService, RelayLogService)
        self.apps = {kind.name: self._open(kind) for kind in kinds}

    def _open(self, kind: type[Service]) -> App:
        database = f"sqlite:///{self._folder / self._databases / kind.name}.sqlite3"
        settings = Settings(kind.name, self._folder, "amqp://127.0.0.1:1//", database, sandbox=True)
        app = App(kind, settings, clock=self.clock)
        app.setup()
        return app

    def _cases_with_register(self) -> type[Service]:
        register = self.register

        class Cases(CasesService):
            """Cases, with the test's register."""

            @classmethod
            def services(cls, settings: Settings) -> Any:
                outside = super().services(settings)
                return replace(outside, registers=replace(outside.registers, population=register))

        return Cases

    def close(self) -> None:
        """Close the databases."""
        for app in self.apps.values():
            app.db.close()
        self.apps["cases"].surroundings.services.lane_record.close()


@contextmanager
def house(folder: Path, clock: Clock | None = None, databases: str = ".") -> Iterator[House]:
    """The services, until the block ends."""
    made = House(folder, clock, databases)
    try:
        yield made
    finally:
        made.close()


@dataclass
class Way:
    """From one service to another: what is on its way, whether it is held, and how old what has arrived is."""

    held: bool = False
    waiting: deque[bytes] = field(default_factory=deque)
    as_of: datetime = START


class Bus:
    """What the services tell, carried between their outboxes and intakes."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._told = {name: _last(app) for name, app in house.apps.items()}
        self.ways = {
            (source, hearer): Way(as_of=house.clock.now())
            for hearer, streams in HEARS.items()
            if hearer in house.apps
            for source in sorted({STREAMS[stream] for stream in streams} & set(house.apps))
        }

    def carry(self) -> list[Event]:
        """Bring everything that was told to whoever may have it now, and what that makes them tell; all of it."""
        told: list[Event] = []
        while fresh := self._collect():
            told += fresh
            self._deliver()
        return told

    def beat(self) -> None:
        """Each source vouches for what it told until now: its word goes behind it on every way."""
        now = self._house.clock.now()
        for (source, hearer), way in self.ways.items():
            for stream in sorted(HEARS[hearer]):
                if STREAMS[stream] == source:
                    way.waiting.append(_heartbeat(source, stream, now, now, 0).body)
        self._deliver()

    def hold(self, source: str, hearer: str) -> None:
        """Let nothing through from one service to another."""
        self.ways[source, hearer].held = True

    def release(self) -> None:
        """Let everything through that was held."""
        for way in self.ways.values():
            way.held = False
        self._deliver()

    @property
    def still(self) -> bool:
        """Whether nothing is on its way."""
        return not any(way.waiting for way in self.ways.values())

    def age(self, hearer: str, *sources: str) -> timedelta:
        """How old what a service knows of others is, by the oldest of its ways, or of those from `sources` (CO-9)."""
        now = self._house.clock.now()
        of_them = {name for name in self._house.apps if not sources or name in sources}
        return max(
            now - way.as_of for (source, to), way in self.ways.items() if to == hearer and source in of_them
        )

    def _collect(self) -> list[Event]:
        fresh: list[Event] = []
        for name, app in self._house.apps.items():
            table = app.db.chassis.outbox
            with app.db.read() as conn:
                rows = conn.execute(
                    sa.select(table).where(table.c.row > self._told[name]).order_by(table.c.row)
                ).all()
            for row in rows:
                self._told[name] = row.row
                event = event_of(row)
                fresh.append(event)
                for (source, hearer), way in self.ways.items():
                    if source == name and event.stream in HEARS[hearer]:
                        way.waiting.append(event.to_json())
        return fresh

    def _deliver(self) -> None:
        for (_, hearer), way in self.ways.items():
            if way.held or not way.waiting:
                continue
            self._house.apps[hearer].inbox.receive(*way.waiting)
            beats = [
                event.time for event in map(Event.from_json, way.waiting) if event.type.endswith(HEARTBEAT)
            ]
            way.as_of = max([way.as_of, *beats])
            way.waiting.clear()


class RealBus(Bus):
    """The real relays, broker and inboxes of services that run; `carry` waits until they have done their work."""

    LIMIT = 10.0

    def carry(self) -> list[Event]:
        """Wait until everything that was told has been heard by all, and what that made them tell."""
        told: list[Event] = []
        while fresh := self._collect():
            told += fresh
            for hearer, streams in HEARS.items():
                wanted = {
                    (each.stream, each.subject): each.sequence for each in fresh if each.stream in streams
                }
                app = self._house.apps.get(hearer)
                if app is not None and not app.inbox.wait_for_all(wanted, self.LIMIT):
                    raise TimeoutError(f"{hearer} has not heard all that was told")
        return told

    def beat(self) -> None:
        """The relays do that themselves."""

    def _deliver(self) -> None:
        """The relays do that themselves."""


def _last(app: App) -> int:
    table = app.db.chassis.outbox
    with app.db.read() as conn:
        return int(conn.scalar(sa.select(sa.func.max(table.c.row))) or 0)


class Town:
    """One municipality with one child, in short words for what people do there. Refusals are raised."""

    def __init__(self, house: House, born: date, bus: type[Bus] = Bus) -> None:
        self.house, self.place = house, f"town{next(_numbers)}"
        if isinstance(house.clock, SettableClock):
            house.clock.set(START)
        self.bus = bus(house)
        self.born, self.grade = born, "ungraded"
        self.responsible = {"mother": (True, True), "father": (True, True), "stepfather": (False, True)}
        self.roles: dict[str, date | None] = dict.fromkeys(STAFF)
        self.latest_report: str | None = None
        self._catalogue()
        for person in STAFF:
            self.employ(person, None)
        self.bus.carry()
        self.bus.beat()
        self._tell_register()
        raised = self.do(
            cases.RaiseConcern, "teacher", child_number=self.number, unit_id=self.id(SCHOOL), concern="a concern"
        )  # fmt: skip
        self.case_id = str(raised["id"])
        self.bus.carry()

    @property
    def now(self) -> datetime:
        """The time in all services."""
        return self.house.clock.now()

    @property
    def number(self) -> str:
        """The child's, as the register has it; a synthetic one."""
        return make_test_number(self.born, 0)

    def id(self, name: str) -> str:
        """The id that somebody or something has here."""
        return f"{self.place}-{RELATIVE_AT_WORK if name == RELATIVE else name}"

    def adult_number(self, who: str) -> str:
        """Of one of the family, as the register has it."""
        return make_test_number(date(1985, 1 + (*FAMILY, RELATIVE).index(who), 1), 0)

    def actor(self, who: str) -> Actor:
        """Staff act for their unit, the child for itself, others as guardians."""
        if who in STAFF:
            return Actor(self.place, "employee", self.id(who), self.id(STAFF[who][0]), "high")
        return Actor(self.place, "self" if who == "child" else "guardian", self.id(who), None, "high")

    def ask(self, procedure: Procedure, who: str, **request: Any) -> dict[str, Any]:
        """Ask or command as somebody; raises Refusal."""
        return self._call(procedure, self.actor(who), request)

    def do(self, procedure: Procedure, who: str, **request: Any) -> dict[str, Any]:
        """As `ask`, of the case."""
        case_id = getattr(self, "case_id", None)
        named = {"case_id": case_id} if procedure.request().fields.get("case_id") is not None else {}
        return self.ask(procedure, who, **{**named, **request})

    def _call(self, procedure: Procedure, actor: Actor, request: Mapping[str, Any]) -> dict[str, Any]:
        plain = {
            key: value.isoformat() if isinstance(value, date) else value for key, value in request.items()
        }
        return self.house.apps[procedure.service].call(procedure, actor, plain)

    # ------------------------------------------------------------ what is so

    def employ(self, person: str, ends: date | None) -> None:
        """Somebody works in their unit, until the day it ends."""
        unit, role = STAFF[person]
        self.roles[person] = ends
        self._call(directory.PutStaff, service_actor("seed", self.place), {
            "person_id": self.id(person), "name": person, "title": "", "email": f"{person}@example.org",
            "roles": [{"unit_id": self.id(unit), "service_id": self.id(f"{unit}-service"), "role": role,
                       "valid_from": "2020-01-01", **({"valid_to": ends.isoformat()} if ends else {})}],
        })  # fmt: skip

    def family(self, person: str, responsible: bool, verified: bool) -> None:
        """The register tells something else of a guardian's responsibility."""
        self.responsible[person] = (responsible, verified)
        self._refresh()

    def give_login(self) -> None:
        """The employee who may be of the family is given a person by their number (PR-6, SE-3)."""
        number, person_id = self.adult_number(RELATIVE), self.id(RELATIVE)
        self._call(cases.RegisterEmployee, service_actor("directory", self.place), {
            "number": number, "name": RELATIVE_AT_WORK, "person_id": person_id,
        })  # fmt: skip

    def protect(self, grade: str) -> None:
        """The register tells another address grade of the child."""
        self.grade = grade
        self._refresh()

    def _refresh(self) -> None:
        self._tell_register()
        with self.house.apps["cases"].work(self.place) as uow:
            register(uow, self.house.register.people[self.number])

    def _tell_register(self) -> None:
        people, adults = self.house.register.people, []
        for at, person in enumerate((*FAMILY, RELATIVE)):
            number, born, its_id = self.adult_number(person), date(1985, 1 + at, 1), self.id(person)
            people[number] = RegisteredPerson(number, person, born, "ungraded", person_id=its_id)
            if tie := self.responsible.get(person):
                relation = person if person in ("mother", "father") else "other"
                adults.append(RegisteredGuardian(number, person, born, relation, *tie, person_id=its_id))
        people[self.number] = RegisteredPerson(
            self.number, "A child", self.born, self.grade, guardians=tuple(adults), person_id=self.id("child")
        )

    def _catalogue(self) -> None:
        with self.house.apps["directory"].work(self.place) as uow:
            for unit in (SCHOOL, PSYCHOLOGY, HEALTH, PROTECTION, OFFICE):
                service = self.id(f"{unit}-service")
                uow.record(
                    directory.ServiceChanged,
                    service,
                    {"service_id": service, "kind": "supporting", "active": True},
                )
                uow.record(directory.UnitChanged, self.id(unit), {
                    "unit_id": self.id(unit), "service_id": service, "active": True,
                })  # fmt: skip

    # ------------------------------------------------------------ what time does

    def tick(self) -> None:
        """Every timer that is a service's own has its turn, not those that all services have; what one raises is
        raised."""
        for app in self.house.apps.values():
            own = [
                kind for kind in app.service_cls.__mro__ if issubclass(kind, Service) and kind is not Service
            ]
            for each in (value for kind in own for value in vars(kind).values()):
                timer = getattr(each, "timer", None)
                if timer is not None:
                    timer(app.service_cls(), Work(app))

    # ------------------------------------------------------------ what is read

    def reads(self, service: str, who: str) -> frozenset[str]:
        """The ids of all that somebody is shown by a service, or by the lane, which is within cases, and of which the
        latest report is asked for by its id too; an item of an agenda has none, and is known by its text."""
        try:
            return frozenset(_READS[service](self, who))
        except Refusal:
            return frozenset()

    def _case(self, who: str) -> Iterator[str]:
        found = self.do(cases.GetCase, who, with_notes=True)
        yield found["case_id"]
        yield from (note["note_id"] for note in found["notes"])

    def _log(self, who: str) -> Iterator[str]:
        log = self.do(relay_log.GetLog, who)
        for kind in ("goal", "measure", "entry", "view"):
            yield from (item[f"{kind}_id"] for item in log["entries" if kind == "entry" else f"{kind}s"])
        for meeting in log["meetings"]:
            yield from (item["text"] for item in meeting["agenda"])
            yield from (item["item_id"] for item in (meeting["minutes"] or {"items": ()})["items"])
        for evaluation in log["evaluations"]:
            yield from (
                f"{evaluation['evaluation_id']}:{each['measure_id']}" for each in evaluation["outcomes"]
            )

    def _lane(self, who: str) -> Iterator[str]:
        asked = cases.LaneReports if who in STAFF else cases.ReportsWithGuardians
        yield from (report["report_id"] for report in self.do(asked, who)["items"])

    def _lane_by_id(self, who: str) -> Iterator[str]:
        yield self.do(cases.GetLaneReport, who, report_id=self.latest_report)["report_id"]


_READS = {"cases": Town._case, "relay_log": Town._log, "lane": Town._lane, "lane, by id": Town._lane_by_id}
