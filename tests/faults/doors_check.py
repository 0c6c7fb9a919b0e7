"""Asked at the API when all is over: who has no window finds nothing, and who has one reads no more (CO-1)."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.faults.findings import Finding
from tests.faults.stores import Stores
from tests.journeys.people import Demo
from tests.simulation.caller import Caller, Journal, Role
from tests.simulation.town import Town
from tests.support.suite import Suite

REFUSED = (403, 404)
KNOWN_WITHIN = 30.0
"""Seconds: more than the relays need to be back after the last fault, and than the time between two heartbeats."""
MOST = 150
"""So many doors are tried: the newest stories' first."""


def check_doors(suite: Suite, stores: Stores, town: Town, now: datetime) -> Iterator[Finding]:
    """Two rows: refused where nothing is open, and open (no further than that) where something is."""
    shut = Finding("doors open without a window (CO-1)")
    wide = Finding("doors shut in spite of a window, or open too wide (CO-1)")
    windows = _windows(stores, now)
    insiders = {
        (row.case_id, person)
        for row in stores["cases"].rows("cases")
        for person in (row.holder_person_id, row.handover_to_person_id)
        if person
    }
    taking_part = {
        (row.case_id, row.person_id, row.unit_id)
        for row in stores["relay_log"].rows("participants")
        if row.valid_to is None or row.valid_to > now
    }
    caller = Caller(suite.url, Demo(), "doors", Journal(), lambda: True)
    stories = [story for story in reversed(town.stories) if story.known.case and story.known.level]
    for story in stories:
        case = story.known.case
        for worker, role in story.outside():
            if (case, worker.person_id) in insiders or shut.looked_at + wide.looked_at >= MOST:
                continue
            topics = windows[case, worker.service_id]
            path = f"/cases/{case}/log"
            if not topics:
                shut.looked_at += 1
                if (status := caller.status(role, path)) not in REFUSED:
                    shut.differences.append(f"{worker.key} of {worker.service_id} reads {case}: {status}")
            elif (case, worker.person_id, worker.unit_id) in taking_part:
                wide.looked_at += 1
                log = _opened(caller, role, path)
                if not log or not set(log["topics"]) <= topics:
                    wide.differences.append(
                        f"{worker.key} reads {log.get('topics')} of {case}, granted {sorted(topics)}"
                    )
    yield shut
    yield wide


def _opened(caller: Caller, role: Role, path: str) -> dict[str, Any]:
    """The log, once whoever decides knows again that nothing is under way (CO-9); {} when it stays shut."""
    limit = time.monotonic() + KNOWN_WITHIN
    while True:
        log, _ = caller.read(role, path)
        if log or time.monotonic() > limit:
            return log
        time.sleep(1)


def _windows(stores: Stores, now: datetime) -> dict[tuple[str, str], set[str]]:
    """(case, service) -> the topics that are open now, as consent itself has them."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in stores["consent"].rows("facts_window"):
        if row.valid_from <= now and (row.valid_to is None or row.valid_to > now):
            found[row.case_id, row.service_id].add(row.topic)
    return found
