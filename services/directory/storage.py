"""Tables and repositories of directory. All of it is public, or about employees at work, or about programs: nothing of
a family."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.storage import AnyConnection, UtcDateTime, chassis_tables, new_metadata, upsert
from services.directory.domain.machine_client import MachineClient
from services.kernel.policies import Policy

metadata = new_metadata()
chassis_tables(metadata)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("document_id", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)

policy_saves = sa.Table(
    "policy_saves",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("saved_by", sa.String(64), nullable=False),
    sa.Column("saved_at", UtcDateTime, nullable=False),
    sa.Column("draft_hash", sa.String(64), nullable=False),
)

ground_saves = sa.Table(
    "ground_saves",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("ground", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("saved_by", sa.String(64), nullable=False),
    sa.Column("saved_at", UtcDateTime, nullable=False),
)

machine_clients = sa.Table(
    "machine_clients",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("recipient", sa.String(64)),
    sa.Column("subscription_id", sa.String(64)),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("secret_hash", sa.String(64), nullable=False),
    sa.Column("old_secret_hash", sa.String(64)),
    sa.Column("old_secret_until", UtcDateTime),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("secret_made_at", UtcDateTime, nullable=False),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("title", sa.String(200)),
    sa.Column("email", sa.String(200)),
)

roles = sa.Table(
    "roles",
    metadata,
    sa.Column("municipality", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("unit_id", sa.String(64), nullable=False, index=True),
    sa.Column("service_id", sa.String(64), nullable=False, index=True),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
)


class Documents:
    """The versioned, dated public data of one municipality (DI-5, SE-7)."""

    def __init__(self, conn: AnyConnection, municipality: str) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality = conn, municipality

    def in_force(self, kind: str, day: date) -> dict[str, tuple[int, Any]]:
        """id -> (version, content) of all documents of a kind, each in the version in force on a day."""
        found = (
            sa.select(documents)
            .where(
                documents.c.municipality == self._municipality,
                documents.c.kind == kind,
                documents.c.valid_from <= day,
            )
            .order_by(documents.c.place, documents.c.document_id, documents.c.version)
        )
        return {row.document_id: (row.version, json.loads(row.content)) for row in self._conn.execute(found)}

    def get(self, kind: str, document_id: str, version: int) -> Any:
        """The content of one version, or None."""
        found = self._conn.scalar(
            sa.select(documents.c.content).where(
                documents.c.municipality == self._municipality,
                documents.c.kind == kind,
                documents.c.document_id == document_id,
                documents.c.version == version,
            )
        )
        return json.loads(found) if found is not None else None

    def put(
        self, kind: str, document_id: str, version: int, valid_from: date, place: int, content: Any
    ) -> bool:
        """Keep a version; whether it is new or other than it was."""
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        key = {
            "municipality": self._municipality, "kind": kind, "document_id": document_id, "version": version,
        }  # fmt: skip
        known = self._conn.execute(
            sa.select(documents.c.content, documents.c.place).where(
                *(documents.c[name] == value for name, value in key.items())
            )
        ).first()
        if known is not None and (known.content, known.place) == (text, place):
            return False
        upsert(self._conn, documents, key, {"valid_from": valid_from, "place": place, "content": text})
        return True


@dataclass(frozen=True, slots=True)
class SavedPolicy:
    """A version of the policy with who saved it; the first came with the set-up."""

    policy: Policy
    saved_by: str | None
    saved_at: datetime | None


class Policies:
    """The versions of one municipality's policy (SE-7): added, never changed."""

    def __init__(self, conn: AnyConnection, municipality: str) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality = conn, municipality

    def all(self) -> list[SavedPolicy]:
        """Every version, the newest first."""
        document, save = documents.c, policy_saves.c
        found = (
            sa.select(document.content, save.saved_by, save.saved_at)
            .outerjoin(
                policy_saves,
                (save.municipality == document.municipality) & (save.version == document.version),
            )
            .where(document.municipality == self._municipality, document.kind == "policy")
            .order_by(document.version.desc())
        )
        return [
            SavedPolicy(Policy.from_dict(json.loads(row.content)), row.saved_by, row.saved_at)
            for row in self._conn.execute(found)
        ]

    def versions(self) -> list[Policy]:
        """Every version, as the kernel reads it."""
        return [each.policy for each in self.all()]

    def add(self, policy: Policy, saved_by: str, saved_at: datetime, draft_hash: str) -> None:
        """Keep a new version. Raises IntegrityError where another was saved under its number meanwhile."""
        self._conn.execute(
            sa.insert(documents).values(
                municipality=self._municipality, kind="policy", document_id=self._municipality,
                version=policy.version, valid_from=policy.valid_from, place=0,
                content=json.dumps(policy.to_dict(), ensure_ascii=False, sort_keys=True),
            )
        )  # fmt: skip
        self._conn.execute(
            sa.insert(policy_saves).values(
                municipality=self._municipality, version=policy.version, saved_by=saved_by, saved_at=saved_at,
                draft_hash=draft_hash,
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """A version of the municipality's own reference for a ground of sharing (CO-11). `text`: the ground in plain
    words, by language."""

    ground: str
    version: int
    valid_from: date
    text: dict[str, str]
    reference: str


class Grounds:
    """The versions of one municipality's references for the grounds of sharing (SE-7): added, never changed."""

    def __init__(self, conn: AnyConnection, municipality: str) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality = conn, municipality

    def all(self) -> list[Ground]:
        """Every version, ground by ground, the newest first."""
        found = (
            sa.select(documents)
            .where(documents.c.municipality == self._municipality, documents.c.kind == "ground")
            .order_by(documents.c.place, documents.c.document_id, documents.c.version.desc())
        )
        return [
            Ground(row.document_id, row.version, row.valid_from, **json.loads(row.content))
            for row in self._conn.execute(found)
        ]

    def add(self, new: Ground, saved_by: str, saved_at: datetime) -> None:
        """Keep a new version. Raises IntegrityError where another was saved under its number meanwhile."""
        key = {"municipality": self._municipality, "version": new.version}
        place = sa.select(sa.func.min(documents.c.place)).where(
            documents.c.municipality == self._municipality,
            documents.c.kind == "ground",
            documents.c.document_id == new.ground,
        )
        content = json.dumps(
            {"text": new.text, "reference": new.reference}, ensure_ascii=False, sort_keys=True
        )
        self._conn.execute(
            sa.insert(documents).values(
                **key, kind="ground", document_id=new.ground, valid_from=new.valid_from,
                place=self._conn.scalar(place) or 0, content=content,
            )
        )  # fmt: skip
        self._conn.execute(
            sa.insert(ground_saves).values(**key, ground=new.ground, saved_by=saved_by, saved_at=saved_at)
        )


def municipalities(conn: AnyConnection) -> list[dict[str, Any]]:
    """All municipalities of this installation: the one list that belongs to none of them."""
    found = (
        sa.select(documents.c.content).where(documents.c.kind == "municipality").order_by(documents.c.place)
    )
    return [json.loads(content) for content in conn.scalars(found)]


class MachineClients:
    """The programs that may log in at one municipality (SE-7)."""

    def __init__(self, conn: AnyConnection, municipality: str) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality = conn, municipality

    def all(self) -> list[MachineClient]:
        """Those in force, by name."""
        found = self._select().order_by(machine_clients.c.name)
        return [_machine_client(row) for row in self._conn.execute(found)]

    def named(self, name: str) -> MachineClient | None:
        row = self._conn.execute(self._select().where(machine_clients.c.name == name)).first()
        return _machine_client(row) if row else None

    def put(self, client: MachineClient) -> None:
        """Keep it as it is now."""
        values = asdict(client)
        key = {"municipality": self._municipality, "name": values.pop("name")}
        values["scopes"] = json.dumps(sorted(client.scopes))
        upsert(self._conn, machine_clients, key, values)

    def remove(self, name: str) -> bool:
        """Forget it; whether it was there."""
        mine = (machine_clients.c.municipality == self._municipality, machine_clients.c.name == name)
        return bool(self._conn.execute(sa.delete(machine_clients).where(*mine)).rowcount)

    def _select(self) -> sa.Select[Any]:
        return sa.select(machine_clients).where(machine_clients.c.municipality == self._municipality)


def _machine_client(row: Any) -> MachineClient:
    values = {name: value for name, value in row._mapping.items() if name != "municipality"}
    return MachineClient(**{**values, "scopes": frozenset(json.loads(row.scopes))})


class Staff:
    """The employees of one municipality and their roles (SE-7)."""

    def __init__(self, conn: AnyConnection, municipality: str) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality = conn, municipality

    def put(self, person_id: str, values: dict[str, Any], given: Iterable[dict[str, Any]]) -> bool:
        """Keep an employee and all their roles; whether the roles are others than before."""
        new = [dict(role) for role in given]
        key = {"municipality": self._municipality, "person_id": person_id}
        upsert(self._conn, staff, key, values)
        if self.roles([person_id], None) == new:
            return False
        mine = (roles.c.municipality == self._municipality, roles.c.person_id == person_id)
        self._conn.execute(sa.delete(roles).where(*mine))
        if new:
            self._conn.execute(
                sa.insert(roles), [{**key, "number": number, **role} for number, role in enumerate(new)]
            )
        return True

    def roles(self, person_ids: Iterable[str], day: date | None) -> list[dict[str, Any]]:
        """The roles of these people: those of a day, or (None) all, past and coming."""
        found = sa.select(roles).where(
            roles.c.municipality == self._municipality, roles.c.person_id.in_(list(person_ids))
        )
        rows = self._conn.execute((found if day is None else found.where(*_on(day))).order_by(roles.c.number))
        return [
            {name: row._mapping[name] for name in ("unit_id", "service_id", "role", "valid_from", "valid_to")}
            for row in rows
        ]

    def people(self, person_ids: Iterable[str]) -> list[Any]:
        """The rows of these employees."""
        found = sa.select(staff).where(
            staff.c.municipality == self._municipality, staff.c.person_id.in_(list(person_ids))
        )
        return list(self._conn.execute(found))

    def of(self, unit_ids: Iterable[str], service_ids: Iterable[str], day: date) -> list[Any]:
        """Employees with a role in these units or services on a day, with that unit, by name."""
        found = (
            sa.select(staff.c.person_id, staff.c.name, staff.c.title, roles.c.unit_id)
            .join(
                roles,
                (roles.c.municipality == staff.c.municipality) & (roles.c.person_id == staff.c.person_id),
            )
            .where(
                staff.c.municipality == self._municipality,
                roles.c.unit_id.in_(list(unit_ids)) | roles.c.service_id.in_(list(service_ids)),
                *_on(day),
            )
            .distinct()
            .order_by(staff.c.name)
        )
        return list(self._conn.execute(found))


def _on(day: date) -> tuple[Any, ...]:
    return roles.c.valid_from <= day, roles.c.valid_to.is_(None) | (roles.c.valid_to > day)
