"""A signer withdraws, wholly or for one service, person or topic (CO-3). Nothing is deleted for that reason."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.consent.commands import evaluate
from services.consent.domain.errors import NothingToWithdraw
from services.consent.domain.request import Answer, Line, Said
from services.consent.storage.requests import Requests
from services.contracts import consent as contracts
from services.kernel.facts import Act, Capacity
from services.kernel.signers import as_signer


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Say no to every line of one's own that stands and is named, then weigh the case anew (CO-3)."""
    case_id, service_id, topic, named_person = (
        request[name] for name in ("case_id", "service_id", "topic", "person_id")
    )
    access.require(uow, case_id, Act.WITHDRAW_CONSENT)
    signer_id = as_signer(Capacity(uow.actor.capacity), uow.actor.person_id, uow.actor.unit_id)

    def named(line: Line) -> bool:
        wanted = ((service_id, line.service_id), (topic, line.topic), (named_person, line.person_id))
        return all(asked in (None, of_line) for asked, of_line in wanted)

    repository = Requests(uow.tx, uow.municipality, uow.keys)
    withdrawal_id, found = new_id(), False
    for each in repository.of_case(case_id, lock=True):
        lines = [line for line in each.lines if named(line) and each.has_granted(signer_id, line)]
        if lines and not each.over(uow.now):
            found = True
            repository.add_answers(
                each.request_id, [Said(signer_id, line, Answer.NO, uow.now, withdrawal_id) for line in lines]
            )
    if not found:
        raise NothingToWithdraw
    data = {"case_id": case_id, "by_person_id": uow.actor.person_id or "", "at": uow.now}
    if service_id is not None:
        data["service_id"] = service_id
    if topic is not None:
        data["topic"] = topic
    if named_person is not None:
        data["person_id"] = named_person
    uow.record(contracts.Withdrawn, case_id, data)
    evaluate.run(uow, case_id, "withdrawn")
    return {"id": withdrawal_id}
