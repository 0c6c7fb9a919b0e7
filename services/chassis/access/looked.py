"""Who has looked at a case, told from the access record to its family (SE-2).

Shown are employees and outside systems, and the asker's own reading; never what another of the family read: that is
theirs. The lane has a record of its own, which nothing here reads (PR-3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.access.decisions import CaseAccess, of
from services.chassis.access_record import Line, read_line, reader_index
from services.chassis.tables import ChassisTables
from services.chassis.unit_of_work import Reading
from services.contracts.access_history import DAYS, HIDDEN_SYSTEM, THINGS
from services.kernel.calendar import local_date, midnight
from services.kernel.facts import Act, Capacity

_OF_ACT = {
    Act.SEE_CASE.value: "overview",
    Act.READ_PLAN.value: "plan",
    Act.READ_LOG_ITEM.value: "log",
    Act.READ_NOTES.value: "notes",
    Act.READ_VIEW.value: "view",
    Act.READ_CONSENT.value: "consents",
    Act.READ_EVIDENCE.value: "consents",
    Act.READ_REPORT.value: "report",
    Act.READ_ACCESS.value: "who_looked",
    "read_message": "messages",
    "open_emergency": "emergency",
    "end_emergency": "emergency_ended",
    "explain": "explanation",
}
"""What is told of, by the act that the record has; changes show where they were made."""

_OUTSIDE = "outside:"
_MOST = 2000


def run(reading: Reading, tables: ChassisTables, request: Mapping[str, Any]) -> dict[str, Any]:
    """A page of who has looked; the asking is itself noted. Raises as the decision refuses."""
    case_id = request["case_id"]
    case = of(reading, case_id)
    case.require(Act.READ_ACCESS)
    end: date = request["before"] or local_date(reading.now) + timedelta(days=1)
    start = end - timedelta(days=DAYS)
    record = tables.access_record
    shown = _shown(reading, record, case_id)
    rows = reading.conn.execute(
        sa.select(record)
        .where(*shown, record.c.at >= midnight(start), record.c.at < midnight(end))
        .order_by(record.c.at.desc())
    )
    older = reading.conn.scalar(
        sa.select(sa.func.max(record.c.at)).where(*shown, record.c.at < midnight(start))
    )
    return {
        "items": _by_day_and_person(reading, (read_line(reading.keys, row) for row in rows), case),
        "next": local_date(older) + timedelta(days=1) if older else None,
    }


def _shown(reading: Reading, record: sa.Table, case_id: str) -> list[Any]:
    """Which lines the asker is told of. Guardians not of who read the child's view: that would tell that there is one,
    also of one that was given apart (LG-5)."""
    line, actor = record.c, reading.actor
    acts = set(_OF_ACT)
    if Capacity(actor.capacity) is Capacity.GUARDIAN:
        acts.discard(Act.READ_VIEW.value)
    mine = line.reader == reader_index(reading.keys, reading.municipality, actor.person_id or "")
    return [
        line.municipality == reading.municipality,
        line.case_id == case_id,
        line.allowed.is_(True),
        (line.capacity == Capacity.EMPLOYEE.value) | line.act.startswith(_OUTSIDE) | mine,
        line.act.in_(sorted(acts)) | line.act.startswith(_OUTSIDE),
    ]


def _by_day_and_person(reading: Reading, lines: Iterable[Line], case: CaseAccess) -> list[dict[str, Any]]:
    """One look for each day, person and unit. Where the asker is shown no places, no unit is told of, nor any system,
    which acts for a service; and of staff those names alone that the family knows: all others of a day are one look, of
    an employee (PR-6)."""
    places = case.sees_places
    named: dict[str | None, bool] = {}
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in lines:
        system = line.act.removeprefix(_OUTSIDE) if line.act.startswith(_OUTSIDE) else None
        recipient = system if places or system is None else HIDDEN_SYSTEM
        day, unit_id = local_date(line.at), line.unit_id if places else None
        if line.person_id not in named:
            named[line.person_id] = case.tells_name(line.person_id)
        hidden = line.capacity == Capacity.EMPLOYEE.value and not named[line.person_id]
        person_id = None if hidden else line.person_id
        look = found.setdefault(
            (day, person_id, unit_id, line.capacity, recipient),
            {
                "day": day, "first_at": line.at, "last_at": line.at, "capacity": line.capacity,
                "you": line.person_id is not None and line.person_id == reading.actor.person_id,
                "person_id": person_id, "unit_id": unit_id, "recipient": recipient,
                "things": set(), "reasons": set(), "rules": set(),
            },
        )  # fmt: skip
        look["first_at"] = min(look["first_at"], line.at)
        look["last_at"] = max(look["last_at"], line.at)
        look["things"].add("outside" if recipient else _OF_ACT[line.act])
        look["rules"].add(line.rule)
        if line.reason:
            look["reasons"].add(line.reason)
    return [
        {
            **look,
            "things": sorted(look["things"], key=THINGS.index),
            "reasons": sorted(look["reasons"])[:50],
            "rules": sorted(look["rules"])[:50],
        }
        for look in list(found.values())[:_MOST]
    ]
