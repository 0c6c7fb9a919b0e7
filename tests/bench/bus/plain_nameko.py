"""Plain nameko: a service commits and dispatches; another has an event handler. As in nameko's documentation.

`python -m tests.bench.bus.plain_nameko teller|hearer <amqp url> <database url> [record]`
"""

import os

os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402
import time  # noqa: E402
from contextlib import suppress  # noqa: E402
from typing import Any  # noqa: E402

import sqlalchemy as sa  # noqa: E402
from nameko.containers import ServiceContainer  # noqa: E402
from nameko.events import EventDispatcher, event_handler  # noqa: E402
from nameko.extensions import Entrypoint  # noqa: E402

from tests.bench.bus.child import Heard, obey, paced, subject_of  # noqa: E402
from tests.bench.bus.rows import RECORD, TELL, UPSERT, make_tables  # noqa: E402


class AtOnce(Entrypoint):  # type: ignore[misc]
    """One worker, when the container starts."""

    def start(self) -> None:
        self.container.spawn_worker(self, (), {})


at_once = AtOnce.decorator


def teller(engine: sa.Engine) -> tuple[type, eventlet.Event]:
    over = eventlet.Event()

    class Teller:
        name = "alpha"
        dispatch = EventDispatcher()

        @at_once
        def work(self) -> None:
            obey({"publish": self.publish, "steady": self.steady})
            over.send()

        def publish(self, count: int, seconds: float) -> dict[str, float]:
            begun, done = time.monotonic(), 0
            while done < count and time.monotonic() < begun + seconds:
                self._tell(done)
                done += 1
            return {"published": done, "seconds": time.monotonic() - begun}

        def steady(self, first: int, rate: float, seconds: float) -> dict[str, Any]:
            told = []
            for n in paced(first, rate, seconds, time.sleep):
                with engine.begin() as tx:
                    tx.execute(TELL, {"n": n})
                told.append([n, time.monotonic_ns()])
                with suppress(Exception):  # as when a request fails after its commit
                    self._tell(n)
            return {"at": told}

        def _tell(self, n: int) -> None:
            self.dispatch("thing_changed", {"thing_id": subject_of(n), "n": n})

    return Teller, over


def hearer(engine: sa.Engine, heard: Heard, record: bool) -> type:
    class Hearer:
        name = "beta"

        @event_handler("alpha", "thing_changed")
        def handle(self, data: dict[str, Any]) -> None:
            with engine.begin() as tx:
                tx.execute(RECORD if record else UPSERT, {"subject": data["thing_id"], "n": data["n"]})
            heard.note(data["n"])

    return Hearer


def main(role: str, amqp_url: str, database_url: str, *words: str) -> None:
    config = {"AMQP_URI": amqp_url, "HEARTBEAT": 20}
    engine = sa.create_engine(database_url, pool_size=10)
    make_tables(engine)
    if role == "teller":
        service, over = teller(engine)
        ServiceContainer(service, config).start()
        over.wait()
        return
    heard = Heard()
    service = hearer(engine, heard, "record" in words)
    declaring = ServiceContainer(service, config)
    declaring.start()
    declaring.stop()

    def drain(count: int, seconds: float) -> dict[str, float]:
        ServiceContainer(service, config).start()
        return heard.drained(count, seconds, time.sleep)

    def collect(above: int, count: int, seconds: float) -> dict[str, Any]:
        return heard.collected(above, count, seconds, time.sleep)

    obey({"drain": drain, "collect": collect})


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)
