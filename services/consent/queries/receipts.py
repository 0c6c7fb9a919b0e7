"""What a signer gets to keep: the receipts of an answer and of a withdrawal (CO-3, CO-7); and what proves an answer
that was registered for somebody (CO-6)."""

from __future__ import annotations

import base64
from typing import Any

from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import Reading
from services.consent.queries.as_signed import wording_as_signed
from services.consent.queries.requests import answers_of
from services.consent.seen import purpose_for
from services.consent.storage.evidence import Evidence
from services.consent.storage.requests import Requests
from services.kernel.errors import NotFound
from services.kernel.facts import Act, Capacity
from services.kernel.legal_basis import Basis
from services.kernel.signers import as_signer


def get_receipt(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """One's own receipt (CO-7): what was agreed to, when, and in which words. NotFound for anybody else's;
    raises NotAsSigned where what is kept is no longer what was signed."""
    repository = Requests(reading.conn, reading.municipality, reading.keys)
    signature = repository.signature(request["signature_id"])
    if signature is None or (signature.by_person_id or signature.signer_id) != reading.actor.person_id:
        raise NotFound
    row = repository.row(signature.request_id)
    case = access.of(reading, row.case_id)
    for_unit = signature.signer_id != reading.actor.person_id  # GU-4: theirs while they work there
    if for_unit:
        case.require(Act.READ_CONSENT)
    asked = next(each for each in repository.of_case(row.case_id) if each.request_id == row.request_id)
    wording = wording_as_signed(reading.conn, repository, row, signature)
    reading.access("CO-7", "read_receipt", row.case_id, signature.signer_id)
    return {
        "signature_id": signature.signature_id,
        "request_id": signature.request_id,
        "signer_id": signature.signer_id,
        "signed_at": signature.signed_at,
        "assurance": signature.assurance,
        "way": signature.way,
        "language": signature.language,
        "text_version": signature.text_version,
        "text_hash": signature.text_hash,
        "wording": wording,
        "purpose": repository.purpose_as_signed(row, signature, reading.actor.person_id),
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "requested_by": case.named(row.requested_by),
        "legal_basis": str(Basis.CONSENT),
        **_reference(reading, signature),
        **_case(case),
        **_registered(reading, case, signature.signature_id),
        **answers_of(
            (each.line, each.answer) for each in asked.said if each.signature_id == signature.signature_id
        ),
    }


def get_withdrawal(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The receipt of a withdrawal (CO-3): what was taken back and when; one's own, or under a care order one's unit's,
    for who may read the case's consents now (GU-4). NotFound for anybody else's;
    raises NotAsSigned where what is kept of what it took back is no longer what was signed."""
    withdrawal_id = request["withdrawal_id"]
    repository = Requests(reading.conn, reading.municipality, reading.keys)
    found = repository.withdrawn(withdrawal_id)
    actor = reading.actor
    if not found or found[0].signer_id != as_signer(Capacity(actor.capacity), actor.person_id, actor.unit_id):
        raise NotFound
    case_id = found[0].case_id
    case = access.of(reading, case_id)
    if found[0].signer_id != actor.person_id:  # GU-4: any colleague's, while they work there
        case.require(Act.READ_CONSENT)
    reading.access("CO-7", "read_receipt", case_id, found[0].signer_id)
    return {
        "withdrawal_id": withdrawal_id,
        "person_id": found[0].signer_id,
        "at": found[0].at,
        **_case(case),
        "lines": [
            {"request_id": each.request_id, "topic": each.topic, "service_id": each.service_id or None,
             "person_id": each.person_id or None}
            for each in found
        ],
        "legal_basis": str(Basis.CONSENT),
        "taken_from": [
            _taken_from(reading, repository, request_id, found[0])
            for request_id in dict.fromkeys(each.request_id for each in found)
        ],
    }  # fmt: skip


def _taken_from(reading: Reading, repository: Requests, request_id: str, withdrawal: Any) -> dict[str, Any]:
    row = repository.row(request_id)
    signature = repository.signature_before(request_id, withdrawal.signer_id, withdrawal.at)
    return {
        "request_id": request_id,
        "signature_id": signature.signature_id,
        "signed_at": signature.signed_at,
        "way": signature.way,
        "language": signature.language,
        "text_version": signature.text_version,
        "text_hash": signature.text_hash,
        "wording": wording_as_signed(reading.conn, repository, row, signature),
        "purpose": _purpose(reading, repository, row, signature),
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        **_reference(reading, signature),
    }


def _reference(reading: Reading, signature: Any) -> dict[str, int | None]:
    """CO-11: the version of the municipality's reference for consent that was in force when it was given."""
    version = access.ground_version(reading.conn, reading.municipality, Basis.CONSENT, signature.signed_at)
    return {"legal_basis_version": version}


def _purpose(reading: Reading, repository: Requests, row: Any, signature: Any) -> str:
    """Of what one signed for oneself; what was signed for a unit is decided on, whoever of it did (GU-4)."""
    if signature.signer_id == reading.actor.person_id:
        return repository.purpose_as_signed(row, signature, reading.actor.person_id)
    found = next(each for each in repository.of_case(row.case_id) if each.request_id == row.request_id)
    return purpose_for(access.of(reading, row.case_id), repository, row, found)


def get_evidence(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The scan or the place in the journal, for those whom the decision lets read it (CO-6, GU-5)."""
    repository = Requests(reading.conn, reading.municipality, reading.keys)
    evidence, signature_id = (
        Evidence(reading.conn, reading.municipality, reading.keys),
        request["signature_id"],
    )
    row = evidence.of_signatures([signature_id]).get(signature_id)
    if row is None:
        raise NotFound
    case = access.of(reading, row.case_id)
    proof = case.open(evidence.proof(row))
    signature = repository.signature(signature_id)
    return {
        "signature_id": signature_id,
        "request_id": signature.request_id,
        "case_id": row.case_id,
        "signer_id": row.signer_id,
        "way": signature.way,
        "given_on": row.given_on,
        "registered_by": case.named(row.registered_by),
        "registered_at": signature.signed_at,
        "journal_ref": proof.journal_ref,
        "media_type": row.media_type,
        "pages": row.pages,
        "sha256": row.sha256,
        "scan": None if proof.scan is None else base64.b64encode(proof.scan).decode("ascii"),
    }


def _case(case: CaseAccess) -> dict[str, Any]:
    """Whose case it is, and which service owns it: what a receipt names."""
    facts = case.known_facts
    return {
        "case_id": case.case_id,
        "child_person_id": facts.case.subject_person,
        "owner_service_id": case.service(facts.case.owner_service),
    }


def _registered(reading: Reading, case: CaseAccess, signature_id: str) -> dict[str, Any]:
    evidence = Evidence(reading.conn, reading.municipality, reading.keys)
    row = evidence.of_signatures([signature_id]).get(signature_id)
    if row is None:
        return {"registered_by": None, "given_on": None, "journal_ref": None}
    return {
        "registered_by": case.named(row.registered_by),
        "given_on": row.given_on,
        "journal_ref": evidence.journal_as_signed(row, reading.actor.person_id),
    }
