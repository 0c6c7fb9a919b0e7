"""Connections to the broker on which nothing waits for ever, and the loop that begins again after any
fault."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import structlog
from kombu.connection import Connection

from services.chassis.bus import metrics
from services.chassis.logging import fault

ANSWER_SECONDS = 5.0
_FIRST_DELAY, _LAST_DELAY = 0.1, 5.0
_GOOD_RUN_SECONDS = 10.0

log = structlog.get_logger(__name__)


class BusSettings(Protocol):
    """As much of the settings as the bus needs."""

    @property
    def amqp_url(self) -> str:
        """Where the broker is."""
        ...


@contextmanager
def connected(url: str, service: str, loop: str) -> Iterator[Connection]:
    """A connection of its own, thrown away at the end. Every read and write on it ends within ANSWER_SECONDS
    (TimeoutError): py-amqp itself would wait for ever. After a fault it is closed without a word, at once."""
    connection = Connection(
        url,
        connect_timeout=ANSWER_SECONDS,
        heartbeat=20,
        transport_options={"client_properties": {"connection_name": f"{service}.{loop}"}},
    )
    state = metrics.CONNECTED.labels(service, loop)
    try:
        connection.connect()
        connection.connection.transport.sock.settimeout(ANSWER_SECONDS)
        state.set(1)
        yield connection
    except Exception:
        with suppress(Exception):
            connection.connection.collect()
        raise
    finally:
        state.set(0)
        with suppress(Exception):
            connection.collect(ANSWER_SECONDS)


class Loop:
    """A thread that runs `body(stopping)` until it is stopped; when `body` raises, again after a growing
    delay.

    `body` must return soon after `stopping` is set.
    """

    def __init__(self, service: str, name: str, body: Callable[[threading.Event], None]) -> None:
        self._service, self._name, self._body = service, name, body
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=f"{self._service}.{self._name}", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Ask it to end."""
        self._stopping.set()

    def stop(self) -> None:
        """Ask it to end, and wait for that, within limits."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(2 * ANSWER_SECONDS)

    def _run(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._body(self._stopping)
            except Exception as error:
                metrics.INTERRUPTED.labels(self._service, self._name).inc()
                log.warning("bus_interrupted", component=self._name, **fault(error))
                if time.monotonic() - began > _GOOD_RUN_SECONDS:
                    delay = _FIRST_DELAY
                self._stopping.wait(delay * random.uniform(0.5, 1.0))
                delay = min(_LAST_DELAY, delay * 2)
