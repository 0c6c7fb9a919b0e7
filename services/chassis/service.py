"""The base of all services, and the decorators of their front doors.

    class CasesService(Service):
        name = "cases"
        metadata = storage.metadata
        handlers = projections.HANDLERS

        @command(contracts.RaiseConcern)
        def raise_concern(self, uow, request): return raise_concern.run(uow, request)

        @query(contracts.GetCase)
        def get_case(self, reading, request): return get_case.run(reading, request)

        @every(seconds=30)
        def warn_deadlines(self, work): ...

How a call is answered is in app.py; the methods here only translate.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from nameko.extensions import DependencyProvider
from nameko.timer import Timer
from sqlalchemy import MetaData

from services.chassis.access import looked
from services.chassis.access_record import Chain, anchors, chain_of, watching
from services.chassis.app import App
from services.chassis.bus import history
from services.chassis.bus.generation import Projection
from services.chassis.clock import Clock
from services.chassis.health import Check
from services.chassis.rpc.server import Rpc
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.chassis.tables import ChassisTables
from services.chassis.unit_of_work import Handler, Reading, UnitOfWork
from services.chassis.work import Context, Work
from services.contracts import access_history, bus
from services.contracts.anchors import KEEPERS, keep_anchors
from services.contracts.anchors import anchors as kept_anchors
from services.contracts.base import Procedure
from services.kernel.errors import Refusal

Prepare = Callable[[Context, dict[str, Any]], Any]
Refused = Callable[[Context, dict[str, Any], Refusal], None]
Replayed = Callable[[Context, Mapping[str, Any]], None]

__all__ = ["Context", "Reading", "Service", "UnitOfWork", "Work", "command", "every", "query"]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method that answers a procedure; `prepare(context, request)` runs before a command's transaction, and what
    it answers is `uow.prepared` there. `refused(context, request, refusal)` runs after a command that was refused, when
    nothing of it stands, and `replayed(context, answer)` before an answer is given again to the same key: both for a
    room that keeps a record of its own. `in_turn`: one person's commands of this kind are done one after the other,
    each up to its line in the access record, so that the method can count what they have tried (LV-12, SE-3)."""

    procedure: Procedure
    method: Callable[[Any, Any, dict[str, Any]], Mapping[str, Any] | None]
    prepare: Prepare | None = None
    refused: Refused | None = None
    in_turn: bool = False
    replayed: Replayed | None = None


def command(
    procedure: Procedure,
    *,
    prepare: Prepare | None = None,
    refused: Refused | None = None,
    in_turn: bool = False,
    replayed: Replayed | None = None,
) -> Callable[[Any], Any]:
    """The method answers this command: method(self, uow: UnitOfWork, request: dict) -> dict of ids, or None."""
    return _answers("command", procedure, prepare, refused, in_turn, replayed)


def query(procedure: Procedure) -> Callable[[Any], Any]:
    """The method answers this query: method(self, reading: Reading, request: dict) -> dict as the response has it."""
    return _answers("query", procedure)


def every(*, seconds: float) -> Callable[[Any], Any]:
    """The method is run every so often: method(self, work: Work). One round at a time; a failing round is logged."""

    def decorate(method: Any) -> Any:
        @functools.wraps(method)
        def round_(self: Service) -> None:
            self.chassis.tick(method.__name__, method)

        Timer.decorator(interval=seconds)(round_)
        round_.timer = method  # type: ignore[attr-defined]
        return round_

    return decorate


def _answers(
    kind: Literal["command", "query"],
    procedure: Procedure,
    prepare: Prepare | None = None,
    refused: Refused | None = None,
    in_turn: bool = False,
    replayed: Replayed | None = None,
) -> Callable[[Any], Any]:
    if procedure.kind != kind:
        raise TypeError(f"{procedure.name} is a {procedure.kind}, not a {kind}")

    def decorate(method: Any) -> Any:
        @functools.wraps(method)
        def entry(self: Service, call: dict[str, Any]) -> dict[str, Any]:
            app: App = self.chassis
            return app.answer(procedure.name, call)

        entry.operation = Operation(  # type: ignore[attr-defined]
            procedure, method, prepare, refused, in_turn, replayed
        )
        Rpc.decorator(procedure_name=procedure.name, kind=kind)(entry)
        return entry

    return decorate


