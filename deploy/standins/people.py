"""The demo's people, as the stand-ins know them: who can log in, and how the contact register reaches them."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DEFAULT_FILE = Path(__file__).resolve().parent.parent / "demo" / "people.yaml"
# Letters that do not fall apart into an ASCII letter and an accent.
_LETTERS = str.maketrans("æøåđŋŧ", "aoadnt", "")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Person:
    """One who can log in. `number` is an identity number of the test series (month + 80)."""

    number: str
    name: str
    role_label: str
    municipality: str
    group: str
    story: bool = False
    email: str | None = None
    mobile: str | None = None
    reserved: bool = False


def load_people() -> list[Person]:
    """All demo people in the order of the file; read again when the file has changed. Empty when there is none."""
    file = Path(os.environ.get("STAFETT_DEMO_PEOPLE") or DEFAULT_FILE)
    return list(_read(file, file.stat().st_mtime)) if file.exists() else []


@lru_cache(maxsize=1)
def _read(file: Path, _changed: float) -> tuple[Person, ...]:
    content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)
    rows = content["people"] if isinstance(content, dict) else content
    return tuple(_person(row) for row in rows)


def _person(row: dict[str, Any]) -> Person:
    name = str(row["name"])
    return Person(
        number=str(row["number"]).zfill(11),
        name=name,
        role_label=str(row.get("role_label", "")),
        municipality=str(row.get("municipality", "")),
        group=str(row.get("group", "Andre")),
        story=bool(row.get("story", False)),
        email=row["email"] if "email" in row else f"{_ascii(name)}@example.com",
        mobile=row.get("mobile"),
        reserved=bool(row.get("reserved", False)),
    )


def _ascii(name: str) -> str:
    """A name as the first part of an e-mail address: lower case, ASCII, dots between the words."""
    plain = name.lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", ".", plain).strip(".")
