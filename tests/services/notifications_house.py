"""Notifications as a running service for its tests: a case from concern to closing as others would tell of it, a real
mail server, and registers that say where people are reached. As a program it sends, and dies where it is told to."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.chassis.actor import Actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.chassis.ids import new_id
from services.chassis.keys import ensure_key_material
from services.chassis.service import Work
from services.chassis.settings import Settings
from services.contracts import cases, consent, directory, notifications, relay_log
from services.contracts.base import EventType
from services.contracts.catalogue import STREAMS
from services.contracts.envelope import Event
from services.kernel.errors import NotFound, Unavailable
from services.notifications import projections, storage
from services.notifications.senders import send
from services.notifications.senders.smtp import Line, Outcome
from services.notifications.service import NotificationsService

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
CASE, CHILD = "case-1", "p-child"
KINDERGARTEN, PSYCHOLOGY, PROTECTION = "unit-kindergarten", "unit-psychology", "unit-protection"
STAFF = {
    "p-teacher": (KINDERGARTEN, "kindergarten", "employee"),
    "p-nurse": ("unit-health", "health-station", "employee"),
    "p-psychologist": (PSYCHOLOGY, "psychology", "employee"),
    "p-protection": (PROTECTION, "child-protection", "child_protection"),
    "p-coordinator": ("unit-office", "service-office", "coordinator"),
}
EMAILS = {
    "p-teacher": "teacher@granli.example", "p-nurse": "nurse@granli.example",
    "p-psychologist": "psychologist@granli.example", "p-protection": "protection@granli.example",
    "p-mother": "mother@family.example", "p-father": "father@family.example",
}  # fmt: skip


def employee(person_id: str) -> Actor:
    return Actor("granli", "employee", person_id, STAFF[person_id][0], "high")


TEACHER, PSYCHOLOGIST, NURSE, PROTECTOR = map(
    employee, ("p-teacher", "p-psychologist", "p-nurse", "p-protection")
)
MOTHER, FATHER = (Actor("granli", "guardian", person, None, "high") for person in ("p-mother", "p-father"))


@dataclass
class Registers:
    """What cases and directory would answer when asked where somebody is reached; `asked` is what they were asked."""

    emails: dict[str, str] = field(default_factory=lambda: dict(EMAILS))
    reserved: set[str] = field(default_factory=set)
    down: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    def start_call(self, procedure: Any, request: Mapping[str, Any]) -> Registers.Answer:
        self.asked.append((procedure.name, request["person_id"]))
        return Registers.Answer(self, procedure, request["person_id"])

    @dataclass
    class Answer:
        registers: Registers
        procedure: Any
        person_id: str

        def result(self) -> dict[str, Any]:
            if self.registers.down:
                raise Unavailable(service="cases")
            email = self.registers.emails.get(self.person_id)
            if self.procedure is directory.ContactOfStaff:
                return {"person_id": self.person_id, "email": email if self.person_id in STAFF else None}
            if email is None:
                raise NotFound
            return {"email": email, "reserved": self.person_id in self.registers.reserved, "language": "nb"}


class House:
    """One App of notifications, with short words for what others tell and what people see."""

    def __init__(
        self, database_url: str, var: Path, smtp_port: int, amqp_url: str = "amqp://127.0.0.1:1//"
    ) -> None:
        ensure_key_material(var)
        self.clock, self.registers = SettableClock(NOW), Registers()
        settings = Settings(
            "notifications", var, amqp_url, database_url,
            public_url="https://stafett.example", smtp_url=f"smtp://127.0.0.1:{smtp_port}",
        )  # fmt: skip
        self.app = App(NotificationsService, settings, clock=self.clock)
        self.app.setup()
        self.app.calls = lambda *_: self.registers  # type: ignore[assignment, method-assign, return-value]
        self._sequences: dict[tuple[str, str], int] = {}
        self.keep_up()

    # ------------------------------------------------------------ what others tell

    def event(self, kind: EventType, subject: str, /, **data: Any) -> Event:
        """The next event of a subject, as its service would tell it; checked against its schema."""
        said = {"case_id": subject} if "case_id" in kind.schema().fields else {}
        if "at" in kind.schema().fields:
            said["at"] = self.clock.now().isoformat()
        said |= data
        assert kind.schema().validate(said) == {}, kind.type
        number = self._sequences[kind.stream, subject] = self._sequences.get((kind.stream, subject), 0) + 1
        return Event(
            new_id(), kind.type, f"/granli/{kind.service}", subject, self.clock.now(), "granli", kind.stream, number,
            None, said,
        )  # fmt: skip

    def hear(self, kind: EventType, subject: str = CASE, /, **data: Any) -> Event:
        """It happens, and comes in."""
        event = self.event(kind, subject, **data)
        self.take(event)
        return event

    def take(self, event: Event) -> None:
        """An event comes in, by the inbox's own way."""
        self.app.inbox.receive(event.to_json())

    def tell_again(self, event: Event) -> None:
        """The handler is given an event that it was given before, past the inbox's own guard."""
        with self.app.work("granli") as uow:
            projections.tell(uow, event)

    def keep_up(self) -> None:
        """A heartbeat of every stream, as of now (CO-9)."""
        state = self.app.db.chassis.stream_state
        with self.app.db.write() as tx:
            tx.execute(state.delete())
            rows = [{"stream": s, "as_of": self.clock.now()} for s, o in STREAMS.items()]
            tx.execute(state.insert(), rows)

    def people(self) -> Iterator[Event]:
        """Staff, the child of four and both parents."""
        for person_id, (unit, service, role) in STAFF.items():
            roles = [{"unit_id": unit, "service_id": service, "role": role, "valid_from": "2020-01-01"}]
            yield self.event(directory.StaffChanged, person_id, person_id=person_id, roles=roles)
        ties = [
            {"person_id": person, "relation": relation, "has_responsibility": True, "verified": True}
            for person, relation in (("p-mother", "mother"), ("p-father", "father"))
        ]
        yield self.event(cases.PersonChanged, CHILD, person_id=CHILD, birth_date="2022-03-05",
                         address_grade="ungraded", guardians=ties)  # fmt: skip

    def story(self) -> Iterator[Event]:
        """The job, as far as a meeting at level 2, held by the teacher: one event after the other."""
        yield from self.people()
        tell, teacher = self.event, "p-teacher"
        holder = {"holder_person_id": teacher, "holder_unit_id": KINDERGARTEN}
        yield tell(cases.ConcernRaised, CASE, subject_person_id=CHILD, subject_kind="child", owner_person_id=teacher,
                   owner_unit_id=KINDERGARTEN, owner_service_id="kindergarten", registered_at=NOW.isoformat(),
                   decide_by="2026-12-05")  # fmt: skip
        due = {"kind": "decide_concern", "due": "2026-12-05", "owner_person_id": teacher}
        yield tell(cases.DeadlineNear, CASE, **due)
        yield tell(cases.DeadlinePassed, CASE, **due)
        yield tell(cases.TalkRecorded, CASE, held_on="2026-11-20", recorded_at=NOW.isoformat())
        moved = {"by_person_id": teacher, "family_answer": "agreed"}
        yield tell(cases.LevelMoved, CASE, from_level=0, to_level=1, **moved)
        yield tell(cases.HolderChanged, CASE, **holder, how="appointed")
        yield tell(consent.Requested, CASE, request_id="r-1", signer_ids=["p-mother", "p-father"],
                   service_ids=["psychology"], requested_by=teacher)  # fmt: skip
        yield tell(consent.Answered, CASE, request_id="r-1", signer_id="p-mother", answer="talk_first")
        yield tell(consent.Answered, CASE, request_id="r-1", signer_id="p-father", answer="yes")
        yield tell(consent.Settled, CASE, request_id="r-1", state="active")
        yield self.participants("p-psychologist")
        yield self.windows("psychology")
        yield tell(cases.LevelMoved, CASE, from_level=1, to_level=2, **moved)
        plan = {"change": "measure_added", "goal_id": "g-1", "measure_id": "m-1", "topic": "learning"}
        yield tell(relay_log.PlanChanged, CASE, **plan, responsible_person_id="p-psychologist")
        yield self.meeting("p-mother", "p-father", "p-psychologist", teacher)

    def rest(self) -> Iterator[Event]:
        """And on to its end."""
        tell, teacher = self.event, "p-teacher"
        yield tell(relay_log.MinutesPublished, CASE, meeting_id="meeting-1", topics=["learning"],
                   next_evaluation_on="2027-01-15", by_person_id=teacher)  # fmt: skip
        yield tell(relay_log.EvaluationSet, CASE, evaluate_on="2027-01-15", by_person_id=teacher)
        yield tell(relay_log.EvaluationRecorded, CASE, evaluation_id="ev-1", outcomes=[], topics=["learning"],
                   by_person_id=teacher)  # fmt: skip
        entry = {"topic": "learning"}
        yield tell(
            relay_log.EntryAdded, CASE, entry_id="en-1", kind="proposal", by_person_id="p-mother", **entry
        )
        yield tell(relay_log.EntryAdded, CASE, entry_id="en-3", kind="note", by_person_id=teacher,
                   third_person="p-father", asked_person_id="p-father", **entry)  # fmt: skip
        yield tell(relay_log.EntryAdded, CASE, entry_id="en-2", kind="hindrance", by_person_id="p-psychologist",
                   **entry)  # fmt: skip
        yield tell(relay_log.ThirdPersonMarked, CASE, by_person_id="p-father", unread_measure_ids=["me-1"],
                   items=[{"item_id": "me-1", "third_person": "p-father", "agrees": False}])  # fmt: skip
        handover = {"handover_id": "h-1", "from_person_id": teacher, "to_person_id": "p-psychologist"}
        yield tell(cases.HandoverProposed, CASE, to_unit_id=PSYCHOLOGY, **handover)
        yield tell(cases.HandoverAnswered, CASE, answer="declined", **handover)
        yield tell(cases.HandoverProposed, CASE, to_unit_id=PSYCHOLOGY, **handover)
        yield tell(cases.HandoverAnswered, CASE, answer="accepted", **handover)
        yield tell(cases.HolderChanged, CASE, holder_person_id="p-psychologist", holder_unit_id=PSYCHOLOGY,
                   previous_person_id=teacher, how="handover")  # fmt: skip
        yield tell(consent.Settled, CASE, request_id="r-1", state="conflicting")
        yield tell(consent.AnswerRegistered, CASE, request_id="r-1", signer_id="p-mother", signature_id="s-1",
                   registered_by=teacher, way="paper")  # fmt: skip
        yield tell(consent.AnswerRegistered, CASE, request_id="r-1", signer_id="p-mother", signature_id="s-2",
                   registered_by=teacher, way="paper", overrules="no")  # fmt: skip
        yield tell(consent.RenewalDue, CASE, request_id="r-1", ends_on="2027-01-15")
        yield tell(consent.Requested, CASE, request_id="r-2", signer_ids=["p-mother", "p-father"],
                   service_ids=["psychology"], requested_by=teacher, replaces=["r-0"])  # fmt: skip
        yield tell(consent.SayComing, CASE, person_id="p-child", topics=["learning"], on="2027-01-15")
        yield tell(consent.Lapsed, CASE, request_id="r-1", why="guardians", waits_for=["p-mother"])
        yield tell(consent.Settled, CASE, request_id="r-1", state="expired")
        yield tell(consent.Withdrawn, CASE, by_person_id="p-mother", service_id="psychology")
        yield tell(relay_log.ParticipantReleased, CASE, person_id="p-psychologist", service_id="psychology")
        yield tell(cases.CaseClosed, CASE, from_level=2, outcome="goals_reached", by_person_id=teacher)
        yield tell(cases.CaseClosed, CASE, from_level=2, outcome="family_wish", by_person_id="p-mother",
                   ended_by="guardian")  # fmt: skip
        yield tell(relay_log.ReportMade, CASE, report_id="rep-1")
        yield tell(cases.EmergencyOpened, CASE, emergency_id="em-1", person_id="p-worker", unit_id="unit-x",
                   reason_code="acute_care", valid_from=NOW.isoformat(), valid_to=NOW.isoformat())  # fmt: skip
        yield tell(
            cases.EmergencyEnded, CASE, emergency_id="em-1", person_id="p-nurse", by_person_id="p-coordinator"
        )
        yield from self._of_nobody()
        yield tell(cases.LaneReportFiled, "lane-1", report_id="lane-1", kind="protected")
        followed = {"report_id": "lane-1", "by_person_id": "p-worker"}
        yield tell(cases.LaneReportAnswered, "lane-1", reporter_person_id=teacher, **followed)
        yield tell(cases.LaneReaderNamed, "lane-1", person_id="p-psychologist", **followed)
        talk = {"told_ids": ["p-psychologist"], "by_person_id": teacher}
        yield tell(
            cases.ProtectedOrderRegistered,
            "p-child-3",
            told_ids=["p-coordinator"],
            by_person_id="p-protection",
        )
        waits = {"order_id": "o-1", "told_ids": ["p-worker"], "by_person_id": "p-protection"}
        yield tell(cases.CareOrderAwaits, "p-child-3", **waits)
        yield tell(cases.CareOrderDecided, "p-child-3", outcome="confirmed", **waits)
        yield tell(cases.DiscussionAsked, "d-1", discussion_id="d-1", **talk)
        yield tell(cases.DiscussionAnswered, "d-1", discussion_id="d-1", **talk)

    def _of_nobody(self) -> Iterator[Event]:
        """A limit passes in a concern that nobody may take charge of: owner and coordinator are of the family."""
        tell, other, child = self.event, "case-2", "p-child-2"
        admin = {"unit_id": "unit-office", "service_id": "service-office", "role": "admin"}
        yield tell(directory.StaffChanged, "p-admin", person_id="p-admin",
                   roles=[admin | {"valid_from": "2020-01-01"}])  # fmt: skip
        ties = [
            {"person_id": person, "relation": "other", "has_responsibility": False, "verified": True}
            for person in ("p-nurse", "p-coordinator")
        ]
        yield tell(cases.PersonChanged, child, person_id=child, birth_date="2020-03-05", address_grade="ungraded",
                   guardians=ties)  # fmt: skip
        yield tell(cases.ConcernRaised, other, subject_person_id=child, subject_kind="child", owner_person_id="p-nurse",
                   owner_unit_id="unit-health", owner_service_id="health-station", registered_at=NOW.isoformat(),
                   decide_by="2026-12-05")  # fmt: skip
        yield tell(
            cases.DeadlinePassed, other, kind="decide_concern", due="2026-12-05", owner_person_id="p-nurse"
        )

    def play(self) -> None:
        """The story has come in: its handlers run in one transaction, and the inbox counts from here."""
        with self.app.work("granli") as uow:
            for event in self.story():
                projections.HANDLERS[event.type](uow, event)
        self._sequences.clear()

    def meeting(self, *invited: str, meeting_id: str = "meeting-1") -> Event:
        starts = NOW + timedelta(days=3)
        return self.event(relay_log.MeetingCalled, CASE, meeting_id=meeting_id, starts_at=starts.isoformat(),
                          ends_at=(starts + timedelta(hours=1)).isoformat(), invited_ids=list(invited),
                          called_by="p-teacher")  # fmt: skip

    def windows(self, *services: str) -> Event:
        """Consent as it now stands: learning, for these services."""
        span = {
            "valid_from": self.clock.now().isoformat(),
            "valid_to": (NOW + timedelta(days=180)).isoformat(),
        }
        windows = [{"service_id": service, "topic": "learning", **span} for service in services]
        return self.event(consent.WindowsChanged, CASE, reason="signed", windows=windows)

    def participants(self, *persons: str) -> Event:
        taking_part = [
            {"participant_id": f"pa-{person}", "person_id": person, "unit_id": STAFF[person][0],
             "service_id": STAFF[person][1], "valid_from": self.clock.now().isoformat(), "may_write": True}
            for person in persons
        ]  # fmt: skip
        return self.event(relay_log.ParticipantsChanged, CASE, participants=taking_part)

    # ------------------------------------------------------------ what comes of it

    def send(self) -> int:
        """One round of the sender."""
        return send.run(Work(self.app))

    def use(self, mail: Any) -> None:
        """Send over another line."""
        outside = replace(self.app.surroundings.services, mail=mail)
        self.app.surroundings = replace(self.app.surroundings, services=outside)

    def inbox(self, who: Actor, **request: Any) -> dict[str, Any]:
        return self.app.call(notifications.GetInbox, who, request)

    def kinds(self, who: Actor) -> list[str]:
        """What stands in somebody's inbox, oldest first."""
        return [item["kind"] for item in reversed(self.inbox(who, limit=100)["items"])]

    def unread(self, who: Actor) -> int:
        return int(self.app.call(notifications.UnreadCount, who)["unread"])

    def outcomes(self, person_id: str) -> dict[str, str]:
        """kind -> what became of its e-mail (of the last of each kind)."""
        join = storage.messages.join(
            storage.attempts, storage.messages.c.message_id == storage.attempts.c.message_id
        )
        found = sa.select(storage.messages.c.kind, storage.attempts.c.outcome).select_from(join)
        mine = found.where(storage.messages.c.person_id == person_id).order_by(storage.messages.c.message_id)
        with self.app.db.read() as conn:
            return {row.kind: row.outcome for row in conn.execute(mine)}

    def told(self) -> list[tuple[str, str, str]]:
        """(event, person, kind) of every message."""
        table = storage.messages.c
        with self.app.db.read() as conn:
            return sorted(
                (row.event_id, row.person_id, row.kind)
                for row in conn.execute(sa.select(table.event_id, table.person_id, table.kind))
            )


@contextmanager
def house(database_url: str, var: Path, smtp_port: int) -> Iterator[House]:
    made = House(database_url, var, smtp_port)
    try:
        yield made
    finally:
        made.app.db.close()


class Deadly:
    """A mail server with which the process dies: before the first word, or when the letter was taken over."""

    def __init__(self, mail: Any, when: str) -> None:
        self._mail, self._when = mail, when

    @contextmanager
    def open(self) -> Iterator[Line]:
        with self._mail.open() as line:
            self._line = line
            yield self

    def send(self, letter: EmailMessage, sender: str, to: str) -> Outcome:
        if self._when == "after":
            assert self._line.send(letter, sender, to) is Outcome.SENT
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def main(database_url: str, var: str, smtp_port: str, when: str) -> None:
    """Send what waits, and die with the first letter."""
    made = House(database_url, Path(var), int(smtp_port))
    made.use(Deadly(made.app.surroundings.services.mail, when))
    made.send()


if __name__ == "__main__":
    main(*sys.argv[1:])
