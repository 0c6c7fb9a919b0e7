"""The way to call a service: one connection, one reply queue, no call that hangs.

Calls that do not depend on each other go out together (`start_call`, then each one's `result()`). The class knows
neither nameko nor eventlet: it stands on `threading`, which the runner may have made green.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.exceptions import KombuError
from kombu.messaging import Consumer
from kombu.serialization import dumps

from services.chassis import metrics, tracing
from services.chassis.logging import fault
from services.chassis.rpc import protocol
from services.contracts.base import Procedure
from services.kernel.errors import DeadlineExceeded, InternalError, Refusal, Unavailable

log = structlog.get_logger()

_BROKEN = (AMQPError, KombuError, OSError, socket.timeout)
_FAILURES = frozenset({InternalError.code, Unavailable.code, DeadlineExceeded.code})
_HEARTBEAT = 20
_ROUND = 1.0
_CONNECT_WAIT = 1.0
_BACKOFF = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class Pending:
    """A call that is under way."""

    __slots__ = ("_arrived", "_span", "_started", "_wire", "deadline", "procedure")

    def __init__(self, procedure: str, deadline: float, span: tracing.Span) -> None:
        self.procedure, self.deadline, self._span = procedure, deadline, span
        self._arrived = threading.Event()
        self._started = time.perf_counter()
        self._wire: Mapping[str, Any] | Refusal | None = None

    @property
    def service(self) -> str:
        """The service that was asked; it stands in the params of Unavailable: a page can say what is missing."""
        return self.procedure.split(".", 1)[0]

    def result(self) -> dict[str, Any]:
        """Wait for the answer, no longer than the call's deadline; raises the Refusal it was, or DeadlineExceeded."""
        self._arrived.wait(max(self.deadline - time.time(), 0.0))
        self._resolve(DeadlineExceeded(service=self.service))
        wire = self._wire
        assert wire is not None
        if isinstance(wire, Refusal):
            raise wire
        if "refusal" in wire:
            raise Refusal.from_dict(wire["refusal"])
        answer: dict[str, Any] = wire["result"]
        return answer

    def _resolve(self, wire: Mapping[str, Any] | Refusal) -> None:
        if self._wire is None:
            self._wire = wire
            if isinstance(wire, Refusal):
                self._count(wire.code)
            else:
                self._count("ok" if "result" in wire else wire["refusal"]["code"])
            self._arrived.set()

    def _count(self, outcome: str) -> None:
        seconds = time.perf_counter() - self._started
        if self._span.sampled:
            metrics.observe_call(metrics.RPC_CALLED, self.procedure, outcome, seconds)
        self._span.attributes["outcome"] = outcome
        self._span.failed = outcome in _FAILURES
        self._span.end()


