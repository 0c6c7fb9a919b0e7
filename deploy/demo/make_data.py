"""Writes staff.yaml, families.yaml and people.yaml: invented people with valid test-series identity numbers.

The tables live in `roster.py`. The files are committed; run `python -m deploy.demo.make_data` after changing a table.
The outcome is the same every time: ids and serial numbers come from the keys. A birth date is always written down,
never read back from a number (AG-7).

The committed families are as old as they are on REFERENCE_DAY. A suite gets its own, born as much later as it is
started later (`write_people`), so that who is 15 in a story is 15 in any year.
"""

import calendar
import hashlib
import random
import re
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.demo import roster
from services.kernel.calendar import local_date

ROOT = Path(__file__).resolve().parents[2]
STAFF = ROOT / "services" / "directory" / "data" / "staff.yaml"
FAMILIES = ROOT / "deploy" / "demo" / "data" / "families.yaml"
CASES = ROOT / "deploy" / "demo" / "data" / "cases.yaml"
PEOPLE = ROOT / "deploy" / "demo" / "people.yaml"
OWN_FAMILIES = Path("standins", "families.yaml")
OWN_PEOPLE = Path("standins", "people.yaml")
"""A suite's own, in its state folder: what the registers and the login stand-in know."""

REFERENCE_DAY = date(2026, 11, 21)
NAMESPACE = uuid.UUID("018f2c4e-0000-7000-8000-00000000b71a")
W1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
W2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)

Row = dict[str, Any]


class Quoted(str):
    """A text that always stands in quotes in the file, so that nobody reads an identity number as a number."""


class _Plain(yaml.SafeDumper):
    """Writes a day that two share twice: people read these files."""

    def ignore_aliases(self, data: object) -> bool:
        return True


yaml.SafeDumper.add_representer(
    Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="'")
)


def stable_id(kind: str, key: str) -> str:
    """The fixed id of a demo person: the same for the same key, on every machine."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}:{key}"))


def slug(text: str) -> str:
    """The text in a-z and hyphens: the Norwegian letters and the accents of Northern Sámi written plainly."""
    for letter, plain in {"æ": "ae", "ø": "o", "å": "a", "đ": "d", "ŋ": "n", "ŧ": "t"}.items():
        text = text.lower().replace(letter, plain)
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "-", ascii_text).strip("-")


def check_digits(nine: str) -> str | None:
    """The two check digits of nine digits (month already raised by 80), or None where this serial has none."""
    digits = [int(c) for c in nine]
    first = -sum(w * d for w, d in zip(W1, digits, strict=True)) % 11
    if first == 10:
        return None
    second = -sum(w * d for w, d in zip(W2, [*digits, first], strict=True)) % 11
    return None if second == 10 else f"{first}{second}"


class Numbers:
    """Hands out test-series numbers (month + 80), none of them twice."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, key: str, born: date) -> Quoted:
        start = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 500
        for step in range(500):
            serial = (500 if born.year >= 2000 else 0) + (start + step) % 500
            nine = f"{born.day:02}{born.month + 80:02}{born.year % 100:02}{serial:03}"
            digits = check_digits(nine)
            if digits and nine + digits not in self._given:
                self._given.add(nine + digits)
                return Quoted(nine + digits)
        raise RuntimeError(f"no number left for {key}")


@cache
def first_day() -> date:
    """The day on which this process begins to need demo people, also past the next midnight."""
    return local_date(datetime.now(UTC))


def moved(born: date, day: date) -> date:
    """The birth date of somebody who is as old on `day` as one born on `born` is on REFERENCE_DAY, and had a birthday
    as many days ago. Who was born on 29 February stays so: then the age is 1 to 4 (AG-8)."""
    if (born.month, born.day) == (2, 29):
        year = next(y for y in range(day.year, 0, -1) if calendar.isleap(y) and date(y + 1, 2, 28) < day)
        return date(year, 2, 29)
    years = roster.age(born, REFERENCE_DAY)
    birthday = day - (REFERENCE_DAY - born.replace(year=born.year + years))
    is_leap_day = (birthday.month, birthday.day) == (2, 29)
    return birthday.replace(year=birthday.year - years, day=28 if is_leap_day else birthday.day)


def staff_rows(numbers: Numbers) -> Iterator[Row]:
    """One row an employee: who, in which units, in which roles, since when."""
    for name, born, title, municipality, roles in roster.STAFF:
        key = slug(name)
        yield {
            "key": key,
            "id": stable_id("person", key),
            "municipality": municipality,
            "number": numbers.of(key, born),
            "name": name,
            "title": title,
            "email": f"{key.replace('-', '.')}@{municipality}.example",
            "roles": [
                {
                    "unit_id": f"unit-{municipality}-{unit}",
                    "role": role,
                    "valid_from": since.isoformat(),
                    "valid_to": None,
                }
                | ({"stand_in": True} if stand_in else {})
                for unit, role, since, stand_in in map(_role, roles)
            ],
        }


