"""W3C trace context: one trace id follows a request from the gateway through RPC, events and logs.

    with tracing.span("rpc.handle", parent=wire.get("traceparent"), kind="server", procedure=name) as span:
        ...
        span.attributes["outcome"] = "ok"

The ids are made here, always, and cost next to nothing; spans leave the process only when something `tells` them
(span_export.py). What is quiet bears the W3C flag "not sampled": neither it nor anything that it begets, in whatever
service, is told (PR-3).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from random import getrandbits
from typing import Any, Literal

from services.kernel.errors import Refusal

Kind = Literal["internal", "server", "client", "producer", "consumer"]

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NOTHING = ("0" * 32, "0" * 16)


class Span:
    """A stretch of work within a trace. `attributes` are codes and numbers; which ones may be told is settled in
    span_export.py. As a context manager it is what `current` answers; else whoever made it calls `end`. `failed`
    may be set by whoever answers a failure instead of raising it."""

    __slots__ = (
        "_above", "_token", "attributes", "began", "ended", "error_type", "failed", "kind", "link", "name",
        "parent_id", "sampled", "span_id", "trace_id", "used", "when_used",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        parent: str | Span | None,
        kind: Kind,
        attributes: dict[str, Any],
        when_used: bool = False,
    ) -> None:
        self.name, self.kind, self.attributes, self.when_used = name, kind, attributes, when_used
        self.span_id = f"{getrandbits(64) or 1:016x}"
        self.began = time.time_ns()
        self.ended: int | None = None
        self.link: str | None = None
        self.error_type: str | None = None
        self.failed = self.used = False
        self._token: Token[Span | None] | None = None
        self._above = parent if isinstance(parent, Span) else None
        self.trace_id: str
        self.parent_id: str | None
        self.sampled: bool
        if isinstance(parent, Span):
            self.trace_id, self.parent_id, self.sampled = parent.trace_id, parent.span_id, parent.sampled
        elif (told := _parts(parent)) is not None:
            self.trace_id, self.parent_id, self.sampled = told
        else:
            self.trace_id, self.parent_id, self.sampled = f"{getrandbits(128) or 1:032x}", None, True

    @property
    def traceparent(self) -> str:
        """This span as others are told of it, in calls and events."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def hush(self) -> None:
        """Neither this span nor those of this process that it stands in are told, nor what follows from them (PR-3)."""
        above: Span | None = self
        while above is not None:
            above.sampled = False
            above = above._above

    @property
    def is_inner(self) -> bool:
        """Whether its parent is of this process."""
        return self._above is not None

    def end(self, error: BaseException | None = None) -> None:
        """The work is done; `error` is what it raised: its type is told, or the code of a refusal, never its text."""
        if self.ended is not None:
            return
        self.ended = time.time_ns()
        if isinstance(error, Refusal):
            self.attributes.setdefault("outcome", error.code)
            self.failed = error.status >= 500
        elif error is not None:
            self.error_type, self.failed = f"{type(error).__module__}.{type(error).__qualname__}", True
        if not self.sampled or (self.when_used and not self.used):
            return
        if self._above is not None:
            self._above.used = True
        if _tell is not None:
            _tell(self)

    def __enter__(self) -> Span:
        self._token = _current.set(self)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None
        self.end(error)


_current: ContextVar[Span | None] = ContextVar("span", default=None)
_tell: Callable[[Span], None] | None = None


def span(
    name: str,
    *,
    parent: str | None = None,
    kind: Kind = "internal",
    quiet: bool = False,
    when_used: bool = False,
    **attributes: Any,
) -> Span:
    """A span that begins now: of the trace that the traceparent `parent` names, else within the work at hand, else of
    a new trace. A malformed parent is not believed. `quiet`: see Span.hush. `when_used`: told only if something
    within it is."""
    made = Span(name, parent or _current.get(), kind, attributes, when_used)
    if quiet:
        made.sampled = False
    return made


def current() -> str | None:
    """The traceparent of the work at hand, or None outside of any."""
    at_hand = _current.get()
    return at_hand.traceparent if at_hand is not None else None


def trace_id() -> str:
    """The trace id of the work at hand; empty outside of any."""
    at_hand = _current.get()
    return at_hand.trace_id if at_hand is not None else ""


def trace_id_in(traceparent: str | None) -> str:
    """The trace id that a traceparent names; empty for none."""
    parts = _parts(traceparent)
    return parts[0] if parts else ""


def is_quiet() -> bool:
    """Whether nothing is to be told of the work at hand."""
    at_hand = _current.get()
    return at_hand is not None and not at_hand.sampled


def hush() -> None:
    """The work at hand is quiet from now on: see Span.hush."""
    at_hand = _current.get()
    if at_hand is not None:
        at_hand.hush()


def told() -> bool:
    """Whether spans leave this process: whoever would make one for each of many things asks first."""
    return _tell is not None


def tell_to(listener: Callable[[Span], None] | None) -> None:
    """Give each span that ends to `listener` (None: to nobody)."""
    global _tell
    _tell = listener


def link_of(traceparent: str | None) -> str | None:
    """A stranger's traceparent, if it is one: to point at, not to follow."""
    return traceparent if _parts(traceparent) else None


def _parts(traceparent: str | None) -> tuple[str, str, bool] | None:
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match is None or match[1] == _NOTHING[0] or match[2] == _NOTHING[1]:
        return None
    return match[1], match[2], bool(int(match[3], 16) & 1)
