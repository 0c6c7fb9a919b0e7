"""Notes and history: narrative under the case's key, handed out sealed and opened by the access decision alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.cases.storage.tables import happenings, notes
from services.chassis.ids import new_id
from services.chassis.keys import Keys
from services.chassis.prepared import Prepared
from services.chassis.sealed import About, Sealed
from services.chassis.storage import AnyConnection, WriteTransaction
from services.kernel.facts import Act

VIEW = "view"
"""The kind of note that guardians do not get: what the child said apart and does not want shown to them, or why it said
nothing (LG-5). Each talk has one unless the guardians may see what was said, so that none tells which it is."""

_OF_CASES = Prepared(
    sa.select(notes)
    .where(
        notes.c.municipality == sa.bindparam("municipality"),
        notes.c.case_id.in_(sa.bindparam("case_ids", expanding=True)),
    )
    .order_by(notes.c.recorded_at, notes.c.note_id)
)
_HISTORY = Prepared(
    sa.select(happenings)
    .where(
        happenings.c.municipality == sa.bindparam("municipality"),
        happenings.c.case_id == sa.bindparam("case_id"),
    )
    .order_by(happenings.c.version, happenings.c.happening_id)
)


@dataclass(frozen=True, slots=True)
class Note:
    """Something written before there is a plan. `kind`: concern, note, form or talk."""

    note_id: str
    case_id: str
    kind: str
    by_person_id: str
    recorded_at: datetime
    text: str | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    tool: str | None = None
    tool_version: int | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a case's history; `told` is narrative, to be read as notes are (LV-17). `asked`: of a handover that is
    proposed, what the one asked is told."""

    at: datetime
    what: str
    by_person_id: str | None
    codes: dict[str, Any]
    told: Sealed[dict[str, str]] | None
    asked: Sealed[str | None] | None = None


def add(
    tx: WriteTransaction,
    keys: Keys,
    municipality: str,
    case_id: str,
    kind: str,
    by: str,
    now: datetime,
    **content: Any,
) -> str:
    """Keep a note; `content`: text, answers, tool, tool_version, topic. Its id."""
    note_id = new_id()
    told = {"text": content.pop("text", None), "answers": content.pop("answers", None) or {}}
    ciphertext = keys.encrypt(f"case:{case_id}", municipality, f"note:{note_id}", json.dumps(told))
    tx.execute(
        notes.insert(),
        {
            "municipality": municipality,
            "note_id": note_id,
            "case_id": case_id,
            "kind": kind,
            "by_person_id": by,
            "recorded_at": now,
            "content": ciphertext,
            **{name: content.get(name) for name in ("tool", "tool_version", "topic")},
        },
    )
    return note_id


def of_case(
    conn: AnyConnection, keys: Keys, municipality: str, case_id: str, joined: Sequence[str] = ()
) -> list[Sealed[Note]]:
    """The notes of a case and of the concerns that joined it, oldest first, sealed for the readers of this case."""
    if not municipality:
        raise ValueError("no notes without a municipality (SE-7)")
    asked = {"municipality": municipality, "case_ids": [case_id, *joined]}
    return [
        Sealed(
            About(
                municipality,
                case_id,
                Act.READ_NOTES,
                row.topic,
                row.recorded_at,
                given_apart=row.kind == VIEW,
            ),
            lambda row=row: _note(keys, row),  # type: ignore[misc]
        )
        for row in _OF_CASES.rows(conn, asked)
    ]


def history(conn: AnyConnection, keys: Keys, municipality: str, case_id: str) -> list[Line]:
    """What happened in a case, oldest first."""
    if not municipality:
        raise ValueError("no history without a municipality (SE-7)")
    return [
        Line(row.at, row.what, row.by_person_id, row.codes, _told(keys, row), _asked(keys, row))
        for row in _HISTORY.rows(conn, {"municipality": municipality, "case_id": case_id})
    ]


def _told(keys: Keys, row: Any) -> Sealed[dict[str, str]] | None:
    if row.told is None:
        return None
    # Of one time with all others: who may read the reasons is asked once a page.
    return Sealed(About(row.municipality, row.case_id, Act.READ_NOTES), lambda: _reasons(keys, row))


def _asked(keys: Keys, row: Any) -> Sealed[str | None] | None:
    if row.told is None or row.what != "handover_proposed":
        return None
    about = About(row.municipality, row.case_id, Act.ANSWER_HANDOVER)
    return Sealed(about, lambda: _reasons(keys, row).get("reason"))


def _reasons(keys: Keys, row: Any) -> dict[str, str]:
    told: dict[str, str] = json.loads(
        keys.decrypt(f"case:{row.case_id}", row.municipality, f"told:{row.happening_id}", row.told)
    )
    return told


def _note(keys: Keys, row: Any) -> Note:
    told = json.loads(
        keys.decrypt(f"case:{row.case_id}", row.municipality, f"note:{row.note_id}", row.content)
    )
    return Note(
        note_id=row.note_id,
        case_id=row.case_id,
        kind=row.kind,
        by_person_id=row.by_person_id,
        recorded_at=row.recorded_at,
        text=told["text"],
        answers=told["answers"],
        tool=row.tool,
        tool_version=row.tool_version,
        topic=row.topic,
    )
