"""How a service answers: everything that is the same for all commands, queries and timers of all services.

An App is one service with its database, keys, bus and RPC client, apart from nameko: tests call it directly.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from marshmallow import ValidationError
from sqlalchemy.exc import OperationalError

from services.chassis import metrics, quiet_faults, tracing
from services.chassis.access_record import AccessRecord, watching
from services.chassis.actor import Actor, Signer, Verifier, service_actor
from services.chassis.bus import watch
from services.chassis.bus.catch_up import CatchUp
from services.chassis.bus.inbox import Inbox
from services.chassis.bus.intake import Intake
from services.chassis.bus.relay import Relay
from services.chassis.bus.repair import Gap, Repair
from services.chassis.bus.told import Histories
from services.chassis.bus.topology import Catalogue
from services.chassis.clock import Clock, clock_of
from services.chassis.dumping import Dump
from services.chassis.faults import field_faults
from services.chassis.health import HealthServer
from services.chassis.idempotency import Once, RequestInProgress
from services.chassis.keys import Keys
from services.chassis.logging import fault
from services.chassis.rpc.calls import Calls
from services.chassis.rpc.client import RpcClient
from services.chassis.settings import Settings
from services.chassis.storage import Database, WriteTransaction
from services.chassis.unit_of_work import Access, Reading, Surroundings, UnitOfWork
from services.chassis.work import Call, Context, Work
from services.contracts import bus
from services.contracts.base import Procedure, ids_named
from services.contracts.envelope import EVERY_MUNICIPALITY, Event
from services.kernel.errors import (
    Forbidden,
    InternalError,
    InvalidInput,
    NotVisibleYet,
    Refusal,
    Unavailable,
)

if TYPE_CHECKING:
    from services.chassis.service import Operation, Service

log = structlog.get_logger()

VISIBLE_WITHIN = 2.0

AskIn = Callable[[str, Procedure, Mapping[str, Any]], Mapping[str, Any]]
"""ask(municipality, procedure, request): what a source answers to this service; by RPC unless told otherwise."""


class App:
    """One service: `answer` for calls that come over RPC, `call` for those of tests, `tick` for timers."""

    def __init__(
        self,
        service_cls: type[Service],
        settings: Settings,
        *,
        clock: Clock | None = None,
        keys: Keys | None = None,
        migrations: Path | None = None,
        catalogue: Catalogue | None = None,
        ask_source: AskIn | None = None,
    ) -> None:
        self.service_cls, self.name, self.settings = service_cls, service_cls.name, settings
        self.clock: Clock = clock or clock_of(settings.clock_file)
        self.keys = keys or Keys.embedded(settings.var)
        self.db = Database(settings.database_url, service_cls.metadata, self.name, migrations)
        catalogue = catalogue or Catalogue.published()
        self.hears = catalogue.hears.get(self.name, frozenset())
        self.relay = Relay(self.db, settings, self.name, self.clock, catalogue=catalogue)
        self.inbox = Inbox(
            self.db, settings, self.name, watch.watched(service_cls.handlers, self.name, self.clock),
            self._work_on_event,
            seal=lambda body: self.keys.seal_bytes("undecodable", body), clock=self.clock, catalogue=catalogue,
        )  # fmt: skip
        self._ask_source = ask_source or self._ask_by_rpc
        self.repair = Repair(
            self.db, self.name, self.clock, catalogue, self._ask_for_gap, self.inbox.intake.take
        )
        late = Intake(self.db, self.name, service_cls.handlers, self._work_on_history, self.clock)
        self.catch_up = CatchUp(self.db, self.name, catalogue, self._ask_as_a_whole, late, self.repair)
        self.surroundings = Surroundings(
            settings=settings,
            keys=self.keys,
            services=service_cls.services(settings),
            handlers=service_cls.handlers,
            catalogue=catalogue,
        )
        self.operations: dict[str, Operation] = service_cls.operations()
        self.record = AccessRecord(self.db, self.keys, self.name)
        self.rpc = RpcClient(settings.amqp_url, settings.var, self.name)
        checks = {"database": self.db.answers, "broker": self.rpc.connected}
        watched = {
            "outbox": self.relay.keeps_up,
            "inbox": self.inbox.none_dead,
            "access_record": lambda: watching.all_well(self.db),
            **service_cls.watches(self.db, self.clock),
        }
        self.health = HealthServer(self.name, settings.health_port, checks, watched)
        self._verifier = Verifier(settings.var)
        self._signer: Signer | None = None
        self._schemas: dict[str, tuple[Any, Dump]] = {
            name: (operation.procedure.request(), Dump(operation.procedure.response()))
            for name, operation in self.operations.items()
        }

    # ------------------------------------------------------------ calls

    def answer(self, name: str, wire: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a call that came over RPC: {"result": ...} or {"refusal": ...}. Never raises."""
        quiet = name in metrics.QUIET_PROCEDURES
        with tracing.span(
            name, parent=wire.get("traceparent"), kind="server", quiet=quiet, procedure=name
        ) as span:
            outcome, answer = self._answer(name, wire)
            span.attributes["outcome"] = outcome
            span.failed = outcome in (InternalError.code, Unavailable.code)
            return answer

    def _answer(self, name: str, wire: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """(outcome, answer), counted and logged; of what is quiet not even that it failed: a line would tell that
        somebody was there (PR-3). What fails of it is kept where operators alone look (quiet_faults.py)."""
        started, outcome, place = time.perf_counter(), "ok", ""
        try:
            call = self._read_call(wire)
            place = call.municipality
            return outcome, {"result": self._execute(name, call)}
        except Refusal as refusal:
            outcome = refusal.code
            if refusal.status >= 500:
                self.keep_if_quiet(name, refusal, place)
            return outcome, {"refusal": refusal.as_dict()}
        except OperationalError as error:
            outcome = Unavailable.code
            if not self.keep_if_quiet(name, error, place):
                log.error("database_failed", procedure=name, **fault(error.orig or error))
            return outcome, {"refusal": Unavailable().as_dict()}
        except Exception as error:
            outcome = InternalError.code
            if not self.keep_if_quiet(name, error, place):
                log.error("call_failed", procedure=name, **fault(error))
            return outcome, {"refusal": InternalError(trace_id=tracing.trace_id()).as_dict()}
        finally:
            seconds = time.perf_counter() - started
            if not tracing.is_quiet():
                metrics.observe_call(metrics.RPC_HANDLED, name, outcome, seconds)
                tell = log.info if self.operations[name].procedure.kind == "command" else log.debug
                tell("called", procedure=name, outcome=outcome, duration_ms=round(seconds * 1000, 1))

    def call(
        self,
        procedure: Procedure,
        actor: Actor,
        request: Mapping[str, Any] | None = None,
        *,
        at_least: Mapping[str, int] | None = None,
        idempotency_key: str | None = None,
        municipality: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Answer a call of this process, as `answer` does, but raise refusals and faults."""
        place = _municipality(actor, municipality)
        deadline = time.time() + (procedure.seconds if timeout is None else timeout)
        call = Call(actor, place, request or {}, deadline, "", at_least or {}, idempotency_key)
        with tracing.span(procedure.name, quiet=procedure.name in metrics.QUIET_PROCEDURES):
            return self._execute(procedure.name, call)

    def _read_call(self, wire: Mapping[str, Any]) -> Call:
        actor = self._verifier.verify(wire["actor"])
        return Call(
            actor=actor,
            municipality=_municipality(actor, wire.get("municipality")),
            request=wire["request"],
            deadline=float(wire["deadline"]),
            token=wire["actor"],
            at_least=wire.get("at_least") or {},
            idempotency_key=wire.get("idempotency_key"),
        )

    def _execute(self, name: str, call: Call) -> dict[str, Any]:
        operation = self.operations[name]
        request_schema, dump = self._schemas[name]
        try:
            request: dict[str, Any] = request_schema.load(call.request)
        except ValidationError as error:
            raise InvalidInput(fields=field_faults(error.messages)) from None
        call.check_deadline()
        self._wait_until_visible(call)
        run = self._command if operation.procedure.kind == "command" else self._query
        return run(operation, call, request, dump)

    def _query(self, operation: Operation, call: Call, request: dict[str, Any], dump: Dump) -> dict[str, Any]:
        now = self.clock.now()
        accesses: list[Access] = []
        try:
            with self.db.read() as conn:
                reading = Reading(
                    self.surroundings, conn, call.actor, call.municipality, now,
                    lambda: self.calls(call.municipality, call.token, call.deadline),
                    Histories(conn, self.db.chassis, self.surroundings.catalogue, self.name, call.municipality,
                         self._ask_source),
                )  # fmt: skip
                accesses = reading.accesses
                answer: dict[str, Any] = dump(operation.method(self.service_cls(), reading, request))
        except Refusal as refusal:
            _note_refusal(operation, request, refusal, accesses)
            raise
        finally:
            self._write_accesses(call, now, accesses)
        return answer

    def _command(
        self, operation: Operation, call: Call, request: dict[str, Any], dump: Dump
    ) -> dict[str, Any]:
        now, name = self.clock.now(), operation.procedure.name
        once = self._once(call, name)
        context = Context(self, call, now)
        stored = self._replayed(operation, once, call, context)
        if stored is not None:
            return stored
        accesses = context.accesses
        turned_down: Refusal | None = None
        prepared: Any = None

        def do(tx: WriteTransaction) -> dict[str, Any]:
            if once:
                once.claim(tx, now)
            uow = UnitOfWork(
                self.surroundings,
                tx,
                call.actor,
                call.municipality,
                now,
                tracing.current(),
                accesses,
                prepared,
            )
            answer: dict[str, Any] = dump(operation.method(self.service_cls(), uow, request) or {})
            answer["versions"] = uow.versions
            if once:
                once.keep(tx, answer)
            self.record.write(tx, call.municipality, now, call.actor, accesses)
            call.check_deadline()
            return answer

        try:
            if operation.prepare is not None:
                prepared = operation.prepare(context, request)
            call.check_deadline()
            with tracing.span("transaction"), self.db.write() as tx:
                if not operation.in_turn:
                    return do(tx)
                tx.take_turn(f"{name}:{call.municipality}:{call.actor.person_id}")
                try:
                    with tx.undone_if_it_raises():
                        return do(tx)
                except Refusal as refusal:  # its line is written before the turn is over
                    turned_down = refusal
                    _note_refusal(operation, request, refusal, accesses)
                    self.record.write(tx, call.municipality, now, call.actor, _refused(accesses))
            raise turned_down
        except Once.Raced:
            stored = self._replayed(operation, once, call, context)
            if not stored:
                raise RequestInProgress from None
            return stored
        except Refusal as refusal:
            if operation.refused is not None:
                operation.refused(context, request, refusal)
            if refusal is not turned_down:
                _note_refusal(operation, request, refusal, accesses)
                self._write_accesses(call, now, _refused(accesses))
            raise

    def _once(self, call: Call, name: str) -> Once | None:
        """The call's key; None where it has none."""
        if call.idempotency_key is None:
            return None
        place, caller = call.municipality, call.actor.caller
        return Once(self.keys, self.db.chassis, place, caller, name, call.idempotency_key, call.request)

    def _replayed(
        self, operation: Operation, once: Once | None, call: Call, context: Context
    ) -> dict[str, Any] | None:
        """The answer that was given before, which nothing decides anew: that it was given again stands in the access
        record (SE-1); of the lane's, in the lane's own (PR-3)."""
        if once is None:
            return None
        name = operation.procedure.name
        with self.db.read() as conn:
            stored = once.stored(conn)
        if stored and operation.replayed is not None:
            operation.replayed(context, stored)
        elif stored and name not in metrics.QUIET_PROCEDURES:
            self._write_accesses(call, context.now, [Access("SE-1", "replayed", None, None, True, name)])
        return stored

    def _write_accesses(self, call: Call, now: datetime, accesses: list[Access]) -> None:
        self.record.write_now(call.municipality, now, call.actor, accesses)

    def _wait_until_visible(self, call: Call) -> None:
        """Wait until what the caller has seen elsewhere is here too, up to 2 s; raises NotVisibleYet."""
        wanted: dict[tuple[str, str], int] = {}
        for name, sequence in call.at_least.items():
            stream, _, subject = name.partition(":")
            if stream in self.hears:
                wanted[(stream, subject)] = int(sequence)
        left = max(min(VISIBLE_WITHIN, call.deadline - time.time()), 0.0)
        if wanted and not self.inbox.wait_for_all(wanted, left):
            raise NotVisibleYet()

    # ------------------------------------------------------------ work of its own

    @contextmanager
    def work(self, municipality: str) -> Iterator[UnitOfWork]:
        """A unit of work that the service does for itself; committed when the block ends."""
        actor, now = service_actor(self.name, municipality), self.clock.now()
        with tracing.span("transaction"), self.db.write() as tx:
            uow = UnitOfWork(self.surroundings, tx, actor, municipality, now, tracing.current())
            yield uow
            self.record.write(tx, municipality, now, actor, uow.accesses)

    def _work_on_event(self, tx: WriteTransaction, event: Event) -> UnitOfWork:
        """The unit of work in which another service's event is handled, within the inbox's transaction."""
        actor = service_actor(self.name, event.municipality)
        return UnitOfWork(
            self.surroundings, tx, actor, event.municipality, self.clock.now(), tracing.current()
        )

    def calls(self, municipality: str, token: str = "", deadline: float | None = None) -> Calls:
        """A way to call others: as the holder of `token`, else as this service."""
        return Calls(
            self.rpc, token or self._service_token(municipality), self._service_token, municipality, deadline
        )

    def _work_on_history(self, tx: WriteTransaction, event: Event) -> UnitOfWork:
        """As for an event that comes in time, as of the day on which it was told: so a late beginner's handlers see
        what those of the others saw."""
        uow = self._work_on_event(tx, event)
        uow.now = event.time
        return uow

    def _ask_by_rpc(
        self, municipality: str, procedure: Procedure, request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return self.calls(municipality).call(procedure, request)

    def _ask_as_a_whole(self, procedure: Procedure, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask a source for what it tells this service of all municipalities, as the queue brings it."""
        return self._ask_source(EVERY_MUNICIPALITY, procedure, request)

    def _ask_for_gap(self, source: str, gap: Gap) -> list[Mapping[str, Any]]:
        """What `source` has of a gap in this service's inbox."""
        wanted = {"stream": gap.stream, "subject": gap.subject, "first": gap.first, "last": gap.last}
        answer = self._ask_source(gap.municipality, bus.events_between(source), wanted)
        events: list[Mapping[str, Any]] = answer["events"]
        return events

    def tick(self, name: str, run: Callable[[Any, Work], None]) -> None:
        """One round of a timer; what it raises is told, and the next round comes anyway."""
        with tracing.span(name, when_used=True, component=name):
            try:
                run(self.service_cls(), Work(self))
            except Exception as error:
                self.round_failed(name, error)

    def round_failed(self, name: str, error: Exception, municipality: str = "") -> None:
        """Log and count what a timer's work raised; of the lane's, keep it quiet (PR-3)."""
        if not self.keep_if_quiet(name, error, municipality):
            metrics.TIMER_FAILURES.labels(name).inc()
            log.error("timer_failed", component=name, **fault(error))

    def keep_if_quiet(self, what: str, error: BaseException, municipality: str = "") -> bool:
        """Keep a fault of work of which nothing is told, where operators alone look (PR-3); False for any other."""
        if not tracing.is_quiet():
            return False
        quiet_faults.keep(self.db, what, error, self.clock.now(), municipality)
        return True

    def _service_token(self, municipality: str) -> str:
        if self._signer is None:
            self._signer = Signer(self.settings.var, self.name)
        return self._signer.mint(service_actor(self.name, municipality))

    # ------------------------------------------------------------ life

    def setup(self) -> None:
        """Bring the database up to date."""
        self.db.migrate()

    def start(self) -> None:
        """Start the RPC client, the relay and the inbox; they connect, and connect again, by themselves."""
        for part in (self.health, self.rpc, self.relay, self.inbox, self.repair, self.catch_up):
            part.start()

    def stop(self) -> None:
        """Stop what was started, all at once, and close the database."""
        parts = (self.catch_up, self.repair, self.inbox, self.relay, self.rpc, self.health)
        threads = [threading.Thread(target=part.stop, daemon=True) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.db.close()


def _municipality(actor: Actor, named: str | None) -> str:
    """The municipality in which the call works (SE-7): the actor's. A service without one names it call by call."""
    if actor.municipality:
        if named and named != actor.municipality:
            raise Forbidden("The call names another municipality than its actor's.", rule="SE-7")
        return actor.municipality
    if actor.capacity != "service" or not named:
        raise InvalidInput(fields={"municipality": "missing"}, rule="SE-7")
    return named


def _refused(accesses: list[Access]) -> list[Access]:
    return [access for access in accesses if not access.allowed]


def _note_refusal(
    operation: Operation, request: Mapping[str, Any], refusal: Refusal, accesses: list[Access]
) -> None:
    """SE-1: who is refused as by a decision (403, 404) leaves a line, also where there is no such thing, or it is
    another municipality's, and so does whoever names in a field somebody or something that is not of the case: whoever
    tries ids is seen by it. The lane keeps its own record (PR-3)."""
    if operation.procedure.name in metrics.QUIET_PROCEDURES:
        return
    wrong = {part for name in refusal.fields for part in name.split(".")}
    decided = refusal.status in (403, 404) or not wrong.isdisjoint(ids_named(operation.procedure.request))
    if decided and all(access.allowed for access in accesses):
        case_id = request.get("case_id")
        accesses.append(Access(refusal.rule or "SE-3", operation.procedure.name, case_id, None, False))
