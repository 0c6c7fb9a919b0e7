"""What of a request an asker may read: each line by its topic, its purpose only together with all of them (AG-6), and
which of its services they are told of (PR-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from services.chassis.access import CaseAccess
from services.consent.domain.request import Line, Request
from services.consent.storage.requests import Requests
from services.kernel.facts import Act
from services.kernel.signers import as_signer

WITHHELD = ""
"""Stands for the purpose of a request of which the asker may read some lines only."""


def lines_for(case: CaseAccess, repository: Requests, asked: Request) -> tuple[Line, ...]:
    """The lines that the asker may read, in order; none: the request is not there for them. To be noted by what opens
    the case's consents, or the purpose (SE-1)."""
    found = ((line, repository.line(asked, line, _own(case, asked, line))) for line in asked.lines)
    return tuple(line for line, sealed in found if case.may_open(sealed.about))


def purpose_for(case: CaseAccess, repository: Requests, row: Any, asked: Request) -> str:
    """The purpose, which is told for all lines at once: WITHHELD from whoever may not read every one of them."""
    sealed = dict.fromkeys((line.topic, _own(case, asked, line)) for line in asked.lines)
    told = case.open_allowed(
        Act.READ_CONSENT, [repository.purpose(row, topic, signed_by) for topic, signed_by in sealed]
    )
    return told[0] if len(told) == len(sealed) else WITHHELD


def services_for(case: CaseAccess, requests: Iterable[Request], now: datetime) -> Mapping[str, str]:
    """Each service that these requests of the case name, as the asker is told of it (PR-6). Whoever is asked for a
    signature, or gave one, is told of every service that the request names: that is the text they sign (CO-1, CO-7)."""
    told: dict[str, str] = {}
    for each in requests:
        signs = not case.sees_places and _signs(case, each, now)
        for service_id in {line.service_id for line in each.lines if not line.person_id}:
            if signs:
                told[service_id] = service_id
            else:
                told.setdefault(service_id, case.service(service_id))
    return told


def _signs(case: CaseAccess, asked: Request, now: datetime) -> bool:
    me = _me(case)
    return me in asked.signers(case.known_facts, now) or any(said.signer_id == me for said in asked.said)


def _me(case: CaseAccess) -> str:
    """As whom the asker signs (GU-4)."""
    return as_signer(case.asker.capacity, case.asker.person_id, case.asker.unit_id)


def _own(case: CaseAccess, asked: Request, line: Line) -> str | None:
    """The asker as a signer, of a line that rests on their word."""
    me = _me(case)
    subject = case.facts.case.subject_person if case.facts else ""
    return me if asked.rests_on(me, line, subject) else None
