"""The answering side: nameko's RPC entrypoint, consumer and responder, with our queue, encryption and deadlines.

A request is acknowledged when it was answered. One that is delivered a second time, because an instance died over it,
is answered again only if that is safe: a query, or a command with an Idempotency-Key.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import structlog
from nameko.exceptions import MethodNotFound
from nameko.messaging import QueueConsumer
from nameko.rpc import Responder, RpcConsumer
from nameko.rpc import Rpc as NamekoRpc

from services.chassis.logging import fault
from services.chassis.rpc import protocol
from services.chassis.rpc.client import RpcClient
from services.kernel.errors import DeadlineExceeded, InternalError, NotFound, Refusal, Unavailable

log = structlog.get_logger()

_LOOK_SECONDS = 0.25


class TransientResponder(Responder):  # type: ignore[misc]
    """Sends answers over the process's RPC connection: encrypted, not persistent, expiring with the call."""

    def __init__(self, client: RpcClient, message: Any, deadline: float) -> None:
        self._client, self._message, self._deadline = client, message, deadline

    def send_response(self, result: Any, exc_info: Any) -> tuple[Any, Any]:
        """Send `result`; a fault that got this far is answered without its text."""
        if exc_info is not None:
            log.error("rpc_failed", **fault(exc_info[1]))
            result = {"refusal": InternalError().as_dict()}
        properties = self._message.properties
        correlation_id, reply_to = properties.get("correlation_id"), properties.get("reply_to")
        if reply_to:
            try:
                self._send(reply_to, correlation_id, result)
            except (TypeError, ValueError) as error:
                log.error("rpc_answer_not_json", **fault(error))
                self._send(reply_to, correlation_id, {"refusal": InternalError().as_dict()})
        return result, None

    def _send(self, reply_to: str, correlation_id: str | None, result: Any) -> None:
        try:
            self._client.reply(
                reply_to, correlation_id, {"id": correlation_id, "result": result}, self._deadline
            )
        except Refusal:
            log.warning("rpc_answer_not_sent")


class PatientQueueConsumer(QueueConsumer):  # type: ignore[misc]
    """nameko's consumer, which drops what it can't decrypt without writing it to the log, and stops sooner."""

    def consume(self, limit: int | None = None, timeout: float | None = None, **options: Any) -> Any:
        """As kombu's, looking more often whether it is to stop."""
        return super().consume(limit=limit, timeout=timeout, **{**options, "safety_interval": _LOOK_SECONDS})

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Nobody can be answered: the caller's deadline will."""
        log.warning("rpc_undecodable", size=len(message.body or b""), **fault(exc))
        message.ack()


class TransientRpcConsumer(RpcConsumer):  # type: ignore[misc]
    """Takes the requests of a service from its transient queue."""

    queue_consumer = PatientQueueConsumer()

    queue: Any

    def setup(self) -> None:
        """Name the queue."""
        if self.queue is None:
            self.queue = protocol.request_queue(self.container.service_name)
            self.queue_consumer.register_provider(self)
            self._registered = True

    def get_provider_for_method(self, routing_key: str) -> Any:
        """The entrypoint of a procedure, by its name."""
        for provider in self._providers:
            if provider.procedure_name == routing_key:
                return provider
        raise MethodNotFound(routing_key)

    def handle_message(self, body: Any, message: Any) -> None:
        """Give a request to its entrypoint."""
        try:
            provider = self.get_provider_for_method(message.delivery_info["routing_key"])
        except MethodNotFound:
            refusal = NotFound("There is no such procedure.", code="procedure_not_found")
            self.answer(message, {"refusal": refusal.as_dict()})
            return
        provider.handle_message(body, message)

    def handle_result(
        self, message: Any, result: Any, exc_info: Any, deadline: float = 0.0
    ) -> tuple[Any, Any]:
        """Answer, then acknowledge."""
        client: RpcClient = self.container.config["stafett.app"].rpc
        result, exc_info = TransientResponder(client, message, deadline).send_response(result, exc_info)
        self.queue_consumer.ack_message(message)
        return result, exc_info

    def answer(self, message: Any, wire: Mapping[str, Any], deadline: float = 0.0) -> None:
        """Answer without a worker."""
        self.handle_result(message, wire, None, deadline)


class Rpc(NamekoRpc):  # type: ignore[misc]
    """Entrypoint of one procedure. Its method is given the call as it came, and answers in wire form."""

    rpc_consumer = TransientRpcConsumer()

    def __init__(self, procedure_name: str, kind: str, **options: Any) -> None:
        self.procedure_name, self.kind = procedure_name, kind
        super().__init__(**options)

    def handle_message(self, body: Any, message: Any) -> None:
        """Begin a worker for the request, unless it must not be begun."""
        try:
            call: dict[str, Any] = body["kwargs"]["call"]
            deadline = float(call["deadline"])
            belongs_here = call["procedure"] == self.procedure_name
        except (KeyError, TypeError, ValueError):
            belongs_here, deadline, call = False, 0.0, {}
        if not belongs_here:
            malformed = Refusal(
                "The message is not a call of this procedure.", code="malformed_call", status=400
            )
            return self.rpc_consumer.answer(message, {"refusal": malformed.as_dict()})
        if time.time() >= deadline:
            return self.rpc_consumer.answer(message, {"refusal": DeadlineExceeded().as_dict()}, deadline)
        redelivered = message.delivery_info.get("redelivered")
        if redelivered and self.kind == "command" and not call.get("idempotency_key"):
            unknown = Unavailable(
                "Whether this was done is not known. Look before you try again.", code="outcome_unknown"
            )
            return self.rpc_consumer.answer(message, {"refusal": unknown.as_dict()}, deadline)
        self.container.spawn_worker(
            self,
            (),
            {"call": call},
            context_data={},
            handle_result=_Answer(self.rpc_consumer, message, deadline),
        )
        return None


class _Answer:
    """What nameko calls with a worker's result."""

    __slots__ = ("_consumer", "_deadline", "_message")

    def __init__(self, consumer: TransientRpcConsumer, message: Any, deadline: float) -> None:
        self._consumer, self._message, self._deadline = consumer, message, deadline

    def __call__(self, _worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        return self._consumer.handle_result(self._message, result, exc_info, self._deadline)
