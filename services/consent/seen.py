"""What of a request an asker may read: each line by its topic, its purpose only together with all of them (AG-6)."""

from __future__ import annotations

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


def _own(case: CaseAccess, asked: Request, line: Line) -> str | None:
    """The asker as a signer, of a line that rests on their word."""
    me = as_signer(case.asker.capacity, case.asker.person_id, case.asker.unit_id)
    subject = case.facts.case.subject_person if case.facts else ""
    return me if asked.rests_on(me, line, subject) else None
