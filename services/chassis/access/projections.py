"""What events change in the facts: one small handler an event, whole state where the event is whole.

A handler reads only the fields that it needs, so that a field added later does not stop it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from services.chassis.access.tables import access_tables
from services.chassis.bus.generation import Projection
from services.chassis.storage import upsert
from services.contracts import cases, consent, directory, relay_log
from services.contracts.envelope import Event
from services.kernel.policies import Policy

if TYPE_CHECKING:
    from services.chassis.unit_of_work import UnitOfWork

Handler = Callable[["UnitOfWork", Event], None]

T = access_tables(sa.MetaData())
"""The tables by their names; every service that decides has them in its own database."""

GRADES = {"ungraded": 0, "client": 4, "strictly_confidential": 6, "confidential": 7}
"""The register's numbers for address grades (PR-6 speaks of 6 and 7)."""


def together(*handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """One map of handlers out of several; where two hear the same event, both run, in the order given."""
    joined: dict[str, Handler] = {}
    for each in handlers:
        for kind, handler in each.items():
            joined[kind] = _one_after_the_other(joined[kind], handler) if kind in joined else handler
    return joined


def _one_after_the_other(first: Handler, second: Handler) -> Handler:
    def both(uow: UnitOfWork, event: Event) -> None:
        first(uow, event)
        second(uow, event)

    return both


# ---------------------------------------------------------------- cases


def concern_raised(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    upsert(
        uow.tx,
        T.case,
        _case(event),
        {
            "subject_person_id": data["subject_person_id"],
            "owner_person_id": data["owner_person_id"],
            "owner_unit_id": data["owner_unit_id"],
            "owner_service_id": data["owner_service_id"],
            "level": 0,
            "state": "open",
            "talk_recorded": False,
        },
    )


def talk_recorded(uow: UnitOfWork, event: Event) -> None:
    _change_case(uow, event, talk_recorded=True)


def level_moved(uow: UnitOfWork, event: Event) -> None:
    _change_case(uow, event, level=event.data["to_level"], state="open")


def holder_changed(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    _change_case(uow, event, holder_person_id=data["holder_person_id"], holder_unit_id=data["holder_unit_id"])


def handover_proposed(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    _change_case(uow, event, receiver_person_id=data["to_person_id"], receiver_unit_id=data["to_unit_id"])


def handover_answered(uow: UnitOfWork, event: Event) -> None:
    _change_case(uow, event, receiver_person_id=None, receiver_unit_id=None)


def emergency_opened(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    upsert(uow.tx, T.emergency, {**_case(event), "emergency_id": data["emergency_id"]}, {
        "person_id": data["person_id"], "unit_id": data["unit_id"], **_span(data),
    })  # fmt: skip


def emergency_ended(uow: UnitOfWork, event: Event) -> None:
    """Raises LookupError when it is not known that it was opened: the event is then parked, not lost."""
    opened = T.emergency.c
    this = (
        opened.municipality == event.municipality,
        opened.case_id == event.data["case_id"],
        opened.emergency_id == event.data["emergency_id"],
    )
    ends = datetime.fromisoformat(event.data["at"])
    if uow.tx.execute(T.emergency.update().where(*this).values(valid_to=ends)).rowcount != 1:
        raise LookupError(f"{event.type}: no such emergency as {event.data['emergency_id']} is known here")


def concern_joined(uow: UnitOfWork, event: Event) -> None:
    _change_case(uow, event, state="joined")


def case_closed(uow: UnitOfWork, event: Event) -> None:
    _change_case(uow, event, state="closed", receiver_person_id=None, receiver_unit_id=None)


def person_changed(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    person = {"municipality": event.municipality, "person_id": data["person_id"]}
    upsert(uow.tx, T.person, person, {
        "birth_date": _day(data["birth_date"]), "address_grade": GRADES[data["address_grade"]],
        "unlinked": " ".join(data.get("unlinked", ())),
    })  # fmt: skip
    subject = {"municipality": event.municipality, "subject_person_id": data["person_id"]}
    _replace(uow, T.guardian, subject, [
        {
            "person_id": tie["person_id"],
            "relation": tie["relation"],
            "has_responsibility": tie["has_responsibility"],
            "verified": tie["verified"],
            "valid_from": _day(tie.get("valid_from")),
            "valid_to": _day(tie.get("valid_to")),
        }
        for tie in data["guardians"]
    ])  # fmt: skip
    _replace(uow, T.care, subject, [
        {
            "unit_id": order["unit_id"],
            "set_by": order["set_by"],
            "guardians_see": order["guardians_see"],
            "topics": " ".join(order["topics"]),
            "valid_from": _day(order["valid_from"]),
            "valid_to": _day(order.get("valid_to")),
        }
        for order in data.get("care_orders", ())
    ])  # fmt: skip


# ---------------------------------------------------------------- consent, relay log


def windows_changed(uow: UnitOfWork, event: Event) -> None:
    windows = event.data["windows"]
    if windows:
        upsert(uow.tx, T.consent, _case(event), {"has_shared": True})
    _replace(uow, T.window, _case(event), [
        {"service_id": window["service_id"], "topic": window["topic"], **_span(window)} for window in windows
    ])  # fmt: skip


def consent_answered(uow: UnitOfWork, event: Event) -> None:
    """LG-11: who has ever said yes. An event from before it said so says it by the answer."""
    data, key = event.data, _case(event)
    granted = data.get("granted")
    if not (data["answer"] in ("yes", "partly") if granted is None else granted):
        return
    known = uow.tx.execute(
        sa.select(T.consent.c.has_shared, T.consent.c.consented).where(
            *(T.consent.c[name] == value for name, value in key.items())
        )
    ).first()
    consented = {*((known.consented or "").split() if known else ()), data["signer_id"]}
    upsert(uow.tx, T.consent, key, {
        "has_shared": bool(known and known.has_shared), "consented": " ".join(sorted(consented)),
    })  # fmt: skip


def person_windows_changed(uow: UnitOfWork, event: Event) -> None:
    _replace(uow, T.person_window, _case(event), [
        {"person_id": window["person_id"], "topic": window["topic"], **_span(window)}
        for window in event.data["windows"]
    ])  # fmt: skip


def participants_changed(uow: UnitOfWork, event: Event) -> None:
    _replace(uow, T.participant, _case(event), [
        {
            "person_id": each["person_id"],
            "unit_id": each["unit_id"],
            "service_id": each["service_id"],
            "may_write": each["may_write"],
            **_span(each),
        }
        for each in event.data["participants"]
    ])  # fmt: skip


# ---------------------------------------------------------------- directory


def staff_changed(uow: UnitOfWork, event: Event) -> None:
    person = {"municipality": event.municipality, "person_id": event.data["person_id"]}
    _replace(uow, T.role, person, [
        {
            "unit_id": role["unit_id"],
            "service_id": role["service_id"],
            "role": role["role"],
            "valid_from": _day(role["valid_from"]),
            "valid_to": _day(role.get("valid_to")),
        }
        for role in event.data["roles"]
    ])  # fmt: skip


def policy_published(uow: UnitOfWork, event: Event) -> None:
    """Raises InvalidPolicy: the event is then parked, and the version before stands."""
    data = event.data
    values = {**data["values"], "version": data["version"], "valid_from": data["valid_from"]}
    Policy.from_dict(values)
    version = {"municipality": event.municipality, "version": data["version"]}
    upsert(uow.tx, T.policy, version, {
        "valid_from": _day(data["valid_from"]), "settings": json.dumps(values, sort_keys=True),
    })  # fmt: skip


def ground_published(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    version = {"municipality": event.municipality, "ground": data["ground"], "version": data["version"]}
    upsert(uow.tx, T.ground, version, {"valid_from": _day(data["valid_from"])})


def unit_changed(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    unit = {"municipality": event.municipality, "unit_id": data["unit_id"]}
    upsert(uow.tx, T.unit, unit, {"service_id": data["service_id"], "active": data["active"]})


def service_changed(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    service = {"municipality": event.municipality, "service_id": data["service_id"]}
    upsert(uow.tx, T.service, service, {
        "kind": data["kind"], "shared_id": data.get("shared_id"), "active": data["active"],
    })  # fmt: skip


HANDLERS: dict[str, Handler] = {
    cases.ConcernRaised.type: concern_raised,
    cases.TalkRecorded.type: talk_recorded,
    cases.LevelMoved.type: level_moved,
    cases.HolderChanged.type: holder_changed,
    cases.HandoverProposed.type: handover_proposed,
    cases.HandoverAnswered.type: handover_answered,
    cases.EmergencyOpened.type: emergency_opened,
    cases.EmergencyEnded.type: emergency_ended,
    cases.ConcernJoined.type: concern_joined,
    cases.CaseClosed.type: case_closed,
    cases.PersonChanged.type: person_changed,
    consent.WindowsChanged.type: windows_changed,
    consent.Answered.type: consent_answered,
    consent.PersonWindowsChanged.type: person_windows_changed,
    relay_log.ParticipantsChanged.type: participants_changed,
    directory.StaffChanged.type: staff_changed,
    directory.PolicyPublished.type: policy_published,
    directory.GroundPublished.type: ground_published,
    directory.UnitChanged.type: unit_changed,
    directory.ServiceChanged.type: service_changed,
}
"""Every service that decides takes these into its own `handlers`, by `together`."""

PROJECTION = Projection(tuple(getattr(T, each.name) for each in fields(T)), HANDLERS)
"""The facts as what can be thrown away and built anew from history (bus/generation.py)."""


def _case(event: Event) -> dict[str, Any]:
    return {"municipality": event.municipality, "case_id": event.data["case_id"]}


def _change_case(uow: UnitOfWork, event: Event, **values: Any) -> None:
    """Raises LookupError when the case is not known: the event is then parked, not lost."""
    values |= {"of_municipality": event.municipality, "of_case": event.data["case_id"]}
    if uow.tx.execute(_CHANGE_CASE, values).rowcount != 1:
        raise LookupError(f"{event.type}: no such case as {event.data['case_id']} is known here")


_CHANGE_CASE = T.case.update().where(
    T.case.c.municipality == sa.bindparam("of_municipality"), T.case.c.case_id == sa.bindparam("of_case")
)


def _replace(uow: UnitOfWork, table: sa.Table, key: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """The whole list of `key` anew, numbered in its order."""
    uow.tx.execute(_delete_of(table, tuple(key)), key)
    if rows:
        uow.tx.execute(table.insert(), [{**key, "number": number, **row} for number, row in enumerate(rows)])


@cache
def _delete_of(table: sa.Table, names: tuple[str, ...]) -> sa.Delete:
    return table.delete().where(*(table.c[name] == sa.bindparam(name) for name in names))


def _span(data: Mapping[str, Any]) -> dict[str, datetime | None]:
    ends = data.get("valid_to")
    return {
        "valid_from": datetime.fromisoformat(data["valid_from"]),
        "valid_to": datetime.fromisoformat(ends) if ends else None,
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
