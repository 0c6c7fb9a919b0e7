"""A signer answers: their own act, at high assurance, bearing the hash of the text that they were shown."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.consent import seen
from services.consent.commands import evaluate
from services.consent.domain.errors import (
    NotASigner,
    RequestClosed,
    RequestReplaced,
    StepUpNeeded,
    TextChanged,
)
from services.consent.domain.evidence import Way
from services.consent.domain.request import Answer, Line, Request, Said
from services.consent.domain.wording import text_hash
from services.consent.storage.requests import Requests
from services.consent.storage.texts import keep_text, languages, sentences
from services.contracts import consent as contracts
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.facts import Act, Capacity, Facts
from services.kernel.signers import as_signer


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that somebody is about to answer: its row, the aggregate (locked), the facts of its case, why it is
    asked, and all requests of the case."""

    repository: Requests
    row: Any
    request: Request
    facts: Facts
    purpose: str
    requests: Sequence[Request]

    def demand_text(self, language: str, shown: str) -> None:
        """CO-7: what is signed is this request's text in that language, and no other. Raises TextChanged."""
        row = self.row
        if language not in languages(row.text_version):
            raise InvalidInput(fields={"language": "no_text_in_language"}, rule="CO-7")
        expected = text_hash(
            row.text_version, language, sentences(row.text_version, language), self.purpose,
            self.request.lines, row.valid_from, row.valid_to,
        )  # fmt: skip
        if not hmac.compare_digest(expected, shown):
            raise TextChanged


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the signer's own electronic signature and its answers (CO-1, CO-4, CO-7, GU-1)."""
    asked = load(uow, request["request_id"], Act.SIGN_CONSENT)
    if uow.actor.assurance != "high":
        raise StepUpNeeded
    signer_id = as_signer(Capacity(uow.actor.capacity), uow.actor.person_id, uow.actor.unit_id)
    lines = demand_signer(uow, asked, signer_id)
    language = request["language"] or asked.row.language
    asked.demand_text(language, request["text_hash"])
    return {
        "id": keep(
            uow, asked, signer_id, given(request, lines), way=Way.ELECTRONIC, assurance=uow.actor.assurance,
            language=language, text_hash=request["text_hash"], by_person_id=uow.actor.person_id,
        )
    }  # fmt: skip


def load(uow: UnitOfWork, request_id: str, act: Act) -> Asked:
    """The request, locked, for whoever may do `act` in its case; NotFound where there is none for the asker, who
    answers nothing of which they may not read the whole (AG-6, CO-1)."""
    repository = Requests(uow.tx, uow.municipality, uow.keys)
    row = repository.row(request_id)
    if row is None:
        raise NotFound
    case = access.of(uow, row.case_id)
    if case.may(Act.READ_CONSENT) and not seen.lines_for(
        case, repository, _of(row, repository.of_case(row.case_id))
    ):
        raise NotFound
    case.require(act)
    requests = repository.of_case(row.case_id, lock=True)
    found = _of(row, requests)
    if seen.lines_for(case, repository, found) != found.lines:
        raise NotFound
    purpose = seen.purpose_for(case, repository, row, found)
    return Asked(repository, row, found, case.known_facts, purpose, requests)


def _of(row: Any, requests: Sequence[Request]) -> Request:
    return next(each for each in requests if each.request_id == row.request_id)


def demand_signer(uow: UnitOfWork, asked: Asked, signer_id: str) -> set[Line]:
    """The lines on which this signer is asked now (AG-2, GU-1). Raises RequestReplaced (CO-5), RequestClosed (CO-2) or
    NotASigner (GU-2)."""
    if asked.row.replaced_by:
        raise RequestReplaced(request_id=asked.repository.in_its_place(asked.row))
    if asked.request.over(uow.now):
        raise RequestClosed
    topics = asked.request.signers(asked.facts, uow.now).get(signer_id)
    if not topics:
        raise NotASigner
    return {line for line in asked.request.lines if line.topic in topics}


def keep(
    uow: UnitOfWork,
    asked: Asked,
    signer_id: str,
    answers: Mapping[Line, Answer],
    *,
    way: Way,
    assurance: str,
    language: str,
    text_hash: str,
    by_person_id: str | None = None,
) -> str:
    """Keep a signature with its answers, whatever the way in which they were given (CO-6), and weigh the case anew.
    `by_person_id`: who signed with their own identity, which under a care order is not the signer (GU-4). The words
    that were read are kept with it (CO-7). Answers the signature's id, to which evidence of another way refers."""
    row, signature_id = asked.row, new_id()
    keep_text(uow.tx, row.text_version, language)
    asked.repository.add_signature(
        {"signature_id": signature_id, "request_id": row.request_id, "signer_id": signer_id, "signed_at": uow.now,
         "assurance": assurance, "way": str(way), "language": language, "text_version": row.text_version,
         "text_hash": text_hash, "by_person_id": by_person_id}
    )  # fmt: skip
    asked.repository.add_answers(
        row.request_id,
        [Said(signer_id, line, answer, uow.now, signature_id) for line, answer in answers.items()],
    )
    uow.record(
        contracts.Answered,
        row.case_id,
        {"case_id": row.case_id, "request_id": row.request_id, "signer_id": signer_id,
         "answer": _in_short(set(answers.values())), "granted": Answer.YES in answers.values(), "at": uow.now},
    )  # fmt: skip
    evaluate.run(uow, row.case_id, "signed")
    return signature_id


def given(request: Mapping[str, Any], asked: set[Line]) -> dict[Line, Answer]:
    """One answer to each line that the signer is asked about; none left out, none beside (CO-1)."""
    said = [
        (Line(each["service_id"], each["topic"]), Answer(each["answer"])) for each in request["answers"]
    ] + [
        (Line("", each["topic"], each["person_id"]), Answer(each["answer"]))
        for each in request["person_answers"]
    ]
    answers = dict(said)
    if len(answers) != len(said):
        raise InvalidInput(fields={"answers": "answered_twice"}, rule="CO-1")
    if unasked := set(answers) - asked:
        field = "person_answers.person_id" if any(line.person_id for line in unasked) else "answers"
        raise InvalidInput(fields={field: "not_asked"}, rule="CO-1")
    if asked - set(answers):
        raise InvalidInput(fields={"answers": "not_answered"}, rule="CO-1")
    return answers


def _in_short(answers: set[Answer]) -> str:
    if Answer.TALK_FIRST in answers:
        return "talk_first"
    return str(answers.pop()) if len(answers) == 1 else "partly"
