"""Requests as the asker may see them: one, all of a case, those that wait for an answer, and one's own receipt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import Reading
from services.consent.domain import asking, moments
from services.consent.domain.request import Answer, Line, Request
from services.consent.domain.windows import Window, windows
from services.consent.domain.wording import text_hash
from services.consent.storage import Requests, sentences
from services.kernel.errors import NotFound
from services.kernel.facts import Act, Capacity, Facts
from services.kernel.signers import as_signer


def get_request(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """One request; NotFound for whoever may not read the case's consents."""
    repository = _repository(reading)
    row = repository.row(request["request_id"])
    if row is None:
        raise NotFound
    case = access.of(reading, row.case_id)
    case.require(Act.READ_CONSENT)
    found = repository.of_case(row.case_id)
    asked = next(each for each in found if each.request_id == row.request_id)
    return _detail(reading, repository, row, asked, case, _to_ask_again(reading, found, case))


def of_case(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """All requests of a case, and the windows that they open now."""
    case_id = request["case_id"]
    case = access.of(reading, case_id)
    case.require(Act.READ_CONSENT)
    assert case.facts is not None
    repository = _repository(reading)
    found = repository.of_case(case_id)
    open_now = windows(found, case.facts, reading.now)
    again = _to_ask_again(reading, found, case)
    return {
        "case_id": case_id,
        "requests": [
            _detail(reading, repository, repository.row(each.request_id), each, case, again) for each in found
        ],
        "windows": [_span(w, service_id=w.service_id) for w in open_now if not w.person_id],
        "person_windows": [_span(w, person_id=w.person_id) for w in open_now if w.person_id],
        "would_sign": [
            {"person_id": person_id, "topics": topics}
            for person_id, topics in sorted(asking.would_sign(case.facts, reading.now).items())
        ],
        "nameable": sorted(asking.nameable(case.facts, reading.now)),
    }


def _span(window: Window, **receiver: str) -> dict[str, Any]:
    return {**receiver, "topic": window.topic, "valid_from": window.valid_from, "valid_to": window.valid_to}


def waiting_for_me(reading: Reading) -> dict[str, Any]:
    """The requests that wait for the asker's own answer, oldest first."""
    signer_id, items = _me(reading), []
    cases = {each.case_id: each for each in access.of_many(reading, access.case_ids_for(reading))}
    signable = [case_id for case_id, case in cases.items() if case.decide(Act.SIGN_CONSENT).allowed]
    for each in _repository(reading).of_cases(signable):
        case = cases[each.case_id]
        assert case.facts is not None
        topics = each.signers(case.facts, reading.now).get(signer_id, [])
        asked = [line for line in each.lines if line.topic in topics]
        unanswered = any(each.latest(signer_id, line) in (None, Answer.TALK_FIRST) for line in asked)
        if unanswered and not each.over(reading.now):
            case.require(Act.READ_CONSENT)
            items.append(
                {"request_id": each.request_id, "case_id": each.case_id,
                 "child_person_id": case.facts.case.subject_person,
                 "service_ids": sorted({line.service_id for line in asked if line.service_id}),
                 "requested_by": each.requested_by, "requested_at": each.requested_at}
            )  # fmt: skip
    return {"items": items}


def get_receipt(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """One's own receipt (CO-7): what was agreed to, when, and in which words. NotFound for anybody else's."""
    repository = _repository(reading)
    signature = repository.signature(request["signature_id"])
    if signature is None or (signature.by_person_id or signature.signer_id) != reading.actor.person_id:
        raise NotFound
    row = repository.row(signature.request_id)
    asked = next(each for each in repository.of_case(row.case_id) if each.request_id == row.request_id)
    reading.access("CO-7", "read_receipt", row.case_id, signature.signer_id)
    return {
        "signature_id": signature.signature_id,
        "request_id": signature.request_id,
        "case_id": row.case_id,
        "signer_id": signature.signer_id,
        "signed_at": signature.signed_at,
        "assurance": signature.assurance,
        "way": signature.way,
        "language": signature.language,
        "text_version": signature.text_version,
        "text_hash": signature.text_hash,
        "purpose": repository.purpose_as_signed(row, signature, reading.actor.person_id),
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        **_answers(
            (each.line, each.answer) for each in asked.said if each.signature_id == signature.signature_id
        ),
    }


def _me(reading: Reading) -> str:
    """As whom the asker signs (GU-4)."""
    return as_signer(Capacity(reading.actor.capacity), reading.actor.person_id, reading.actor.unit_id)


def _repository(reading: Reading) -> Requests:
    return Requests(reading.conn, reading.municipality, reading.keys)


def _to_ask_again(reading: Reading, found: Sequence[Request], case: CaseAccess) -> set[str]:
    """CO-2: the ids of those of a case's requests that are to be asked, or can be asked, again."""
    if case.facts is None or case.facts.case.closed:
        return set()
    due = moments.due_for_renewal(found, case.facts, reading.now)
    return {each.request_id for each in (*due, *moments.run_out(found, case.facts, reading.now))}


def _detail(
    reading: Reading, repository: Requests, row: Any, asked: Request, case: CaseAccess, again: set[str]
) -> dict[str, Any]:
    assert case.facts is not None
    facts, now, me = case.facts, reading.now, _me(reading)
    purpose, wording = case.open(repository.purpose(row)), sentences(row.text_version, row.language)
    signers = asked.signers(facts, now)
    signable = me in signers and not asked.over(now) and case.decide(Act.SIGN_CONSENT).allowed
    granted = any(asked.has_granted(me, line) for line in asked.lines) and not asked.over(now)
    permitted = ["sign"] if signable else []
    if granted and case.decide(Act.WITHDRAW_CONSENT).allowed:
        permitted.append("withdraw")
    shares: dict[str, list[str]] = {}
    persons: dict[str, list[str]] = {}
    for line in asked.lines:
        named = (
            persons.setdefault(line.person_id, [])
            if line.person_id
            else shares.setdefault(line.service_id, [])
        )
        named.append(line.topic)
    return {
        "request_id": asked.request_id,
        "case_id": asked.case_id,
        "child_person_id": facts.case.subject_person,
        "purpose": purpose,
        "shares": [{"service_id": service_id, "topics": topics} for service_id, topics in shares.items()],
        "person_shares": [
            {"person_id": person_id, "topics": topics} for person_id, topics in persons.items()
        ],
        "valid_from": asked.valid_from,
        "valid_to": asked.valid_to,
        "language": row.language,
        "requested_by": asked.requested_by,
        "requested_at": asked.requested_at,
        "owner_service_id": facts.case.owner_service,
        "state": asked.summary(facts, now),
        "lines": [
            {"service_id": line.service_id, **_line(asked, line, facts, now)}
            for line in asked.lines
            if not line.person_id
        ],
        "person_lines": [
            {"person_id": line.person_id, **_line(asked, line, facts, now)}
            for line in asked.lines
            if line.person_id
        ],
        "signers": [_signer(asked, person_id, topics) for person_id, topics in sorted(signers.items())],
        "text_version": row.text_version,
        "wording": wording,
        "text_hash": text_hash(
            row.text_version, row.language, wording, purpose, asked.lines, row.valid_from, row.valid_to
        ),
        "you_sign": signable,
        "permitted": permitted,
        "renew_from": moments.renew_from(asked, facts),
        "ask_again": asked.request_id in again,
    }


def _line(asked: Request, line: Line, facts: Facts, now: datetime) -> dict[str, str]:
    return {
        "topic": line.topic,
        "state": str(asked.state(line, facts, now)),
        "reads": str(asked.reads(line, facts, now)),
    }


def _answers(said: Iterable[tuple[Line, Answer]]) -> dict[str, Any]:
    answers = list(said)
    return {
        "answers": [
            {"service_id": line.service_id, "topic": line.topic, "answer": str(answer)}
            for line, answer in answers
            if not line.person_id
        ],
        "person_answers": [
            {"person_id": line.person_id, "topic": line.topic, "answer": str(answer)}
            for line, answer in answers
            if line.person_id
        ],
    }


def _signer(asked: Request, person_id: str, topics: list[str]) -> dict[str, Any]:
    words = [said for said in asked.said if said.signer_id == person_id]
    latest = ((line, asked.latest(person_id, line)) for line in asked.lines)
    return {
        "person_id": person_id,
        "required_for": topics,
        "answered_at": words[-1].at if words else None,
        "signature_id": words[-1].signature_id if words else None,
        **_answers((line, answer) for line, answer in latest if answer is not None),
    }
