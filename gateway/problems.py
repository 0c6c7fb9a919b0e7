"""How a refusal reaches the caller: problem+json (RFC 9457) for the API, a page that helps for people."""

from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, jsonify, redirect, request, session
from werkzeug.exceptions import HTTPException

from gateway.asking import Asking, NotLoggedIn
from gateway.frame.paths import path
from gateway.frame.view import RETRY_AFTER, error_page
from gateway.guards import SAFE, is_api, is_open
from services.chassis import quiet_faults, tracing
from services.chassis.logging import fault
from services.contracts import cases
from services.kernel.errors import InternalError, InvalidInput, NotFound, Refusal

log = structlog.get_logger()


def problem(refusal: Refusal) -> Response:
    """The refusal as problem+json; `code` is stable, `fields` names what is wrong where."""
    body: dict[str, Any] = {
        "type": f"about:blank#{refusal.code}",
        "title": refusal.code.replace("_", " "),
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
        "instance": request.path,
        "trace_id": g.get("trace_id"),
    }
    if refusal.fields:
        body["errors"] = [{"field": name, "code": code} for name, code in refusal.fields.items()]
    if refusal.params:
        body["params"] = refusal.params
    if refusal.rule:
        body["rule"] = refusal.rule
    answer = jsonify(body)
    answer.status_code = refusal.status
    answer.mimetype = "application/problem+json"
    if refusal.status in RETRY_AFTER:
        answer.headers["Retry-After"] = RETRY_AFTER[refusal.status]
    return answer


def register(app: Flask) -> None:
    """Answer every error of the app in one of the two ways; none is a bare 500."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Any:
        refusal = _noted(refusal)
        if is_api():
            if isinstance(refusal, NotLoggedIn):
                refusal.status = 401
            return problem(refusal)
        if isinstance(refusal, NotLoggedIn):
            here = request.full_path.rstrip("?") if request.method == "GET" else "/"
            target = path("capacity") if session.get("capacities") else path("login")
            return redirect(f"{target}?next={quote(here, safe='/')}")
        return error_page(refusal)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        refusal = getattr(error, "original_exception", None)
        if isinstance(
            refusal, Refusal
        ):  # raised when the answer was made already: its session could not be kept
            return refused(refusal)
        if error.response is not None or error.code is None or error.code < 400:
            return error
        data = getattr(error, "data", None) or {}
        messages = data.get("messages") or {}
        if error.code == 422 and messages:
            fields: dict[str, str] = {}
            for where in messages.values():
                _flatten("", where, fields)
            return refused(InvalidInput(fields=fields))
        codes = {
            400: "malformed",
            404: "not_found",
            405: "method_not_allowed",
            413: "too_large",
            415: "not_json",
            429: "too_many_requests",
        }
        refusal = Refusal(error.description or "", code=codes.get(error.code, "http_error"), status=400)
        refusal.status = error.code
        return problem(refusal) if is_api() else error_page(refusal)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Any:
        if current_app.testing:
            raise error
        if tracing.is_quiet():  # a line would tell that somebody was there (PR-3)
            _keep(error)
        else:
            log.error("request_failed", **fault(error))
        refusal = InternalError() if request.method in SAFE else _NotKnown()
        return problem(refusal) if is_api() else error_page(refusal)


def _keep(error: Exception) -> None:
    """What failed of one of the lane's pages or addresses, where operators alone look."""
    means, asking = current_app.extensions["stafett"], g.get("asking")
    municipality = asking.actor.municipality if asking is not None and asking.actor is not None else ""
    quiet_faults.keep(means.db, str(request.endpoint), error, means.clock.now(), municipality)


class _NotKnown(InternalError):
    """A fault after which something may have been changed, or not: a service may have answered before it."""

    code, detail = "outcome_unknown", "Whether this was done is not known. Look before you try again."


def _noted(refusal: Refusal) -> Refusal:
    """SE-1: what a page did not find among that which its reader may read leaves a line, as what a service refuses
    does: whoever tries ids is seen by it. The refusal itself, or why that could not be kept."""
    asking: Asking | None = g.get("asking")
    if (
        refusal.status != NotFound.status
        or asking is None
        or asking.actor is None
        or asking.has_told(refusal)
    ):
        return refusal
    if is_open() or not request.view_args:
        return refusal
    page = str(request.endpoint).rpartition(".")[2]
    try:
        asking(cases.NoteMiss, {"page": page, "case_id": request.view_args.get("case_id")})
    except Refusal as unkept:
        return refusal if isinstance(unkept, InvalidInput) else unkept
    return refusal


def _flatten(prefix: str, messages: Any, into: dict[str, str]) -> None:
    if isinstance(messages, dict):
        for key, value in messages.items():
            _flatten(f"{prefix}.{key}" if prefix else str(key), value, into)
    elif isinstance(messages, list) and messages:
        text = str(messages[0])
        into[prefix] = text if text.isidentifier() else _MARSHMALLOW.get(text, "invalid")


_MARSHMALLOW = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown_field",
    "Field may not be null.": "required",
    "Not a valid date.": "invalid_date",
    "Not a valid datetime.": "invalid_instant",
    "Not a valid aware datetime.": "invalid_instant",
    "Not a valid integer.": "invalid_number",
    "Not a valid string.": "invalid_text",
    "Not a valid boolean.": "invalid_flag",
    "Not a valid list.": "invalid_list",
    "Invalid input type.": "invalid_object",
}
