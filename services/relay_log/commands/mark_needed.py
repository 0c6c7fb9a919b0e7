"""The holder marks what guardians need to read for their parental responsibility, or takes a mark away (AG-6)."""

from __future__ import annotations

from typing import Any

from services.chassis import access
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import NotFound
from services.kernel.facts import Act
from services.relay_log.commands.common import open_log
from services.relay_log.storage.marks import Marks


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Set the marks that are given, all or none: NotFound when one of the things is not there for the holder."""
    case_id, marks = request["case_id"], Marks.of(uow)
    open_log(uow, case_id, Act.MANAGE)
    case = access.of(uow, case_id)
    for mark in request["marks"]:
        found = marks.item(case_id, mark["kind"], mark["item_id"])
        if found is None or not case.may_open(found):
            raise NotFound
        marks.put(case_id, mark["kind"], mark["item_id"], mark["needed"])
    return {"id": case_id}
