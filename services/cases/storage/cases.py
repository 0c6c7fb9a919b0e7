"""The case aggregate in its table: loaded under its row's lock to be changed, and saved with its history."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.domain.case import Case, Handover
from services.cases.domain.deadlines import TimeLimit
from services.cases.domain.errors import StaleEdit
from services.cases.storage.tables import cases, happenings, persons, steps
from services.chassis.ids import new_id
from services.chassis.keys import Keys
from services.chassis.prepared import Prepared
from services.chassis.storage import AnyConnection, WriteTransaction
from services.kernel.calendar import local_date
from services.kernel.facts import Post

_CHANGES = {
    "level_moved": ("level", "holder_person_id"),
    "holder_appointed": ("holder_person_id",),
    "handover_proposed": ("handover",),
    "handover_accepted": ("holder_person_id", "handover"),
    "handover_declined": ("handover",),
    "talk_recorded": ("talk_recorded",),
    "step_completed": ("steps",),
    "closed": ("state",),
    "joined": ("state",),
}
"""Which fields of contracts.cases.CaseDetail a happening changes (LG-8)."""

_MUNICIPALITY: sa.BindParameter[str] = sa.bindparam("municipality")
_CASE_IDS: sa.BindParameter[str] = sa.bindparam("case_ids", expanding=True)
_MANY = Prepared(
    sa.select(cases).where(cases.c.municipality == _MUNICIPALITY, cases.c.case_id.in_(_CASE_IDS))
)
_INTO = sa.select(cases.c.case_id).where(
    cases.c.municipality == _MUNICIPALITY, cases.c.joined_into == sa.bindparam("joined_into")
)
_JOINED = Prepared(_INTO)
_JOINED_OF_UNIT = Prepared(_INTO.where(cases.c.owner_unit_id == sa.bindparam("of_unit")))
_DONE = Prepared(
    sa.select(steps.c.case_id, steps.c.step, steps.c.done_at)
    .join(
        cases,
        (cases.c.municipality == steps.c.municipality)
        & (cases.c.case_id == steps.c.case_id)
        & (cases.c.round == steps.c.round),
    )
    .where(steps.c.municipality == _MUNICIPALITY, steps.c.case_id.in_(_CASE_IDS))
    .order_by(steps.c.done_at)
)


def add(tx: WriteTransaction, keys: Keys, case: Case) -> None:
    """Store a new case."""
    tx.execute(
        cases.insert(), {"municipality": case.municipality, "case_id": case.case_id, **_values(case, 1)}
    )
    _save_parts(tx, keys, case, 1)


def save(tx: WriteTransaction, keys: Keys, case: Case) -> int:
    """Store a changed case, loaded with `for_change`; its new version."""
    version = case.version + 1
    changed = tx.execute(
        cases.update()
        .where(
            cases.c.municipality == case.municipality,
            cases.c.case_id == case.case_id,
            cases.c.version == case.version,
        )
        .values(**_values(case, version))
    )
    if changed.rowcount != 1:
        raise StaleEdit()
    _save_parts(tx, keys, case, version)
    return version


def lock(tx: WriteTransaction, municipality: str, case_id: str) -> None:
    """Let nobody else change the case until the transaction ends; nothing happens for an unknown id."""
    tx.execute(_one(municipality, case_id).with_for_update())


def for_change(tx: WriteTransaction, municipality: str, case_id: str) -> Case:
    """The case, locked until the transaction ends. Decide access first: an unknown id is a LookupError here."""
    row = tx.execute(_one(municipality, case_id).with_for_update()).one_or_none()
    if row is None:
        raise LookupError(f"no such case: {case_id}")
    return _case(row, _done(tx, municipality, [case_id]).get(case_id, {}))


def load_many(
    conn: AnyConnection, municipality: str, case_ids: Sequence[str]
) -> dict[str, tuple[Case, datetime]]:
    """Cases by id, each with the time of its last change: for reading, in two queries."""
    if not municipality:
        raise ValueError("no cases without a municipality (SE-7)")
    if not case_ids:
        return {}
    rows = _MANY.rows(conn, {"municipality": municipality, "case_ids": case_ids})
    done = _done(conn, municipality, [row.case_id for row in rows])
    return {row.case_id: (_case(row, done.get(row.case_id, {})), row.changed_at) for row in rows}


def active_case_of(tx: WriteTransaction, municipality: str, subject: str) -> str | None:
    """The child's active case, if there is one. Locks the child, so that of two who ask at once the second waits for
    what the first makes of it (LG-1)."""
    child = sa.select(persons.c.person_id).where(
        persons.c.municipality == municipality, persons.c.person_id == subject
    )
    tx.execute(child.with_for_update())
    case_id: str | None = tx.scalar(
        sa.select(cases.c.case_id).where(
            cases.c.municipality == municipality,
            cases.c.subject_person_id == subject,
            cases.c.state == "open",
            cases.c.level >= 1,
        )
    )
    return case_id


def joined_to(conn: AnyConnection, municipality: str, case_id: str, of_unit: str | None = None) -> list[str]:
    """The concerns that joined this case (LG-1); `of_unit`: only those that this unit raised."""
    asked = {"municipality": municipality, "joined_into": case_id, "of_unit": of_unit}
    return (_JOINED if of_unit is None else _JOINED_OF_UNIT).values(conn, asked)


def municipalities(conn: AnyConnection) -> list[str]:
    """Where there are cases at all: for timers, which then work in one municipality at a time (SE-7)."""
    return list(conn.execute(sa.select(cases.c.municipality).distinct()).scalars())


def near_or_past_limit(conn: AnyConnection, municipality: str, now: datetime) -> list[str]:
    """The open concerns whose owner may have to be told of the time limit (LV-7)."""
    today = local_date(now)
    due = sa.select(cases.c.case_id).where(
        cases.c.municipality == municipality,
        cases.c.state == "open",
        cases.c.level == 0,
        cases.c.flagged.is_(False),
        cases.c.warn_on <= today,
        cases.c.warned.is_(False) | (cases.c.decide_by < today),
    )
    return list(conn.execute(due).scalars())


def save_deadlines(tx: WriteTransaction, case: Case) -> None:
    """Store that the owner was told of the time limit. No new version: nobody edited the case."""
    tx.execute(
        cases.update()
        .where(cases.c.municipality == case.municipality, cases.c.case_id == case.case_id)
        .values(warned=case.warned, flagged=case.flagged)
    )


def changed_since(conn: AnyConnection, case: Case, version: int) -> list[str]:
    """The fields that changed after a version that somebody read (LG-8)."""
    later = sa.select(happenings.c.what).where(
        happenings.c.municipality == case.municipality,
        happenings.c.case_id == case.case_id,
        happenings.c.version > version,
    )
    named = [name for what in conn.execute(later).scalars() for name in _CHANGES.get(what, ())]
    return list(dict.fromkeys(named))


def demand_version(tx: WriteTransaction, case: Case, expected: int | None) -> None:
    """Refuse an edit of a version that is no longer the case's, naming what changed (LG-8)."""
    if expected is not None and expected != case.version:
        raise StaleEdit(changed=changed_since(tx.connection, case, expected))


