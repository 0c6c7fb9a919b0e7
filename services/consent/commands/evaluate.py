"""After every change: what do all answers of the case amount to now? Tells windows and states that have changed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from services.chassis import access
from services.chassis.storage import upsert
from services.chassis.unit_of_work import UnitOfWork
from services.consent.domain.request import windows
from services.consent.storage import Requests, published
from services.contracts import consent as contracts


def run(uow: UnitOfWork, case_id: str, reason: str) -> None:
    """Weigh all requests of the case anew and publish the windows, whole, if they are others than before (CO-1).

    `reason` is a code of WindowsChanged. Within the transaction of what made it necessary.
    """
    repository = Requests(uow.tx, uow.municipality, uow.keys)
    facts = access.of(uow, case_id).facts
    if facts is None:
        return
    found = repository.of_case(case_id, lock=True)
    for request in found:
        state = request.summary(facts, uow.now)
        if (
            repository.set_state(request.request_id, state) and reason != "withdrawn"
        ):  # that is told by its own event
            uow.record(
                contracts.Settled,
                case_id,
                {"case_id": case_id, "request_id": request.request_id, "state": state, "at": uow.now},
            )
    open_now = windows(found, {case_id: facts}, uow.now)
    told: list[dict[str, Any]] = [
        {"service_id": w.service_id, "topic": w.topic, "valid_from": w.valid_from, "valid_to": w.valid_to}
        for w in open_now
    ]
    digest = hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()
    known = repository.digest(case_id)
    if digest == known or (known is None and not told):
        return
    upsert(uow.tx, published, {"municipality": uow.municipality, "case_id": case_id}, {"digest": digest})
    uow.record(
        contracts.WindowsChanged,
        case_id,
        {"case_id": case_id, "windows": told, "reason": reason, "at": uow.now},
    )


def after_expiry(uow: UnitOfWork, case_id: str) -> None:
    """The time of one of the case's consents has run out (CO-2)."""
    run(uow, case_id, "expired")
