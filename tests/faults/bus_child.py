"""A process of its own for the fault tests of the bus: it tells, or hears, under eventlet as services do,
and dies where it is told to. Run as `python -m tests.faults.bus_child <mode> <database url> <amqp url>
...`."""

import eventlet

eventlet.monkey_patch()

import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402

from services.chassis.bus import outbox  # noqa: E402
from services.chassis.bus.inbox import Inbox  # noqa: E402
from services.chassis.bus.publisher import Publisher  # noqa: E402
from services.chassis.bus.relay import Relay  # noqa: E402
from services.chassis.clock import SystemClock  # noqa: E402
from services.chassis.storage import Database, WriteTransaction  # noqa: E402
from services.contracts.envelope import Event  # noqa: E402
from tests.support.bus import (  # noqa: E402
    AT,
    CATALOGUE,
    THING_CHANGED,
    BusSettings,
    open_database,
    see,
    tell,
    wait_until,
)


def die() -> None:
    """As the power goes."""
    os.kill(os.getpid(), signal.SIGKILL)


def relay_of(db: Database, amqp_url: str) -> Relay:
    return Relay(db, BusSettings(amqp_url), "alpha", SystemClock(), catalogue=CATALOGUE)


def all_sent(db: Database) -> bool:
    with db.read() as conn:
        table = db.chassis.outbox
        return conn.execute(table.select().where(table.c.sent_at.is_(None)).limit(1)).first() is None


def commit_and_die(db: Database, amqp_url: str) -> None:
    """Tell ten events that are sent, then ten more, and die when the last is committed, before it can be
    sent."""
    relay = relay_of(db, amqp_url)
    relay.start()
    for n in range(10):
        tell(db, f"t{n % 3}", n)
    relay.wake()
    wait_until(lambda: all_sent(db))
    for n in range(10, 20):
        with db.write() as tx:
            outbox.append(tx, "granli", THING_CHANGED, f"t{n % 3}", {"thing_id": f"t{n % 3}", "n": n}, AT)
            if n == 19:
                tx.after_commit(die)


def begin_and_die(db: Database, amqp_url: str) -> None:
    """Begin to send what is unsent, and die before the first of it leaves."""
    Publisher.send = lambda *_: die()  # type: ignore[method-assign]
    relay_of(db, amqp_url).start()
    threading.Event().wait(30)


def send_and_die(db: Database, amqp_url: str) -> None:
    """Send what is unsent, and die when the broker has confirmed it, before it can be marked."""
    relay = relay_of(db, amqp_url)
    relay._mark = lambda *_: die()  # type: ignore[method-assign]
    relay.start()
    threading.Event().wait(30)


def send(db: Database, amqp_url: str) -> None:
    """Send what is unsent, and end."""
    relay = relay_of(db, amqp_url)
    relay.start()
    wait_until(lambda: all_sent(db))
    relay.stop()


def stand_by(db: Database, amqp_url: str) -> None:
    """Send whatever is told, or wait to be the one that does; a line says that it waits."""
    relay_of(db, amqp_url).start()
    print("standing by", flush=True)
    threading.Event().wait(120)


def hear(db: Database, amqp_url: str, last: int, die_at: int) -> None:
    """Take events in until `last` is handled; die when `die_at` is committed, before it can be
    acknowledged."""
    done = threading.Event()

    def handle(tx: WriteTransaction, event: Event) -> None:
        see(tx, event)
        if event.data["n"] == die_at:
            tx.after_commit(die)
        if event.data["n"] == last:
            tx.after_commit(done.set)

    inbox = Inbox(
        db,
        BusSettings(amqp_url),
        "beta",
        {THING_CHANGED.type: handle},
        lambda tx, _event: tx,
        seal=bytes,
        catalogue=CATALOGUE,
    )
    inbox.start()
    assert done.wait(30)
    inbox.stop()


def main(mode: str, database_url: str, amqp_url: str, *numbers: str) -> None:
    db = open_database(database_url, "beta" if mode == "hear" else "alpha")
    modes = {
        "commit-and-die": commit_and_die,
        "begin-and-die": begin_and_die,
        "send-and-die": send_and_die,
        "send": send,
        "stand-by": stand_by,
        "hear": hear,
    }
    modes[mode](db, amqp_url, *map(int, numbers))  # type: ignore[operator]
    db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
