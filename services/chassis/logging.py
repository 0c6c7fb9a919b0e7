"""One JSON object a line, without personal data: only keys of an allow-list are written, all others are dropped.

Lines of libraries are written as their template alone, without arguments; of an exception its type and place alone.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from services.chassis import tracing

ALLOWED = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "service",
        "logger",
        "trace_id",
        "procedure",
        "method",
        "route",
        "outcome",
        "code",
        "status",
        "duration_ms",
        "error_type",
        "where",
        "event_type",
        "event_id",
        "stream",
        "subject",
        "sequence",
        "expected",
        "municipality",
        "queue",
        "exchange",
        "routing_key",
        "attempt",
        "count",
        "size",
        "port",
        "component",
        "seconds",
        "ready",
        "hash",
        "reason",
        "message",
        "table",
        "revision",
    ]
)


def configure(service: str, level: str = "info", *, to: TextIO | None = None) -> None:
    """Send structlog's and the libraries' lines of this process to standard output, or `to`."""
    number = logging.getLevelNamesMapping()[level.upper()]

    def stamp(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["service"] = service
        trace = tracing.trace_id()
        if trace:
            line.setdefault("trace_id", trace)
        return line

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            stamp,
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(to or sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Libraries()], level=max(number, logging.WARNING), force=True)
    for quiet in ("nameko.containers", "nameko.queue_consumer"):
        logging.getLogger(quiet).setLevel(logging.CRITICAL)


def only_allowed(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: what is not named in ALLOWED does not reach the log."""
    return {key: value for key, value in line.items() if key in ALLOWED}


def fault(error: BaseException) -> dict[str, str]:
    """What may be told of an exception: its type and where it was raised; never its text, which may hold data."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return {
        "error_type": f"{type(error).__module__}.{type(error).__qualname__}",
        "where": " < ".join(
            f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames)
        ),
    }


class _Libraries(logging.Handler):
    """Lines of the standard library's logging, as the constant template that the library wrote."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            message=str(record.msg)[:200],
            **(fault(error) if error else {}),
        )
