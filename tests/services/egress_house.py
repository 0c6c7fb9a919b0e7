"""Notifications as outside systems meet it: a case of the house, subscriptions, and who reads at the other end."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kombu import Connection

from deploy.processes import free_port
from services.chassis.actor import Actor, service_actor
from services.chassis.bus import topology
from services.chassis.service import Work
from services.contracts import cases, directory, notifications, outside, relay_log
from services.contracts.envelope import Event
from services.kernel.errors import Unavailable
from services.notifications.egress import queues
from tests.services.notifications_house import CASE, KINDERGARTEN, PSYCHOLOGY, House

OPERATOR = service_actor("ops", "granli")
CLOSED, ENTRY = cases.CaseClosed.type, relay_log.EntryAdded.type
EVERY = [
    "cases.level_moved.v1", "cases.case_closed.v1", "consent.windows_changed.v1", "consent.request_settled.v1",
    "relay_log.entry_added.v1", "relay_log.minutes_published.v1", "relay_log.plan_changed.v1",
]  # fmt: skip


def whsec() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def token(municipality: str = "granli") -> str:
    return f"{municipality}.{secrets.token_urlsafe(32)}"


@dataclass
class History:
    """What the sources would answer of what they have told, a page at a time; `down`: they do not."""

    events: list[Event] = field(default_factory=list)
    most: int = 500
    down: bool = False
    pages: int = 0

    def call(self, procedure: Any, request: Mapping[str, Any]) -> dict[str, Any]:
        if self.down:
            raise Unavailable(service="cases")
        assert procedure.name.endswith(".history")
        self.pages += 1
        feed = [event for event in self.events if event.stream == request["stream"]]
        after = request["after"]
        found = feed[after : after + min(self.most, request["limit"])]
        return {"events": [each.as_dict() for each in found], "next": after + len(found), "last": len(feed)}


class EgressHouse(House):
    """The house of notifications, on a real broker, with services and units in its catalogue."""

    def __init__(self, database_url: str, var: Path, amqp_url: str) -> None:
        super().__init__(database_url, var, free_port(), amqp_url)
        self.amqp_url = amqp_url
        self.work = Work(self.app)
        self.history = History()
        self.app.calls = lambda *_: self.history  # type: ignore[assignment, method-assign, return-value]

    def take(self, event: Event) -> None:
        """An event comes in; its source remembers that it told it."""
        self.history.events.append(event)
        super().take(event)

    def catalogue(self) -> Iterator[Event]:
        """The services and units that subscriptions may name."""
        for service, unit in (("kindergarten", KINDERGARTEN), ("psychology", PSYCHOLOGY)):
            yield self.event(
                directory.ServiceChanged, service, service_id=service, kind="supporting", active=True
            )
            yield self.event(directory.UnitChanged, unit, unit_id=unit, service_id=service, active=True)

    def furnish(self) -> EgressHouse:
        """The catalogue is known, and the case is at level 2 with the psychologist in."""
        for event in (*self.catalogue(), *self.story()):
            self.take(event)
        return self

    def subscribe(self, recipient: str = "fagsystem", **words: Any) -> str:
        """An operator's subscription, by default of the psychology service by queue; its id."""
        wanted = {
            "recipient": recipient, "service_id": "psychology", "events": EVERY, "way": "queue",
        } | words  # fmt: skip
        made: str = self.operator(notifications.Subscribe, **wanted)["id"]
        return made

    def operator(self, procedure: Any, /, actor: Actor = OPERATOR, **request: Any) -> dict[str, Any]:
        return self.app.call(procedure, actor, request)

    def state(self, recipient: str = "fagsystem") -> dict[str, Any]:
        """How a subscription stands."""
        found = self.operator(notifications.Subscriptions)["items"]
        return next(each for each in found if each["recipient"] == recipient)

    def entry(self, topic: str = "learning", **data: Any) -> Event:
        """Somebody writes in the log."""
        return self.hear(
            relay_log.EntryAdded, CASE, **{"entry_id": "en-9", "kind": "note", "by_person_id": "p-teacher",
                                           "topic": topic} | data,
        )  # fmt: skip

    def goal(self, topic: str = "learning", **data: Any) -> Event:
        """A goal is written in the case of the house."""
        told = {
            "case_id": CASE,
            "change": "goal_added",
            "goal_id": "go-1",
            "topic": topic,
        }
        return self.hear(relay_log.PlanChanged, CASE, **{**told, **data})

    def tell(self) -> None:
        """The sender's round, for queues."""
        queues.run(self.work)

    def read_history(self) -> None:
        """A round of catching up."""
        self.app.surroundings.services.egress.history.run(self.work)

    def accesses(self) -> list[tuple[str, str, str | None, str | None]]:
        """(act, rule, case, subject) of what was told outside, in order."""
        table = self.app.db.chassis.access_record
        with self.app.db.read() as conn:
            rows = conn.execute(table.select().where(table.c.act.like("outside:%")).order_by(table.c.id))
            return [(row.act, row.rule, row.case_id, row.subject_person_id) for row in rows]


@contextmanager
def egress_house(database_url: str, var: Path, amqp_url: str) -> Iterator[EgressHouse]:
    made = EgressHouse(database_url, var, amqp_url)
    try:
        yield made
    finally:
        for line in (
            made.app.surroundings.services.egress.exchange,
            made.app.surroundings.services.egress.losses,
        ):
            line.close()
        made.app.db.close()


class Queue:
    """A recipient's queue as the operator makes it, and its reader."""

    def __init__(self, amqp_url: str, recipient: str = "fagsystem", most: int = 1000) -> None:
        self.name, self.most = outside.queue("granli", recipient), most
        self._connection = Connection(amqp_url)
        self._channel = self._connection.channel()
        topology.declare_outside(self._channel)
        self._channel.queue_delete(self.name)
        topology.declare_recipient(self._channel, "granli", recipient, most, 3_600_000)

    def read(self) -> list[dict[str, Any]]:
        """What stands in it, taken out."""
        found = []
        while (message := self._channel.basic_get(self.name)) is not None:
            self._channel.basic_ack(message.delivery_tag)
            found.append(json.loads(message.body))
            assert message.properties["message_id"] == found[-1]["id"]
            assert (
                message.delivery_info["routing_key"] == f"granli.{found[-1]['recipient']}.{found[-1]['type']}"
            )
        return found

    def close(self) -> None:
        with suppress(Exception):
            self._channel.queue_delete(self.name)
        self._connection.close()
