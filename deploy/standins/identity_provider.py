"""A test identity provider in ID-porten's shape: code flow, PKCE (S256), state, nonce; id_token with `pid` and `acr`.

The login page lists the demo's people by role; nobody has a password. The protocol itself is Authlib's.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

# The provider speaks plain HTTP, on loopback only; Authlib refuses that unless told.
os.environ.setdefault("AUTHLIB_INSECURE_TRANSPORT", "1")

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeGrant, ClientMixin, InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Blueprint, Flask, Response, jsonify, redirect, render_template, request
from joserfc.jwk import KeySet, RSAKey

from deploy.standins.people import Person

SUBSTANTIAL = "idporten-loa-substantial"
HIGH = "idporten-loa-high"
LEVELS = (SUBSTANTIAL, HIGH)
CODE_LIFE = 60
TOKEN_LIFE = 120
_TEST_SERIES = re.compile(r"[0-9]{2}(8[1-9]|9[0-2])[0-9]{7}")
"""Identity numbers with the month + 80, which nobody was ever given (DI-6)."""


@dataclass(frozen=True)
class _Client(ClientMixin):  # type: ignore[misc]
    client_id: str
    secret: str
    public_url: str
    id_token_signed_response_alg: str = "RS256"

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(word for word in (scope or "").split() if word in ("openid", "profile"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.startswith(self.public_url.rstrip("/") + "/")

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.secret) and hmac.compare_digest(self.secret, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass(frozen=True)
class _Login:
    """Who logged in, and how strongly; what Authlib calls the user."""

    person: Person
    acr: str
    sid: str


@dataclass(frozen=True)
class _Code(AuthorizationCodeMixin):  # type: ignore[misc]
    code: str
    login: _Login
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    at: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.at

    def get_acr(self) -> str:
        return self.login.acr

    def get_amr(self) -> list[str]:
        return ["TestID"]


class _RequiredChallenge(CodeChallenge):  # type: ignore[misc]
    """PKCE that is not optional, and S256 only."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: 'code_challenge' with method S256")
        if not data.get("state"):
            raise InvalidRequestError("Missing 'state' in request.")
        super().validate_code_challenge(grant, redirect_uri)