def _role(text: str) -> tuple[str, str, date, bool]:
    unit, role, since, *rest = text.split()
    return unit, role, date.fromisoformat(since), bool(rest)


class Households:
    """Makes the families, as old as they are on `day`: those told in the roster, and plain ones until there are
    sixty."""

    def __init__(self, numbers: Numbers, day: date) -> None:
        self._numbers, self._today = numbers, day
        self._chance = random.Random(20261121)  # the same data every time
        self._phones = 50

    def all(self) -> list[Row]:
        """All sixty families, the story's first."""
        told = [self._told(row) for row in roster.FAMILIES]
        plain = [self._plain(i, surname) for i, surname in enumerate(roster.SURNAMES)]
        return (told + plain)[: roster.FAMILY_COUNT]

    def _told(self, row: Row) -> Row:
        key = row["key"]
        address = row.get("address") or self._address(row["municipality"])
        adults = [self._adult(adult, row["municipality"], address) for adult in row["adults"]]
        children = [self._child(child, row, address) for child in row["children"]]
        return {
            "key": key,
            "municipality": row["municipality"],
            "note": row.get("note"),
            "adults": adults,
            "children": children,
            "ties": list(self._ties(row, adults, children)),
        }

    def _ties(self, row: Row, adults: list[Row], children: list[Row]) -> Iterator[Row]:
        known = self._today - timedelta(days=110)
        for child in children:
            for told, adult in zip(row["adults"], adults, strict=True):
                if told["relation"] is None:
                    continue
                verified = told["responsibility"] in ("joint", "sole", "none")
                yield {
                    "child": child["key"],
                    "adult": adult["key"],
                    "relation": told["relation"],
                    "responsibility": told["responsibility"],
                    "verified": {"by": "register", "at": max(known, child["birth_date"])}
                    if verified
                    else None,
                }

    def _adult(self, told: Row, municipality: str, address: str) -> Row:
        mailbox = slug(told["name"])
        contact = {
            "email": f"{mailbox.replace('-', '.')}@epost.example",
            "mobile": self._phone(),
            "reserved": False,
            "can_notify": True,
            "language": "nb",
        } | told.get("contact", {})
        row = self._person(told, address)
        row["contact"] = contact
        if "pregnant" in told:
            row["pregnant"] = {"due": self._today + (told["pregnant"]["due"] - REFERENCE_DAY)}
        row["municipality"] = municipality
        return row

    def _child(self, told: Row, family: Row, address: str) -> Row:
        row = self._person(told, address)
        row["municipality"] = family["municipality"]
        row["unit_id"] = told.get("unit_id") or self._everyday_unit(family["municipality"], told["born"])
        if "contact" in told:
            row["contact"] = told["contact"]
        return row

    def _person(self, told: Row, address: str) -> Row:
        key = told.get("key") or slug(told["name"])
        born = moved(told["born"], self._today)
        return {
            "key": key,
            "id": stable_id("person", key),
            "number": self._numbers.of(key, born),
            "name": told["name"],
            "birth_date": born,
            "address": told.get("address", address),
            "address_grade": told.get("grade", "ungraded"),
        }

    def _everyday_unit(self, municipality: str, born: date) -> str | None:
        """Where a child of this age is every day; None for the youngest and the oldest."""
        school_year = REFERENCE_DAY.year - born.year
        if school_year < 1 or school_year > 15:
            return None
        kindergarten, school, youth = roster.EVERYDAY_UNITS[municipality]
        if school_year < 6:
            return self._chance.choice(kindergarten)
        return school if school_year < 13 else youth

    def _plain(self, index: int, surname: str) -> Row:
        municipality = "granli" if index % 5 < 3 else "storvik"
        other = roster.OTHER_SURNAMES[index % len(roster.OTHER_SURNAMES)]
        mother_born, father_born = self._day(1980, 1996), self._day(1978, 1995)
        apart = index % 6 == 5
        adults: list[Row] = [
            {
                "name": f"{roster.WOMEN[index]} {surname}",
                "born": mother_born,
                "relation": "mother",
                "responsibility": "joint",
            },
            {
                "name": f"{roster.MEN[index]} {other}",
                "born": father_born,
                "relation": "father",
                "responsibility": "joint",
            }
            | ({"address": self._address(municipality)} if apart else {}),
        ]
        if index % 9 == 4:
            adults[0]["responsibility"] = "sole"
            adults[1]["responsibility"] = "none"
        if index % 11 == 7:
            adults[1]["contact"] = {"language": "nn"}
        names = [roster.CHILDREN[(index * 2 + n) % len(roster.CHILDREN)] for n in range(1 + index % 2)]
        ages = [(index * 5) % 18, (index * 5 + 3) % 18]
        children = [
            {
                "name": f"{name} {surname}",
                "born": roster.BORN.get(f"{name} {surname}", self._day(2026 - age, 2026 - age, 10)),
            }
            for name, age in zip(names, ages, strict=False)
        ]
        return self._told(
            {
                "key": slug(surname),
                "municipality": municipality,
                "adults": adults,
                "children": children,
                "note": "Foreldrene bor hver for seg" if apart else None,
            }
        )

    def _day(self, first: int, last: int, months: int = 12) -> date:
        return date(
            self._chance.randint(first, last), self._chance.randint(1, months), self._chance.randint(1, 28)
        )

    def _address(self, municipality: str) -> str:
        post = {"granli": "0099 Granli", "storvik": "0096 Storvik"}[municipality]
        return f"{self._chance.choice(roster.STREETS[municipality])} {self._chance.randint(1, 80)}, {post}"

    def _phone(self) -> str:
        self._phones = 51 + (self._phones - 50) % 49
        return f"00 00 00 {self._phones:02}"


