"""What an App hands to the code of its service: a call as it came in, the context of a command's preparation, and a
timer's work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.chassis import idempotency, quiet_faults
from services.chassis.actor import Actor, service_actor
from services.chassis.rpc.calls import Calls
from services.chassis.unit_of_work import Access, Reading, UnitOfWork
from services.kernel.errors import DeadlineExceeded

if TYPE_CHECKING:
    from services.chassis.app import App


@dataclass(slots=True)
class Call:
    """One call as it came in. `deadline` is epoch seconds."""

    actor: Actor
    municipality: str
    request: Mapping[str, Any]
    deadline: float
    token: str = ""
    at_least: Mapping[str, int] = field(default_factory=dict)
    idempotency_key: str | None = None

    def check_deadline(self) -> None:
        """Raise DeadlineExceeded when nobody waits for the answer any more."""
        if time.time() >= self.deadline:
            raise DeadlineExceeded()


class Context:
    """What a command's `prepare` step is given: what it may ask before the transaction begins."""

    def __init__(self, app: App, call: Call, now: datetime) -> None:
        self.actor, self.municipality, self.now = call.actor, call.municipality, now
        self.settings, self.keys, self.services = app.settings, app.keys, app.surroundings.services
        self.accesses: list[Access] = []
        self._app, self._call = app, call

    @property
    def rpc(self) -> Calls:
        """Calls to other services as the person who asked (`.as_service()`: as this service)."""
        return self._app.calls(self.municipality, self._call.token, self._call.deadline)

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """A snapshot of this service's data; what it notes of access is written with the command."""
        with self._app.db.read() as conn:
            reading = Reading(self._app.surroundings, conn, self.actor, self.municipality, self.now)
            try:
                yield reading
            finally:
                self.accesses.extend(reading.accesses)


class Work:
    """What a timer is given. Called with a municipality it opens a unit of work, done by the service for itself.

    with work(municipality) as uow: ...
    """

    def __init__(self, app: App) -> None:
        self.settings, self.keys, self.services, self.db = (
            app.settings,
            app.keys,
            app.surroundings.services,
            app.db,
        )
        self._app = app

    @property
    def now(self) -> datetime:
        """The time now."""
        return self._app.clock.now()

    def __call__(self, municipality: str) -> Any:
        """A context manager: the unit of work, committed when the block ends."""
        return self._app.work(municipality)

    def each(self, subjects: Iterable[tuple[str, str]], act: Callable[[UnitOfWork, str], None]) -> None:
        """Do `act` for each (municipality, subject) in a unit of work of its own. One that fails is told, and holds up
        none of the others."""
        for municipality, subject in subjects:
            try:
                with self(municipality) as uow:
                    act(uow, subject)
            except Exception as error:
                self._app.round_failed(act.__name__, error, municipality)

    def failed_quietly(self, what: str, error: BaseException, municipality: str) -> None:
        """Keep what failed in work of the lane where operators alone look (PR-3)."""
        quiet_faults.keep(self.db, what, error, self.now, municipality)

    @contextmanager
    def read(self, municipality: str) -> Iterator[Reading]:
        """A snapshot of this service's data."""
        actor = service_actor(self._app.name, municipality)
        with self._app.db.read() as conn:
            yield Reading(self._app.surroundings, conn, actor, municipality, self.now)

    def rpc(self, municipality: str) -> Calls:
        """Calls to other services, by this service for itself."""
        return self._app.calls(municipality)

    def forget_old_keys(self) -> None:
        """Delete idempotency keys that nobody repeats any more."""
        with self.db.write() as tx:
            idempotency.forget(tx, self.now)
