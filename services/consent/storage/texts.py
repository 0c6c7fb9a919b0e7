"""The words that are shown, from the files of each version; and those that were signed, kept as they were read,
whatever becomes of the files (CO-7). They are the same for all and name nobody, so they stand in clear and once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
import yaml

from services.chassis.storage import AnyConnection, WriteTransaction, insert_ignore
from services.consent.storage.tables import signed_texts

_TEXTS = Path(__file__).parents[1] / "texts"


@cache
def languages(version: str) -> frozenset[str]:
    """The languages in which a version of the wording can be read."""
    return frozenset(path.name.split(".")[1] for path in _TEXTS.glob(f"{version}.*.yaml"))


@cache
def sentences(version: str, language: str) -> dict[str, str]:
    """The standing sentences of a version in a language."""
    words: dict[str, str] = yaml.safe_load((_TEXTS / f"{version}.{language}.yaml").read_text("utf-8"))
    return words


def keep_text(tx: WriteTransaction, version: str, language: str) -> None:
    """Keep a wording with the first signature that bears it; what is kept is never written again."""
    row = {"text_version": version, "language": language, "sentences": sentences(version, language)}
    insert_ignore(tx, signed_texts, row)


def signed_text(conn: AnyConnection, version: str, language: str) -> dict[str, str] | None:
    """The sentences as they were read by whoever signed them, by key in their order; None where nothing is kept."""
    found: dict[str, str] | None = conn.execute(
        sa.select(signed_texts.c.sentences).where(
            signed_texts.c.text_version == version, signed_texts.c.language == language
        )
    ).scalar_one_or_none()
    return found
