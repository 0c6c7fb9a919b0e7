"""Health and metrics of a process, over a tiny HTTP server on loopback: /health/live, /health/ready, /metrics."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from services.chassis import metrics
from services.chassis.logging import fault

log = structlog.get_logger()

Check = Callable[[], bool]

_LIMIT = 5.0
_MAX_REQUEST = 8192


def report(
    checks: Mapping[str, Check], watched: Mapping[str, Check] | None = None
) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and the JSON answer: one row a component. A check that raises is not well.

    What is only `watched` needs a person when it is not well ("attention"), and the process answers on.
    """
    watched = watched or {}
    rows = []
    for component, check in {**checks, **watched}.items():
        try:
            well = bool(check())
        except Exception as error:
            log.warning("check_failed", component=component, **fault(error))
            well = False
        metrics.UP.labels(component).set(well)
        worse = "attention" if component in watched else "down"
        rows.append({"component": component, "status": "up" if well else worse})
    well = all(row["status"] != "down" for row in rows)
    return well, {"status": "up" if well else "down", "components": rows}


class HealthServer:
    """Serves GET on 127.0.0.1:`port` until stopped; `checks` say what readiness means for this process, and what
    is `watched` is told beside it."""

    def __init__(
        self, service: str, port: int, checks: Mapping[str, Check], watched: Mapping[str, Check] | None = None
    ) -> None:
        self._service, self._port, self._checks = service, port, dict(checks)
        self._watched = dict(watched or {})
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Listen; raises OSError when the port is taken. Port 0: no server."""
        if not self._port:
            return
        listener = socket.create_server(("127.0.0.1", self._port), backlog=16)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="health", daemon=True).start()

    def stop(self) -> None:
        """Close the listener."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while self._listener is listener:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(_LIMIT)
                request = b""
                while b"\r\n\r\n" not in request and len(request) < _MAX_REQUEST:
                    more = connection.recv(_MAX_REQUEST)
                    if not more:
                        return
                    request += more
                connection.sendall(self._answer(request))
            except OSError:
                return

    def _answer(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b" ")
        path = rest.split(b" ", 1)[0].split(b"?", 1)[0]
        status, kind, body = b"200 OK", "application/json", b""
        if method not in (b"GET", b"HEAD"):
            status, body = b"405 Method Not Allowed", b"{}"
        elif path == b"/health/live":
            body = json.dumps(
                {"status": "up", "components": [{"component": self._service, "status": "up"}]}
            ).encode()
        elif path == b"/health/ready":
            well, answer = report(self._checks, self._watched)
            status = b"200 OK" if well else b"503 Service Unavailable"
            body = json.dumps(answer).encode()
        elif path == b"/metrics":
            report(self._checks, self._watched)  # so that stafett_component_up tells of this moment
            kind, body = metrics.CONTENT_TYPE, metrics.exposition()
        else:
            status, body = b"404 Not Found", b"{}"
        head = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        return b"HTTP/1.1 " + status + b"\r\n" + head + (b"" if method == b"HEAD" else body)
