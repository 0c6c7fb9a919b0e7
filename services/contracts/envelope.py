"""The envelope of every event: CloudEvents 1.0 in structured mode, with what the bus needs as extensions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import Any, NoReturn

CONTENT_TYPE = "application/cloudevents+json"
EVERY_MUNICIPALITY = "-"

_SOURCE = re.compile(r"^/(?P<municipality>[^/]{1,64})/(?P<service>[a-z_]{1,64})$")
_TYPE = re.compile(r"^[a-z_]+(\.[a-z_]+){1,2}\.v[1-9][0-9]*$")
_TEXTS = {"id": 64, "type": 128, "source": 140, "subject": 64, "municipality": 64, "stream": 64}
_DEEPEST = 32


class EnvelopeError(ValueError):
    """A body that is not an event of ours; the message names the attribute, never its value."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `time` is aware; `sequence` counts from 1 per (stream, subject), and is 0 or more in a
    heartbeat, where it is the feed's last position; `data` holds JSON values as its type's schema has
    them."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    municipality: str
    stream: str
    sequence: int
    traceparent: str | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The service that told it."""
        return self.source.rsplit("/", 1)[1]

    def as_dict(self) -> dict[str, Any]:
        """The CloudEvents attributes as JSON values."""
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "subject": self.subject,
            "time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "municipality": self.municipality,
            "stream": self.stream,
            "streamseq": self.sequence,
            "data": self.data,
        }
        if self.traceparent is not None:
            event["traceparent"] = self.traceparent
        return event

    def to_json(self) -> bytes:
        """The body that travels."""
        return json.dumps(self.as_dict(), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_json(cls, body: bytes) -> Event:
        """Read a body. Attributes that we do not know are passed over; raises EnvelopeError."""
        try:
            event = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise EnvelopeError("not JSON") from error
        if not isinstance(event, dict):
            raise EnvelopeError("not an object")
        return cls.from_dict(event)

    @classmethod
    def from_dict(cls, event: Mapping[str, Any]) -> Event:
        """The event that `as_dict` described; raises EnvelopeError."""
        if event.get("specversion") != "1.0":
            raise EnvelopeError("specversion is not 1.0")
        if event.get("datacontenttype", "application/json") != "application/json":
            raise EnvelopeError("datacontenttype is not application/json")
        texts = {name: _text(event, name, limit) for name, limit in _TEXTS.items()}
        if not _TYPE.match(texts["type"]):
            raise EnvelopeError("type is not <service>.<event>.v<major>")
        source = _SOURCE.match(texts["source"])
        if not source or source["municipality"] != texts["municipality"]:
            raise EnvelopeError("source is not /<municipality>/<service>")
        sequence = event.get("streamseq")
        if not isinstance(sequence, int) or isinstance(sequence, bool) or not 0 <= sequence < 2**53:
            raise EnvelopeError("streamseq is not a count")
        data = event.get("data")
        if not isinstance(data, dict):
            raise EnvelopeError("data is not an object")
        _check_sound(data)
        traceparent = _text(event, "traceparent", 64) if event.get("traceparent") is not None else None
        return cls(**texts, time=_time(event), sequence=sequence, traceparent=traceparent, data=data)


def _text(event: Mapping[str, Any], name: str, limit: int) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
        raise EnvelopeError(f"{name} is not a text of 1 to {limit} printable characters")
    return value


def _time(event: Mapping[str, Any]) -> datetime:
    return instant(_text(event, "time", 64), "time")


def instant(text: object, name: str) -> datetime:
    """The instant that `text` (RFC 3339, with an offset) names, in UTC; raises EnvelopeError with `name`."""
    try:
        time = datetime.fromisoformat(str(text))
        if time.tzinfo is None:
            raise ValueError
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # near the ends of the calendar there is no UTC
        raise EnvelopeError(f"{name} is not RFC 3339 with an offset") from error


def _check_sound(data: dict[str, Any]) -> None:
    """What every engine can keep: nested no deeper than _DEEPEST, and numbers that JSON has. Raises EnvelopeError."""
    level: list[Any] = [data]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for each in level:
            for child in each.values() if isinstance(each, dict) else each:
                if isinstance(child, dict | list):
                    below.append(child)
                elif isinstance(child, float) and not isfinite(child):
                    raise EnvelopeError("data has a number that is none")
        if not below:
            return
        level = below
    raise EnvelopeError("data is nested too deep")


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")
