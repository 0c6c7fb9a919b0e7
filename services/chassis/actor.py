"""Who asks: a short-lived signed token names a person, their chosen capacity and their municipality (SE-7).

The token is no permission: roles and ties are looked up by the service that decides. The gateway alone speaks for
people; a service speaks only for itself.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.kernel.errors import Forbidden

Capacity = Literal["employee", "guardian", "self", "service", "anonymous"]
Assurance = Literal["low", "substantial", "high"]

AUDIENCE = "stafett"
LIFETIME = 60
PEOPLES_ISSUER = "gateway"
_ALGORITHM = "Ed25519"
_LEEWAY = 5
_CACHED_SECONDS = 5.0
_CACHED_TOKENS = 2000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as whom. `unit_id` is set for employees, `service` for services, whose municipality may be empty:
    they then name it call by call. `person_id` is None for services and for the anonymous."""

    municipality: str
    capacity: Capacity
    person_id: str | None = None
    unit_id: str | None = None
    assurance: Assurance = "low"
    service: str | None = None
    session_id: str | None = None

    @property
    def caller(self) -> str:
        """Who this is among all callers, and as what, as opaque text: for idempotency keys. An answer that was given to
        an employee of one unit is not given again to the same person as a guardian, or in another unit (CO-10)."""
        if self.capacity == "service":
            return f"service:{self.service}"
        who = f"person:{self.person_id}" if self.person_id else f"session:{self.session_id or ''}"
        return f"{who}|{self.capacity}|{self.unit_id or ''}"


def service_actor(service: str, municipality: str = "") -> Actor:
    """A service acting for itself: its timers and senders."""
    return Actor(municipality=municipality, capacity="service", service=service, assurance="high")


class NotForThisCaller(Forbidden):
    """The procedure is for certain services' own tokens alone."""

    code, detail = "not_for_this_caller", "This is not for you to ask."


def demand_service(actor: Actor, *names: str) -> None:
    """Raises NotForThisCaller for everybody but these services' own tokens, whatever stands in the request. The chassis
    notes the refusal (SE-1)."""
    if actor.capacity != "service" or actor.service not in names:
        raise NotForThisCaller


class ActorNotValid(Forbidden):
    """The token is forged, expired, meant for others, or says what its issuer may not say."""

    code, detail = "actor_not_valid", "The call does not say validly who makes it."


class Signer:
    """Makes the tokens of one issuer, with that issuer's private key."""

    def __init__(self, var: Path | str, issuer: str) -> None:
        self.issuer = issuer
        self._key = OKPKey.import_key((Path(var) / "keys" / f"{issuer}.private.pem").read_bytes())
        self._minted: dict[tuple[Actor, int], tuple[float, str]] = {}

    def mint(self, actor: Actor, ttl: int = LIFETIME) -> str:
        """A token for `actor`, good for `ttl` seconds, or one made lately that is good for half of that still.

        Raises ValueError for an actor this issuer may not speak for.
        """
        if not _may_speak_for(self.issuer, actor):
            raise ValueError(f"{self.issuer} may not speak for {actor.capacity} {actor.service or ''}")
        now = time.time()
        known = self._minted.get((actor, ttl))
        if known and known[0] > now + ttl / 2:
            return known[1]
        claims = {
            "iss": self.issuer, "aud": AUDIENCE, "iat": int(now), "exp": int(now + ttl),
            "sub": actor.person_id, "mun": actor.municipality, "cap": actor.capacity, "unit": actor.unit_id,
            "acr": actor.assurance, "svc": actor.service, "sid": actor.session_id,
        }  # fmt: skip
        token = jwt.encode(
            {"alg": _ALGORITHM, "kid": self.issuer}, claims, self._key, algorithms=[_ALGORITHM]
        )
        if len(self._minted) >= _CACHED_TOKENS:
            self._minted.clear()
        self._minted[actor, ttl] = (now + ttl, token)
        return token


class Verifier:
    """Reads tokens with the issuers' public keys; a token that was good is not verified again for some seconds."""

    def __init__(self, var: Path | str) -> None:
        self._keys_dir = Path(var) / "keys"
        self._keys: dict[str, tuple[float, OKPKey]] = {}
        self._cache: dict[str, tuple[float, Actor]] = {}

    def verify(self, token: str) -> Actor:
        """The actor whom the token names; raises ActorNotValid."""
        now = time.time()
        cached = self._cache.get(token)
        if cached and cached[0] > now:
            return cached[1]
        try:
            actor, expires = self._read(token, now)
        except (JoseError, KeyError, TypeError, ValueError, OSError, AttributeError):
            raise ActorNotValid() from None
        if len(self._cache) >= _CACHED_TOKENS:
            self._cache = {text: entry for text, entry in self._cache.items() if entry[0] > now}
            if len(self._cache) >= _CACHED_TOKENS:
                self._cache.clear()
        self._cache[token] = (min(now + _CACHED_SECONDS, expires), actor)
        return actor

    def _read(self, token: str, now: float) -> tuple[Actor, float]:
        decoded = jwt.decode(token, self._key_of, algorithms=[_ALGORITHM])
        claims: dict[str, Any] = decoded.claims
        expires = float(claims["exp"])
        if claims["aud"] != AUDIENCE or expires + _LEEWAY < now or float(claims["iat"]) > now + _LEEWAY:
            raise ActorNotValid()
        actor = Actor(
            municipality=claims["mun"], capacity=claims["cap"], person_id=claims["sub"], unit_id=claims["unit"],
            assurance=claims["acr"], service=claims["svc"], session_id=claims["sid"],
        )  # fmt: skip
        if claims["iss"] != decoded.header["kid"] or not _may_speak_for(claims["iss"], actor):
            raise ActorNotValid()
        return actor, expires + _LEEWAY

    def _key_of(self, token: Any) -> OKPKey:
        issuer = token.headers()["kid"]
        if not str(issuer).isidentifier():
            raise ActorNotValid()
        path = self._keys_dir / f"{issuer}.public.pem"
        changed = path.stat().st_mtime
        known = self._keys.get(issuer)
        if known is None or known[0] != changed:
            known = self._keys[issuer] = (changed, OKPKey.import_key(path.read_bytes()))
        return known[1]


def _may_speak_for(issuer: str, actor: Actor) -> bool:
    """Any issuer speaks for itself as a service; the gateway alone for people, always within a municipality."""
    if actor.capacity == "service":
        return actor.service == issuer and actor.person_id is None
    if actor.capacity not in ("employee", "guardian", "self", "anonymous") or issuer != PEOPLES_ISSUER:
        return False
    named = actor.person_id is None if actor.capacity == "anonymous" else bool(actor.person_id)
    return named and bool(actor.municipality) and actor.service is None
