"""Persons and family ties: found by blind index, named by ciphertext under each person's own key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.cases.domain import responsibility
from services.cases.domain.errors import PersonTaken
from services.cases.domain.people import RegisteredGuardian, RegisteredPerson, Tie, guardians_to_link
from services.cases.storage import ties as ties_storage
from services.cases.storage.tables import cases, persons, ties
from services.cases.storage.ties import tie_of
from services.chassis.access.projections import T as FACTS
from services.chassis.ids import new_id
from services.chassis.keys import Keys
from services.chassis.prepared import Prepared
from services.chassis.sealed import About, Sealed
from services.chassis.storage import AnyConnection, WriteTransaction, insert_ignore
from services.kernel.calendar import local_date
from services.kernel.facts import Act

_MUNICIPALITY: sa.BindParameter[str] = sa.bindparam("municipality")
_TIES = Prepared(
    sa.select(ties)
    .where(
        ties.c.municipality == _MUNICIPALITY, ties.c.child_id.in_(sa.bindparam("child_ids", expanding=True))
    )
    .order_by(ties.c.child_id, ties.c.number)
)
_PERSONS = Prepared(
    sa.select(persons).where(
        persons.c.municipality == _MUNICIPALITY,
        persons.c.person_id.in_(sa.bindparam("person_ids", expanding=True)),
    )
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Whom a case is about as it is kept here, and the numbers of all who were, are or are to be tied to them."""

    number: str
    name: str
    birth_date: date
    adults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """A guardian as a case's reader may see them."""

    tie: Tie
    name: str


@dataclass(frozen=True, slots=True)
class Family:
    """The subject of a case and their guardians, by name."""

    person_id: str
    name: str
    birth_date: date
    address_grade: str
    guardians: tuple[FamilyMember, ...] = ()


def number_index(keys: Keys, municipality: str, number: str) -> str:
    """The look-up value of an identity number in one municipality."""
    return keys.blind_index(municipality, "identity_number", number)


def id_by_number(conn: AnyConnection, keys: Keys, municipality: str, number: str) -> str | None:
    """The person to whom an identity number belongs there, or None."""
    person_id: str | None = conn.scalar(
        sa.select(persons.c.person_id).where(
            persons.c.municipality == municipality,
            persons.c.number_index == number_index(keys, municipality, number),
        )
    )
    return person_id


def index_of(conn: AnyConnection, municipality: str, person_id: str) -> str | None:
    """The look-up value of a person's number, by which somebody is known again without being told of."""
    index: str | None = conn.scalar(
        sa.select(persons.c.number_index).where(
            persons.c.municipality == municipality, persons.c.person_id == person_id
        )
    )
    return index


def ids_in_all_municipalities(conn: AnyConnection, keys: Keys, number: str) -> list[Any]:
    """Rows (municipality, person_id, name, is_employee) of one number, one a municipality: for login alone (SE-7:
    each is looked for under its own municipality's index)."""
    known = list(conn.execute(sa.select(persons.c.municipality).distinct()).scalars())
    if not known:
        return []
    sought = [
        sa.and_(persons.c.municipality == each, persons.c.number_index == number_index(keys, each, number))
        for each in known
    ]
    found = sa.select(persons).where(sa.or_(*sought)).order_by(persons.c.municipality)
    return list(conn.execute(found).all())


def was_told(conn: AnyConnection, municipality: str, person_id: str) -> bool:
    """Whether others know of this person as one whom a case can be about: adults and employees are kept untold."""
    fact = FACTS.person.c
    found = sa.select(fact.person_id).where(fact.municipality == municipality, fact.person_id == person_id)
    return conn.execute(found).first() is not None


def number_of(conn: AnyConnection, keys: Keys, municipality: str, person_id: str) -> str | None:
    """A person's identity number, for a register that is asked about them; None when there is no such person."""
    ciphertext = conn.scalar(
        sa.select(persons.c.number).where(
            persons.c.municipality == municipality, persons.c.person_id == person_id
        )
    )
    return keys.decrypt(f"person:{person_id}", municipality, "number", ciphertext) if ciphertext else None


