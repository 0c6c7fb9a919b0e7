"""After every change, and at every moment at which something turns by itself: what do all answers of the case amount to
now? Tells windows and states that are others than before, and what is told ahead of time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis import access
from services.chassis.unit_of_work import UnitOfWork
from services.consent.domain import moments
from services.consent.domain.request import Line, Request, State, Weighed
from services.consent.domain.windows import Window, windows
from services.consent.storage.requests import Requests
from services.consent.storage.weighings import Weighings
from services.contracts import consent as contracts
from services.contracts.base import EventType
from services.kernel.facts import Facts
from services.kernel.signers import required_signers

EXPIRED, PEOPLE_CHANGED = "expired", "people_changed"


def run(uow: UnitOfWork, case_id: str, reason: str) -> None:
    """Weigh all requests of the case anew, and publish states and windows that are others than before (CO-1, GU-3).

    `reason` is a code of WindowsChanged. Within the transaction of what made it necessary. The facts are read once the
    requests are held: whoever waited for another change weighs by what that one wrote.
    """
    repository = Requests(uow.tx, uow.municipality, uow.keys)
    weighings = Weighings(uow.tx, uow.municipality)
    found = repository.of_case(case_id, lock=True)
    facts = access.of(uow, case_id).facts
    if not found or facts is None:
        return
    for request in found:
        _weigh(uow, repository, request, facts, told_already=reason == "withdrawn")
    _publish(uow, weighings, case_id, windows(found, facts, uow.now), reason)
    _tell_ahead(uow, weighings, case_id, found, facts)
    due = moments.next_moment(found, facts, weighings.policy_days(), uow.now)
    weighings.weigh_at(case_id, due)


def when_due(uow: UnitOfWork, case_id: str) -> None:
    """AG-8: a moment has come at which something turns without anybody's act: a birthday, a tie that begins or ends, a
    policy, the end of a consent (CO-2)."""
    known = Requests(uow.tx, uow.municipality, uow.keys).of_case(case_id)
    ended = any(each.over(uow.now) and State.EXPIRED not in _states(each.weighed) for each in known)
    run(uow, case_id, EXPIRED if ended else PEOPLE_CHANGED)


def _weigh(
    uow: UnitOfWork, repository: Requests, request: Request, facts: Facts, *, told_already: bool
) -> None:
    before, now = request.weighed, request.weigh(facts, uow.now)
    repository.keep_weighed(request.request_id, now, before)
    state = request.summary(facts, uow.now)
    changed = repository.set_state(request.request_id, state)
    request.weighed = now
    lapsed = [
        line
        for line, found in now.items()
        if found.state is State.LAPSED and before[line].state is not State.LAPSED
    ]
    if lapsed:
        _tell_lapsed(uow, request, lapsed, facts)
    elif changed and state != State.LAPSED and not told_already:  # a withdrawal is told by its own event
        _record(uow, contracts.Settled, request, state=state)


def _tell_lapsed(uow: UnitOfWork, request: Request, lapsed: Sequence[Line], facts: Facts) -> None:
    """AG-4, GU-3: what stood stands no more, and nobody has taken it back."""
    waits_for = {
        signer
        for line in lapsed
        for signer in required_signers(facts, line.topic, facts.policy, uow.now)
        if not request.has_granted(signer, line)
    }
    why = "birthday" if facts.case.subject_person in waits_for else "guardians"
    _record(uow, contracts.Lapsed, request, why=why, waits_for=sorted(waits_for))


def _publish(
    uow: UnitOfWork, weighings: Weighings, case_id: str, open_now: Sequence[Window], reason: str
) -> None:
    services = [_span(w, service_id=w.service_id) for w in open_now if not w.person_id]
    persons = [_span(w, person_id=w.person_id) for w in open_now if w.person_id]
    known = weighings.digests(case_id)
    digests = {"digest": _digest(services), "persons_digest": _digest(persons)}
    nothing = _digest([])
    if digests["digest"] != (known.digest if known else nothing):
        data = {"case_id": case_id, "windows": services, "reason": reason, "at": uow.now}
        uow.record(contracts.WindowsChanged, case_id, data)
    if digests["persons_digest"] != (known.persons_digest if known else nothing):
        uow.record(
            contracts.PersonWindowsChanged, case_id, {"case_id": case_id, "windows": persons, "at": uow.now}
        )
    weighings.keep_digests(case_id, **digests)


def _tell_ahead(
    uow: UnitOfWork, weighings: Weighings, case_id: str, found: Sequence[Request], facts: Facts
) -> None:
    """CO-2: that a consent is to be asked for again; AG-4: that the youth is about to have the say. Once each."""
    if facts.case.closed:
        return
    for request in moments.due_for_renewal(found, facts, uow.now):
        if weighings.tell_once(case_id, "renewal", request.request_id):
            _record(uow, contracts.RenewalDue, request, ends_on=moments.last_day(request))
    for day, topics in moments.say_coming(found, facts, uow.now).items():
        if weighings.tell_once(case_id, "say", day.isoformat()):
            told = {"person_id": facts.case.subject_person, "topics": topics, "on": day}
            uow.record(contracts.SayComing, case_id, {"case_id": case_id, **told, "at": uow.now})


def _record(uow: UnitOfWork, event: EventType, request: Request, **data: Any) -> None:
    told = {"case_id": request.case_id, "request_id": request.request_id, **data, "at": uow.now}
    uow.record(event, request.case_id, told)


def _span(window: Window, **receiver: str) -> dict[str, Any]:
    return {**receiver, "topic": window.topic, "valid_from": window.valid_from, "valid_to": window.valid_to}


def _digest(told: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()


def _states(weighed: Mapping[Line, Weighed]) -> set[State]:
    return {each.state for each in weighed.values()}
