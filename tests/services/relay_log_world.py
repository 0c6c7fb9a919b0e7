"""A child of four, as the relay log learns of it: events through its real inbox, calls through its real App.

Each world is a municipality of its own (SE-7 keeps them apart), so that the tests of a module share one database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.chassis.actor import Actor
from services.chassis.app import App
from services.chassis.bus.relay import _heartbeat
from services.chassis.clock import SettableClock
from services.chassis.ids import new_id
from services.chassis.keys import ensure_key_material
from services.chassis.settings import Settings
from services.contracts import cases, consent, directory, relay_log
from services.contracts.base import EventType, Procedure
from services.contracts.envelope import Event
from services.kernel.errors import Refusal
from services.relay_log.service import RelayLogService

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
TODAY = date(2026, 11, 21)
IN_A_MONTH = (TODAY + timedelta(days=30)).isoformat()
KINDERGARTEN, PSYCHOLOGY, HEALTH = "unit-kindergarten", "unit-psychology", "unit-health"
SERVICES = {KINDERGARTEN: "service-kindergarten", PSYCHOLOGY: "service-psychology", HEALTH: "service-health"}
STAFF = {
    "teacher": (KINDERGARTEN, "employee"), "head": (KINDERGARTEN, "leader"), "colleague": (KINDERGARTEN, "employee"),
    "psychologist": (PSYCHOLOGY, "employee"), "nurse": (HEALTH, "employee"),
}  # fmt: skip
TIES = [
    {"person_id": "mother", "relation": "mother", "has_responsibility": True, "verified": True},
    {"person_id": "father", "relation": "father", "has_responsibility": True, "verified": True},
    {"person_id": "stepfather", "relation": "other", "has_responsibility": False, "verified": True},
]
HEARD = (cases.PEOPLE, cases.CASE, consent.WINDOWS, directory.STAFF, directory.CATALOGUE)


_numbers = count(1)


def actor(person: str, municipality: str) -> Actor:
    """Staff act for their unit, the child for itself, others as guardians."""
    if person in STAFF:
        return Actor(municipality, "employee", person, STAFF[person][0], "substantial")
    return Actor(municipality, "self" if person == "child" else "guardian", person, None, "high")


def event(
    kind: EventType, subject: str, sequence: int, data: Mapping[str, Any], at: datetime, place: str
) -> Event:
    """An event of another service, checked against its schema."""
    plain = {key: value.isoformat() if isinstance(value, date) else value for key, value in data.items()}
    assert kind.schema().validate(plain) == {}, kind.schema().validate(plain)
    return Event(
        id=new_id(), type=kind.type, source=f"/{place}/{kind.service}", subject=subject, time=at, municipality=place,
        stream=kind.stream, sequence=sequence, data=plain,
    )  # fmt: skip


def open_app(var: Path, database_url: str) -> App:
    """The relay log's App on a new database, without a broker."""
    ensure_key_material(var)
    settings = Settings("relay_log", var, "amqp://127.0.0.1:1//", database_url)
    app = App(RelayLogService, settings, clock=SettableClock(NOW))
    app.setup()
    return app


