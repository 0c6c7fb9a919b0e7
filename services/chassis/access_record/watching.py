"""A service's own rounds over its records: their heads are told to the keeper, and at night each record is verified
against what the keeper has. What is found to be wrong stays found until somebody has dealt with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from services.chassis.access_record import anchors
from services.chassis.access_record.chain import Chain, Head
from services.chassis.access_record.verify import Found, verify
from services.chassis.storage import AnyConnection, Database, upsert
from services.contracts.anchors import anchors as kept_of
from services.contracts.anchors import keep_anchors, keeper_of
from services.kernel.calendar import local_date, midnight

if TYPE_CHECKING:
    from services.chassis.work import Work

log = structlog.get_logger()

ANCHORED_EVERY = timedelta(minutes=5)
NIGHT = timedelta(hours=2)
"""So long after Norwegian midnight, a record that was not verified today is."""


def anchor(work: Work, service: str, chains: Iterable[Chain], *, at_once: bool = False) -> None:
    """Tell the keeper the heads that are due: of a steady chain at fixed times, moved or not; of others when they have
    moved. `at_once`: due or not."""
    for municipality, due in _due(work, chains, at_once):
        sealed = [(chain, anchors.seal(work.keys, chain, municipality, head)) for chain, head in due]
        work.rpc(municipality).call(
            keep_anchors(keeper_of(service)), {"anchors": [anchors.told(*each) for each in sealed]}
        )
        with work.db.write() as tx:
            for chain, told in sealed:
                upsert(tx, work.db.chassis.access_checks, _key(chain, municipality), {
                    "told": told, "told_at": work.now,
                })  # fmt: skip


def verify_nightly(work: Work, service: str, chains: Sequence[Chain]) -> None:
    """Verify each record that has not been today, after a last anchor of it; keep what was found."""
    if work.now < midnight(local_date(work.now)) + NIGHT:
        return
    for chain, municipality in _unverified(work, chains):
        anchor(work, service, [chain], at_once=True)
        found = verify_against(work, service, chain, municipality)
        if found.fault:
            log.error("access_record_not_whole", component=chain.record)
        with work.db.write() as tx:
            upsert(tx, work.db.chassis.access_checks, _key(chain, municipality), {
                "verified_at": work.now, "fault": found.fault, "fault_position": found.position,
            })  # fmt: skip


def verify_against(work: Work, service: str, chain: Chain, municipality: str) -> Found:
    """Verify one record against what its keeper answers."""
    told = _told(work.db, chain, municipality)
    kept: list[bytes] = []
    after: str | None = None
    while True:
        page = work.rpc(municipality).call(
            kept_of(keeper_of(service)), {"record": chain.record, "after": after}
        )
        kept += anchors.received(page["items"])
        after = page["next"]
        if after is None:
            break
    return verify(work.db, work.keys, chain, municipality, kept, told)


def all_well(db: Database) -> bool:
    """Whether the last verification of every record found it whole."""
    check = db.chassis.access_checks.c
    with db.read() as conn:
        return conn.execute(sa.select(check.record).where(check.fault.is_not(None)).limit(1)).first() is None


def _due(
    work: Work, chains: Iterable[Chain], at_once: bool
) -> Iterator[tuple[str, list[tuple[Chain, Head]]]]:
    """By municipality, the chains whose head is to be told now."""
    due: dict[str, list[tuple[Chain, Head]]] = {}
    with work.db.read() as conn:
        for chain in chains:
            checks = {row.municipality: row for row in _checks(conn, work.db, chain)}
            for municipality in chain.anchored_in(conn):
                check, head = checks.get(municipality), chain.head(conn, municipality)
                if check is not None and check.told is not None and not at_once:
                    if abs(work.now - check.told_at) < ANCHORED_EVERY:
                        continue
                    known = anchors.unseal(work.keys, chain, municipality, check.told)
                    if known == head and not chain.steady:
                        continue
                due.setdefault(municipality, []).append((chain, head))
    yield from sorted(due.items(), key=lambda each: each[0])


def _unverified(work: Work, chains: Iterable[Chain]) -> list[tuple[Chain, str]]:
    found = []
    today = local_date(work.now)
    with work.db.read() as conn:
        for chain in chains:
            checks: dict[str, datetime | None] = {
                row.municipality: row.verified_at for row in _checks(conn, work.db, chain)
            }
            for municipality in chain.anchored_in(conn):
                at = checks.get(municipality)
                if at is None or local_date(at) != today:
                    found.append((chain, municipality))
    return found


def _told(db: Database, chain: Chain, municipality: str) -> bytes | None:
    with db.read() as conn:
        return next((row.told for row in _checks(conn, db, chain) if row.municipality == municipality), None)


def _checks(conn: AnyConnection, db: Database, chain: Chain) -> Sequence[Any]:
    checks = db.chassis.access_checks
    return conn.execute(sa.select(checks).where(checks.c.record == chain.record)).all()


def _key(chain: Chain, municipality: str) -> dict[str, str]:
    return {"record": chain.record, "municipality": municipality}
