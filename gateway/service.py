"""The gateway's process: a nameko container whose web server is Flask's, on port PORT; its metrics are on loopback."""

import json
import socket
from typing import Any
from uuid import uuid4

import structlog
from eventlet import wsgi
from kombu import Connection, Exchange, Queue, binding
from kombu.mixins import ConsumerMixin
from nameko.extensions import DependencyProvider
from nameko.web.server import BindAddress, HttpOnlyProtocol, WebServer

from gateway.app import Means, create_app
from gateway.composition.names import Remembered
from gateway.storage import metadata
from services.chassis.actor import Signer
from services.chassis.clock import clock_of
from services.chassis.health import HealthServer
from services.chassis.keys import Keys
from services.chassis.logging import fault
from services.chassis.rpc.client import RpcClient
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.contracts import directory

log = structlog.get_logger()


class _CatalogueListener(ConsumerMixin):  # type: ignore[misc]
    """One exclusive queue an instance: it hears that the catalogue changed, and forgets the names it remembers."""

    def __init__(self, amqp_url: str, remembered: Remembered) -> None:
        self.connection = Connection(amqp_url, heartbeat=20)
        self._remembered = remembered

    def get_consumers(self, consumer_class: Any, channel: Any) -> list[Any]:
        exchange = Exchange("stafett.events", type="topic", durable=True, passive=True)
        told = [event.type for event in directory.EVENTS if event.stream == directory.CATALOGUE]
        queue = Queue(
            f"gateway.names.{uuid4().hex}",
            bindings=[binding(exchange, routing_key=event) for event in told],
            exclusive=True, auto_delete=True, durable=False,
        )  # fmt: skip
        return [consumer_class([queue], no_ack=True, on_message=self._on_message)]

    def on_consume_ready(self, connection: Any, channel: Any, consumers: Any, **kwargs: Any) -> None:
        """The queue is bound, for the first time or again after a break in which nothing was heard."""
        self._remembered.forget_all()

    def _on_message(self, message: Any) -> None:
        try:
            municipality = json.loads(message.body)["municipality"]
        except (ValueError, KeyError, TypeError) as error:
            log.warning("catalogue_event_unreadable", **fault(error))
            return
        self._remembered.forget_catalogue(municipality)


class _Quiet:
    """Where the web server's own lines go: nowhere. What fails in the app is logged by problems.py."""

    def write(self, _line: str) -> None:
        """Drop it."""


class Application(WebServer):  # type: ignore[misc]
    """Nameko's web server, serving the Flask application."""

    def setup(self) -> None:
        settings = Settings.load("gateway")
        db = Database(settings.database_url, metadata, "gateway")
        db.migrate()
        self._client = RpcClient(settings.amqp_url, settings.var, "gateway")
        self._remembered = Remembered()
        self._listener = _CatalogueListener(settings.amqp_url, self._remembered)
        self._means = Means(
            settings=settings,
            db=db,
            keys=Keys.embedded(settings.var),
            clock=clock_of(settings.clock_file),
            signer=Signer(settings.var, "gateway"),
            client=self._client,
            remembered=self._remembered,
        )
        self._health = HealthServer("gateway", settings.health_port, self._means.checks)
        super().setup()

    @property
    def bind_addr(self) -> Any:
        return BindAddress(self._means.settings.bind, self._means.settings.port)

    def start(self) -> None:
        self._client.start()
        self.container.spawn_managed_thread(self._listener.run, identifier="catalogue")
        super().start()
        self._health.start()

    def get_wsgi_app(self) -> Any:
        return create_app(self._means)

    def get_wsgi_server(
        self, sock: Any, wsgi_app: Any, protocol: Any = HttpOnlyProtocol, debug: bool = False
    ) -> Any:
        """Eventlet's server without its line a request: an address may say whom somebody asked about."""
        # Accepted connections have it from the listening one. Without it the last piece of a long answer waits for the
        # acknowledgement of the one before, which clients delay: 40 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return wsgi.Server(
            sock, sock.getsockname(), wsgi_app, protocol=protocol, debug=debug, log=_Quiet(), log_output=False
        )

    def stop(self) -> None:
        self._health.stop()
        self._listener.should_stop = True
        super().stop()
        self._client.stop()


class Web(DependencyProvider):  # type: ignore[misc]
    """Ties the web server to the container."""

    server = Application()


class Gateway:
    """The service that the container runs; it has no entrypoints of its own, Flask routes for it."""

    name = "gateway"
    web = Web()


SERVICE = Gateway
