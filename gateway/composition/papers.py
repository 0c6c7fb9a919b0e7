"""The papers of consent, put together: what the consent service knows, with the names that others know (CO-6, CO-7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app, g

from gateway.frame.paths import path
from gateway.papers import languages, record, sheets
from gateway.papers.naming import Naming
from services.chassis.documents import pdf
from services.contracts import cases, consent
from services.kernel.errors import InvalidInput, NotFound, Refusal
from services.kernel.policies import Policy


def signing_pdf(request_id: str, signer_id: str, language: str | None) -> bytes:
    """The sheet for one of those who are asked; NotFound for whoever may not read the request, or is not asked."""
    if language is not None and language not in languages():
        raise InvalidInput(fields={"language": "no_text_in_language"}, rule="CO-7")
    asked = {"request_id": request_id} | ({"language": language} if language else {})
    detail = g.asking(consent.GetRequest, asked)
    signers = [each["person_id"] for each in detail["signers"]]
    if signer_id not in signers:
        raise NotFound
    named = [line["person_id"] for line in detail.get("person_lines", ())]
    people = [detail["child_person_id"], detail["requested_by"], signer_id, *named]
    return pdf(sheets.signing_sheet(detail, signer_id, _naming(detail["case_id"], people)))


def receipt_pdf(signature_id: str) -> bytes:
    """One's own receipt of an answer, on paper."""
    receipt = g.asking(consent.GetReceipt, {"signature_id": signature_id})
    return pdf(sheets.receipt_sheet(receipt, _naming_of_receipt(receipt)))


def receipt_record(signature_id: str) -> dict[str, Any]:
    """One's own receipt of an answer, in the shape of ISO/IEC TS 27560."""
    receipt = g.asking(consent.GetReceipt, {"signature_id": signature_id})
    naming = _naming_of_receipt(receipt)
    return record.receipt_record(receipt, naming, _retention(), _withdraw_at(receipt["case_id"]))


def withdrawal_pdf(withdrawal_id: str) -> bytes:
    """One's own receipt of a withdrawal, on paper."""
    receipt = g.asking(consent.GetWithdrawal, {"withdrawal_id": withdrawal_id})
    return pdf(sheets.withdrawal_sheet(receipt, naming_of_withdrawal(receipt)))


def withdrawal_record(withdrawal_id: str) -> dict[str, Any]:
    """One's own receipt of a withdrawal, in the shape of ISO/IEC TS 27560."""
    receipt = g.asking(consent.GetWithdrawal, {"withdrawal_id": withdrawal_id})
    naming = naming_of_withdrawal(receipt)
    return record.withdrawal_record(receipt, naming, _retention(), _withdraw_at(receipt["case_id"]))


def naming_of_withdrawal(receipt: dict[str, Any]) -> Naming:
    """The names on a withdrawal."""
    named = [line["person_id"] for line in receipt["lines"]]
    return _naming(receipt["case_id"], [receipt["child_person_id"], receipt["person_id"], *named])


def _naming_of_receipt(receipt: dict[str, Any]) -> Naming:
    named = [line["person_id"] for line in receipt["person_answers"]]
    people = [receipt[name] for name in ("child_person_id", "signer_id", "requested_by", "registered_by")]
    return _naming(receipt["case_id"], [*people, *named])


def _naming(case_id: str, people: Iterable[str | None]) -> Naming:
    """Names as the asker may know them: whoever sees the case no more keeps the receipt, and it names fewer."""
    try:
        case = g.asking(cases.GetCase, {"case_id": case_id})
        g.names.add_family([case["child"], *case["guardians"]])
    except Refusal:
        pass
    catalogue = g.names.catalogue()
    services = {each["id"]: each["name"] for each in catalogue["services"]}
    services[cases.HIDDEN_SERVICE] = str(g.names.service(cases.HIDDEN_SERVICE))
    grounds = catalogue.get("grounds") or ()
    return Naming(g.names.people(people), services, catalogue["municipality"], grounds)


def _retention() -> int:
    policy = g.names.catalogue().get("policy") or {}
    return int(policy.get("retention_years") or Policy().retention_years)


def _withdraw_at(case_id: str) -> str:
    base = current_app.extensions["stafett"].settings.public_url.rstrip("/")
    return f"{base}{path('consent_withdraw', case_id=case_id)}"
