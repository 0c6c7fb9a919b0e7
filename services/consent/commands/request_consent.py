"""The holder asks the family for consent to share (CO-1, CO-2, CO-5)."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.consent.commands import evaluate
from services.consent.domain import asking
from services.consent.domain.request import Line, Request
from services.consent.domain.wording import CURRENT
from services.consent.storage.requests import Requests
from services.consent.storage.texts import languages
from services.contracts import consent as contracts
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.facts import Act, Facts


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the request and ask everyone who must sign. CO-5: consents given before stay as they are; what was asked
    for the same before, and nobody has answered, ends with it, so that nobody is asked twice."""
    case_id = request["case_id"]
    case = access.of(uow, case_id)
    case.require(Act.REQUEST_CONSENT)
    if case.facts is None:
        raise NotFound
    topics = case.facts.policy.topic_codes
    lines = asking.lines(
        request["shares"],
        access.active_services(uow.tx, uow.municipality),
        case.facts.case.owner_service,
        topics,
        asking.person_lines(request["person_shares"], asking.nameable(case.facts, uow.now), topics),
    )
    asking.demand_apart(lines, case.facts, uow.now)
    return {"id": ask(uow, case.facts, request, lines)}


def ask(uow: UnitOfWork, facts: Facts, request: dict[str, Any], lines: tuple[Line, ...]) -> str:
    """Keep a request whose lines have been checked, and tell those who must sign; the request's id. What they are asked
    is decided by the caller."""
    case_id = facts.case.case_id
    if request["language"] not in languages(CURRENT):
        raise InvalidInput(fields={"language": "no_text_in_language"}, rule="CO-7")
    valid_from, valid_to = asking.span(request.get("valid_from"), request["valid_to"], facts.policy, uow.now)
    asked = Request(new_id(), case_id, lines, valid_from, valid_to, uow.actor.person_id or "", uow.now)
    repository = Requests(uow.tx, uow.municipality, uow.keys)
    earlier = repository.of_case(case_id, lock=True)
    replaces = [each.request_id for each in earlier if each.gives_way_to(lines, uow.now)]
    repository.add(asked, request["purpose"], request["language"], CURRENT)
    for request_id in replaces:
        repository.replace(request_id, asked.request_id, uow.now)
    uow.record(
        contracts.Requested,
        case_id,
        {
            "case_id": case_id,
            "request_id": asked.request_id,
            "signer_ids": sorted(asked.signers(facts, uow.now)),
            "service_ids": sorted({line.service_id for line in lines if line.service_id}),
            "requested_by": asked.requested_by,
            "replaces": replaces,
            "at": uow.now,
        },
    )
    evaluate.run(uow, case_id, "signed")
    return asked.request_id