class World:
    """One municipality with one child, and all that others tell of it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.clock = app.clock
        if isinstance(self.clock, SettableClock):
            self.clock.set(NOW)
        self.place = f"granli{next(_numbers)}"
        self.case_id = f"{self.place}-case"
        self.sequences: Counter[tuple[str, str]] = Counter()

    # ------------------------------------------------------------ what others tell

    def hear(self, kind: EventType, subject: str, /, **data: Any) -> None:
        subject = subject if subject == self.case_id else f"{self.place}-{subject}"
        self.sequences[kind.stream, subject] += 1
        told = event(kind, subject, self.sequences[kind.stream, subject], data, self.clock.now(), self.place)
        self.deliver(told)

    def deliver(self, told: Event) -> None:
        """Give an event to the relay log's inbox."""
        self.app.inbox.receive(told.to_json())

    def case(self, kind: EventType, **data: Any) -> None:
        self.hear(kind, self.case_id, case_id=self.case_id, **data)

    def beat(self) -> None:
        """All that others have told until now has arrived."""
        now = self.clock.now()
        for stream in HEARD:
            self.deliver(Event.from_json(_heartbeat(stream.split(".")[0], stream, now, now, 0).body))

    def later(self, **span: float) -> None:
        assert isinstance(self.clock, SettableClock)
        self.clock.advance(timedelta(**span))
        self.beat()

    def staff(self, person: str, unit: str, role: str = "employee", **span: str) -> None:
        self.hear(directory.StaffChanged, person, person_id=person, roles=[
            {"unit_id": unit, "service_id": SERVICES[unit], "role": role, "valid_from": "2024-08-01", **span}
        ])  # fmt: skip

    def child(self, birth_date: str = "2022-03-05", ties: list[dict[str, Any]] | None = None) -> None:
        self.hear(
            cases.PersonChanged, "child", person_id="child", birth_date=birth_date, address_grade="ungraded",
            guardians=TIES if ties is None else ties,
        )  # fmt: skip

    def move(self, from_level: int, to_level: int, *service_ids: str) -> None:
        self.case(
            cases.LevelMoved, from_level=from_level, to_level=to_level, by_person_id="teacher", at=self.clock.now(),
            family_answer="agreed", service_ids=list(service_ids),
        )  # fmt: skip

    def share(self, *topics: tuple[str, str], reason: str = "signed") -> None:
        starts = (self.clock.now() - timedelta(hours=1)).isoformat()
        ends = (self.clock.now() + timedelta(days=180)).isoformat()
        self.case(consent.WindowsChanged, reason=reason, at=self.clock.now(), windows=[
            {"service_id": SERVICES[unit], "topic": topic, "valid_from": starts, "valid_to": ends}
            for unit, topic in topics
        ])  # fmt: skip

    def close(self, from_level: int = 2) -> None:
        self.case(
            cases.CaseClosed, from_level=from_level, outcome="goals_reached", by_person_id="teacher",
            at=self.clock.now(),
        )  # fmt: skip

    def level_0(self) -> World:
        """A concern of the kindergarten teacher."""
        self.child()
        for unit, service in SERVICES.items():
            self.hear(directory.UnitChanged, unit, unit_id=unit, service_id=service, active=True)
            self.hear(directory.ServiceChanged, service, service_id=service, kind="supporting", active=True)
        for person, (unit, role) in STAFF.items():
            self.staff(person, unit, role)
        self.case(
            cases.ConcernRaised, subject_person_id="child", subject_kind="child", owner_person_id="teacher",
            owner_unit_id=KINDERGARTEN, owner_service_id=SERVICES[KINDERGARTEN], registered_at=NOW,
            decide_by="2026-12-05",
        )  # fmt: skip
        self.beat()
        return self

    def level_1(self) -> World:
        """The family knows, the teacher holds the relay."""
        self.level_0()
        self.case(cases.TalkRecorded, held_on="2026-11-20", recorded_at=NOW)
        self.move(0, 1)
        self.case(
            cases.HolderChanged,
            holder_person_id="teacher",
            holder_unit_id=KINDERGARTEN,
            at=NOW,
            how="appointed",
        )
        return self

    def level_2(self) -> World:
        """Learning and wellbeing are shared with psychology, health with the health station; both take part."""
        self.level_1()
        self.share((PSYCHOLOGY, "learning"), (PSYCHOLOGY, "wellbeing"), (HEALTH, "health"))
        self.move(1, 2, SERVICES[PSYCHOLOGY], SERVICES[HEALTH])
        self.bring_in("psychologist")
        self.bring_in("nurse")
        return self

    # ------------------------------------------------------------ what people do

    def do(self, procedure: Procedure, who: str, **request: Any) -> dict[str, Any]:
        plain = {
            key: value.isoformat() if isinstance(value, date) else value for key, value in request.items()
        }
        needs_case = procedure.request().fields.get("case_id") is not None
        case = {"case_id": self.case_id} if needs_case else {}
        return self.ask(procedure, actor(who, self.place), {**case, **plain})

    def ask(self, procedure: Procedure, asker: Actor, request: dict[str, Any]) -> dict[str, Any]:
        """Call the relay log."""
        return self.app.call(procedure, asker, request)

    def refused(self, procedure: Procedure, who: str, **request: Any) -> Refusal:
        """The refusal that the call must meet."""
        try:
            answer = self.do(procedure, who, **request)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"{procedure.name} was not refused: {answer}")

    def bring_in(self, person: str, by: str = "teacher", **rights: bool) -> str:
        unit = STAFF[person][0]
        done = self.do(relay_log.BringIn, by, person_id=person, unit_id=unit, **rights)
        return str(done["id"])

    def goal(self, topic: str, text: str = "a goal", by: str = "teacher") -> str:
        return str(self.do(relay_log.AddGoal, by, topic=topic, text=text)["id"])

    def measure(self, goal_id: str, who: str | None = "teacher", by: str = "teacher", **more: Any) -> str:
        given = {"what": "a measure", "arena": "kindergarten", "deadline": IN_A_MONTH, **more}
        if who is not None:
            given["responsible_person_id"] = who
        return str(self.do(relay_log.AddMeasure, by, goal_id=goal_id, **given)["id"])

    def meeting(self, *invited: str, topics: tuple[str, ...] = ("learning", "health"), **more: Any) -> str:
        starts = self.clock.now() + timedelta(days=3)
        given = {
            "starts_at": starts, "ends_at": starts + timedelta(hours=1), "place": "the blue room",
            "agenda": [{"topic": topic, "text": f"on {topic}"} for topic in topics],
            "invited_ids": list(invited or ("teacher", "mother", "psychologist")), **more,
        }  # fmt: skip
        return str(self.do(relay_log.CallMeeting, "teacher", **given)["id"])

    def minutes(self, meeting_id: str, *topics: str, by: str = "teacher", **more: Any) -> dict[str, Any]:
        given = {
            "expected_version": 1, "next_evaluation_on": IN_A_MONTH, "next_meeting_on": IN_A_MONTH,
            "items": [{"topic": topic, "text": f"said on {topic}"} for topic in topics or ("learning", "health")],
            **more,
        }  # fmt: skip
        return self.do(relay_log.PublishMinutes, by, meeting_id=meeting_id, **given)

    def evaluate(self, *outcomes: dict[str, Any], by: str = "teacher", **more: Any) -> dict[str, Any]:
        return self.do(relay_log.RecordEvaluation, by, outcomes=list(outcomes), **more)

    def say(self, who: str, kind: str, text: str = "a word", topic: str = "home", **more: Any) -> str:
        return str(self.do(relay_log.AddEntry, who, kind=kind, topic=topic, text=text, **more)["id"])

    def log(self, who: str = "teacher") -> dict[str, Any]:
        return self.do(relay_log.GetLog, who)

    def waiting(self, who: str = "teacher") -> list[tuple[str, str | None]]:
        found = self.do(relay_log.WaitingForMe, who)["items"]
        return [(item["kind"], item["item_id"]) for item in found]

    # ------------------------------------------------------------ what is told and kept

    def told(self, kind: EventType | None = None) -> list[dict[str, Any]]:
        """What the relay log has told here, in order: all of it, or of one type."""
        found = self.rows("outbox")
        return [
            row.data
            for row in sorted(found, key=lambda row: row.row)
            if kind is None or row.type == kind.type
        ]

    def rows(self, name: str) -> list[Any]:
        """All rows of a table that belong to this municipality (or to none)."""
        table = self.app.db.metadata.tables[name]
        found = sa.select(table)
        if "municipality" in table.columns:
            found = found.where(table.c.municipality == self.place)
        with self.app.db.read() as conn:
            return list(conn.execute(found))
