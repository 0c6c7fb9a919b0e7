"""Spans to a collector: OTLP over HTTP, switched on by OTEL_EXPORTER_OTLP_ENDPOINT (or ..._TRACES_ENDPOINT).

Nothing of the SDK is imported before that. How it sends (headers, timeout, certificate, batch) is told by the
standard's own variables. What leaves are the attributes of ATTRIBUTES, and of those only codes and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from services.chassis import tracing
from services.chassis.settings import Settings

ATTRIBUTES = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "procedure": "rpc.method",
    "event_type": "messaging.destination.name",
    "stream": "stafett.stream",
    "outcome": "stafett.outcome",
    "component": "stafett.component",
    "channel": "stafett.channel",
    "attempt": "stafett.attempt",
}
"""What may be told of a span, and its name outside. None holds an id of a person, a case or anything of theirs."""

_CODE = re.compile(r"[\w./<>:-]{1,120}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9]{6,}", re.IGNORECASE)


def only_codes(attributes: dict[str, Any]) -> dict[str, str | int]:
    """The attributes that may leave, under their names outside; what is no code or small number is left out."""
    found: dict[str, str | int] = {}
    for name, value in attributes.items():
        key = ATTRIBUTES.get(name)
        if key is None:
            continue
        if isinstance(value, int):
            found[key] = int(value)
        elif isinstance(value, str) and _CODE.fullmatch(value) and not _ID.search(value):
            found[key] = str(value)
    return found


@contextmanager
def exporting(settings: Settings) -> Iterator[None]:
    """While the block runs, spans of this process go to the collector, if one is named. A collector that is away
    costs the spans and nothing else."""
    if not settings.export_spans:
        yield
        return
    exporter = _Exporter(settings.service)
    tracing.tell_to(exporter.tell)
    try:
        yield
    finally:
        tracing.tell_to(None)
        exporter.close()


class _Exporter:
    """Our spans as the SDK's, through its batch processor, which has a thread of its own."""

    def __init__(self, service: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope
        from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

        sampled = TraceFlags(TraceFlags.SAMPLED)
        resource = Resource.create({"service.name": f"stafett.{service}"})
        scope = InstrumentationScope("stafett")
        kinds = {kind.name.lower(): kind for kind in SpanKind}
        good, bad = Status(), Status(StatusCode.ERROR)

        def context(trace_id: str, span_id: str, is_remote: bool) -> SpanContext:
            return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote, sampled)

        def readable(span: tracing.Span) -> ReadableSpan:
            attributes = only_codes(span.attributes)
            if span.error_type:
                attributes["error.type"] = span.error_type
            links = []
            if span.link:
                _, trace_id, span_id, _ = span.link.split("-")
                links = [Link(context(trace_id, span_id, True))]
            return ReadableSpan(
                name=span.name,
                context=context(span.trace_id, span.span_id, False),
                parent=context(span.trace_id, span.parent_id, not span.is_inner) if span.parent_id else None,
                resource=resource,
                attributes=attributes,
                links=links,
                kind=kinds[span.kind],
                status=bad if span.failed else good,
                start_time=span.began,
                end_time=span.ended,
                instrumentation_scope=scope,
            )

        self._readable = readable
        self._processor = BatchSpanProcessor(OTLPSpanExporter())

    def tell(self, span: tracing.Span) -> None:
        """Queue one span; when the queue is full the oldest is lost."""
        self._processor.on_end(self._readable(span))

    def close(self) -> None:
        """Send what is queued and end."""
        self._processor.shutdown()
