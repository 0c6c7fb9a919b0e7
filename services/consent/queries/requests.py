"""Requests as the asker may see them: one, all of a case, and those that wait for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import Reading
from services.consent.domain import asking, moments
from services.consent.domain.evidence import Way
from services.consent.domain.request import Answer, Line, Reads, Request, Said, State, summed_up
from services.consent.domain.windows import Window, windows
from services.consent.domain.wording import text_hash
from services.consent.seen import lines_for, purpose_for, services_for
from services.consent.storage.evidence import Evidence, about_proof
from services.consent.storage.requests import Requests
from services.consent.storage.texts import languages, sentences
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.facts import Act, Capacity
from services.kernel.signers import as_signer


def get_request(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """One request; NotFound for whoever may not read the case's consents, or none of its lines (AG-6)."""
    repository = _repository(reading)
    row = repository.row(request["request_id"])
    if row is None:
        raise NotFound
    case = access.of(reading, row.case_id)
    case.require(Act.READ_CONSENT)
    found = repository.of_case(row.case_id)
    asked = next(each for each in found if each.request_id == row.request_id)
    if not lines_for(case, repository, asked):
        raise NotFound
    language = request["language"] or row.language
    if language not in languages(row.text_version):
        raise InvalidInput(fields={"language": "no_text_in_language"}, rule="CO-7")
    told, again = services_for(case, found, reading.now), _to_ask_again(reading, found, case)
    return _detail(reading, repository, row, asked, case, told, again, language)


def of_case(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """All requests of a case, and the windows that they open now, as far as the asker may read them: by each line that
    is theirs to see, also for resting on their own word (AG-6)."""
    case_id = request["case_id"]
    case = access.of(reading, case_id)
    case.require(Act.READ_CONSENT)
    repository = _repository(reading)
    stored = repository.stored(case_id)
    found = [asked for _, asked in stored]
    told, again = services_for(case, found, reading.now), _to_ask_again(reading, found, case)
    seen = [(row, asked, lines) for row, asked in stored if (lines := lines_for(case, repository, asked))]
    readable = [replace(asked, lines=lines) for _, asked, lines in seen]
    open_now = windows(readable, case.known_facts, reading.now)
    return {
        "case_id": case_id,
        "requests": [
            _detail(reading, repository, row, asked, case, told, again, row.language)
            for row, asked, _ in seen
        ],
        "windows": [_span(w, service_id=told[w.service_id]) for w in open_now if not w.person_id],
        "person_windows": [_span(w, person_id=w.person_id) for w in open_now if w.person_id],
        "would_sign": [
            {"person_id": person_id, "topics": topics}
            for person_id, topics in sorted(asking.would_sign(case.known_facts, reading.now).items())
        ],
        "nameable": sorted(asking.nameable(case.known_facts, reading.now)),
    }


def _span(window: Window, **receiver: str) -> dict[str, Any]:
    return {**receiver, "topic": window.topic, "valid_from": window.valid_from, "valid_to": window.valid_to}


def waiting_for_me(reading: Reading) -> dict[str, Any]:
    """The requests that wait for the asker's own answer, oldest first; of the cases that they hold those that are to be
    asked for again (CO-2)."""
    signer_id, items = _me(reading), []
    cases = {each.case_id: each for each in access.of_many(reading, access.case_ids_for(reading))}
    signable = [case_id for case_id, case in cases.items() if case.decide(Act.SIGN_CONSENT).allowed]
    repository = _repository(reading)
    for each in repository.of_cases(signable):
        case = cases[each.case_id]
        topics = each.signers(case.known_facts, reading.now).get(signer_id, [])
        asked = [line for line in each.lines if line.topic in topics]
        unanswered = any(each.latest(signer_id, line) in (None, Answer.TALK_FIRST) for line in asked)
        whole = lines_for(case, repository, each) == each.lines
        if unanswered and whole and not each.over(reading.now):
            case.require(Act.READ_CONSENT)
            items.append(
                {"request_id": each.request_id, "case_id": each.case_id,
                 "child_person_id": case.known_facts.case.subject_person,
                 "service_ids": sorted({line.service_id for line in asked if line.service_id}),
                 "requested_by": case.named(each.requested_by), "requested_at": each.requested_at}
            )  # fmt: skip
    return {"items": items, "renewals": _renewals(reading, repository, cases)}


def _renewals(
    reading: Reading, repository: Requests, cases: Mapping[str, CaseAccess]
) -> list[dict[str, Any]]:
    """Until it is asked again, whatever became of the message that said so. That one ends, and when, is all that is
    shown: it is noted as a look at the case, and not as a reading of what the family has answered (SE-1, SE-2)."""
    held = [
        case_id
        for case_id, case in cases.items()
        if case.decide(Act.MANAGE).allowed and case.decide(Act.READ_CONSENT).allowed
    ]
    asked = repository.of_cases(held)
    found = []
    for case_id in held:
        case, facts = cases[case_id], cases[case_id].known_facts
        of_case = [each for each in asked if each.case_id == case_id]
        for each in moments.due_for_renewal(of_case, facts, reading.now):
            case.require(Act.SEE_CASE)
            found.append(
                {"request_id": each.request_id, "case_id": case_id, "child_person_id": facts.case.subject_person,
                 "ends_on": moments.last_day(each)}
            )  # fmt: skip
    return sorted(found, key=lambda each: (each["ends_on"], each["request_id"]))


def answers_of(said: Iterable[tuple[Line, Answer]]) -> dict[str, Any]:
    """Answers in the words of the contract: to services, and to persons whom the consent names."""
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
    reading: Reading,
    repository: Requests,
    row: Any,
    asked: Request,
    case: CaseAccess,
    told: Mapping[str, str],
    again: set[str],
    language: str,
) -> dict[str, Any]:
    facts, now, me = case.known_facts, reading.now, _me(reading)
    purpose, seen = purpose_for(case, repository, row, asked), lines_for(case, repository, asked)
    known = all(told.get(line.service_id) == line.service_id for line in asked.lines if not line.person_id)
    whole, span = seen == asked.lines and known, (row.valid_from, row.valid_to)
    texts = {
        each: text_hash(
            row.text_version, each, sentences(row.text_version, each), purpose, asked.lines, *span
        )
        for each in sorted(languages(row.text_version))
        if whole
    }
    lines = {line: asked.state_and_reads(line, facts, now) for line in seen}
    signers = _of_lines(asked.signers(facts, now), seen)
    signable = whole and me in signers and not asked.over(now) and case.decide(Act.SIGN_CONSENT).allowed
    granted = any(asked.has_granted(me, line) for line in seen) and not asked.over(now)
    permitted = ["sign"] if signable else []
    if granted and case.decide(Act.WITHDRAW_CONSENT).allowed:
        permitted.append("withdraw")
    if not asked.over(now) and case.decide(Act.REGISTER_CONSENT).allowed:
        permitted.append("register")
    shares: dict[str, list[str]] = {}
    persons: dict[str, list[str]] = {}
    for line in seen:
        named = (
            persons.setdefault(line.person_id, [])
            if line.person_id
            else shares.setdefault(told[line.service_id], [])
        )
        if line.topic not in named:  # of several services that are not told of
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
        "language": language,
        "requested_by": case.named(asked.requested_by),
        "requested_at": asked.requested_at,
        "replaced_by": row.replaced_by,
        "owner_service_id": case.service(facts.case.owner_service),
        "state": summed_up([state for state, _ in lines.values()]),
        "lines": [
            {"service_id": told[line.service_id], **_line(line, *found)}
            for line, found in lines.items()
            if not line.person_id
        ],
        "person_lines": [
            {"person_id": line.person_id, **_line(line, *found)}
            for line, found in lines.items()
            if line.person_id
        ],
        "signers": _signers(reading, asked, signers, case, seen, told),
        "text_version": row.text_version,
        "wording": sentences(row.text_version, language),
        "text_hash": texts.get(language, ""),
        "texts": [{"language": each, "text_hash": found} for each, found in texts.items()],
        "you_sign": signable,
        "permitted": permitted,
        "renew_from": moments.renew_from(asked, facts),
        "ask_again": asked.request_id in again,
    }


