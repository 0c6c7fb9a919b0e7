"""Programs that log in as themselves: a client's secret becomes a token that is good for ten minutes (RFC 6749, 4.4).

The token says which client it is, and which of its scopes were asked for. What the client may now, directory says at
each request: a client that was removed, or whose secret was made void, is out at once."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import current_app, g, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.contracts import directory
from services.kernel.errors import Forbidden, Refusal

LIFETIME = 600
AUDIENCE = "stafett-outside"
"""No service takes a token with it for an actor's (chassis/actor.py): it opens nothing inside."""

_ISSUER, _ALGORITHM, _TYPE = "gateway", "Ed25519", "at+jwt"
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{1,500}\.[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{1,500})")
_CLIENT = re.compile(r"([a-z0-9][a-z0-9_-]{0,63})\.([a-z][a-z0-9_-]{0,39})")


class TokenNotValid(Forbidden):
    """No token, one that has run out, or one of a client that is not in force any more."""

    code, detail = "token_not_valid", "The token is none that is in force here."


class InsufficientScope(Forbidden):
    """The token is good, but not for this."""

    code, detail = "insufficient_scope", "The token's scopes do not cover this."


class ForPeople(Forbidden):
    """A program asks where people act: it has no tie to any case (SE-3)."""

    code, rule = "for_people_only", "SE-3"
    detail = "This address is for people who have logged in. What programs may is under /outside/v1."


@dataclass(frozen=True, slots=True)
class Machine:
    """The program of this request, with what its token and its client both allow."""

    municipality: str
    name: str
    scopes: frozenset[str]
    recipient: str | None
    subscription_id: str | None

    @property
    def client_id(self) -> str:
        return f"{self.municipality}.{self.name}"


def bears_token() -> bool:
    """Whether a program's token came with the request, good or not."""
    return request.headers.get("Authorization", "").startswith("Bearer ")


def grant(client_id: str, secret: str, asked: str | None) -> dict[str, Any]:
    """The answer of the token endpoint. Raises Forbidden (client_not_valid) or InsufficientScope."""
    found = _CLIENT.fullmatch(client_id)
    if found is None or not 1 <= len(secret) <= 200:
        raise Forbidden(code="client_not_valid")
    standing = g.asking.as_service(
        directory.CheckMachineClient, {"name": found[2], "secret": secret}, found[1]
    )
    scopes = set(asked.split()) if asked else set(standing["scopes"])
    if not scopes or not scopes <= set(standing["scopes"]):
        raise InsufficientScope
    now = int(time.time())
    claims = {
        "iss": _ISSUER, "aud": AUDIENCE, "sub": client_id, "iat": now, "exp": now + LIFETIME,
        "scope": " ".join(sorted(scopes)), "gen": standing["generation"],
    }  # fmt: skip
    header = {"alg": _ALGORITHM, "kid": _ISSUER, "typ": _TYPE}
    token = jwt.encode(header, claims, _key(_var()), algorithms=[_ALGORITHM])
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "scope": claims["scope"],
    }


def asking_machine(scope: str | None = None) -> Machine:
    """Whose token came with the request. Raises TokenNotValid, or InsufficientScope when `scope` is not among its."""
    claims = claims_of(request.headers.get("Authorization", ""))
    found = _CLIENT.fullmatch(claims["sub"]) if claims else None
    if claims is None or found is None:
        raise TokenNotValid
    try:
        standing = g.asking.as_service(directory.CheckMachineClient, {"name": found[2]}, found[1])
    except Refusal as refusal:
        if refusal.code != "client_not_valid":
            raise
        raise TokenNotValid from None
    if claims["gen"] < standing["oldest_generation"]:
        raise TokenNotValid
    scopes = frozenset(claims["scope"].split()) & set(standing["scopes"])
    if scope is not None and scope not in scopes:
        raise InsufficientScope
    return Machine(found[1], found[2], scopes, standing["recipient"], standing["subscription_id"])


def is_token(header: str) -> bool:
    """Whether a header bears a token of this kind, and not the token of a feed."""
    return _BEARER.fullmatch(header) is not None


def claims_of(header: str) -> dict[str, Any] | None:
    """What the token in an Authorization header says, when we have signed it and it has not run out; else None."""
    found = _BEARER.fullmatch(header)
    if found is None:
        return None
    try:
        decoded = jwt.decode(found[1], _key(_var()), algorithms=[_ALGORITHM])
        claims: dict[str, Any] = decoded.claims
        ours = decoded.header.get("typ") == _TYPE and (claims["iss"], claims["aud"]) == (_ISSUER, AUDIENCE)
        good = ours and float(claims["exp"]) > time.time()
        whole = (
            isinstance(claims["sub"], str)
            and isinstance(claims["scope"], str)
            and isinstance(claims["gen"], int)
        )
    except (JoseError, KeyError, TypeError, ValueError):
        return None
    return claims if good and whole else None


def _var() -> Path:
    return Path(current_app.extensions["stafett"].settings.var)


@lru_cache(maxsize=4)
def _key(var: Path) -> OKPKey:
    return OKPKey.import_key((var / "keys" / f"{_ISSUER}.private.pem").read_bytes())
