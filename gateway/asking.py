"""How the gateway asks the services: as the person of this request, never waiting for ever, side by side.

What a person has just done is remembered with the session (subject -> version), and travels with their next reads, so
that they always see their own act.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.chassis.actor import Actor, Signer, service_actor
from services.chassis.rpc.client import RpcClient
from services.contracts.base import Procedure
from services.contracts.envelope import EVERY_MUNICIPALITY
from services.kernel.errors import Refusal

_REMEMBERED_SECONDS = 120


@dataclass(frozen=True)
class Missing:
    """A part of a page that could not be had: its service is down, or slow. The page says which."""

    refusal: Refusal


class Asking:
    """The calls of one request. `seen` is the session's memory of versions: {key: [sequence, at]}."""

    def __init__(self, client: RpcClient, signer: Signer, actor: Actor | None, seen: dict[str, Any]) -> None:
        self._client, self._signer, self.actor = client, signer, actor
        self.seen = seen
        self.newly_seen: dict[str, int] = {}

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
        answer = self._client.call(
            procedure,
            self._token(),
            dict(request or {}),
            at_least=self._at_least(),
            idempotency_key=idempotency_key,
        )
        if procedure.kind == "command":
            self._remember(answer.get("versions", {}))
        return answer

    def together(self, **asked: tuple[Procedure, Mapping[str, Any]]) -> dict[str, Any]:
        """Ask several things at once: name -> answer, or Missing with the refusal where a part could not be had."""
        token = self._token()
        pending = {
            name: self._client.start_call(
                procedure,
                token,
                dict(request),
                at_least=self._at_least(),
            )
            for name, (procedure, request) in asked.items()
        }
        answers: dict[str, Any] = {}
        for name, each in pending.items():
            try:
                answers[name] = each.result()
            except Refusal as refusal:
                answers[name] = Missing(refusal)
        return answers

    def as_service(
        self, procedure: Procedure, request: Mapping[str, Any], municipality: str | None = None
    ) -> dict[str, Any]:
        """Ask as the gateway itself: at login, before there is a person, and for what anyone may read."""
        return self._client.call(
            procedure,
            self._signer.mint(service_actor("gateway")),
            dict(request),
            municipality=municipality or EVERY_MUNICIPALITY,
        )

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


def in_capacity(actor: Actor, **changes: Any) -> Actor:
    """The same person, acting as something else."""
    return replace(actor, **changes)