def _one(municipality: str, case_id: str) -> sa.Select[Any]:
    if not municipality:
        raise ValueError("no case without a municipality (SE-7)")
    return sa.select(cases).where(cases.c.municipality == municipality, cases.c.case_id == case_id)


def _done(conn: AnyConnection, municipality: str, case_ids: Sequence[str]) -> dict[str, dict[str, datetime]]:
    """The steps of each case's present round."""
    done: dict[str, dict[str, datetime]] = {}
    for row in _DONE.rows(conn, {"municipality": municipality, "case_ids": case_ids}):
        done.setdefault(row.case_id, {})[row.step] = row.done_at
    return done


def _post(person: str | None, unit: str | None, service: str | None) -> Post | None:
    return Post(person, unit, service) if person and unit and service else None


def _case(row: Any, done: dict[str, datetime]) -> Case:
    handover = None
    to = _post(row.handover_to_person_id, row.handover_to_unit_id, row.handover_to_service_id)
    if row.handover_id and to:
        handover = Handover(row.handover_id, row.handover_by, to, row.handover_at)
    return Case(
        case_id=row.case_id,
        municipality=row.municipality,
        subject_person_id=row.subject_person_id,
        subject_kind=row.subject_kind,
        owner=Post(row.owner_person_id, row.owner_unit_id, row.owner_service_id),
        registered_at=row.registered_at,
        limit=TimeLimit(row.decide_by, row.warn_on),
        level=row.level,
        state=row.state,
        round=row.round,
        done=done,
        talk_recorded_at=row.talk_recorded_at,
        holder=_post(row.holder_person_id, row.holder_unit_id, row.holder_service_id),
        handover=handover,
        joined_into=row.joined_into,
        closed_at=row.closed_at,
        warned=row.warned,
        flagged=row.flagged,
        version=row.version,
    )


def _values(case: Case, version: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "subject_person_id": case.subject_person_id,
        "subject_kind": case.subject_kind,
        "owner_person_id": case.owner.person_id,
        "owner_unit_id": case.owner.unit_id,
        "owner_service_id": case.owner.service_id,
        "registered_at": case.registered_at,
        "decide_by": case.limit.decide_by,
        "warn_on": case.limit.warn_on,
        "warned": case.warned,
        "flagged": case.flagged,
        "level": case.level,
        "state": case.state,
        "round": case.round,
        "talk_recorded_at": case.talk_recorded_at,
        "joined_into": case.joined_into,
        "closed_at": case.closed_at,
        "version": version,
        **_post_values("holder", case.holder),
        **_post_values("handover_to", case.handover.to if case.handover else None),
        "handover_id": case.handover.handover_id if case.handover else None,
        "handover_by": case.handover.by_person_id if case.handover else None,
        "handover_at": case.handover.proposed_at if case.handover else None,
    }
    if case.happened:
        values["changed_at"] = case.happened[-1].at
    return values


def _post_values(name: str, post: Post | None) -> dict[str, str | None]:
    return {
        f"{name}_person_id": post.person_id if post else None,
        f"{name}_unit_id": post.unit_id if post else None,
        f"{name}_service_id": post.service_id if post else None,
    }


def _save_parts(tx: WriteTransaction, keys: Keys, case: Case, version: int) -> None:
    """The steps of this round, and what has happened since the case was loaded."""
    key = {"municipality": case.municipality, "case_id": case.case_id}
    known = set(
        tx.scalars(
            sa.select(steps.c.step).where(
                steps.c.municipality == case.municipality,
                steps.c.case_id == case.case_id,
                steps.c.round == case.round,
            )
        )
    )
    fresh = [
        {**key, "round": case.round, "step": s, "done_at": at}
        for s, at in case.done.items()
        if s not in known
    ]
    if fresh:
        tx.execute(steps.insert(), fresh)
    lines = [
        {
            **key,
            "happening_id": happening_id,
            "at": line.at,
            "version": version,
            "what": line.what,
            "by_person_id": line.by_person_id,
            "codes": line.codes,
            "told": keys.encrypt(
                f"case:{case.case_id}", case.municipality, f"told:{happening_id}", json.dumps(line.told)
            )
            if line.told
            else None,
        }
        for happening_id, line in ((new_id(), line) for line in case.happened)
    ]
    if lines:
        tx.execute(happenings.insert(), lines)
    case.version, case.happened = version, []
