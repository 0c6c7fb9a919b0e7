"""What failed of the work of which nothing is told: the protected lane's (PR-3).

A line in a log, a counter or a health check would tell that somebody had just reported. So a fault of such work is kept
in a table of its own that nothing else reads, as codes alone: what failed, the exception's type and its place in the
code, how often, and when. No text, nobody's id. Operators read it by `deploy.ops lane-faults`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.logging import fault
from services.chassis.storage import AnyConnection, Database, insert_ignore
from services.chassis.tables import faults_table
from services.kernel.errors import Unavailable

KEPT = timedelta(days=90)
"""What has not come again for so long is forgotten."""


def keep(db: Database, what: str, error: BaseException, now: datetime, municipality: str = "") -> None:
    """Count a fault of `what` (a procedure, a timer, a page), of a municipality where it is known. Never raises.

    A database that can't be written to is no secret: all other work tells of it."""
    told = fault(error)
    key = {
        "municipality": municipality[:64],
        "what": what[:128],
        "error_type": told["error_type"][:200],
        "place": told["where"][:300],
    }
    table = faults_table(db.metadata)
    same = sa.and_(*(table.c[name] == value for name, value in key.items()))
    try:
        with db.write() as tx:
            tx.execute(sa.delete(table).where(table.c.last_at < now - KEPT))
            insert_ignore(tx, table, {**key, "times": 0, "first_at": now, "last_at": now})
            tx.execute(sa.update(table).where(same).values(times=table.c.times + 1, last_at=now))
    except (sa.exc.SQLAlchemyError, Unavailable):
        return


def since(conn: AnyConnection, metadata: sa.MetaData, then: datetime) -> list[Any]:
    """The faults that came since `then`, the latest first."""
    table = faults_table(metadata)
    found = sa.select(table).where(table.c.last_at >= then)
    return list(conn.execute(found.order_by(table.c.last_at.desc(), table.c.what)).all())
