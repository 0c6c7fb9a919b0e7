"""The case is closed: its final report is made (LG-10)."""

from __future__ import annotations

from datetime import datetime

from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.contracts import relay_log as contracts
from services.relay_log.storage.logs import Logs


def run(uow: UnitOfWork, case_id: str, closed_at: datetime, outcome: str) -> None:
    """Keep that there is a report, and tell it. Its content is the log, which nobody writes in any more: each reader
    gets what they may see of it. Within the transaction of the event that was heard; no outside effects."""
    report_id, logs = new_id(), Logs.of(uow)
    logs.lock(case_id)
    logs.add_report(report_id, case_id, uow.now, closed_at, outcome)
    uow.record(contracts.ReportMade, case_id, {"case_id": case_id, "report_id": report_id, "at": uow.now})
