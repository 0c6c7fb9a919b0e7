"""Whether a text that is shared without a name tells whom it is about (LV-12): names in any spelling, identity numbers,
how and where somebody is reached. Pure, so that whoever shares such a text can ask: a case, or the lane."""

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from services.kernel import identity_number

What = Literal["name", "identity_number", "phone", "email", "address"]

_SMALL = frozenset({"af", "av", "da", "de", "den", "der", "di", "du", "la", "le", "och", "og", "van", "von"})
"""Parts of names that name nobody."""

_LETTERS = str.maketrans(
    {"æ": "ae", "ø": "o", "đ": "d", "ŧ": "t", "ŋ": "n", "ł": "l", "ð": "d", "þ": "th", "ß": "ss", "œ": "oe", "ı": "i"}
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’´`\u00ad\u200b-\u200d-][^\W\d_]+)*")
_BREAKS = re.compile(r"['’´`\u00ad\u200b-\u200d-]")
_DIGITS = re.compile(r"\d(?:[\s.,:/()\u00ad\u200b-\u200d–—-]{0,3}\d){5,}")
_DAY = re.compile(
    r"\b\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:19|20)\d\d\b|\b(?:19|20)\d\d-\d\d-\d\d\b|\b\d\d?[.:]\d\d\s?[-–]\s?\d\d?[.:]\d\d\b"
)
_EMAIL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_STREET = re.compile(
    r"\b[^\W\d_]{2,}\s?(?:veien|vegen|vei|veg|gata|gaten|gate|stien|bakken|kroken|svingen|plassen|plass|alleen|allé|haugen"
    r"|tunet|lia|ringen)\s+\d{1,4}\s?[a-h]?\b",
    re.IGNORECASE,
)
_POST = re.compile(r"\b\d{4}\s+[A-ZÆØÅ][^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Whom:
    """Those whom the text must not tell: their whole names and identity numbers, and where they live."""

    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """A word that tells, as it stands in the text, and what it is."""

    word: str
    what: What


def telling(text: str, whom: Whom) -> Telling | None:
    """The first thing in the text that tells whom it is about, or None.

    Any valid identity number, telephone number, e-mail or street address is refused, whosever it is: nobody knows all
    of them. Names are compared by every part, without regard to case, accents and genitive, run together or not. A
    word that is also a name is refused: another word can be found."""
    plain = unicodedata.normalize("NFKC", text)
    return (
        _email(plain) or _number(plain, whom.numbers) or _address(plain, whom.addresses)
        or name_in(plain, parts_of(whom.names))
    )  # fmt: skip


def identity_number_in(text: str) -> Telling | None:
    """The first identity number in the text, whosever it is; or None. For an answer, which may say where to call."""
    plain = unicodedata.normalize("NFKC", text)
    told = (_number(found[0], ()) for found in _DIGITS.finditer(plain))
    return next((each for each in told if each is not None and each.what == "identity_number"), None)


def name_in(text: str, parts: Container[str]) -> Telling | None:
    """The first word of the text that is a name made of these parts (`parts_of`); or None."""
    word = next(_names(unicodedata.normalize("NFKC", text), parts), None)
    return Telling(word[0], "name") if word else None


def parts_of(names: Iterable[str]) -> frozenset[str]:
    """Every part of the names that names somebody, as texts are compared with them."""
    return frozenset(part for name in names for part in _parts(name))


def _email(text: str) -> Telling | None:
    found = _EMAIL.search(text)
    return Telling(found[0], "email") if found else None


def _number(text: str, known: Iterable[str]) -> Telling | None:
    """Digits with anything small between them: any eleven that are an identity number, any eight that can be called."""
    secret = {"".join(each.split()) for each in known}
    for found in _DIGITS.finditer(_DAY.sub(lambda day: "x" * len(day[0]), text)):
        digits = re.sub(r"\D", "", found[0])
        for start in range(len(digits) - 10):
            eleven = digits[start : start + 11]
            if eleven in secret or identity_number.parse(eleven) is not None:
                return Telling(found[0].strip(), "identity_number")
        if _can_be_called(digits):
            return Telling(found[0].strip(), "phone")
    return None


def _can_be_called(digits: str) -> bool:
    for country in ("", "47", "0047"):
        if (
            digits.startswith(country)
            and len(digits) - len(country) == 8
            and digits[len(country)] in "23456789"
        ):
            return True
    return False


def _address(text: str, known: Iterable[str]) -> Telling | None:
    folded = _fold(text)
    for address in known:
        street = re.split(r"[\d,]", address)[0].strip()
        if len(street) >= 4 and re.search(rf"\b{re.escape(_fold(street))}\b", folded):
            return Telling(street, "address")
    found = _STREET.search(text) or _POST.search(text)
    return Telling(found[0], "address") if found else None


def _names(text: str, parts: Container[str]) -> Iterator[re.Match[str]]:
    for found in _WORD.finditer(text):
        pieces = [_fold(piece) for piece in _BREAKS.split(found[0])]
        if any(_made_of(form, parts) for piece in (*pieces, "".join(pieces)) for form in _stems(piece)):
            yield found


def _parts(name: str) -> Iterator[str]:
    for part in re.split(r"[\s.,'’´`-]+", unicodedata.normalize("NFKC", name)):
        folded = _fold(part)
        if len(folded) >= 2 and folded not in _SMALL:
            yield folded


def _stems(piece: str) -> Iterator[str]:
    """The word itself, and without the ending of the genitive."""
    yield piece
    if piece.endswith("s"):
        yield piece[:-1]


def _made_of(word: str, parts: Container[str]) -> bool:
    """Whether a word is one of the parts, or some of them run together."""
    if word in parts:
        return True
    return any(word[:end] in parts and _made_of(word[end:], parts) for end in range(3, len(word)))


def _fold(text: str) -> str:
    """Lower case without accents: å as a, whether it was written å or aa, and ø as o, likewise."""
    lower = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(letter for letter in lower if not unicodedata.combining(letter)).translate(_LETTERS)
    return bare.replace("aa", "a").replace("oe", "o")
