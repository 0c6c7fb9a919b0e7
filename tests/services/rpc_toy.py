"""A toy service for the tests of RPC and of the service base, in a process of its own or as an App in the test's."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.chassis.bus.topology import Catalogue
from services.chassis.keys import ensure_key_material
from services.chassis.service import Context, Reading, Service, UnitOfWork, Work, command, every, query
from services.chassis.settings import Settings
from services.chassis.storage import new_metadata
from services.chassis.tables import chassis_tables
from services.contracts import base
from services.contracts.base import EventType, Message, Procedure
from services.contracts.envelope import Event
from services.kernel.errors import Conflict, Forbidden, NotFound, Refusal

ROOT = Path(__file__).parents[2]
MIGRATION = """
import sqlalchemy as sa
from alembic import op
from services.chassis.storage import create_chassis_tables
revision = "0001"
down_revision = None
def upgrade():
    create_chassis_tables(op)
    op.create_table("thing", sa.Column("id", sa.String(64), primary_key=True), sa.Column("municipality", sa.String(64)))
    op.create_table("seen", sa.Column("id", sa.String(64), primary_key=True))
"""


class Words(Message):
    text = base.narrative(required=False)
    seconds = base.number(required=False)
    born_on = base.date(required=False)


class ThingNamed(Message):
    id = base.opaque()
    spoil = base.flag(required=False)
    tenths = base.number(required=False, description="How long it takes")


class Many(Message):
    parts = base.nested(ThingNamed, many=True)


class Seen(Message):
    ids = base.many(base.opaque())


ECHO = base.query("toy.echo", Words, Words, "Says it again.")
PAUSE = base.query("toy.pause", Words, Words, "Waits so many tenths of a second.")
REFUSE = base.query("toy.refuse", Words, Words, "Refuses.")
BREAK = base.query("toy.break", Words, Words, "Has a fault.")
CHECK = base.query("toy.check", Many, Words, "Checks its input.")
LIST = base.query("toy.list", base.Nothing, Seen, "Tells which things there are.")
LOOK = base.query("toy.look", ThingNamed, ThingNamed, "Looks at one thing, if that is allowed.")
ADD = base.command("toy.add", ThingNamed, "Adds a thing.")
ADD_SLOWLY = base.command("toy.add_slowly", ThingNamed, "Adds a thing after half a second of preparation.")
UNANSWERED = base.query("nobody.home", Words, Words, "A service that does not run.")
MISSING = base.query("toy.missing", Words, Words, "A procedure that the service does not have.")

ADDED = EventType("toy.added.v1", "toy.things", "thing", ThingNamed, "A thing was added.")
HEARD = EventType("other.told.v1", "other.news", "news", ThingNamed, "Another service's event.")
CATALOGUE = Catalogue(
    events={ADDED.type: ADDED, HEARD.type: HEARD},
    streams={"toy.things": "toy", "other.news": "other"},
    hears={"toy": frozenset({"other.news"}), "notifications": frozenset({"toy.things"})},
)

metadata = new_metadata()
chassis_tables(metadata)
thing = sa.Table(
    "thing",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("municipality", sa.String(64)),
)
seen = sa.Table("seen", metadata, sa.Column("id", sa.String(64), primary_key=True))


class AlreadyThere(Conflict):
    code, rule = "already_there", "TOY-1"
    detail = "There is such a thing."


def project(uow: UnitOfWork, event: Event) -> None:
    uow.tx.execute(seen.insert(), {"id": event.subject})


def take_long(context: Context, request: dict[str, Any]) -> Mapping[str, Any]:
    time.sleep(0.5)
    return {"by": context.actor.caller}


class Toy(Service):
    name = "toy"
    metadata = metadata
    handlers = {ADDED.type: project, HEARD.type: project}
    rounds: list[int] = []

    @query(ECHO)
    def echo(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return request

    @query(PAUSE)
    def pause(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        time.sleep(request["seconds"] / 10)
        return request

    @query(REFUSE)
    def refuse(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        raise AlreadyThere(fields={"text": "taken"}, level=2)

    @query(BREAK)
    def break_(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        raise KeyError(request["text"])

    @query(CHECK)
    def check(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return {}

    @query(LIST)
    def list(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return {"ids": list_of(reading.conn.scalars(sa.select(seen.c.id).order_by(seen.c.id)))}

    @query(LOOK)
    def look(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        allowed = request["id"] != "hidden"
        reading.access("TOY-2", "look", case_id=request["id"], allowed=allowed)
        if not allowed:
            raise NotFound()
        return request

    @command(ADD)
    def add(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return add_thing(uow, request)

    @command(ADD_SLOWLY, prepare=take_long)
    def add_slowly(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        assert uow.prepared["by"] == uow.actor.caller
        return add_thing(uow, request)

    @every(seconds=3600)
    def count_rounds(self, work: Work) -> None:
        with work("granli") as uow:
            add_thing(uow, {"id": f"round-{len(self.rounds)}", "spoil": None, "tenths": None})
        self.rounds.append(1)


def list_of(values: Any) -> list[str]:
    return list(values)


def add_thing(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    uow.access("TOY-3", "add", case_id=request["id"])
    if uow.tx.scalar(sa.select(thing.c.id).where(thing.c.id == request["id"])):
        raise AlreadyThere()
    uow.tx.execute(thing.insert(), {"id": request["id"], "municipality": uow.municipality})
    event = uow.record(ADDED, request["id"], {"id": request["id"]})
    time.sleep((request["tenths"] or 0) / 10)
    if request["spoil"]:
        uow.access("TOY-4", "spoil", case_id=request["id"], allowed=False)
        raise Forbidden(rule="TOY-4")
    return {"id": request["id"], "version": event.sequence}


def migrations_in(folder: Path) -> Path:
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (versions / "0001_first.py").write_text(MIGRATION)
    return versions.parent


def start() -> None:
    """What the child process runs, once it is green."""
    from services.chassis import run

    settings = Settings.load("toy")
    sys.exit(run.serve(Toy, settings, migrations=migrations_in(settings.var), catalogue=CATALOGUE))


def spawn(var: Path, amqp_url: str, health_port: int, log: Path) -> subprocess.Popen[bytes]:
    ensure_key_material(var)
    keys = var / "keys"
    for half in ("private", "public"):
        (keys / f"toy.{half}.pem").write_bytes((keys / f"seed.{half}.pem").read_bytes())
    code = "from services.chassis import run; from tests.services import rpc_toy; rpc_toy.start()"
    env = os.environ | {
        "STAFETT_VAR": str(var),
        "STAFETT_AMQP_URL": amqp_url,
        "STAFETT_HEALTH_PORT": str(health_port),
        "STAFETT_LOG_LEVEL": "debug",
        "PYTHONPATH": str(ROOT),
    }
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdout=output, stderr=subprocess.STDOUT
        )


__all__ = ["Procedure", "Refusal", "Toy", "spawn"]
