"""What a command, a query or an event handler is given: who asks, where, when, and the one transaction it works in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.chassis.actor import Actor
from services.chassis.bus import outbox
from services.chassis.bus.told import Histories
from services.chassis.bus.topology import Catalogue
from services.chassis.keys import Keys
from services.chassis.settings import Settings
from services.chassis.storage import AnyConnection, WriteTransaction
from services.contracts.base import EventType
from services.contracts.envelope import Event

if TYPE_CHECKING:
    from services.chassis.rpc.calls import Calls

Handler = Callable[["UnitOfWork", Event], None]
"""What a service does at an event, its own or another's: writes its projection, no outside effects."""


@dataclass(frozen=True, slots=True)
class Access:
    """One line of the access record: who it was is added when it is written (SE-1)."""

    rule: str
    act: str
    case_id: str | None
    person_id: str | None
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for all the work of one service process."""

    settings: Settings
    keys: Keys
    services: Any
    handlers: Mapping[str, Handler]
    catalogue: Catalogue


class _Work:
    """What reading and writing have in common."""

    def __init__(
        self, surroundings: Surroundings, conn: AnyConnection, actor: Actor, municipality: str, now: datetime
    ) -> None:
        self.conn = conn
        self.actor = actor
        self.municipality = municipality
        self.now = now
        self.settings = surroundings.settings
        self.keys = surroundings.keys
        self.services = surroundings.services
        self.catalogue = surroundings.catalogue
        self.accesses: list[Access] = []
        self._surroundings = surroundings

    def access(
        self,
        rule: str,
        what: str,
        case_id: str | None = None,
        person_id: str | None = None,
        allowed: bool = True,
        reason: str = "",
    ) -> None:
        """Note that the actor read or did `what` (an act's code) under `rule`, or was denied it; `reason` is the
        decision's code, or another stable one.

        The note is durable before the answer leaves (SE-1): with the change in a command, on its own in a query. What
        was denied is kept also when the command is rolled back.
        """
        self.accesses.append(Access(rule, what, case_id, person_id, allowed, reason))


class Reading(_Work):
    """A query's view of the data, in one snapshot. `rpc` asks other services, as the person who asked; `told` reads
    what this service, or one that it hears, has told of a subject."""

    def __init__(
        self,
        surroundings: Surroundings,
        conn: AnyConnection,
        actor: Actor,
        municipality: str,
        now: datetime,
        rpc: Callable[[], Calls] | None = None,
        told: Histories | None = None,
    ) -> None:
        super().__init__(surroundings, conn, actor, municipality, now)
        self._rpc = rpc
        self._told = told

    @property
    def rpc(self) -> Calls:
        """Calls to other services (see rpc/calls.py)."""
        if self._rpc is None:
            raise RuntimeError("this work was begun without a way to call other services")
        return self._rpc()

    @property
    def told(self) -> Histories:
        """The history of single subjects (see bus/told.py)."""
        if self._told is None:
            raise RuntimeError("this work was begun without a way to read history")
        return self._told


class UnitOfWork(_Work):
    """One write transaction: state, access record, events and answer become true together, or not at all.

    It has no `rpc`: nothing may wait for another service within a write transaction. Ask in the command's `prepare`;
    `prepared` is what that found.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        tx: WriteTransaction,
        actor: Actor,
        municipality: str,
        now: datetime,
        traceparent: str | None = None,
        accesses: list[Access] | None = None,
        prepared: Any = None,
    ) -> None:
        super().__init__(surroundings, tx, actor, municipality, now)
        self.tx = tx
        self.prepared = prepared
        self.traceparent = traceparent
        self.versions: dict[str, int] = {}
        if accesses is not None:
            self.accesses = accesses

    @property
    def rpc(self) -> Calls:
        """Refused: see the class."""
        raise RuntimeError(
            "no call to another service within a write transaction: use the command's prepare step"
        )

    def record(
        self, event_type: EventType, subject: str, data: Mapping[str, Any], older: outbox.Older = ()
    ) -> Event:
        """Tell that something happened to `subject`: the event is stored with the change, and sent after it.

        While readers are behind it is told in `older` words too, under the same number (docs/adr/0031).

        `data` is checked against the event's schema (outbox.EventInvalid: a fault of this service). If this
        service itself handles the type, its handler has run when this returns. The event's `sequence` is the
        subject's new version.
        """
        event = outbox.append(
            self.tx, self.municipality, event_type, subject, data, self.now, self.traceparent, older
        )
        self.versions[f"{event.stream}:{event.subject}"] = event.sequence
        handler = self._surroundings.handlers.get(event_type.type)
        if handler is not None:
            handler(self, event)
        return event
