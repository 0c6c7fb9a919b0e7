"""A signer answers: their own act, at high assurance, bearing the hash of the text that they were shown."""

from __future__ import annotations

import hmac
from typing import Any

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.consent.commands import evaluate
from services.consent.domain.errors import NotASigner, RequestClosed, StepUpNeeded, TextChanged
from services.consent.domain.request import Answer, Line, Said
from services.consent.domain.wording import text_hash
from services.consent.storage import Requests, sentences
from services.contracts import consent as contracts
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.facts import Act


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the signature and its answers, then weigh the case anew (CO-1, CO-4, CO-7, GU-1)."""
    repository = Requests(uow.tx, uow.municipality, uow.keys)
    row = repository.row(request["request_id"])
    if row is None:
        raise NotFound
    case = access.of(uow, row.case_id)
    case.require(Act.SIGN_CONSENT)
    if uow.actor.assurance != "high":
        raise StepUpNeeded
    assert case.facts is not None and uow.actor.person_id is not None
    asked = next(
        each for each in repository.of_case(row.case_id, lock=True) if each.request_id == row.request_id
    )
    if asked.over(uow.now):
        raise RequestClosed
    topics = asked.signers(case.facts, uow.now).get(uow.actor.person_id)
    if not topics:
        raise NotASigner
    shown = text_hash(
        row.text_version, row.language, sentences(row.text_version, row.language), case.open(repository.purpose(row)),
        asked.lines, row.valid_from, row.valid_to,
    )  # fmt: skip
    if not hmac.compare_digest(shown, request["text_hash"]):
        raise TextChanged
    answers = _answers(request["answers"], {line for line in asked.lines if line.topic in topics})
    signature_id = new_id()
    repository.add_signature(
        {"signature_id": signature_id, "request_id": row.request_id, "signer_id": uow.actor.person_id,
         "signed_at": uow.now, "assurance": uow.actor.assurance, "way": "electronic", "language": row.language,
         "text_version": row.text_version, "text_hash": shown}
    )  # fmt: skip
    said = [
        Said(uow.actor.person_id, line, answer, uow.now, signature_id) for line, answer in answers.items()
    ]
    repository.add_answers(row.request_id, said)
    uow.record(
        contracts.Answered,
        row.case_id,
        {"case_id": row.case_id, "request_id": row.request_id, "signer_id": uow.actor.person_id,
         "answer": _in_short(set(answers.values())), "at": uow.now},
    )  # fmt: skip
    evaluate.run(uow, row.case_id, "signed")
    return {"id": signature_id}


def _answers(given: list[dict[str, Any]], asked: set[Line]) -> dict[Line, Answer]:
    """One answer to each line that this signer is asked about; none left out, none beside."""
    answers = {Line(each["service_id"], each["topic"]): Answer(each["answer"]) for each in given}
    if len(answers) != len(given):
        raise InvalidInput(fields={"answers": "answered_twice"}, rule="CO-1")
    if set(answers) - asked:
        raise InvalidInput(fields={"answers": "not_asked"}, rule="CO-1")
    if asked - set(answers):
        raise InvalidInput(fields={"answers": "not_answered"}, rule="CO-1")
    return answers


def _in_short(answers: set[Answer]) -> str:
    if Answer.TALK_FIRST in answers:
        return "talk_first"
    return str(answers.pop()) if len(answers) == 1 else "partly"
