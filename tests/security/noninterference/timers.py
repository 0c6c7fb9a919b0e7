"""One round of every timer of the services, in a process of its own: what a day brings by itself has then come."""

from __future__ import annotations

import importlib

from services.chassis.app import App
from services.chassis.settings import Settings
from services.contracts.catalogue import SERVICES

_LOOKS_AFTER_ITSELF = "notifications"
"""Its timers send; they have a round every second or so in its own process."""


def main() -> None:
    """Run them on the databases that the environment names."""
    for name in SERVICES:
        if name == _LOOKS_AFTER_ITSELF:
            continue
        service = importlib.import_module(f"services.{name}.service").SERVICE
        app = App(service, Settings.load(name))
        app.rpc.start()
        try:
            for each in vars(service).values():
                if hasattr(each, "timer"):
                    app.tick(each.timer.__name__, each.timer)
        finally:
            app.rpc.stop()
            app.db.close()


if __name__ == "__main__":
    main()
