"""A young adult, or a youth who consents alone, lets a parent read by name, without anybody having to ask them (AG-5,
GU-2)."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.unit_of_work import UnitOfWork
from services.consent.commands.request_consent import ask
from services.consent.domain import asking
from services.consent.domain.request import Line, Request
from services.consent.storage.requests import Requests
from services.kernel.errors import NotFound
from services.kernel.facts import Act


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Ask oneself, for topics on which one's own word alone is needed; the id is the request's. Answering it is the
    signature, with all that one has (CO-7). What was asked just so, and waits for the answer, is not asked twice."""
    case = access.of(uow, request["case_id"])
    case.require(Act.NAME_PERSON)
    if case.facts is None:
        raise NotFound
    nameable = asking.nameable(case.facts, uow.now)
    lines = asking.lines_of_person(request, nameable, case.facts.policy.topic_codes)
    for line in lines:
        case.require(Act.NAME_PERSON, line.topic)
    for each in Requests(uow.tx, uow.municipality, uow.keys).of_case(request["case_id"], lock=True):
        if _the_same(each, lines, request, uow):
            return {"id": each.request_id}
    return {"id": ask(uow, case.facts, request, lines)}


def _the_same(each: Request, lines: tuple[Line, ...], request: dict[str, Any], uow: UnitOfWork) -> bool:
    mine = each.requested_by == uow.actor.person_id and not each.said and not each.over(uow.now)
    return mine and each.lines == lines and each.valid_to == asking.end_of(request["valid_to"])
