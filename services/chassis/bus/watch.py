"""What is told of each event's way: a span and a line in the log, in the trace of whoever caused it, and its delay;
and for whoever reads the metrics, what waits in a service and how old its knowledge is.

Nothing is told of the lane (PR-3): its streams are quiet, and so is the trace in which its events were made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import sqlalchemy as sa
import structlog

from services.chassis import tracing
from services.chassis.bus import metrics, topology
from services.chassis.bus.tending import count_parked
from services.chassis.clock import Clock
from services.chassis.storage import AnyConnection, Database, DatabaseBusy
from services.contracts.envelope import Event

log = structlog.get_logger(__name__)

Handler = Callable[[Any, Event], None]


def watched(handlers: Mapping[str, Handler], service: str, clock: Clock) -> dict[str, Handler]:
    """The same handlers, each run in a span of its event's trace; what a handler tells in turn belongs to that."""
    return {kind: _watched(handler, service, clock) for kind, handler in handlers.items()}


def _watched(handler: Handler, service: str, clock: Clock) -> Handler:
    def handle(uow: Any, event: Event) -> None:
        quiet = event.stream in metrics.QUIET_STREAMS
        with tracing.span(
            event.type, parent=event.traceparent, kind="consumer", quiet=quiet,
            event_type=event.type, stream=event.stream,
        ) as span:  # fmt: skip
            uow.traceparent = span.traceparent
            handler(uow, event)
        if span.sampled:
            uow.tx.after_commit(lambda: _handled(service, event, span.trace_id, clock))

    return handle


def _handled(service: str, event: Event, trace_id: str, clock: Clock) -> None:
    delay = max(0.0, (clock.now() - event.time).total_seconds())
    metrics.DELAY.labels(service, event.stream).observe(delay)
    if event.traceparent:
        log.info("event_handled", trace_id=trace_id, event_type=event.type, event_id=event.id, seconds=delay)


def standing(db: Database, service: str, hears: AbstractSet[str], clock: Clock) -> None:
    """From now on the metrics tell what waits in this service's inbox, and how old the knowledge is that it gives.
    They are asked for at each reading; not numbers while the database does not answer."""
    tables = db.chassis

    def parked(conn: AnyConnection) -> float:
        return count_parked(conn, tables, metrics.QUIET_STREAMS)[0]

    def dead(conn: AnyConnection) -> float:
        return count_parked(conn, tables, metrics.QUIET_STREAMS)[1]

    def undecodable(conn: AnyConnection) -> float:
        return conn.scalar(sa.select(sa.func.count()).select_from(tables.undecodable)) or 0

    def age_of(stream: str) -> Callable[[AnyConnection], float]:
        state = tables.stream_state.c
        last = sa.select(state.as_of).where(state.stream == stream)

        def age(conn: AnyConnection) -> float:
            as_of = conn.scalar(last)
            return max(0.0, (clock.now() - as_of).total_seconds()) if as_of else math.nan

        return age

    def asked(number: Callable[[AnyConnection], float]) -> Callable[[], float]:
        def ask() -> float:
            try:
                with db.read() as conn:
                    return number(conn)
            except (sa.exc.SQLAlchemyError, DatabaseBusy):
                return math.nan

        return ask

    metrics.PARKED.labels(service).set_function(asked(parked))
    metrics.DEAD_EVENTS.labels(service).set_function(asked(dead))
    metrics.UNDECODABLE.labels(service).set_function(asked(undecodable))
    for stream in hears - metrics.QUIET_STREAMS:
        metrics.KNOWLEDGE_AGE.labels(service, stream).set_function(asked(age_of(stream)))


def strays(channel: Any) -> None:
    """Count what lies in the queues that nobody reads."""
    for queue in (topology.UNROUTED, topology.DEAD):
        metrics.STRAY.labels(queue).set(channel.queue_declare(queue, passive=True).message_count)


def published(rows: Sequence[Any], began_ns: int) -> None:
    """A span for each outbox row that the broker has confirmed: from `began_ns` (time.time_ns) until now."""
    if not tracing.told():
        return
    for row in rows:
        if row.traceparent and row.stream not in metrics.QUIET_STREAMS:
            span = tracing.span(
                row.type, parent=row.traceparent, kind="producer", event_type=row.type, stream=row.stream
            )
            span.began = began_ns
            span.end()
