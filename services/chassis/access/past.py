"""The facts as they stood at an instant: what had been told by then, taken into tables of its own by the same handlers.

For the coordinator's question why somebody could, or could not, see something at that time (CO-8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from services.chassis.access.facts import TIMED_STREAMS, load_facts
from services.chassis.access.projections import HANDLERS
from services.chassis.access.tables import access_tables
from services.chassis.storage import chassis_tables, new_metadata
from services.contracts import cases, consent, directory, relay_log
from services.contracts.envelope import Event
from services.kernel.facts import Facts


class History(Protocol):
    """Where what was told of a subject is read (bus/told.py)."""

    def of(self, stream: str, subject: str) -> list[Event]:
        """Its events, in order."""
        ...


class Past:
    """One case as it was known at `at`, by what all sources had told by then."""

    def __init__(self, history: History, municipality: str, case_id: str, at: datetime) -> None:
        self._history, self._municipality, self._at = history, municipality, at
        self.case_id = case_id
        self.of_case = self._until(cases.CASE, case_id)
        self._of_consent = self._until(consent.WINDOWS, case_id) if self.of_case else []

    @property
    def known(self) -> bool:
        """Whether there was such a case by then."""
        return bool(self.of_case)

    @property
    def of_consent(self) -> list[Event]:
        """What consent had told of the case by then."""
        return self._of_consent

    def facts(self, person_id: str) -> Facts | None:
        """The facts for one asker at that instant; None when the case was not there yet.

        Knowledge counts as of that instant: how far behind a service was then, its history does not tell."""
        if not self.known:
            return None
        told = [*self.of_case, *self._of_consent, *self._until(relay_log.LOG, self.case_id)]
        told += self._until(directory.CATALOGUE, f"{self._municipality}.policy")
        for subject in sorted(self._subjects()):
            told += self._until(cases.PEOPLE, subject)
        for person in sorted({person_id, *self._posts()} - {""}):
            told += self._until(directory.STAFF, person)
        with _tables() as conn:
            self._take(conn, sorted(told, key=lambda event: (event.time, event.id)))
            return load_facts(conn, self._municipality, self.case_id, person_id, self._at, "")

    def _until(self, stream: str, subject: str) -> list[Event]:
        return [event for event in self._history.of(stream, subject) if event.time <= self._at]

    def _subjects(self) -> set[str]:
        """Whom the case is about."""
        return {
            event.data["subject_person_id"] for event in self.of_case if "subject_person_id" in event.data
        }

    def _posts(self) -> set[str]:
        """Those whose posts the case's facts rest on: the holders and receivers (HO-6)."""
        named = ("holder_person_id", "to_person_id")
        return {event.data[name] for event in self.of_case for name in named if event.data.get(name)}

    def _take(self, conn: sa.Connection, told: Iterable[Event]) -> None:
        """Take the events in. One that its handler refuses is left waiting, as it was: then nothing rests on what it
        would have said (CO-9)."""
        tables = chassis_tables(sa.MetaData())
        for event in told:
            handler = HANDLERS.get(event.type)
            if handler is None:
                continue
            work: Any = _Replayed(conn, event)
            try:
                handler(work, event)
            except (LookupError, ValueError):
                conn.execute(tables.parked.insert(), _parked(event))
        conn.execute(
            tables.stream_state.insert(),
            [{"stream": stream, "as_of": self._at, "complete": True} for stream in sorted(TIMED_STREAMS)],
        )


class _Replayed:
    """What a handler is given: the tables made for it, and the day on which the event was told."""

    def __init__(self, tx: sa.Connection, event: Event) -> None:
        self.tx, self.municipality, self.now = tx, event.municipality, event.time
        self.traceparent: str | None = None


def _parked(event: Event) -> dict[str, Any]:
    return {
        "stream": event.stream, "subject": event.subject, "sequence": event.sequence,
        "municipality": event.municipality, "event": event.as_dict(), "reason": "refused", "attempts": 1,
        "parked_at": event.time,
    }  # fmt: skip


@contextmanager
def _tables() -> Iterator[sa.Connection]:
    """Empty tables of facts, in memory, for as long as they are used."""
    metadata = new_metadata()
    chassis_tables(metadata)
    access_tables(metadata)
    engine = sa.create_engine("sqlite://")
    try:
        with engine.connect() as conn:
            metadata.create_all(conn)
            yield conn
    finally:
        engine.dispose()