class Chassis(DependencyProvider):
    """Ties an App's life to its nameko container's, and hands it to each worker."""

    @property
    def app(self) -> App:
        """The app that the runner made (config key "stafett.app")."""
        app: App = self.container.config["stafett.app"]
        return app

    def setup(self) -> None:
        """Before anything of the service starts."""
        self.app.setup()

    def start(self) -> None:
        """Start the bus and the RPC client."""
        self.app.start()

    def stop(self) -> None:
        """After the last worker is done."""
        self.app.stop()

    def kill(self) -> None:
        """As stop: each part ends at once when its connection is closed."""
        self.app.stop()

    def get_dependency(self, worker_ctx: Any) -> App:
        """The app, as `self.chassis` of the worker."""
        return self.app


class Service:
    """Base of all services: a name, tables, event handlers, what of their work can be built anew, and methods bearing
    @command, @query or @every."""

    name: ClassVar[str]
    metadata: ClassVar[MetaData]
    handlers: ClassVar[Mapping[str, Handler]] = {}
    projection: ClassVar[Projection | None] = None
    records: ClassVar[tuple[Chain, ...]] = ()
    chassis: Any = Chassis()

    @classmethod
    def chains(cls) -> tuple[Chain, ...]:
        """The access record, and whatever other records of this service are chained (`records`)."""
        return (chain_of(cls.name, cls.metadata), *cls.records)

    @classmethod
    def services(cls, settings: Settings) -> Any:
        """What this service's work needs of the outside (mail, registers): given to it as `uow.services`."""
        return None

    @classmethod
    def watches(cls, db: Database, clock: Clock) -> Mapping[str, Check]:
        """What of this service's own is told beside the readiness of its parts: "attention" when it is not well."""
        return {}

    @classmethod
    def operations(cls) -> dict[str, Operation]:
        """The procedures that this service answers, by name. Raises TypeError for one that is another service's."""
        found: dict[str, Operation] = {}
        for attribute in dir(cls):
            operation = getattr(getattr(cls, attribute), "operation", None)
            if isinstance(operation, Operation):
                if operation.procedure.service != cls.name:
                    raise TypeError(f"{cls.name} can't answer {operation.procedure.name}")
                found[operation.procedure.name] = operation
        return found

    def __init_subclass__(cls, **options: Any) -> None:
        """Every service answers from the history of its own events (bus/history.py)."""
        super().__init_subclass__(**options)
        name: str | None = cls.__dict__.get("name")
        if name is None:
            return

        for kind, answer in (
            (bus.events_between, history.between),
            (bus.history, history.page),
            (bus.heads, history.heads),
        ):
            procedure = kind(name)
            setattr(cls, procedure.method, query(procedure)(_answering(answer)))
        if name in access_history.SERVICES:
            looked_at = access_history.access_history(name)
            setattr(cls, looked_at.method, query(looked_at)(_answering(looked.run)))
        if name in KEEPERS:
            keep, kept = keep_anchors(name), kept_anchors(name)
            setattr(cls, keep.method, command(keep)(_keeping))
            setattr(cls, kept.method, query(kept)(_answering(anchors.kept)))

    @every(seconds=3600)
    def forget_old_idempotency_keys(self, work: Work) -> None:
        """Keys that are older than two days are not repeated any more."""
        work.forget_old_keys()

    @every(seconds=60)
    def anchor_access_records(self, work: Work) -> None:
        """SE-1: the heads of the records are kept by another service."""
        watching.anchor(work, self.name, self.chains())

    @every(seconds=600)
    def verify_access_records(self, work: Work) -> None:
        """SE-1: each night every record is followed from its first line."""
        watching.verify_nightly(work, self.name, self.chains())


def _keeping(self: Service, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    return anchors.keep(uow, request)


def _answering(answer: Callable[[Reading, ChassisTables, dict[str, Any]], dict[str, Any]]) -> Any:
    def method(self: Service, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return answer(reading, ChassisTables.of(self.metadata), request)

    return method
