"""The coordinator saves the municipality's own reference for a ground of sharing; the versions before stay (CO-11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from services.chassis.unit_of_work import UnitOfWork
from services.directory.commands.import_catalogue import tell_ground
from services.directory.queries.policies import demand_coordinator
from services.directory.storage import Grounds
from services.kernel.calendar import local_date
from services.kernel.errors import InvalidInput, NotFound, StaleEdit


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the version and tell of it. It begins tomorrow at the earliest: what was shared earlier today goes on to
    bear the number of the one then in force, so the past is never changed. Raises StaleEdit when another version was
    saved since."""
    demand_coordinator(uow)
    kept = Grounds(uow.tx, uow.municipality)
    known = [each for each in kept.all() if each.ground == request["ground"]]
    if not known:
        raise NotFound
    newest = max(known, key=lambda each: each.version)
    if request["expected_version"] != newest.version:
        raise StaleEdit(changed=["version"])
    if request["valid_from"] <= local_date(uow.now):
        raise InvalidInput(fields={"valid_from": "in_the_past"}, rule="CO-11")
    new = replace(
        newest,
        version=newest.version + 1,
        valid_from=request["valid_from"],
        reference=request["reference"].strip(),
    )
    try:
        kept.add(new, uow.actor.person_id or "", uow.now)
    except sa.exc.IntegrityError:  # another one was saved at the same time
        raise StaleEdit(changed=["version"]) from None
    tell_ground(uow, new.ground, new.version, new.valid_from)
    return {"id": f"{uow.municipality}.ground.{new.ground}", "version": new.version}