def kept_of(conn: AnyConnection, keys: Keys, municipality: str, person_id: str) -> Kept | None:
    """What is kept here of whom a case is about; None when there is no such person. Who may be told has been decided by
    the caller."""
    row = _rows(conn, municipality, [person_id]).get(person_id)
    number = number_of(conn, keys, municipality, person_id)
    if row is None or number is None:
        return None
    tied = {tie.guardian_id for tie in ties_of(conn, municipality, person_id)}
    adults = {each for each in (number_of(conn, keys, municipality, adult) for adult in tied) if each}
    return Kept(number, name_of(keys, row), row.birth_date, tuple(sorted(adults)))


def put_employee(
    tx: WriteTransaction, keys: Keys, municipality: str, number: str, name: str, wanted_id: str | None
) -> str:
    """Give an employee's number a person, or find the one that it has; raises PersonTaken when `wanted_id` is taken."""
    person_id = _put(tx, keys, municipality, number, name, wanted_id, strict=True)
    tx.execute(
        persons.update()
        .where(persons.c.municipality == municipality, persons.c.person_id == person_id)
        .values(is_employee=True)
    )
    return person_id


def put_from_register(
    tx: WriteTransaction, keys: Keys, municipality: str, registered: RegisteredPerson, now: datetime
) -> str:
    """Take over a person as the register now tells: birth date, grade, and the guardians who are to be linked (PR-6).

    What it says of the same adult as before changes nothing, so that papers verified since stand (GU-3)."""
    person_id = _put(tx, keys, municipality, registered.number, registered.name, registered.person_id)
    _renew(tx, municipality, person_id, registered)
    linked = guardians_to_link(registered)
    others = [
        number_index(keys, municipality, each.number) for each in registered.guardians if each not in linked
    ]
    asked = persons.update().where(persons.c.municipality == municipality, persons.c.person_id == person_id)
    tx.execute(asked.values(asked_on=local_date(now), unlinked=" ".join(others) or None))
    adults = {}
    for adult in linked:
        guardian_id = _put(tx, keys, municipality, adult.number, adult.name, adult.person_id)
        _renew(tx, municipality, guardian_id, adult)
        adults[guardian_id] = adult
    ties_storage.register_tells(tx, municipality, person_id, adults, registered.birth_date, now)
    return person_id


def unlinked_employees(conn: AnyConnection, municipality: str, person_id: str) -> list[str]:
    """The employees whom the register ties to somebody and who are linked nowhere, in order (PR-6)."""
    kept = conn.scalar(
        sa.select(persons.c.unlinked).where(
            persons.c.municipality == municipality, persons.c.person_id == person_id
        )
    )
    if not kept:
        return []
    found = sa.select(persons.c.person_id).where(
        persons.c.municipality == municipality,
        persons.c.number_index.in_(kept.split()),
        persons.c.is_employee,
    )
    return sorted(conn.execute(found).scalars())


def subjects_of_unlinked(conn: AnyConnection, municipality: str, index: str) -> list[str]:
    """To whom the register ties an adult who is linked nowhere, by the look-up value of a number, in order (PR-6)."""
    found = sa.select(persons.c.person_id).where(
        persons.c.municipality == municipality, persons.c.unlinked.contains(index)
    )
    return sorted(conn.execute(found).scalars())


def put_adult(tx: WriteTransaction, keys: Keys, municipality: str, registered: RegisteredPerson) -> str:
    """An adult whom a paper names, as the register knows them; their id."""
    person_id = _put(tx, keys, municipality, registered.number, registered.name, registered.person_id)
    _renew(tx, municipality, person_id, registered)
    return person_id


def to_ask_about(conn: AnyConnection, municipality: str, today: date, at_most: int) -> list[str]:
    """Subjects of open cases about whom the register was not asked today, those asked longest ago first."""
    subjects = sa.select(cases.c.subject_person_id).where(
        cases.c.municipality == municipality, cases.c.state == "open"
    )
    found = (
        sa.select(persons.c.person_id)
        .where(
            persons.c.municipality == municipality,
            persons.c.person_id.in_(subjects),
            persons.c.asked_on.is_(None) | (persons.c.asked_on < today),
        )
        .order_by(persons.c.asked_on, persons.c.person_id)
        .limit(at_most)
    )
    return list(conn.execute(found).scalars())


