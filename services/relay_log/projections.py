"""What the relay log remembers of others: the access facts; and what of theirs begins, empties and ends a log."""

from __future__ import annotations

from datetime import datetime

from services.chassis.access import HANDLERS as ACCESS_HANDLERS
from services.chassis.access import together
from services.chassis.unit_of_work import Handler, UnitOfWork
from services.contracts import cases
from services.contracts.envelope import Event
from services.relay_log.commands import make_report, release
from services.relay_log.domain.participants import is_down
from services.relay_log.storage.logs import Logs


def on_level_moved(uow: UnitOfWork, event: Event) -> None:
    """From level 1 there is a log (LG-1); a move down releases the services that it leaves out (LV-11)."""
    data = event.data
    if data["to_level"] >= 1:
        Logs.of(uow).begin(data["case_id"])
    if is_down(data["from_level"], data["to_level"]):
        release.after_move_down(uow, data["case_id"], set(data.get("service_ids", ())), data["by_person_id"])


def on_case_closed(uow: UnitOfWork, event: Event) -> None:
    """LG-10: where there was a log, there is a report. A concern that was closed at level 0 never had one."""
    data = event.data
    if data["from_level"] >= 1:
        make_report.run(uow, data["case_id"], datetime.fromisoformat(data["at"]), data["outcome"])


HANDLERS: dict[str, Handler] = together(
    ACCESS_HANDLERS,
    {cases.LevelMoved.type: on_level_moved, cases.CaseClosed.type: on_case_closed},
)
