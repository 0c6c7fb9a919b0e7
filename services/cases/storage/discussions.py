"""Discussions in their tables; each with its answers is ciphertext under a key of its own (LV-12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.cases.storage.tables import (
    discussion_answers,
    discussion_names,
    discussion_not_to,
    discussion_units,
    discussions,
)
from services.chassis.ids import new_id
from services.chassis.keys import Keys, owner_of
from services.chassis.storage import AnyConnection, WriteTransaction

_SAME = (discussion_units.c.municipality == discussions.c.municipality) & (
    discussion_units.c.discussion_id == discussions.c.discussion_id
)

AT_MOST = 100
"""So many of a unit's discussions are listed: the newest."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of other units. `agreed_ids`, `agreed_on`: of a named one, who of the family agreed, and when.
    `not_to`: those whom it is about, by their numbers' look-up values: they don't read it at work (SE-3). `parts`: of
    their names, which no answer may tell either (LV-12)."""

    by_person_id: str
    from_unit_id: str
    to_unit_ids: tuple[str, ...]
    text: str
    asked_at: datetime
    named: bool = False
    agreed_ids: tuple[str, ...] = ()
    agreed_on: date | None = None
    not_to: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Names:
    """The parts of the names that a discussion's answers are held against: one can be looked for, none be read."""

    keys: Keys
    municipality: str
    discussion_id: str
    indexes: frozenset[str]

    def __contains__(self, part: object) -> bool:
        return (
            bool(self.indexes)
            and _part(self.keys, self.municipality, self.discussion_id, str(part)) in self.indexes
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a discussion, by somebody for their unit."""

    discussion_id: str
    by_person_id: str
    unit_id: str
    text: str
    at: datetime


def add(tx: WriteTransaction, keys: Keys, municipality: str, question: Question) -> str:
    """Keep a question; its id."""
    discussion_id = new_id()
    owner = owner_of("discussion", discussion_id)
    tx.execute(
        discussions.insert(),
        {
            "municipality": municipality,
            "discussion_id": discussion_id,
            "by_person_id": question.by_person_id,
            "from_unit_id": question.from_unit_id,
            "to_unit_ids": list(question.to_unit_ids),
            "text": keys.encrypt(owner, municipality, "text", question.text),
            "named": question.named,
            "agreed_ids": list(question.agreed_ids),
            "agreed_on": question.agreed_on,
            "asked_at": question.asked_at,
        },
    )
    readers = sorted({question.from_unit_id, *question.to_unit_ids})
    key = {"municipality": municipality, "discussion_id": discussion_id}
    tx.execute(discussion_units.insert(), [{**key, "unit_id": unit} for unit in readers])
    hidden = sorted(_reader(keys, municipality, discussion_id, each) for each in question.not_to)
    if hidden:
        tx.execute(discussion_not_to.insert(), [{**key, "reader_index": each} for each in hidden])
    named = sorted(_part(keys, municipality, discussion_id, each) for each in question.parts)
    if named:
        tx.execute(discussion_names.insert(), [{**key, "part_index": each} for each in named])
    return discussion_id


def names(conn: AnyConnection, keys: Keys, municipality: str, discussion_id: str) -> Names:
    """What the answers to a discussion are held against; nothing, of one with the name known."""
    found = sa.select(discussion_names.c.part_index).where(
        discussion_names.c.municipality == municipality, discussion_names.c.discussion_id == discussion_id
    )
    return Names(keys, municipality, discussion_id, frozenset(conn.scalars(found)))


def is_from(conn: AnyConnection, municipality: str, discussion_id: str, unit_id: str) -> bool:
    """Whether it is this unit that asked, and so knows of whom."""
    found = sa.select(discussions.c.from_unit_id).where(
        discussions.c.municipality == municipality, discussions.c.discussion_id == discussion_id
    )
    return bool(conn.scalar(found) == unit_id)


def answer(tx: WriteTransaction, keys: Keys, municipality: str, reply: Reply) -> str:
    """Keep an answer; its id."""
    answer_id = new_id()
    owner = owner_of("discussion", reply.discussion_id)
    tx.execute(
        discussion_answers.insert(),
        {
            "municipality": municipality,
            "answer_id": answer_id,
            "discussion_id": reply.discussion_id,
            "by_person_id": reply.by_person_id,
            "unit_id": reply.unit_id,
            "text": keys.encrypt(owner, municipality, f"answer:{answer_id}", reply.text),
            "at": reply.at,
        },
    )
    return answer_id


def asked_by(
    conn: AnyConnection, keys: Keys, municipality: str, discussion_id: str, unit_id: str, reader: str | None
) -> str | None:
    """Who put the discussion, for somebody at work in a unit that reads it: it was asked, or asked itself. None for all
    others, and for whoever it is about, by their number's look-up value (SE-3)."""
    found = (
        sa.select(discussions.c.by_person_id)
        .join(discussion_units, _SAME)
        .where(
            discussion_units.c.municipality == municipality,
            discussion_units.c.unit_id == unit_id,
            discussion_units.c.discussion_id == discussion_id,
        )
    )
    hidden = _hidden_from(conn, keys, municipality, [discussion_id], reader)
    by: str | None = None if hidden else conn.scalar(found)
    return by


def of_unit(
    conn: AnyConnection, keys: Keys, municipality: str, unit_id: str, reader: str | None
) -> list[dict[str, Any]]:
    """The discussions that a unit reads with their answers, newest first, less those about the `reader` (a number's
    look-up value) or their family (SE-3): after the kernel's own decision (LV-12)."""
    if not municipality:
        raise ValueError("no discussions without a municipality (SE-7)")
    found = (
        sa.select(discussions)
        .join(discussion_units, _SAME)
        .where(discussions.c.municipality == municipality, discussion_units.c.unit_id == unit_id)
        .order_by(discussions.c.asked_at.desc(), discussions.c.discussion_id.desc())
        .limit(AT_MOST)
    )
    rows = conn.execute(found).all()
    hidden = _hidden_from(conn, keys, municipality, [row.discussion_id for row in rows], reader)
    rows = [row for row in rows if row.discussion_id not in hidden]
    answers = _answers(conn, keys, municipality, rows, unit_id)
    return [
        {
            "discussion_id": row.discussion_id,
            "by_person_id": row.by_person_id,
            "from_unit_id": row.from_unit_id,
            "to_unit_ids": row.to_unit_ids,
            "text": keys.decrypt(owner_of("discussion", row.discussion_id), municipality, "text", row.text),
            "named": row.named,
            "asked_at": row.asked_at,
            "answers": answers.get(row.discussion_id, []),
            "mine": row.from_unit_id == unit_id,
        }
        for row in rows
    ]


def _reader(keys: Keys, municipality: str, discussion_id: str, index: str) -> str:
    return keys.blind_index(municipality, "discussion_not_to", f"{discussion_id} {index}")


def _part(keys: Keys, municipality: str, discussion_id: str, part: str) -> str:
    return keys.blind_index(municipality, "discussion_name", f"{discussion_id} {part}")


def _hidden_from(
    conn: AnyConnection, keys: Keys, municipality: str, discussion_ids: Sequence[str], reader: str | None
) -> frozenset[str]:
    """Those of the discussions that are about the reader, or their family."""
    if reader is None or not discussion_ids:
        return frozenset()
    values = [_reader(keys, municipality, each, reader) for each in discussion_ids]
    found = sa.select(discussion_not_to.c.discussion_id).where(
        discussion_not_to.c.municipality == municipality,
        discussion_not_to.c.discussion_id.in_(discussion_ids),
        discussion_not_to.c.reader_index.in_(values),
    )
    return frozenset(conn.execute(found).scalars())


def _answers(
    conn: AnyConnection, keys: Keys, municipality: str, asked: Sequence[sa.Row[Any]], unit_id: str
) -> dict[str, list[dict[str, Any]]]:
    """LV-12: of a discussion without a name each unit that was asked reads its own answers and those of who asked: a
    guess at a name is told to nobody else, nor does anybody learn whether it is right. All else is read by all."""
    if not asked:
        return {}
    by_id = {row.discussion_id: row for row in asked}
    found = sa.select(discussion_answers).where(
        discussion_answers.c.municipality == municipality,
        discussion_answers.c.discussion_id.in_(list(by_id)),
    )
    answers: dict[str, list[dict[str, Any]]] = {}
    for row in conn.execute(found.order_by(discussion_answers.c.at, discussion_answers.c.answer_id)):
        question = by_id[row.discussion_id]
        asker = question.from_unit_id
        if not (question.named or row.unit_id in (unit_id, asker) or unit_id == asker):
            continue
        owner = owner_of("discussion", row.discussion_id)
        answers.setdefault(row.discussion_id, []).append(
            {
                "by_person_id": row.by_person_id,
                "unit_id": row.unit_id,
                "text": keys.decrypt(owner, municipality, f"answer:{row.answer_id}", row.text),
                "at": row.at,
            }
        )
    return answers
