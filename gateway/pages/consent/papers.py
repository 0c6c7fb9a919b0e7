"""Papers of consent as downloads: the sheet to be signed by hand, receipts, and the scan that proves an answer."""

from __future__ import annotations

import base64
import json
from typing import Any

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from gateway.composition import papers
from gateway.files import attachment
from gateway.frame.paths import PATHS
from gateway.frame.view import render
from gateway.pages.case.head import ask_case
from gateway.papers import words
from services.contracts import consent
from services.kernel.errors import NotFound

blueprint = Blueprint("consent_papers", __name__)

PDF = "application/pdf"
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@blueprint.get(PATHS["consent_sheet"])
def sheet(request_id: str) -> Response:
    """The sheet for one of those who are asked, in the language asked for."""
    signer_id, language = request.args.get("for", ""), request.args.get("sprak") or None
    return attachment(
        papers.signing_pdf(request_id, signer_id, language), PDF, f"samtykke-{request_id[-8:]}.pdf"
    )


@blueprint.get(PATHS["receipt_pdf"])
def receipt_pdf(signature_id: str) -> Response:
    """One's own receipt, on paper."""
    return attachment(papers.receipt_pdf(signature_id), PDF, f"kvittering-{signature_id[-8:]}.pdf")


@blueprint.get(PATHS["receipt_record"])
def receipt_record(signature_id: str) -> Response:
    """One's own receipt, for other systems."""
    return _json(papers.receipt_record(signature_id), f"kvittering-{signature_id[-8:]}.json")


@blueprint.get(PATHS["withdrawal"])
def withdrawal(withdrawal_id: str) -> str:
    """The receipt of a withdrawal: what was taken back, and when."""
    found = g.asking(consent.GetWithdrawal, {"withdrawal_id": withdrawal_id})
    naming, page = papers.naming_of_withdrawal(found), ask_case(found["case_id"])
    w = words("nb")
    told = (
        w("answer_for", service=naming.receiver(each), topic=w(f"topic.{each['topic']}"))
        for each in found["lines"]
    )
    return render(
        "family/withdrawal_receipt.html",
        case=page["head"],
        receipt={
            "id": withdrawal_id,
            "at": found["at"],
            "by": naming.person(found["person_id"]),
            "lines": list(dict.fromkeys(told)),
        },
        unread=page["unread"],
        missing=page["missing"],
    )


@blueprint.get(PATHS["withdrawal_pdf"])
def withdrawal_pdf(withdrawal_id: str) -> Response:
    """The receipt of a withdrawal, on paper."""
    return attachment(papers.withdrawal_pdf(withdrawal_id), PDF, f"trukket-{withdrawal_id[-8:]}.pdf")


@blueprint.get(PATHS["withdrawal_record"])
def withdrawal_record(withdrawal_id: str) -> Response:
    """The receipt of a withdrawal, for other systems."""
    return _json(papers.withdrawal_record(withdrawal_id), f"trukket-{withdrawal_id[-8:]}.json")


@blueprint.get(PATHS["consent_evidence"])
def evidence(signature_id: str) -> str | Response:
    """What proves an answer: the scan as a file; of a spoken word, where it stands in the journal."""
    found = g.asking(consent.GetEvidence, {"signature_id": signature_id})
    if found["scan"] is None:
        page = ask_case(found["case_id"])
        names = page["names"] | g.names.people([found["registered_by"], found["signer_id"]])
        return render(
            "employee/consent_evidence.html",
            case=page["head"],
            evidence={
                "signer": names.get(found["signer_id"], ""),
                "registered_by": names.get(found["registered_by"], ""),
                "given_on": found["given_on"],
                "journal_ref": found["journal_ref"],
            },
            unread=page["unread"],
            missing=page["missing"],
        )
    ending = _ENDINGS.get(found["media_type"])
    if ending is None:
        raise NotFound
    content = base64.b64decode(found["scan"])
    return attachment(content, found["media_type"], f"samtykke-{signature_id[-8:]}.{ending}")


def _json(record: dict[str, Any], name: str) -> Response:
    body = json.dumps(record, ensure_ascii=False, indent=2).encode("utf-8")
    return attachment(body, "application/json", name)
