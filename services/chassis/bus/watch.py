"""What is told of each event's way: a span and a line in the log, in the trace of whoever caused it, and its delay.

Nothing is told of the lane (PR-3): its streams are quiet, and so is the trace in which its events were made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from services.chassis import tracing
from services.chassis.bus import metrics
from services.chassis.clock import Clock
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
