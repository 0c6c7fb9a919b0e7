"""The calls that one piece of work makes to other services: as its actor, in its trace, within its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from services.chassis.rpc.client import Pending, RpcClient
from services.chassis.rpc.protocol import DEFAULT_TIMEOUT
from services.contracts.base import Procedure


class Calls:
    """`call` and wait, or `start_call` several and then ask each for its `result()`."""

    def __init__(
        self,
        client: RpcClient,
        token: str,
        service_token: Callable[[str], str],
        municipality: str,
        deadline: float | None = None,
    ) -> None:
        self._client = client
        self._token = token
        self._service_token = service_token
        self._municipality = municipality
        self._deadline = deadline

    def as_service(self) -> Calls:
        """The same, asked by this service for itself and not by the person whose work it does."""
        token = self._service_token(self._municipality)
        return Calls(self._client, token, self._service_token, self._municipality, self._deadline)

    def call(
        self, procedure: Procedure, request: Mapping[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """The answer; raises the Refusal that the other service gave, or Unavailable."""
        return self.start_call(procedure, request, **options).result()

    def start_call(
        self, procedure: Procedure, request: Mapping[str, Any] | None = None, **options: Any
    ) -> Pending:
        """Send the call and go on; `options` are those of RpcClient.start_call."""
        left = DEFAULT_TIMEOUT if self._deadline is None else self._deadline - time.time()
        options["timeout"] = min(left, options.get("timeout", DEFAULT_TIMEOUT))
        return self._client.start_call(procedure, self._token, request or {}, **options)
