"""All events, streams and procedures in one place: topology, AsyncAPI and the contract tests are made from it."""

from services.contracts import (
    access_history,
    anchors,
    bus,
    cases,
    consent,
    directory,
    notifications,
    relay_log,
)
from services.contracts.base import EventType, Procedure

_MODULES = (cases, consent, directory, notifications, relay_log)

EVENTS: dict[str, EventType] = {event.type: event for module in _MODULES for event in module.EVENTS}
"""Every event that is told, by its type."""

STREAMS: dict[str, str] = {
    cases.PEOPLE: "cases",
    cases.CASE: "cases",
    cases.DISCUSSIONS: "cases",
    cases.LANE: "cases",
    consent.WINDOWS: "consent",
    directory.STAFF: "directory",
    directory.CATALOGUE: "directory",
    relay_log.LOG: "relay_log",
}
"""The service that owns each stream."""

_ORDINARY = frozenset(STREAMS) - {cases.LANE, cases.DISCUSSIONS}

HEARS: dict[str, frozenset[str]] = {
    "cases": _ORDINARY - {cases.PEOPLE, cases.CASE},
    "consent": _ORDINARY - {consent.WINDOWS},
    "directory": frozenset(),
    "relay_log": _ORDINARY - {relay_log.LOG},
    "notifications": frozenset(STREAMS),
}
"""The streams that each service takes into its inbox, whole. The lane's goes to nobody but notifications
(PR-5), nor does what is told of discussions, which is news and no fact (LV-12)."""

SERVICES: tuple[str, ...] = tuple(HEARS)

PROCEDURES: dict[str, Procedure] = {
    each.name: each for module in (*_MODULES, access_history, anchors) for each in module.PROCEDURES
} | {each.name: each for each in (kind(service) for kind in bus.ALL for service in SERVICES)}
"""Every procedure that is answered, by its name."""
