"""W3C trace context: one trace id follows a request from the gateway through RPC, events and logs."""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def begin(traceparent: str | None = None) -> str:
    """Begin a span in this thread of work: of the trace that `traceparent` names, else of a new one.

    Answers the new traceparent. A malformed one is not believed.
    """
    match = _TRACEPARENT.match(traceparent or "")
    trace = match[1] if match else secrets.token_hex(16)
    span = f"00-{trace}-{secrets.token_hex(8)}-01"
    _current.set(span)
    return span


def current() -> str | None:
    """The traceparent of the work at hand, or None outside of any."""
    return _current.get()


def trace_id(traceparent: str | None = None) -> str:
    """The trace id within `traceparent` (default: of the work at hand); empty when there is none."""
    match = _TRACEPARENT.match(traceparent or _current.get() or "")
    return match[1] if match else ""
