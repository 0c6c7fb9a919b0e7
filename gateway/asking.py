"""How the gateway asks the services: as the person of this request, never waiting for ever, side by side.

What a person has just done is remembered with the session (subject -> version), and travels with their next reads, so
that they always see their own act.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.chassis.actor import Actor, Signer, service_actor
from services.chassis.rpc.client import Pending, RpcClient
from services.contracts.base import Procedure
from services.contracts.envelope import EVERY_MUNICIPALITY
from services.kernel.errors import DeadlineExceeded, Refusal, Unavailable

_REMEMBERED_SECONDS = 120
_SILENT = frozenset({DeadlineExceeded.code, Unavailable.code})


@dataclass(frozen=True)
class Missing:
    """A part of a page that could not be had: its service is down, or slow. The page says which."""

    refusal: Refusal


class Asking:
    """The calls of one request. `seen` is the session's memory of versions: {key: [sequence, at]}.

    A service that has not answered one call of the request in time is not asked (queries) in it again: a page waits
    once for each service that is away, and not once for each name that it lacks."""

    def __init__(self, client: RpcClient, signer: Signer, actor: Actor | None, seen: dict[str, Any]) -> None:
        self._client, self._signer, self.actor = client, signer, actor
        self.seen = seen
        self.newly_seen: dict[str, int] = {}
        self._silent: dict[str, Refusal] = {}
        self._told: list[Refusal] = []

    @property
    def municipality(self) -> str:
        """The municipality in which the person acts; '' before login."""
        return self.actor.municipality if self.actor else ""

    def __call__(
        self,
        procedure: Procedure,
        request: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Ask one thing. Raises the service's Refusal."""
        started = self._start(procedure, self._token(), dict(request or {}), idempotency_key=idempotency_key)
        answer = self._result(procedure, started)
        if procedure.kind == "command":
            self._remember(answer.get("versions", {}))
        return answer

    def together(self, **asked: tuple[Procedure, Mapping[str, Any]]) -> dict[str, Any]:
        """Ask several things at once: name -> answer, or Missing with the refusal where a part could not be had."""
        token = self._token()
        pending = {
            name: (procedure, self._start(procedure, token, dict(request)))
            for name, (procedure, request) in asked.items()
        }
        answers: dict[str, Any] = {}
        for name, (procedure, each) in pending.items():
            try:
                answers[name] = self._result(procedure, each)
            except Refusal as refusal:
                answers[name] = Missing(refusal)
        return answers

    def as_service(
        self, procedure: Procedure, request: Mapping[str, Any], municipality: str | None = None
    ) -> dict[str, Any]:
        """Ask as the gateway itself: at login, before there is a person, and for what anyone may read."""
        token = self._signer.mint(service_actor("gateway"))
        place = municipality or EVERY_MUNICIPALITY
        return self._result(procedure, self._start(procedure, token, dict(request), municipality=place))

    def has_told(self, refusal: Refusal) -> bool:
        """Whether a service has refused so, and has kept its line of it; else it was found out here."""
        return any(each is refusal for each in self._told)

    def is_silent(self, service: str) -> bool:
        """Whether the service has left a call of this request without an answer."""
        return service in self._silent

    def _start(
        self, procedure: Procedure, token: str, request: Mapping[str, Any], **options: Any
    ) -> Pending | Refusal:
        silent = self._silent.get(procedure.service) if procedure.kind == "query" else None
        if silent is not None:
            return silent
        if "municipality" not in options:
            options["at_least"] = self._at_least()
        return self._client.start_call(procedure, token, request, **options)

    def _result(self, procedure: Procedure, pending: Pending | Refusal) -> dict[str, Any]:
        try:
            if isinstance(pending, Refusal):
                raise pending
            return pending.result()
        except Refusal as refusal:
            if refusal.code in _SILENT:
                self._silent[procedure.service] = refusal
            self._told.append(refusal)
            raise

    def _token(self) -> str:
        if self.actor is None:
            raise NotLoggedIn
        return self._signer.mint(self.actor)

    def _at_least(self) -> dict[str, int] | None:
        now = time.time()
        return {
            key: entry[0] for key, entry in self.seen.items() if entry[1] + _REMEMBERED_SECONDS > now
        } or None

    def _remember(self, versions: Mapping[str, int]) -> None:
        now = time.time()
        for key in [key for key, entry in self.seen.items() if entry[1] + _REMEMBERED_SECONDS < now]:
            del self.seen[key]
        for key, sequence in versions.items():
            self.seen[key] = [max(sequence, self.seen.get(key, [0])[0]), now]
        self.newly_seen.update(versions)


class NotLoggedIn(Refusal):
    """Nobody is logged in, or no capacity is chosen."""

    code, status, detail = "not_logged_in", 403, "Log in first."