def asked(tx: WriteTransaction, municipality: str, person_id: str, today: date) -> None:
    """The register was asked about somebody today, and told nothing."""
    tx.execute(
        persons.update()
        .where(persons.c.municipality == municipality, persons.c.person_id == person_id)
        .values(asked_on=today)
    )


def asked_on(conn: AnyConnection, municipality: str, person_id: str) -> date | None:
    """The day on which the register was last asked about somebody."""
    day: date | None = conn.scalar(
        sa.select(persons.c.asked_on).where(
            persons.c.municipality == municipality, persons.c.person_id == person_id
        )
    )
    return day


def ties_of(conn: AnyConnection, municipality: str, child_id: str) -> list[Tie]:
    """The ties of a child, past ones and those to come too, in a steady order."""
    if not municipality:
        raise ValueError("no ties without a municipality (SE-7)")
    return [tie_of(row) for row in _TIES.rows(conn, {"municipality": municipality, "child_ids": [child_id]})]


def family_of(conn: AnyConnection, municipality: str, child_id: str) -> frozenset[str]:
    """A child, and all who are or were tied to it: they keep nothing of it by their office."""
    return frozenset({child_id, *(tie.guardian_id for tie in ties_of(conn, municipality, child_id))})


def of_family(conn: AnyConnection, municipality: str, child_id: str, person_id: str) -> bool:
    """Whether somebody is of a child's family: then none of it is theirs to look into at work (SE-3)."""
    return person_id in family_of(conn, municipality, child_id)


def adults(
    conn: AnyConnection, keys: Keys, municipality: str, case_id: str, person_ids: Iterable[str]
) -> Sealed[dict[str, str]]:
    """Names by person id of a family's adults, past ones too, for those who keep its papers (GU-3)."""
    rows = _rows(conn, municipality, sorted(set(person_ids)))
    return Sealed(
        About(municipality, case_id, Act.KEEP_FAMILY),
        lambda: {person_id: name_of(keys, row) for person_id, row in rows.items()},
    )


def children_in_care(
    conn: AnyConnection, keys: Keys, municipality: str, person_ids: Iterable[str]
) -> dict[str, str]:
    """Names by person id of children under care orders, after the kernel's own decision on those (GU-4)."""
    rows = _rows(conn, municipality, sorted(set(person_ids)))
    return {person_id: name_of(keys, row) for person_id, row in rows.items()}


def names_to_hide(
    conn: AnyConnection, keys: Keys, municipality: str, person_ids: Iterable[str]
) -> tuple[str, ...]:
    """The names of a family, to be looked for in a text that must not tell them, and told to nobody (LV-12)."""
    rows = _rows(conn, municipality, sorted(set(person_ids)))
    return tuple(name_of(keys, row) for row in rows.values())


def children_numbers(
    conn: AnyConnection, keys: Keys, municipality: str, guardian_id: str
) -> list[tuple[str, str]]:
    """(child's id, identity number) of the children to whom an adult is tied."""
    found = (
        sa.select(ties.c.child_id)
        .distinct()
        .where(ties.c.municipality == municipality, ties.c.guardian_id == guardian_id)
    )
    numbers = [(child, number_of(conn, keys, municipality, child)) for child in conn.execute(found).scalars()]
    return [(child, number) for child, number in numbers if number]


def birth_and_grade(conn: AnyConnection, municipality: str, person_id: str) -> tuple[date, str]:
    """A registered subject's birth date and address grade."""
    row = conn.execute(
        sa.select(persons.c.birth_date, persons.c.address_grade).where(
            persons.c.municipality == municipality, persons.c.person_id == person_id
        )
    ).one()
    return row.birth_date, row.address_grade


