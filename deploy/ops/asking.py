"""Asking a running suite's services by RPC, as the operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from deploy.ops.desk import NO_BROKER, Desk, Fault
from services.chassis.actor import Signer, service_actor
from services.chassis.keys import ensure_key_material
from services.chassis.rpc.client import RpcClient
from services.contracts.base import Procedure
from services.kernel.errors import Refusal

ISSUER = "ops"


@contextmanager
def asking(desk: Desk, said: Callable[[Refusal, Mapping[str, Any]], str]) -> Iterator[Any]:
    """`ask(procedure, municipality, request)`; raises Fault for what is refused, in the words of `said`."""
    if desk.engines.amqp_url is None:
        raise Fault(NO_BROKER.format(desk.var))
    ensure_key_material(desk.var)
    client = RpcClient(desk.engines.amqp_url, desk.var, ISSUER)
    token = Signer(desk.var, ISSUER).mint(service_actor(ISSUER))

    def ask(procedure: Procedure, place: str, request: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            return client.call(procedure, token, request or {}, municipality=place)
        except Refusal as refusal:
            raise Fault(said(refusal, request or {})) from None

    client.start()
    try:
        yield ask
    finally:
        client.stop()
