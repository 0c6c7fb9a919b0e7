"""Participants are released with a kind word: one by the holder (HO-7), or all whom a move down leaves out (LV-11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import yaml

from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.facts import Act
from services.relay_log.commands.common import me, open_log, tell_entry, tell_participants, tell_release
from services.relay_log.domain.participants import Circle, Participant
from services.relay_log.storage.entries import Entries
from services.relay_log.storage.logs import Logs

TOPIC = "practical"
"""The topic of a notice of release: who takes part is a practical matter."""

_TEXTS = Path(__file__).parents[1] / "texts"


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Release one participant; their access ends with this transaction (CO-10)."""
    case_id, logs = request["case_id"], Logs.of(uow)
    open_log(uow, case_id, Act.MANAGE)
    circle = logs.circle(case_id)
    released = circle.release(request["participant_id"], uow.now)
    _let_go(uow, case_id, circle, [released], request["notice"], me(uow))
    return {"id": released.participant_id}


def after_move_down(uow: UnitOfWork, case_id: str, needed: Collection[str], by: str) -> None:
    """LV-11: release everybody whose service is not needed any more, with the standing kind word. No outside effects:
    rows and events alone, within the transaction of the event that was heard."""
    logs = Logs.of(uow)
    logs.lock(case_id)
    facts = access.of(uow, case_id).known_facts
    circle = logs.circle(case_id)
    released = circle.release_not_needed(facts.case.owner_unit, needed, uow.now)
    if released:
        notice = yaml.safe_load((_TEXTS / "release.nb.yaml").read_text("utf-8"))["notice"]
        _let_go(uow, case_id, circle, released, notice, by)


def _let_go(
    uow: UnitOfWork, case_id: str, circle: Circle, released: Iterable[Participant], notice: str, by: str
) -> None:
    for each in released:
        entry_id = new_id()
        entry = {
            "entry_id": entry_id, "kind": "release_notice", "topic": TOPIC, "by_person_id": by,
            "by_capacity": "employee",
        }  # fmt: skip
        Entries.of(uow).add_entry(case_id, entry, notice, uow.now)
        tell_release(uow, case_id, each)
        tell_entry(uow, case_id, entry_id, "release_notice", TOPIC, by)
    tell_participants(uow, case_id, circle)
