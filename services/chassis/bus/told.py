"""All that has been told of one subject: from a service's own history, or asked of the source that owns the stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.chassis.bus.history import read_between
from services.chassis.bus.topology import Catalogue
from services.chassis.storage import AnyConnection
from services.chassis.tables import ChassisTables
from services.contracts import bus
from services.contracts.base import Procedure
from services.contracts.envelope import Event

_LAST = 2**53

AskSource = Callable[[str, Procedure, Mapping[str, Any]], Mapping[str, Any]]
"""ask(municipality, procedure, request): what a source answers to this service."""


class Histories:
    """The history of single subjects, as one service may read it: its own streams and those that it hears, the common
    ones. A stream with an outbox of its own is not among them (PR-5)."""

    def __init__(
        self,
        conn: AnyConnection,
        tables: ChassisTables,
        catalogue: Catalogue,
        service: str,
        municipality: str,
        ask: AskSource,
    ) -> None:
        self._conn, self._tables, self._catalogue = conn, tables, catalogue
        self._service, self._municipality, self._ask = service, municipality, ask

    def of(self, stream: str, subject: str) -> list[Event]:
        """Its events, in order, sent or not. Raises ValueError for a stream that this service does not read, and the
        source's Refusal."""
        own = self._catalogue.streams[stream] == self._service and stream not in self._tables.own_outbox
        if not own and stream not in self._catalogue.hears.get(self._service, frozenset()):
            raise ValueError(f"{self._service} does not read {stream}")
        events: list[Event] = []
        while True:
            page = self._page(stream, subject, events[-1].sequence + 1 if events else 1, own)
            events += page
            if len(page) < bus.MOST_EVENTS:
                return events

    def _page(self, stream: str, subject: str, first: int, own: bool) -> list[Event]:
        if own:
            outbox = self._tables.outbox_of(stream)
            return read_between(self._conn, outbox, stream, self._municipality, subject, first, _LAST)
        source = self._catalogue.streams[stream]
        wanted = {"stream": stream, "subject": subject, "first": first, "last": _LAST}
        answer = self._ask(self._municipality, bus.events_between(source), wanted)
        return [Event.from_dict(each) for each in answer["events"]]