def people_rows(staff: list[Row], families: list[Row], day: date) -> list[Row]:
    """The list of the test login's page: the story's people in its order, then by group all employees, and the
    guardians and youths of the families that are told of or have a case, as old as they are on `day`."""
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))["cases"]
    shown = {case["child"] for case in cases}
    told = {row["key"] for row in roster.FAMILIES}
    known = {row["key"]: _login(row, row["title"], roster.group_of(row)) for row in staff}
    for family in families:
        children = {child["key"]: child for child in family["children"]}
        if family["key"] not in told and not shown & children.keys():
            continue
        for adult in family["adults"]:
            ties = [tie for tie in family["ties"] if tie["adult"] == adult["key"]]
            group = "Gravide" if "pregnant" in adult else "Foreldre"
            known[adult["key"]] = _login(adult, roster.guardian_label(adult, ties, children, day), group)
        for child in children.values():
            if "contact" in child:
                years = roster.age(child["birth_date"], day)
                known[child["key"]] = _login(child, f"Ung, {years} år", "Unge")
    story = [known[key] | {"story": True} for key in roster.STORY]
    rest = [row | {"story": False} for key, row in known.items() if key not in roster.STORY]
    rest.sort(key=lambda row: (roster.GROUPS.index(row["group"]), row["municipality"]))
    return story + rest


def _login(person: Row, role_label: str, group: str) -> Row:
    """One row of the login page; for family also what the contact register stand-in says of them."""
    contact = person.get("contact", {})
    return {
        "key": person["key"],
        "number": person["number"],
        "name": person["name"],
        "role_label": role_label,
        "municipality": person["municipality"],
        "group": group,
    } | {name: contact[name] for name in ("email", "mobile", "reserved", "language") if name in contact}


def write(path: Path, heading: str, content: Row) -> None:
    """Writes one data file, with what it is on its first line."""
    text = yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=110, indent=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    origin = "Written by deploy/demo/make_data.py; change the tables in roster.py."
    path.write_text(f"# {heading}\n# {origin}\n{text}", encoding="utf-8")


def make(day: date = REFERENCE_DAY) -> dict[Path, tuple[str, Row]]:
    """All three files as of a day: path -> (heading, content)."""
    numbers = Numbers()
    staff = list(staff_rows(numbers))
    families = Households(numbers, day).all()
    people = people_rows(staff, families, day)
    frame = {"version": 1, "valid_from": "2026-01-01"}
    return {
        STAFF: ("Employees of both municipalities: invented people.", frame | {"staff": staff}),
        FAMILIES: (
            "Demo families, as the national register would know them: invented people.",
            {"version": 1, "reference_day": day, "families": families},
        ),
        PEOPLE: (
            "Those who can log in through the test identity provider, the story's people first.",
            {"version": 1, "people": people},
        ),
    }


def write_people(var: Path) -> None:
    """Writes a suite's own families and logins into its state folder, once: people grow older with it."""
    made = make(first_day())
    for own, committed in ((OWN_FAMILIES, FAMILIES), (OWN_PEOPLE, PEOPLE)):
        if not (var / own).exists():
            write(var / own, *made[committed])


def number_of(var: Path, key: str) -> str:
    """The identity number of one of a suite's own families; in a suite of another day they have another."""
    families = yaml.safe_load((var / OWN_FAMILIES).read_text("utf-8"))["families"]
    people = (person for family in families for person in (*family["adults"], *family["children"]))
    return next(str(person["number"]) for person in people if person["key"] == key)


def main() -> None:
    """Writes the three files anew."""
    for path, (heading, content) in make().items():
        write(path, heading, content)


if __name__ == "__main__":
    main()
