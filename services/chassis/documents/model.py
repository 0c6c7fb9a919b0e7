"""What a paper says, block by block, without a word on how it looks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any, ClassVar

UNKNOWN = "\u25a1"
"""Stands for a character that the fonts at hand can't show: PDF/A embeds every letter that it shows."""

_UNPRINTABLE = re.compile(
    "[^\n\x20-\x7e\xa0-\xac\xae-\u024f\u0300-\u036f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ff"
    "\u0400-\u0481\u048a-\u04ff\u1e00-\u1eff\u2010-\u2027\u2030-\u2040\u20a0-\u20bf\u2116\u2122"
    "\u2190-\u21ff\u2200-\u22ff\u25a0-\u25ff\u2610-\u2612\u2713\u2714]"
)
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; line ends stay."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list without order."""

    kind: ClassVar[str] = "items"
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """(name, value) pairs: what a summary tells."""

    kind: ClassVar[str] = "rows"
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """Questions to be answered with a pen: each with the same boxes to tick."""

    kind: ClassVar[str] = "choices"
    questions: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """Lines to write on, each with what belongs there."""

    kind: ClassVar[str] = "signature"
    labels: tuple[str, ...]


Block = Paragraph | Heading | Items | Rows | Choices | Signature


@dataclass(frozen=True, slots=True)
class Document:
    """One paper. `language` is a code of ours (nb, nn, en, se); `made_at` is the instant that it is of, not that of
    the printing: the same document gives the same bytes. `foot` stands on each page, beside its number."""

    title: str
    language: str
    made_at: datetime
    blocks: tuple[Block, ...] = field(default_factory=tuple)
    lead: str = ""
    foot: str = ""


def printable(text: str) -> str:
    """The text with every character that can't be shown replaced by `UNKNOWN`.

    A letter that no font has makes PDF/A impossible, and some scripts make the typesetter stop. What people write may
    hold anything, and a paper with a box in it is better than none."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\t", " ")
    return _UNPRINTABLE.sub(UNKNOWN, _UNSEEN.sub("", composed))


def as_data(value: Any) -> Any:
    """The document as JSON values, all texts printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [as_data(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        data = {each.name: as_data(getattr(value, each.name)) for each in fields(value)}
        kind = getattr(value, "kind", None)
        return data if kind is None else {"kind": kind, **data}
    raise TypeError(f"a document can't hold a {type(value).__name__}")
