"""What somebody has begun to write, one draft a person, each under a key of its own (PR-5)."""

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.cases.lane.storage.tables import drafts, spent_keys
from services.chassis.ids import new_id
from services.chassis.keys import Keys
from services.chassis.storage import AnyConnection, WriteTransaction, insert_ignore

DRAFTS_KEPT = timedelta(days=30)
"""After so long without a word more, what was begun is forgotten."""
_KEYS_AT_ONCE = 100


def draft_of(
    conn: AnyConnection, keys: Keys, municipality: str, person_id: str
) -> tuple[dict[str, Any], datetime] | None:
    """What the person has begun to write, and when it was kept."""
    found = sa.select(drafts).where(drafts.c.municipality == municipality, drafts.c.person_id == person_id)
    row = conn.execute(found).first()
    if row is None or row.content is None:
        return None
    told: dict[str, Any] = json.loads(
        keys.decrypt(f"lane:{row.draft_id}", municipality, "draft", row.content)
    )
    return told, row.kept_at


def keep_draft(
    tx: WriteTransaction, keys: Keys, municipality: str, person_id: str, told: dict[str, Any], now: datetime
) -> None:
    """Keep what the person has begun to write in the place of what was kept before, unless it comes late from a form
    whose report is filed."""
    row, form = _locked_draft(tx, municipality, person_id, now), told["form_key"]
    if form and form == row.filed_form:
        return
    grows = row.draft_id is not None and form is not None and form == row.form
    draft_id = row.draft_id if grows else new_id()
    content = keys.encrypt(f"lane:{draft_id}", municipality, "draft", json.dumps(told))
    _change_draft(tx, row, now, {"draft_id": draft_id, "content": content, "form": form})


def file_draft(
    tx: WriteTransaction, municipality: str, person_id: str, form: str | None, now: datetime
) -> None:
    """The report is filed: forget what was begun, and keep nothing more that was written in this form."""
    row = _locked_draft(tx, municipality, person_id, now)
    _change_draft(tx, row, now, {**_NO_DRAFT, **({"filed_form": form} if form else {})})


def drop_draft(tx: WriteTransaction, municipality: str, person_id: str, now: datetime) -> None:
    """Forget what the person has begun to write."""
    _change_draft(tx, _locked_draft(tx, municipality, person_id, now), now, _NO_DRAFT)


def forget_old_drafts(tx: WriteTransaction, now: datetime) -> None:
    """Forget what nobody has gone on with, of all municipalities."""
    old = drafts.c.kept_at < now - DRAFTS_KEPT
    for row in tx.execute(sa.select(drafts).where(old).with_for_update()).all():
        _change_draft(tx, row, now, _NO_DRAFT)
        tx.execute(sa.delete(drafts).where(*_of(row)))


def destroy_spent_keys(tx: WriteTransaction, keys: Keys) -> None:
    """Destroy the keys of the drafts that are no more. If the transaction fails then, it is done once more."""
    for row in tx.execute(sa.select(spent_keys).limit(_KEYS_AT_ONCE)).all():
        keys.destroy(f"lane:{row.draft_id}", row.municipality)
        tx.execute(
            sa.delete(spent_keys).where(
                spent_keys.c.municipality == row.municipality, spent_keys.c.draft_id == row.draft_id
            )
        )


_NO_DRAFT = {"draft_id": None, "content": None, "form": None}


def _locked_draft(tx: WriteTransaction, municipality: str, person_id: str, now: datetime) -> Any:
    """The person's row, made now if there is none: under its lock, so that two at once come one after the other."""
    insert_ignore(tx, drafts, {"municipality": municipality, "person_id": person_id, "kept_at": now})
    mine = sa.select(drafts).where(drafts.c.municipality == municipality, drafts.c.person_id == person_id)
    return tx.execute(mine.with_for_update()).one()


def _change_draft(tx: WriteTransaction, row: Any, now: datetime, values: dict[str, Any]) -> None:
    """Change a row that is locked. The key of a draft that stood there and does no more is spent."""
    if row.draft_id is not None and row.draft_id != values["draft_id"]:
        tx.execute(spent_keys.insert(), {"municipality": row.municipality, "draft_id": row.draft_id})
    tx.execute(sa.update(drafts).where(*_of(row)).values(kept_at=now, **values))


def _of(row: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return drafts.c.municipality == row.municipality, drafts.c.person_id == row.person_id