def _line(line: Line, state: State, reads: Reads) -> dict[str, str]:
    return {"topic": line.topic, "state": str(state), "reads": str(reads)}


def _of_lines(signers: Mapping[str, list[str]], lines: Sequence[Line]) -> dict[str, list[str]]:
    """The signers of these lines, with the topics of these."""
    topics = {line.topic for line in lines}
    found = {signer: [each for each in asked if each in topics] for signer, asked in signers.items()}
    return {signer: of_these for signer, of_these in found.items() if of_these}


def _signers(
    reading: Reading,
    asked: Request,
    signers: Mapping[str, list[str]],
    case: CaseAccess,
    lines: Sequence[Line],
    told: Mapping[str, str],
) -> list[dict[str, Any]]:
    words = {
        person_id: [said for said in asked.said if said.signer_id == person_id and said.line in lines]
        for person_id in signers
    }
    last = {person_id: said[-1] for person_id, said in words.items() if said}
    evidence = Evidence(reading.conn, reading.municipality, reading.keys)
    said_by_ids = [said.signature_id for said in last.values()]
    registered = evidence.of_signatures(said_by_ids)
    signed = _repository(reading).signed(said_by_ids)
    return [
        {
            "person_id": person_id,
            "required_for": topics,
            **answers_of(
                (line._replace(service_id=told.get(line.service_id, "")), answer)
                for line in lines
                if (answer := asked.latest(person_id, line)) is not None
            ),
            **_last_word(reading, case, last.get(person_id), registered, signed),
        }
        for person_id, topics in sorted(signers.items())
    ]


_OF_WORDS = ("answered_at", "signature_id", "way", "registered_by", "given_on", "evidence")


def _last_word(
    reading: Reading,
    case: CaseAccess,
    said: Said | None,
    registered: Mapping[str, Any],
    signed: AbstractSet[str],
) -> dict[str, Any]:
    """When and how a signer answered last; to withdraw is one of their own clicks, too."""
    if said is None:
        return dict.fromkeys(_OF_WORDS) | {"taken_back": False}
    row = registered.get(said.signature_id)
    way = Way.ELECTRONIC if row is None else Way.PAPER if row.media_type else Way.ORAL
    return {
        "answered_at": said.at,
        "signature_id": said.signature_id,
        "taken_back": said.signature_id not in signed,
        "way": str(way),
        "registered_by": row and case.named(row.registered_by),
        "given_on": row and row.given_on,
        "evidence": row and case.may_open(about_proof(reading.municipality, row)),
    }
