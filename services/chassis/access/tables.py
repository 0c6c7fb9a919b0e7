"""The facts that the access decision rests on, as each deciding service remembers them: ids, codes, dates.

They come from events, and can be thrown away and filled again from the sources' history. In the service that owns
a fact, `uow.record` writes it here in the transaction of the change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.chassis.storage import UtcDateTime, new_metadata

_KEY = "access_tables"


@dataclass(frozen=True)
class AccessTables:
    """The tables of facts. All have `municipality` first in their key (SE-7)."""

    case: sa.Table
    consent: sa.Table
    window: sa.Table
    person_window: sa.Table
    participant: sa.Table
    person: sa.Table
    guardian: sa.Table
    care: sa.Table
    emergency: sa.Table
    role: sa.Table
    policy: sa.Table
    ground: sa.Table
    unit: sa.Table
    service: sa.Table


def access_tables(metadata: sa.MetaData) -> AccessTables:
    """Add the tables of facts to a service's `metadata`; the same answer when called again."""
    if _KEY not in metadata.info:
        made = {name: sa.Table(f"facts_{name}", metadata, *columns) for name, columns in _definitions()}
        metadata.info[_KEY] = AccessTables(**made)
    tables: AccessTables = metadata.info[_KEY]
    return tables


def create_access_tables(op: Any) -> None:
    """Migration step for a service's first version: the tables of facts."""
    metadata = new_metadata()
    access_tables(metadata)
    metadata.create_all(op.get_bind())


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(64), primary_key=True)


def _id(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(64), nullable=optional)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _span(kind: Any) -> tuple[sa.Column[Any], sa.Column[Any]]:
    """In force from `valid_from`, no longer at (on) `valid_to`."""
    return sa.Column("valid_from", kind, nullable=False), sa.Column("valid_to", kind)


def _number() -> sa.Column[Any]:
    return sa.Column("number", sa.Integer, primary_key=True, autoincrement=False)


def _found_by(table: str, *columns: str) -> list[sa.Index]:
    return [sa.Index(f"ix_facts_{table}_{column}", "municipality", column) for column in columns]


def _definitions() -> Iterator[tuple[str, list[Any]]]:
    yield (
        "case",
        [
            _key("municipality"),
            _key("case_id"),
            _id("subject_person_id"),
            _id("owner_person_id"),
            _id("owner_unit_id"),
            _id("owner_service_id"),
            sa.Column("level", sa.SmallInteger, nullable=False),
            sa.Column("state", sa.String(16), nullable=False),
            _flag("talk_recorded"),
            _id("holder_person_id", optional=True),
            _id("holder_unit_id", optional=True),
            _id("receiver_person_id", optional=True),
            _id("receiver_unit_id", optional=True),
            *_found_by("case", "subject_person_id", "owner_person_id", "owner_unit_id"),
            *_found_by("case", "holder_person_id", "receiver_person_id"),
        ],
    )
    yield (
        "consent",
        [_key("municipality"), _key("case_id"), _flag("has_shared"), sa.Column("consented", sa.Text)],
    )
    yield "window", [_key("municipality"), _key("case_id"), _number(), _id("service_id"), _id("topic"),
                     *_span(UtcDateTime)]  # fmt: skip
    yield "person_window", [_key("municipality"), _key("case_id"), _number(), _id("person_id"), _id("topic"),
                            *_span(UtcDateTime), *_found_by("person_window", "person_id")]  # fmt: skip
    yield (
        "participant",
        [
            _key("municipality"),
            _key("case_id"),
            _number(),
            _id("person_id"),
            _id("unit_id"),
            _id("service_id"),
            _flag("may_write"),
            *_span(UtcDateTime),
            *_found_by("participant", "person_id", "unit_id"),
        ],
    )
    yield (
        "person",
        [
            _key("municipality"),
            _key("person_id"),
            sa.Column("birth_date", sa.Date),
            sa.Column("address_grade", sa.SmallInteger, nullable=False),
            sa.Column("unlinked", sa.Text, nullable=False),
        ],
    )
    yield (
        "guardian",
        [
            _key("municipality"),
            _key("subject_person_id"),
            _number(),
            _id("person_id"),
            sa.Column("relation", sa.String(16), nullable=False),
            _flag("has_responsibility"),
            _flag("verified"),
            sa.Column("valid_from", sa.Date),
            sa.Column("valid_to", sa.Date),
            *_found_by("guardian", "person_id"),
        ],
    )
    yield (
        "care",
        [
            _key("municipality"),
            _key("subject_person_id"),
            _number(),
            _id("unit_id"),
            _id("set_by"),
            sa.Column("guardians_see", sa.String(16), nullable=False),
            sa.Column("topics", sa.Text, nullable=False),
            *_span(sa.Date),
            *_found_by("care", "unit_id"),
        ],
    )
    yield (
        "emergency",
        [
            _key("municipality"),
            _key("case_id"),
            _key("emergency_id"),
            _id("person_id"),
            _id("unit_id"),
            sa.Column("valid_from", UtcDateTime, nullable=False),
            sa.Column("valid_to", UtcDateTime, nullable=False),
            *_found_by("emergency", "person_id"),
        ],
    )
    yield (
        "role",
        [
            _key("municipality"),
            _key("person_id"),
            _number(),
            _id("unit_id"),
            _id("service_id"),
            sa.Column("role", sa.String(32), nullable=False),
            *_span(sa.Date),
            *_found_by("role", "unit_id"),
        ],
    )
    yield (
        "policy",
        [
            _key("municipality"),
            sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("valid_from", sa.Date, nullable=False),
            sa.Column("settings", sa.Text, nullable=False),
        ],
    )
    yield (
        "ground",
        [
            _key("municipality"),
            _key("ground"),
            sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("valid_from", sa.Date, nullable=False),
        ],
    )
    yield "unit", [_key("municipality"), _key("unit_id"), _id("service_id"), _flag("active")]
    yield (
        "service",
        [
            _key("municipality"),
            _key("service_id"),
            sa.Column("kind", sa.String(32), nullable=False),
            _id("shared_id", optional=True),
            _flag("active"),
        ],
    )
