"""Papers of consent by the API: files that several services' answers are put together into, so no single procedure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import jsonify, request
from flask_smorest import Api, Blueprint

from gateway.composition import papers
from gateway.files import attachment

PDF = "application/pdf"
_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_RECORD: dict[str, Any] = {"schema": {"type": "object"}}


def register(api: Api) -> None:
    """Put the papers into the API and its OpenAPI document."""
    blueprint = Blueprint("api_papers", "Consent", url_prefix="/api")

    @_described(blueprint, "/receipts/<signature_id>/pdf", "papers.receipt_pdf", PDF, _FILE)
    def receipt_pdf(signature_id: str) -> Any:
        """One's own receipt of an answer as PDF/A (CO-7)."""
        return attachment(papers.receipt_pdf(signature_id), PDF, f"kvittering-{signature_id[-8:]}.pdf")

    @_described(
        blueprint, "/receipts/<signature_id>/record", "papers.receipt_record", "application/json", _RECORD
    )
    def receipt_record(signature_id: str) -> Any:
        """One's own receipt of an answer in the shape of ISO/IEC TS 27560 (CO-7)."""
        return jsonify(papers.receipt_record(signature_id))

    @_described(blueprint, "/withdrawals/<withdrawal_id>/pdf", "papers.withdrawal_pdf", PDF, _FILE)
    def withdrawal_pdf(withdrawal_id: str) -> Any:
        """One's own receipt of a withdrawal as PDF/A (CO-3, CO-7)."""
        return attachment(papers.withdrawal_pdf(withdrawal_id), PDF, f"trukket-{withdrawal_id[-8:]}.pdf")

    @_described(
        blueprint,
        "/withdrawals/<withdrawal_id>/record",
        "papers.withdrawal_record",
        "application/json",
        _RECORD,
    )
    def withdrawal_record(withdrawal_id: str) -> Any:
        """One's own receipt of a withdrawal in the shape of ISO/IEC TS 27560 (CO-3, CO-7)."""
        return jsonify(papers.withdrawal_record(withdrawal_id))

    @_described(
        blueprint,
        "/consent-requests/<request_id>/sheets/<signer_id>",
        "papers.signing_sheet",
        PDF,
        _FILE,
        parameters=[
            {"in": "query", "name": "language", "schema": {"enum": ["nb", "nn", "en"]}, "required": False}
        ],
    )
    def signing_sheet(request_id: str, signer_id: str) -> Any:
        """The sheet on which one of those who are asked can sign by hand, as PDF/A (CO-6)."""
        body = papers.signing_pdf(request_id, signer_id, request.args.get("language") or None)
        return attachment(body, PDF, f"samtykke-{request_id[-8:]}.pdf")

    api.register_blueprint(blueprint)


def _described(
    blueprint: Blueprint,
    rule: str,
    operation: str,
    media_type: str,
    content: dict[str, Any],
    parameters: list[dict[str, Any]] | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    def decorate(view: Callable[..., Any]) -> Any:
        view.__doc__ = f"{view.__doc__}\n---\n"
        described = blueprint.doc(
            operationId=operation,
            parameters=parameters or [],
            responses={
                "200": {"description": "The paper", "content": {media_type: content}},
                "default": {
                    "description": "A problem (RFC 9457)",
                    "content": {"application/problem+json": {}},
                },
            },
        )(view)
        return blueprint.route(rule, methods=["GET"])(described)

    return decorate
