"""Runs one service, or the gateway, in this process: `python -m services.chassis.run <name>`.

The first lines make the standard library green: nothing else may be imported before them.
"""

import os

os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")

import eventlet

eventlet.monkey_patch()

import gc
import importlib
import signal
import sys
from typing import Any

import structlog
from nameko.containers import ServiceContainer

from services.chassis.keys import ensure_key_material
from services.chassis.logging import configure, fault
from services.chassis.rpc import protocol
from services.chassis.settings import Settings
from services.chassis.span_export import exporting

log = structlog.get_logger()

GRACE_SECONDS = 2.5
WORKERS = 32


def load(name: str) -> Any:
    """The class that `services.<name>.service` (or `<name>.service`, for the gateway) names as SERVICE."""
    module = f"{name}.service" if name == "gateway" else f"services.{name}.service"
    return importlib.import_module(module).SERVICE


def container_of(service_cls: Any, settings: Settings, **app_options: Any) -> ServiceContainer:
    """A nameko container for `service_cls`, with an App (given `app_options`) if it is one of our services.

    Extensions find the settings in the container's config under "stafett.settings", and the App under "stafett.app".
    """
    protocol.install(settings.var)
    config: dict[str, Any] = {
        "AMQP_URI": settings.amqp_url,
        "WEB_SERVER_ADDRESS": f"{settings.bind}:{settings.port}",
        "serializer": protocol.SERIALIZER,
        "rpc_exchange": protocol.EXCHANGE,
        "HEARTBEAT": 20,
        "TRANSPORT_OPTIONS": {
            "max_retries": None,
            "interval_start": 0.2,
            "interval_step": 0.3,
            "interval_max": 2,
        },
        "max_workers": WORKERS,
        "parent_calls_tracked": 0,
        "stafett.settings": settings,
    }
    if hasattr(service_cls, "operations"):
        from services.chassis.app import App

        config["stafett.app"] = App(service_cls, settings, **app_options)
    return ServiceContainer(service_cls, config)


def serve(service_cls: Any, settings: Settings, **app_options: Any) -> int:
    """Run `service_cls` until SIGTERM or SIGINT, which end it within 3 s; answer the exit code."""
    configure(settings.service, settings.log_level)
    ensure_key_material(settings.var)
    container = container_of(service_cls, settings, **app_options)

    def end_now() -> None:
        log.warning("stopped", reason="work was left; nothing of it was committed")
        os._exit(0)

    def stop() -> None:
        eventlet.spawn_after(GRACE_SECONDS, end_now)
        container.stop()

    def on_signal(_number: int, _frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        eventlet.spawn_after(0, stop)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        with exporting(settings):
            container.start()
            gc.collect()
            gc.freeze()
            log.info(
                "ready",
                port=(settings.health_port if "stafett.app" in container.config else settings.port) or None,
            )
            container.wait()
    except Exception as error:
        log.critical("died", **fault(error))
        return 1
    log.info("stopped")
    return 0


def main(name: str) -> int:
    """Run the service called `name`, or the gateway, as its environment says."""
    return serve(load(name), Settings.load(name))


if __name__ == "__main__":
    try:
        import setproctitle

        setproctitle.setproctitle(f"stafett {sys.argv[1]}")
    except (ImportError, IndexError):
        pass
    if len(sys.argv) != 2:
        sys.exit("usage: python -m services.chassis.run <service|gateway>")
    sys.exit(main(sys.argv[1]))
