"""A line of the access record: codes, case and time in clear, so that lines are found; who it was, and as what,
as ciphertext.

The ciphertext is under the key of the case, else of the person, that the line is about: when that key is destroyed the
line no longer says who read, and still stands in its chain. What was refused makes no key: of an id that has none, made
up or another municipality's, the line is under the record's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.chassis.actor import Actor
from services.chassis.ids import new_id
from services.chassis.keys import KeyMissing, Keys, Undecipherable

if TYPE_CHECKING:
    from services.chassis.unit_of_work import Access

_FIELD = "access_record"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it reads. `reason` is the decision's code. Without the key `person_id`, `unit_id` and
    `service` are None, and `reason` empty."""

    id: str
    at: datetime
    capacity: str
    act: str
    rule: str
    case_id: str | None
    subject_person_id: str | None
    allowed: bool
    person_id: str | None
    unit_id: str | None
    service: str | None
    reason: str


def lines_of(
    keys: Keys, municipality: str, at: datetime, actor: Actor, accesses: Sequence[Access]
) -> list[dict[str, Any]]:
    """The rows of what `actor` did in one piece of work; what they did several times over stands once."""
    reader = reader_index(keys, municipality, actor.person_id) if actor.person_id else None
    rows = []
    for access in dict.fromkeys(accesses):
        id = new_id()
        who = json.dumps([actor.person_id, actor.unit_id, actor.service, access.reason]).encode()
        rows.append(
            {
                "id": id,
                "municipality": municipality,
                "at": at,
                "capacity": actor.capacity,
                "act": access.act,
                "rule": access.rule,
                "case_id": access.case_id,
                "subject_person_id": access.person_id,
                "allowed": access.allowed,
                "reader": reader,
                "who": _seal(keys, municipality, access, id, who),
            }
        )
    return rows


def reader_index(keys: Keys, municipality: str, person_id: str) -> str:
    """By which the lines of one reader are found without deciphering any."""
    return keys.blind_index(municipality, "access_reader", person_id)


def read_line(keys: Keys, row: Any) -> Line:
    """A row of the access record, deciphered."""
    owner = _owner(row.case_id, row.subject_person_id)
    who = _opened(keys, row, owner)
    person_id, unit_id, service, reason = json.loads(who) if who else (None, None, None, "")
    return Line(
        row.id,
        row.at,
        row.capacity,
        row.act,
        row.rule,
        row.case_id,
        row.subject_person_id,
        row.allowed,
        person_id,
        unit_id,
        service,
        reason,
    )


def _opened(keys: Keys, row: Any, owner: str | None) -> bytes | None:
    """Who it was, by the owner's key, or by the record's own if there was none when the line was written."""
    try:
        if owner is not None:
            return keys.decrypt_bytes(owner, row.municipality, f"{_FIELD}|{row.id}", row.who)
    except (KeyMissing, Undecipherable):
        pass
    try:
        return keys.open_bytes(_FIELD, row.who, f"{row.municipality}|{row.id}")
    except Undecipherable:
        return None


def _seal(keys: Keys, municipality: str, access: Access, id: str, who: bytes) -> bytes:
    """SE-6: whoever tries ids makes no keys by it."""
    owner = _owner(access.case_id, access.person_id)
    if owner is None or not (access.allowed or keys.knows(owner, municipality)):
        return keys.seal_bytes(_FIELD, who, f"{municipality}|{id}")
    return keys.encrypt_bytes(owner, municipality, f"{_FIELD}|{id}", who)


def _owner(case_id: str | None, person_id: str | None) -> str | None:
    if case_id:
        return f"case:{case_id}"
    return f"person:{person_id}" if person_id else None