def families(
    conn: AnyConnection,
    keys: Keys,
    municipality: str,
    subjects: Iterable[tuple[str, str]],
    on_day: date | None,
) -> dict[str, Sealed[Family]]:
    """For each (case id, subject's person id): the family, sealed, by case id; with the guardians as they are tied
    `on_day`, if one is given. Names are deciphered when opened."""
    pairs = list(subjects)
    child_ids = list({subject for _, subject in pairs})
    tied: dict[str, list[Tie]] = {}
    if on_day is not None and child_ids:
        for row in _TIES.rows(conn, {"municipality": municipality, "child_ids": child_ids}):
            tied.setdefault(row.child_id, []).append(tie_of(row))
        tied = {child: responsibility.shown(each, on_day) for child, each in tied.items()}
    wanted = {*child_ids, *(tie.guardian_id for each in tied.values() for tie in each)}
    rows = _rows(conn, municipality, sorted(wanted))
    return {
        case_id: Sealed(
            About(municipality, case_id, Act.SEE_CASE),
            lambda subject=subject: _family(keys, rows, subject, tied.get(subject, ())),  # type: ignore[misc]
        )
        for case_id, subject in pairs
        if subject in rows
    }


def visible_roles(conn: AnyConnection, municipality: str, person_id: str) -> tuple[bool, bool]:
    """(is guardian, is subject) of a case of which the family knows: before the talk there is none for them (LV-17)."""
    known = sa.and_(
        cases.c.municipality == municipality, cases.c.talk_recorded_at.is_not(None) | (cases.c.level >= 1)
    )
    own = sa.select(cases.c.case_id).where(known, cases.c.subject_person_id == person_id).limit(1)
    childs = (
        sa.select(cases.c.case_id)
        .join(
            ties,
            (ties.c.municipality == cases.c.municipality) & (ties.c.child_id == cases.c.subject_person_id),
        )
        .where(known, ties.c.guardian_id == person_id)
        .limit(1)
    )
    return conn.scalar(childs) is not None, conn.scalar(own) is not None


def _rows(conn: AnyConnection, municipality: str, person_ids: Sequence[str]) -> dict[str, Any]:
    if not municipality:
        raise ValueError("no persons without a municipality (SE-7)")
    if not person_ids:
        return {}
    found = _PERSONS.rows(conn, {"municipality": municipality, "person_ids": person_ids})
    return {row.person_id: row for row in found}


def _family(keys: Keys, rows: dict[str, Any], subject: str, tied: Sequence[Tie]) -> Family:
    row = rows[subject]
    guardians = tuple(FamilyMember(tie, name_of(keys, rows[tie.guardian_id])) for tie in tied)
    return Family(subject, name_of(keys, row), row.birth_date, row.address_grade, guardians)


def name_of(keys: Keys, row: Any) -> str:
    """The name in a row of persons. Who may see it has been decided by the caller."""
    return keys.decrypt(f"person:{row.person_id}", row.municipality, "name", row.name)


def _put(
    tx: WriteTransaction,
    keys: Keys,
    municipality: str,
    number: str,
    name: str,
    wanted_id: str | None,
    strict: bool = False,
) -> str:
    """The person with this number, made now if there is none; `strict`: under `wanted_id` and no other."""
    known = id_by_number(tx.connection, keys, municipality, number)
    if known is None:
        person_id = wanted_id or new_id()
        owner = f"person:{person_id}"
        insert_ignore(
            tx,
            persons,
            {
                "municipality": municipality,
                "person_id": person_id,
                "number_index": number_index(keys, municipality, number),
                "number": keys.encrypt(owner, municipality, "number", number),
                "name": keys.encrypt(owner, municipality, "name", name),
                "birth_date": None,
                "address_grade": "ungraded",
                "is_employee": False,
            },
        )
        # None still: the wanted id belongs to another number. Somebody else's: they were a moment earlier.
        known = id_by_number(tx.connection, keys, municipality, number)
    if known is None or (strict and wanted_id is not None and known != wanted_id):
        raise PersonTaken
    return known


def _renew(
    tx: WriteTransaction, municipality: str, person_id: str, told: RegisteredPerson | RegisteredGuardian
) -> None:
    tx.execute(
        persons.update()
        .where(persons.c.municipality == municipality, persons.c.person_id == person_id)
        .values(birth_date=told.birth_date, address_grade=told.address_grade)
    )
