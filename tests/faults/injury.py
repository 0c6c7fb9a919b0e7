"""The faults of a plan, carried out on a running suite. Each is begun and ended from the main thread."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from amqp import Message
from amqp.exceptions import AMQPError

from services.chassis.bus.connection import connected
from services.chassis.bus.outbox import event_of
from services.chassis.bus.topology import EVENTS_EXCHANGE, inbox_queue
from services.chassis.clock import SteppedClock
from services.chassis.ids import new_id
from services.contracts.envelope import CONTENT_TYPE, Event
from tests.faults.bus_check import Poison
from tests.faults.plan import Fault
from tests.faults.stores import Stores
from tests.support.postgres import PrivatePostgres
from tests.support.suite import Suite

AGAIN = 40
"""So many events are sent once more by one fault."""

End = Callable[[], None]


@dataclass
class Thrown:
    """The poison of a run; of `doubtful` bodies nobody knows whether the broker took them."""

    subjects: set[str] = field(default_factory=set)
    bodies: dict[str, list[bytes]] = field(default_factory=dict)
    doubtful: list[bytes] = field(default_factory=list)

    def as_poison(self) -> Poison:
        return Poison(self.subjects, self.bodies, self.doubtful)


class NotNow(Exception):
    """The fault can't begin as things stand (its target is down): it is tried again a little later."""


class Injury:
    """Begins faults; each gives the function that ends it."""

    def __init__(
        self, suite: Suite, postgres: PrivatePostgres, stores: Stores, clock: SteppedClock, seed: int | str
    ) -> None:
        self._suite, self._postgres, self._stores, self._clock = suite, postgres, stores, clock
        self._random = Random(f"{seed}:injury")
        self.thrown = Thrown()
        self._furthest = clock.step()
        self._begin: dict[str, Callable[[Fault], End]] = {
            "kill": self._kill,
            "restart": self._restart,
            "crash": self._restart,
            "memory full": self._alarm,
            "disk full": self._alarm,
            "lock": self._lock,
            "poison text": self._poison_text,
            "poison event": self._poison_event,
            "behind": self._behind,
            "again": self._again,
            "step": self._step,
        }

    def begin(self, fault: Fault) -> End:
        """Raises NotNow."""
        return self._begin[fault.kind](fault)

    # ------------------------------------------------------------ processes

    def _kill(self, fault: Fault) -> End:
        if fault.target == "broker":
            self._suite.broker.kill()
            return lambda: _started(self._suite.broker)
        if fault.target not in self._suite.running.processes.pids:
            raise NotNow
        self._suite.kill(fault.target)
        return _nothing  # the supervisor brings it back

    def _behind(self, fault: Fault) -> End:
        pid = self._suite.running.processes.pids.get(fault.target)
        if pid is None:
            raise NotNow
        os.kill(pid, signal.SIGSTOP)

        def go_on() -> None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

        return go_on

    # ------------------------------------------------------------ engines

    def _restart(self, fault: Fault) -> End:
        if fault.target == "broker":
            self._suite.broker.restart()
        else:
            self._postgres.restart(crash=fault.kind == "crash")
        return _nothing

    def _alarm(self, fault: Fault) -> End:
        broker = self._suite.broker
        if not broker.running:
            raise NotNow
        if fault.kind == "memory full":
            broker.block_by_memory()
        else:
            broker.block_by_disk()
        return broker.unblock

    def _lock(self, fault: Fault) -> End:
        conn = sqlite3.connect(
            self._suite.var / "db" / f"{fault.target}.sqlite3", timeout=2, isolation_level=None
        )
        try:
            conn.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            conn.close()
            raise NotNow from None

        def let_go() -> None:
            with closing(conn):
                conn.execute("ROLLBACK")

        return let_go

    def _step(self, fault: Fault) -> End:
        self._clock.set_step(self._clock.step() + timedelta(seconds=fault.seconds))
        self._furthest = max(self._furthest, self._clock.step())
        return _nothing

    def put_clock_right(self) -> None:
        """Undo the steps back: else what waits for a time of before the step waits for as much longer."""
        self._clock.set_step(self._furthest)

    # ------------------------------------------------------------ messages

    def _poison_text(self, fault: Fault) -> End:
        body = b'{"specversion": "1.0", ' + self._random.randbytes(12)
        self.thrown.doubtful.append(body)
        self._publish("", [(inbox_queue(fault.target), body)])
        self.thrown.bodies.setdefault(fault.target, []).append(body)
        return _nothing

    def _poison_event(self, fault: Fault) -> End:
        """An event by all rules of the envelope, of a case that nobody knows, without what its handler needs."""
        kind, stream, source = (
            ("cases.level_moved.v1", "cases.case", "cases") if fault.target != "cases"
            else ("relay_log.participants_changed.v1", "relay_log.log", "relay_log")
        )  # fmt: skip
        subject = new_id()
        event = Event(
            id=new_id(), type=kind, source=f"/granli/{source}", subject=subject, time=self._clock.now(),
            municipality="granli", stream=stream, sequence=1, data={"case_id": subject},
        )  # fmt: skip
        self.thrown.subjects.add(subject)
        self._publish("", [(inbox_queue(fault.target), event.to_json())])
        return _nothing

    def _again(self, fault: Fault) -> End:
        """Events that were sent come once more: the last ones, and some of any age."""
        try:
            rows = [row for row in self._stores[fault.target].rows("outbox") if row.sent_at is not None]
        except sa.exc.SQLAlchemyError:
            raise NotNow from None
        rows = rows[-AGAIN // 2 :] + self._random.sample(rows, k=min(AGAIN // 2, len(rows)))
        self._publish(EVENTS_EXCHANGE, [(row.type, event_of(row).to_json()) for row in rows])
        return _nothing

    def _publish(self, exchange: str, messages: list[tuple[str, bytes]]) -> None:
        """Publish (routing key, body) each, and wait for the confirms. Raises NotNow when not all were confirmed."""
        if not self._suite.broker.running:
            raise NotNow
        try:
            with connected(self._suite.broker.amqp_url, "faults", "injury") as connection:
                channel = connection.channel()
                for key, body in messages:
                    message = Message(body, delivery_mode=2, content_type=CONTENT_TYPE)
                    channel.basic_publish_confirm(message, exchange, key, confirm_timeout=3)
        except (OSError, AMQPError):
            raise NotNow from None


def _nothing() -> None:
    """The fault has ended by itself."""


def _started(broker: Any) -> None:
    broker.start()
