"""What the metrics tell of a service's inbox, asked at the moment of reading."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from services.chassis.bus import metrics, watch
from services.chassis.clock import SettableClock
from services.chassis.storage import Database
from services.contracts import cases
from tests.support.bus import AT, THINGS, open_database


@pytest.fixture
def db(bus_url: str) -> Iterator[Database]:
    database = open_database(bus_url, "watched")
    yield database
    database.close()


def told(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"stafett_bus_{name}", {"service": "watched", **labels})


def put(db: Database, table: sa.Table, **values: Any) -> None:
    with db.write() as tx:
        tx.execute(table.insert(), values)


def test_what_waits_and_how_old_the_knowledge_is_stand_in_the_metrics(db: Database) -> None:
    clock, tables = SettableClock(AT), db.chassis
    watch.standing(db, "watched", {THINGS}, clock)
    assert (told("parked"), told("dead"), told("undecodable")) == (0, 0, 0)
    assert math.isnan(told("knowledge_age_seconds", stream=THINGS) or 0), "nothing was heard yet"

    put(db, tables.stream_state, stream=THINGS, source="alpha", as_of=AT, position=1)
    put(db, tables.undecodable, id="u1", sha256="0" * 64, ciphertext=b"x", received_at=AT)
    clock.advance(timedelta(seconds=42))
    assert told("undecodable") == 1 and told("knowledge_age_seconds", stream=THINGS) == 42


def test_a_database_that_does_not_answer_gives_no_number(db: Database) -> None:
    watch.standing(db, "watched", {THINGS}, SettableClock(AT))
    with db.write() as tx:
        tx.execute(sa.text("DROP TABLE undecodable"))
    assert math.isnan(told("undecodable") or 0)


def test_PR_3_the_age_of_what_is_known_of_the_lane_is_not_told(db: Database) -> None:
    """PR-3: it is older while a report waits to be sent."""
    watch.standing(db, "watched", {THINGS, cases.LANE}, SettableClock(AT))
    put(db, db.chassis.stream_state, stream=cases.LANE, source="cases", as_of=AT, position=1)
    assert told("knowledge_age_seconds", stream=cases.LANE) is None
    assert cases.LANE not in metrics.KNOWLEDGE_AGE.collect()[0].samples.__repr__()
