"""What is told of each request: a span that begins the trace, its time by route, a line in the log for a change.

Only the route's template is told, never an address. Of the protected lane's routes nothing is told (PR-3).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import structlog
from flask import Flask, g, request
from prometheus_client import Histogram

from services.chassis import tracing
from services.chassis.metrics import BUCKETS

REQUESTS = Histogram(
    "stafett_request_seconds", "Time to answer a request", ["route", "method", "status"], buckets=BUCKETS
)
QUIET_BLUEPRINTS = frozenset({"lane", "api_protected_lane"})
"""The lane's pages and calls: a number that grew would tell that somebody has just reported (PR-3)."""

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_UNTOLD = ("/static/", "/health/")
_ROUTE = "stafett.route"

log = structlog.get_logger(__name__)


def register(app: Flask) -> None:
    """Watch all requests of the app; to be called before other hooks are registered."""
    answer = app.wsgi_app

    def watched(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        started, status = time.perf_counter(), ["500"]

        def start(line: str, *rest: Any) -> Any:
            status[0] = line[:3]
            return start_response(line, *rest)

        method = environ["REQUEST_METHOD"]
        method = method if method in _METHODS else "other"
        with tracing.span("request", kind="server", method=method) as span:
            # Whoever calls from outside has no say in the trace (ADR 0027): theirs is pointed at, not continued.
            span.link = tracing.link_of(environ.get("HTTP_TRACEPARENT"))
            try:
                return answer(environ, start)
            finally:
                _tell(span, environ.get(_ROUTE, "none"), method, status[0], time.perf_counter() - started)

    app.wsgi_app = watched  # type: ignore[method-assign]
    app.before_request(_note_route)


def _note_route() -> None:
    g.trace_id = tracing.trace_id()
    if request.blueprint in QUIET_BLUEPRINTS:
        tracing.hush()
    if request.url_rule is not None:
        request.environ[_ROUTE] = request.url_rule.rule


def _tell(span: tracing.Span, route: str, method: str, status: str, seconds: float) -> None:
    span.name = f"{method} {route}"
    span.attributes.update(route=route, status=int(status))
    span.failed = span.failed or status >= "500"
    if not span.sampled:
        return
    if route.startswith(_UNTOLD):
        span.hush()
        return
    REQUESTS.labels(route, method, status).observe(seconds)
    tell = log.info if method in _CHANGES else log.debug
    tell("answered", route=route, method=method, status=status, duration_ms=round(seconds * 1000, 1))


def server_timing() -> str:
    """The trace of this request as the browser may read it: a metric without a time in Server-Timing."""
    return f'traceparent;desc="{tracing.current() or ""}"'