class IdentityProvider:
    """Keeps codes and tokens in memory; the signing key outlives a restart, in `key_file`."""

    def __init__(
        self,
        *,
        key_file: Path,
        issuer: str,
        client_id: str,
        client_secret: str,
        public_url: str,
        people: Callable[[], list[Person]],
    ) -> None:
        self.issuer = issuer.rstrip("/")
        self._client = _Client(client_id, client_secret, public_url)
        self._people = people
        self._key = _signing_key(key_file)
        self._keys = KeySet([self._key])
        self._codes: dict[str, _Code] = {}
        self._tokens: dict[str, tuple[float, _Login]] = {}
        self._nonces: dict[str, float] = {}

    def blueprint(self, app: Flask) -> Blueprint:
        """The provider's pages and endpoints, with Authlib's server behind them."""
        server = AuthorizationServer(app, query_client=self._query_client, save_token=self._save_token)
        server.register_grant(self._grant(), [_RequiredChallenge(required=True), self._openid()])
        server.register_endpoint(self._end_session())
        pages = Blueprint("login", __name__)

        @pages.get("/.well-known/openid-configuration")
        def discovery() -> Response:
            return jsonify(self.metadata())

        @pages.get("/jwks.json")
        def jwks() -> Response:
            return jsonify(self._keys.as_dict(private=False))

        @pages.route("/authorize", methods=["GET", "POST"])
        def authorize() -> Response | str | tuple[str, int]:
            try:
                grant = server.get_consent_grant(end_user=None)
            except OAuth2Error as error:
                if getattr(error, "redirect_uri", None):
                    return server.handle_response(*error())  # type: ignore[no-any-return]
                return render_template("login_error.html", error=error), 400
            login = self._hinted() if request.method == "GET" else self._chosen()
            if login is not None:
                return server.create_authorization_response(grant=grant, grant_user=login)  # type: ignore[no-any-return]
            if request.method == "POST" and request.form.get("cancel"):
                return server.create_authorization_response(grant=grant, grant_user=None)  # type: ignore[no-any-return]
            return self._page()

        @pages.post("/token")
        def token() -> Response:
            return server.create_token_response()  # type: ignore[no-any-return]

        @pages.get("/userinfo")
        def userinfo() -> Response | tuple[Response, int]:
            bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
            until, login = self._tokens.get(bearer, (0.0, None))
            if login is None or until < time.time():
                return jsonify(error="invalid_token"), 401
            return jsonify(self._claims(login))

        @pages.route("/logout", methods=["GET", "POST"])
        def logout() -> Response | str | tuple[str, int]:
            try:
                asked = server.validate_endpoint_request("end_session")
                return server.create_endpoint_response("end_session", asked) or render_template(
                    "logged_out.html"
                )
            except OAuth2Error as error:
                return render_template("login_error.html", error=error), 400

        @pages.get("/login")
        def direct() -> Response:
            return redirect(self._client.public_url)  # type: ignore[return-value]

        return pages

    def metadata(self) -> dict[str, Any]:
        """The discovery document."""
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo",
            "jwks_uri": f"{at}/jwks.json",
            "end_session_endpoint": f"{at}/logout",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": ["openid", "profile"],
            "acr_values_supported": list(LEVELS),
            "ui_locales_supported": ["nb"],
            "prompt_values_supported": ["login"],
            "authorization_response_iss_parameter_supported": True,
        }

    # -- the page --------------------------------------------------------------------------------------------

    def _page(self) -> str:
        wanted = " ".join(request.args.get("q", "").lower().split())
        everybody = self._people()
        shown = [person for person in everybody if wanted in f"{person.name} {person.role_label}".lower()]
        groups: dict[str, list[Person]] = {}
        for person in shown:
            groups.setdefault(person.group, []).append(person)
        kept = [(key, value) for key, value in request.args.items(multi=True) if key != "q"]
        query = request.query_string.decode()
        return render_template(
            "login.html",
            story=[person for person in shown if person.story],
            groups=groups,
            count=len(shown),
            wanted=wanted,
            kept=kept,
            query=query,
            minimum=self._asked_level(),
            high=HIGH,
            substantial=SUBSTANTIAL,
        )

    @staticmethod
    def _asked_level() -> str:
        return HIGH if HIGH in request.args.get("acr_values", "").split() else SUBSTANTIAL

    def _chosen(self) -> _Login | None:
        acr = request.form.get("acr", SUBSTANTIAL)
        return self._login(request.form.get("number", ""), acr if acr in LEVELS else SUBSTANTIAL)

    def _hinted(self) -> _Login | None:
        """Login without a page, as ID-porten's own test login: `login_hint=testid:<number>_<acr>`.

        Any number of the test series will do, also one that the page does not list."""
        hint = request.args.get("login_hint", "")
        if not hint.startswith("testid:"):
            return None
        number, _, acr = hint.removeprefix("testid:").partition("_")
        level = acr if acr in LEVELS else self._asked_level()
        unlisted = _Login(Person(number, "", "", "", ""), level, secrets.token_urlsafe(12))
        return self._login(number, level) or (unlisted if _TEST_SERIES.fullmatch(number) else None)

    def _login(self, number: str, acr: str) -> _Login | None:
        person = next((person for person in self._people() if person.number == number), None)
        return _Login(person, acr, secrets.token_urlsafe(12)) if person else None

    # -- what Authlib asks for -------------------------------------------------------------------------------

    def _query_client(self, client_id: str) -> _Client | None:
        return self._client if client_id == self._client.client_id else None

    def _save_token(self, token: dict[str, Any], asked: Any) -> None:
        now = time.time()
        for old in [key for key, (until, _) in self._tokens.items() if until < now]:
            del self._tokens[old]
        self._tokens[token["access_token"]] = (now + TOKEN_LIFE, asked.user)

    def _claims(self, login: _Login) -> dict[str, Any]:
        pairwise = hmac.digest(self._client.client_id.encode(), login.person.number.encode(), "sha256").hex()[
            :32
        ]
        return {"sub": pairwise, "pid": login.person.number, "sid": login.sid, "locale": "nb"}

    def _grant(provider: IdentityProvider) -> type[AuthorizationCodeGrant]:  # noqa: N805
        class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

            def save_authorization_code(self, code: str, asked: Any) -> None:
                data, now = asked.payload.data, int(time.time())
                for old in [key for key, kept in provider._codes.items() if kept.at + CODE_LIFE < now]:
                    del provider._codes[old]
                provider._codes[code] = _Code(
                    code,
                    asked.user,
                    asked.payload.redirect_uri,
                    asked.scope,
                    data.get("nonce", ""),
                    data["code_challenge"],
                    data["code_challenge_method"],
                    now,
                )

            def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> Any:
                status, body, headers = super().create_authorization_response(redirect_uri, grant_user)
                place = dict(headers)["Location"]
                mark = "&" if "?" in place else "?"
                return status, body, [("Location", f"{place}{mark}iss={quote(provider.issuer, safe='')}")]

            def query_authorization_code(self, code: str, client: _Client) -> _Code | None:
                # Taken out at once: a code is good for one try, also when two come at the same time.
                kept = provider._codes.pop(code, None)
                return kept if kept and kept.at + CODE_LIFE >= time.time() else None

            def delete_authorization_code(self, authorization_code: _Code) -> None:
                """Nothing left to do: looking it up took it out."""

            def authenticate_user(self, authorization_code: _Code) -> _Login:
                return authorization_code.login

            def generate_token(self, *args: Any, **words: Any) -> Any:
                return super().generate_token(*args, **words) | {"expires_in": TOKEN_LIFE}

        return Grant

    def _openid(provider: IdentityProvider) -> OpenIDCode:  # noqa: N805
        class OpenID(OpenIDCode):  # type: ignore[misc]
            def exists_nonce(self, nonce: str, asked: Any) -> bool:
                # The page is shown and then posted with the same nonce, so only a used code's nonce counts.
                return nonce in provider._used_nonces()

            def resolve_client_private_key(self, client: _Client) -> RSAKey:
                return provider._key

            def get_encode_header(self, client: _Client) -> dict[str, Any]:
                return {"alg": "RS256", "kid": provider._key.kid}

            def get_client_claims(self, client: _Client) -> dict[str, Any]:
                now = int(time.time())
                return {
                    "iss": provider.issuer,
                    "aud": client.client_id,
                    "exp": now + TOKEN_LIFE,
                    "jti": secrets.token_urlsafe(12),
                }

            def generate_user_info(self, user: _Login, scope: str) -> dict[str, Any]:
                return provider._claims(user)

            def encode_id_token(self, token: dict[str, Any], asked: Any) -> Any:
                provider._nonces[asked.authorization_code.nonce] = time.time()
                # ID-porten's id_token has no at_hash, which Authlib would make from the access token.
                return super().encode_id_token({"scope": token.get("scope")}, asked)

        return OpenID(require_nonce=True)

    def _used_nonces(self) -> dict[str, float]:
        limit = time.time() - 3600
        self._nonces = {nonce: at for nonce, at in self._nonces.items() if at > limit}
        return self._nonces

    def _end_session(provider: IdentityProvider) -> type[EndSessionEndpoint]:  # noqa: N805
        class EndSession(EndSessionEndpoint):  # type: ignore[misc]
            def get_server_jwks(self) -> KeySet:
                return provider._keys

            def get_algorithms(self) -> list[str]:
                return ["RS256"]

            def _is_valid_post_logout_redirect_uri(
                self, client: _Client, post_logout_redirect_uri: str
            ) -> bool:
                return client.check_redirect_uri(post_logout_redirect_uri)

            def is_post_logout_redirect_uri_legitimate(self, *_: Any) -> bool:
                return True  # only addresses of the suite itself pass the check before

            def end_session(self, end_session_request: Any) -> None:
                """There is no session to end: each login starts from the page."""

        return EndSession


def _signing_key(file: Path) -> RSAKey:
    """The provider's RS256 key, made once for each state folder."""
    if file.exists():
        return RSAKey.import_key(json.loads(file.read_text()))
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": secrets.token_hex(8)})
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(key.as_dict(private=True), handle)
    return key
