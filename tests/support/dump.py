"""Looks for what must never be readable at rest: the demo families' names, numbers and sentences, in any file's bytes.

It knows how text gets into files: as it is, escaped in JSON, in an address, in base64, as PostgreSQL's hex.
"""

from __future__ import annotations

import ast
import json
import re
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from deploy.demo import make_data

ROOT = Path(__file__).resolve().parents[2]
_PUBLIC = ROOT / "services/directory/data"
_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(rb"\d{11,}")
_HEX = re.compile(rb"\\x((?:[0-9a-f]{2}){4,})")
_EMPTY = re.compile(rb"\0{16,}")
_LONG_WORD = 6  # letters: shorter words turn up by chance in ciphertext
_SENTENCE_WORDS = 4
STORY_NAMES = ("Tuva Elvestrand Fagerdalen", "Marit Elvestrand", "Jonas Fagerdalen")


@dataclass(frozen=True)
class Found:
    """A secret that stands readable in a file."""

    place: str
    kind: str
    secret: str

    def __str__(self) -> str:
        return f"{self.place}: {self.kind} {self.secret!r}"


class Secrets:
    """What to look for, from the demo's own data files, the story, and what else was `told` besides. Public texts and
    employees' names are exempt."""

    def __init__(self, told: Iterable[str] = ()) -> None:
        families = make_data.make(make_data.first_day())[make_data.FAMILIES][1]["families"]
        people = [person for family in families for person in (*family["adults"], *family["children"])]
        public = set(
            _WORD.findall("\n".join(path.read_text("utf-8") for path in sorted(_PUBLIC.rglob("*.yaml"))))
        )
        words = {word for person in people for word in _WORD.findall(person["name"])} - public
        self.numbers = {str(person["number"]).encode() for person in people}
        self.names = {str(person["name"]) for person in people}
        self.emails = {
            each["email"] for person in people if (each := person.get("contact") or {}).get("email")
        }
        self.words = {word for word in words if len(word) >= _LONG_WORD}
        self.short_words = words - self.words
        of_story = {*_sentences_of_story(), *told}
        self.sentences = set(_sentences_of_cases()) | of_story
        covered = {name for name in self.names if any(word in name for word in self.words)}
        plain = dict.fromkeys(self.sentences, "sentence")
        plain |= dict.fromkeys((self.names | self.emails | self.words) - covered, "name")
        self._needles = [(form, kind, text) for text, kind in plain.items() for form in _forms(text)]
        self._needles += [
            (form, "encoded", text)
            for text in sorted({*of_story, *STORY_NAMES})
            for form in _encoded_forms(text)
        ]
        words_pattern = "|".join(sorted(map(re.escape, self.short_words)))
        self._short = re.compile(rf"(?<![^\W_])(?:{words_pattern})(?![^\W_])")

    def in_bytes(self, place: str, data: bytes, *, is_text: bool = False) -> Iterator[Found]:
        """What stands in `data`. In a text (a log, metrics) short first names count too, as whole words."""
        data = _EMPTY.sub(b"\0", data)
        data += b"\0".join(bytes.fromhex(each.decode()) for each in _HEX.findall(data))
        runs = _DIGITS.findall(data)
        numbers = {run[at : at + 11] for run in runs for at in range(len(run) - 10)} & self.numbers
        yield from (Found(place, "number", number.decode()) for number in sorted(numbers))
        yield from (Found(place, kind, text) for form, kind, text in self._needles if form in data)
        if is_text:
            short = set(self._short.findall(data.decode("utf-8", "replace")))
            yield from (Found(place, "name", word) for word in sorted(short))

    def in_files(self, folder: Path, *, exempt: Iterable[str] = ()) -> tuple[list[Found], int]:
        """What stands in any file under `folder`, and how many files were read. `exempt` are glob patterns in it."""
        left_out = {path for pattern in exempt for path in folder.glob(pattern)}
        found: list[Found] = []
        files = [
            path for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink() and not left_out & {path, *path.parents}
        ]  # fmt: skip
        for path in files:
            is_text = path.suffix in (".log", ".json", ".txt", ".conf")
            found += self.in_bytes(str(path.relative_to(folder)), _bytes_of(path), is_text=is_text)
        return found, len(files)


def _bytes_of(path: Path) -> bytes:
    """What stands in a file; nothing, of one that is gone. The broker writes some anew and puts them in the place of
    the old ones, so that there is none for a moment."""
    for _ in range(50):
        with suppress(FileNotFoundError):
            return path.read_bytes()
        time.sleep(0.02)
    return b""


def _forms(text: str) -> set[bytes]:
    """The text as it is, as in JSON and as in an address; of a sentence its first part will do."""
    text = text[:60]
    return {text.encode(), json.dumps(text)[1:-1].encode(), quote(text, safe=" ").encode()}


def _encoded_forms(text: str) -> set[bytes]:
    """The text in base64, wherever it begins, and in UTF-16."""
    plain = text[:60].encode()
    return {_base64_at(plain, offset) for offset in range(3)} | {text[:60].encode("utf-16-le")}


def _base64_at(plain: bytes, offset: int) -> bytes:
    """The part of base64 that is the same wherever `plain` begins `offset` bytes into a group of three."""
    encoded = b64encode(b"\0" * offset + plain)
    start = 0 if offset == 0 else offset + 1
    whole = (offset + len(plain)) // 3 * 4
    return encoded[start:whole]


def _sentences_of_cases() -> Iterator[str]:
    yield from _long_texts(yaml.safe_load((ROOT / "deploy/demo/data/cases.yaml").read_text("utf-8")))


def _long_texts(node: Any) -> Iterator[str]:
    if isinstance(node, str) and len(node.split()) >= _SENTENCE_WORDS:
        yield node.strip()
    elif isinstance(node, dict):
        for value in node.values():
            yield from _long_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _long_texts(value)


def _sentences_of_story() -> Iterator[str]:
    """Every text of the story that somebody writes: those in the dictionaries that are sent."""
    tree = ast.parse((ROOT / "tests/journeys/main_job.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for value in node.values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield from _long_texts(value.value)
