"""What programs do that log in as themselves: get a token, see who they are, and copy the public catalogue.

Their feed stands beside it (outside.py). Nothing of a person's is here, nor any case (SE-3)."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import unquote_plus

from flask import Flask, Response, g, jsonify, request
from flask_limiter.util import get_remote_address
from flask_smorest import Api, Blueprint

from gateway.login import machines
from gateway.problems import problem
from services.contracts import outside
from services.contracts.directory import SCOPES
from services.kernel.errors import Refusal

ROOM = "api_machines"
PER_CLIENT, PER_ADDRESS = "30 per minute", "60 per minute"
_ENDPOINT = "/outside/v1/token"
_ERRORS = {"client_not_valid": "invalid_client", "insufficient_scope": "invalid_scope"}
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")


def register(app: Flask, api: Api) -> None:
    """Put the routes into the app and its OpenAPI document."""
    flow = {
        "clientCredentials": {"tokenUrl": _ENDPOINT, "scopes": {scope: _MEANING[scope] for scope in SCOPES}}
    }
    api.spec.components.security_scheme("machine", {"type": "oauth2", "flows": flow})
    limiter = app.extensions["stafett.limiter"]
    blueprint = Blueprint(ROOM, "Programs", url_prefix="/outside/v1")

    def limited(view: Any) -> Any:
        return limiter.limit(PER_SYSTEM, key_func=_client)(view)

    @app.get("/.well-known/oauth-authorization-server")
    def metadata() -> Any:
        """RFC 8414: where a token is to be had, and how."""
        public = app.extensions["stafett"].settings.public_url.rstrip("/")
        return jsonify(
            issuer=public, token_endpoint=f"{public}{_ENDPOINT}", grant_types_supported=["client_credentials"],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
            response_types_supported=[], scopes_supported=list(SCOPES),
        )  # fmt: skip

    @blueprint.route("/token", methods=["POST"])
    @blueprint.doc(operationId="machines.token", responses=_TOKEN_ANSWERS)
    @limiter.limit(PER_ADDRESS, key_func=get_remote_address)
    @limiter.limit(PER_CLIENT, key_func=lambda: f"token:{_credentials()[0][:80]} {get_remote_address()}")
    def token() -> Any:
        """A token for a program, good for ten minutes (RFC 6749, 4.4)."""
        return _token()

    @blueprint.route("/me", methods=["GET"])
    @blueprint.doc(operationId="machines.me", security=[{"machine": []}], responses=_REFUSALS)
    @blueprint.response(200, outside.Me)
    @limited
    def me() -> Any:
        """Which program the token is of, and what it may."""
        return _as_machine(None, _me)

    @blueprint.route("/catalogue", methods=["GET"])
    @blueprint.doc(
        operationId="machines.catalogue", security=[{"machine": ["catalogue.read"]}], responses=_REFUSALS
    )
    @blueprint.response(200, outside.PublicCatalogue)
    @limited
    def catalogue() -> Any:
        """The public services and units of the client's municipality, to be copied; 304 when nothing has changed."""
        return _as_machine("catalogue.read", _catalogue)

    api.register_blueprint(blueprint)


PER_SYSTEM = "120 per minute"
_MEANING = {
    "catalogue.read": "Copy the public services and units of the client's municipality",
    "feed.read": "Read the feed of the outside system that the client belongs to",
}
_REFUSALS = {
    status: {"description": words, "content": {"application/problem+json": {}}}
    for status, words in {
        "401": "The token is missing, has run out, or its client is not in force (`token_not_valid`)",
        "403": "The token's scopes do not cover this (`insufficient_scope`)",
        "429": f"Asked too often: {PER_SYSTEM} for one client. See Retry-After",
        "503": "Not available now. See Retry-After",
    }.items()
}
_TOKEN_ANSWERS = {
    "200": {
        "description": "access_token, token_type, expires_in, scope",
        "content": {"application/json": {}},
    },
    "400": {"description": "invalid_request, unsupported_grant_type, invalid_scope"},
    "401": {"description": "invalid_client"},
}


def refused(refusal: Refusal) -> Response:
    """A refusal of a program's token, as RFC 6750 has it."""
    if refusal.code == machines.TokenNotValid.code:
        refusal.status = 401
    answer = problem(refusal)
    if refusal.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    elif refusal.code == machines.InsufficientScope.code:
        answer.headers["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'
    return answer


def client_of_request() -> str:
    """Whom a limit counts: the client whose good token it is, else the address."""
    claims = machines.claims_of(request.headers.get("Authorization", ""))
    return f"machine:{claims['sub']}" if claims else f"machine:{get_remote_address()}"


_client = client_of_request


def _as_machine(scope: str | None, answer: Any) -> Any:
    try:
        return answer(machines.asking_machine(scope))
    except (machines.TokenNotValid, machines.InsufficientScope) as refusal:
        return refused(refusal)


def _me(machine: machines.Machine) -> Any:
    return jsonify(
        client_id=machine.client_id, municipality=machine.municipality, scopes=sorted(machine.scopes),
        recipient=machine.recipient,
    )  # fmt: skip


def _catalogue(machine: machines.Machine) -> Response:
    found = g.names.catalogue(machine.municipality)
    answer: Response = jsonify(
        municipality=found["municipality"],
        version=found["version"],
        services=found["services"],
        units=found["units"],
    )
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:32])
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.make_conditional(request)
    return answer


# ---------------------------------------------------------------- the token endpoint


def _token() -> Any:
    client_id, secret, basic = _credentials()
    if request.mimetype != "application/x-www-form-urlencoded":
        return _error(400, "invalid_request", "Send a form: application/x-www-form-urlencoded")
    if any(len(request.form.getlist(name)) > 1 for name in request.form):
        return _error(400, "invalid_request", "A parameter came twice")
    if basic and "client_secret" in request.form:
        return _error(400, "invalid_request", "Say who you are in one way, not in two")
    grant_type, scope = request.form.get("grant_type"), request.form.get("scope") or None
    if not grant_type:
        return _error(400, "invalid_request", "grant_type is missing")
    if grant_type != "client_credentials":
        return _error(400, "unsupported_grant_type", "Only client_credentials")
    if scope is not None and not _SCOPE.fullmatch(scope):
        return _error(400, "invalid_scope", "Scopes stand with one space between")
    try:
        return jsonify(machines.grant(client_id, secret, scope))
    except Refusal as refusal:
        if refusal.code not in _ERRORS:
            raise
        return _error(
            400 if refusal.code == "insufficient_scope" else 401, _ERRORS[refusal.code], refusal.detail
        )


def _credentials() -> tuple[str, str, bool]:
    """Client id and secret, from the header (RFC 6749, 2.3.1) or the form, and whether they stood in the header."""
    given = request.authorization
    if given is not None and given.type == "basic":
        return unquote_plus(given.username or ""), unquote_plus(given.password or ""), True
    return request.form.get("client_id", ""), request.form.get("client_secret", ""), False


def _error(status: int, code: str, words: str) -> Response:
    answer: Response = jsonify(error=code, error_description=words)
    answer.status_code = status
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="stafett"'
    return answer
