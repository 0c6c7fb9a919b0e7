"""The access record as an operator looks after it: verify-access, refused-access. Both read databases and keys alone,
and work beside a suite that runs or is stopped."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from deploy.ops.desk import Command, Desk, Fault, Rows
from deploy.ops.text import words
from services.chassis.access_record import Chain
from services.chassis.access_record.anchors import read_kept
from services.chassis.access_record.verify import verify
from services.chassis.clock import SystemClock
from services.chassis.keys import Keys
from services.chassis.storage import Database
from services.contracts.anchors import PAGE, keeper_of
from services.contracts.catalogue import SERVICES
from services.kernel.calendar import local_date

_DAYS = 30


def verify_access(desk: Desk, services: list[str]) -> Rows:
    """One row a record and municipality; `fault` and `position` where it is not whole. Raises Fault."""
    try:
        keys = Keys.embedded(desk.var)
    except OSError:
        raise Fault(f"no keys under {desk.var}: anchors can't be opened without them") from None
    rows: Rows = []
    for service in services:
        with desk.database(service) as db, desk.database(keeper_of(service)) as keeper:
            for chain in importlib.import_module(f"services.{service}.service").SERVICE.chains():
                rows += _verified(desk, keys, service, chain, db, keeper)
    return rows


def _verified(
    desk: Desk, keys: Keys, service: str, chain: Chain, db: Database, keeper: Database
) -> Iterator[dict[str, Any]]:
    with db.read() as conn:
        municipalities = chain.anchored_in(conn)
    for municipality in municipalities:
        name = f"{chain.name} of {municipality}"

        def progress(position: int, last: int, name: str = name) -> None:
            desk.say(f"{name}: line {position} of {last} ({100 * position // last} %)")

        kept = _kept(keeper, municipality, service, chain.record)
        found = verify(db, keys, chain, municipality, kept, _told(db, chain, municipality), progress)
        yield {
            "service": service,
            "record": chain.record,
            "municipality": municipality,
            "lines": None if chain.steady else found.lines,
            "anchors": len(kept),
            "fault": found.fault,
            "position": found.position,
        }


def _kept(keeper: Database, municipality: str, service: str, record: str) -> list[bytes]:
    kept: list[bytes] = []
    after = 0
    with keeper.read() as conn:
        while True:
            page = read_kept(conn, keeper.chassis, municipality, service, record, after)
            kept += [row.sealed for row in page]
            if len(page) < PAGE:
                return kept
            after = page[-1].row


def _told(db: Database, chain: Chain, municipality: str) -> bytes | None:
    check = db.chassis.access_checks.c
    with db.read() as conn:
        told: bytes | None = conn.scalar(
            sa.select(check.told).where(check.record == chain.record, check.municipality == municipality)
        )
    return told


def refused_access(desk: Desk, services: list[str], days: int) -> Rows:
    """How often somebody was refused, by service, municipality, day, act and rule; never who. Raises Fault."""
    since = SystemClock().now() - timedelta(days=days)
    counts: dict[tuple[str, ...], int] = {}
    for service in services:
        with desk.database(service) as db, db.read() as conn:
            line = db.chassis.access_record.c
            refused = sa.select(line.municipality, line.at, line.act, line.rule, line.capacity).where(
                line.allowed.is_(False), line.at >= since
            )
            for row in conn.execute(refused):
                key = (
                    service,
                    row.municipality,
                    local_date(row.at).isoformat(),
                    row.act,
                    row.rule,
                    row.capacity,
                )
                counts[key] = counts.get(key, 0) + 1
    names = ("service", "municipality", "day", "act", "rule", "capacity")
    return [dict(zip(names, key, strict=True)) | {"refused": count} for key, count in sorted(counts.items())]


def _services(asked: argparse.Namespace) -> list[str]:
    return [asked.service] if asked.service else list(SERVICES)


def _of_service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", choices=SERVICES, help="this one alone")


def _refused_arguments(parser: argparse.ArgumentParser) -> None:
    _of_service(parser)
    parser.add_argument("--days", type=int, default=_DAYS, help=f"of so many days (default: {_DAYS})")


COMMANDS = (
    Command(
        "verify-access",
        "Verify that no line of any access record was changed, swapped, put in, or taken away, the end included; exit "
        "code 1 when one was.",
        _of_service,
        lambda desk, asked: verify_access(desk, _services(asked)),
        words,
    ),
    Command(
        "refused-access",
        "Count who was refused what, by day, act and rule; no names.",
        _refused_arguments,
        lambda desk, asked: refused_access(desk, _services(asked), asked.days),
        words,
    ),
)