class RpcClient:
    """Calls services over the broker at `amqp_url`, with the RPC keys under `var`; `name` says whose client it is.

    `start` returns at once and connects in the background; a broken connection fails the calls under way with
    Unavailable and is made again. Safe to use from several threads (or greenlets) at once.
    """

    def __init__(self, amqp_url: str, var: Path | str, name: str) -> None:
        protocol.install(var)
        self._url, self._name = amqp_url, name
        self._reply_to = f"rpc.reply.{name}.{uuid4().hex}"
        self._ids = (f"{number}" for number in itertools.count(1))
        self._pending: dict[str, Pending] = {}
        self._write = threading.Lock()
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._channel: Any = None

    # ------------------------------------------------------------ calls

    def call(
        self, procedure: Procedure, actor_token: str, request: Mapping[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """The answer of `procedure`; options as for `start_call`. Raises the Refusal that the service gave,
        Unavailable when it is down, DeadlineExceeded when it did not answer in time."""
        return self.start_call(procedure, actor_token, request, **options).result()

    def start_call(
        self,
        procedure: Procedure,
        actor_token: str,
        request: Mapping[str, Any] | None = None,
        *,
        at_least: Mapping[str, int] | None = None,
        idempotency_key: str | None = None,
        municipality: str | None = None,
        timeout: float | None = None,
    ) -> Pending:
        """Send the call and return without waiting for its answer.

        `at_least` ({"stream:subject": sequence}) asks the service to have seen that much first; `municipality` is for
        services' tokens alone, which may be without one. `timeout` in seconds: that of the procedure, if none is given.
        Never raises: what goes wrong is raised by `result()`.
        """
        deadline = time.time() + (procedure.seconds if timeout is None else timeout)
        quiet = procedure.name in metrics.QUIET_PROCEDURES
        if quiet:
            tracing.hush()
        span = tracing.span(procedure.name, kind="client", quiet=quiet, procedure=procedure.name)
        pending = Pending(procedure.name, deadline, span)
        call = {
            "procedure": procedure.name,
            "actor": actor_token,
            "request": request or {},
            "deadline": deadline,
            "traceparent": span.traceparent,
        }
        for option, value in (
            ("at_least", at_least), ("idempotency_key", idempotency_key), ("municipality", municipality),
        ):  # fmt: skip
            if value:
                call[option] = value
        correlation_id = next(self._ids)
        self._pending[correlation_id] = pending
        try:
            self._publish(
                protocol.EXCHANGE, procedure.name, {"args": [], "kwargs": {"call": call}}, deadline, correlation_id,
                reply_to=self._reply_to,
            )  # fmt: skip
        except Refusal as refusal:
            self._pending.pop(correlation_id, None)
            refusal.params["service"] = pending.service
            pending._resolve(refusal)
        return pending

    def reply(self, reply_to: str, correlation_id: str | None, body: Any, deadline: float) -> None:
        """Send the answer to a call (the server's side); raises Unavailable when it can't be sent."""
        self._publish("", reply_to, body, max(deadline, time.time() + _ROUND), correlation_id)

    def connected(self) -> bool:
        """Whether there is a connection to the broker now."""
        return self._ready.is_set()

    def _publish(
        self,
        exchange: str,
        routing_key: str,
        body: Any,
        deadline: float,
        correlation_id: str | None,
        reply_to: str | None = None,
    ) -> None:
        """Publish once, not persistent, to expire at `deadline`. Raises Unavailable or DeadlineExceeded."""
        content_type, encoding, content = dumps(body, protocol.SERIALIZER)
        if not self._ready.wait(min(_CONNECT_WAIT, max(deadline - time.time(), 0.0))):
            raise Unavailable()
        left = deadline - time.time()
        if left <= 0 or not self._write.acquire(timeout=left):
            raise DeadlineExceeded()
        try:
            properties = {
                "delivery_mode": protocol.TRANSIENT,
                "expiration": str(max(int(left * 1000), 1)),
                "correlation_id": correlation_id,
            }
            if reply_to is not None:
                properties["reply_to"] = reply_to
            channel = self._channel
            message = channel.prepare_message(
                content, content_type=content_type, content_encoding=encoding, properties=properties
            )
            channel.basic_publish(message, exchange, routing_key, mandatory=reply_to is not None)
        except (*_BROKEN, AttributeError) as error:
            log.warning("rpc_publish_failed", **fault(error))
            raise Unavailable() from None
        finally:
            self._write.release()

    # ------------------------------------------------------------ life

    def start(self) -> None:
        """Connect in the background; calls made before that wait a moment for it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="rpc-client", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Fail what is under way and close the connection."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._ready.is_set():
            try:
                self._publish("", self._reply_to, None, time.time() + _ROUND, None)
            except Refusal:
                pass
        thread.join(2 * _ROUND)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                with Connection(self._url, heartbeat=_HEARTBEAT, connect_timeout=3) as connection:
                    self._serve(connection)
                failures = 0
            except Exception as error:
                was_up = self._ready.is_set()
                failures = 0 if was_up else failures + 1
                log.warning("rpc_disconnected", attempt=failures, **fault(error))
            finally:
                self._ready.clear()
                self._channel = None
                self._fail_pending()
            self._stopping.wait(_BACKOFF[min(failures, len(_BACKOFF) - 1)])

    def _serve(self, connection: Connection) -> None:
        connection.connect()
        # py-amqp reads from the socket in every publish when it may be told of blocking; here another thread reads
        connection.connection.client_properties.get("capabilities", {})["connection.blocked"] = False
        channel = connection.channel()
        protocol.exchange()(channel).declare()
        channel.events["basic_return"].add(self._on_return)
        queue = Queue(self._reply_to, exclusive=True, auto_delete=True, durable=False)
        with Consumer(channel, [queue], no_ack=True, accept=[protocol.SERIALIZER], on_message=self._on_reply):
            self._channel = channel
            self._ready.set()
            checked = time.monotonic()
            while not self._stopping.is_set():
                try:
                    connection.drain_events(timeout=_ROUND)
                except TimeoutError:
                    pass
                if time.monotonic() - checked >= _ROUND:
                    checked = time.monotonic()
                    with self._write:
                        connection.heartbeat_check()
                    self._drop_overdue()
            self._ready.clear()

    def _on_reply(self, message: Any) -> None:
        correlation_id = message.properties.get("correlation_id")
        pending = self._pending.pop(correlation_id, None)
        if pending is None:
            return
        try:
            body = message.decode()
            if body["id"] != correlation_id:
                raise ValueError("the answer to another call")
            pending._resolve(body["result"])
        except Exception as error:
            log.error("rpc_reply_unreadable", **fault(error))
            pending._resolve(Unavailable(service=pending.service))

    def _on_return(self, _error: Any, _exchange: str, _routing_key: str, message: Any) -> None:
        pending = self._pending.pop(message.properties.get("correlation_id"), None)
        if pending is not None:
            pending._resolve(Unavailable(service=pending.service))

    def _fail_pending(self) -> None:
        pending, self._pending = self._pending, {}
        for each in pending.values():
            each._resolve(Unavailable(service=each.service))

    def _drop_overdue(self) -> None:
        now = time.time() - _ROUND
        for correlation_id in [name for name, each in self._pending.items() if each.deadline < now]:
            self._pending.pop(correlation_id, None)
