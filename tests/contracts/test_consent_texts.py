"""The wordings of consent: what somebody may have signed is never changed and never taken away (CO-7)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from services.consent.domain.wording import CURRENT

TEXTS = Path(__file__).resolve().parents[2] / "services" / "consent" / "texts"
LANGUAGES = {"nb", "nn", "en"}
KEPT = {
    "v1.nb": "2f77ee4b780b1e840b5c358efe7f51ba29c703b8c6bba89cce6274eed3f12b97",
    "v1.nn": "8d4bdcb9e90940f405f7c1458767ac0af1c359be400defece8f177ebf29d1d85",
    "v1.en": "ff9edc93140bb7dc37d7f3f12e1f9affa4886e92a4f173e88f84a937c1d1867c",
    "v2.nb": "11a45da6287ed41f567476e542c150d261915a39eaf166898b658e09ce70bc71",
    "v2.nn": "7ab2845666520db4dbe1c39e0f4760ec700b2a1733027d164df9c74cebfc6ade",
    "v2.en": "a2ae14c541f1c5731b0569ab7e859b3aa88d02a5fa0e26d83fe54e2aa2cae915",
}
"""SHA-256 of the sentences of each wording, as they were when they were first shown. A line is added with a
new wording; none is ever changed or taken out."""


def read(name: str) -> dict[str, str]:
    sentences: dict[str, str] = yaml.safe_load((TEXTS / f"{name}.yaml").read_text("utf-8"))
    return sentences


def digest(sentences: dict[str, str]) -> str:
    canonical = json.dumps(sentences, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def test_CO_7_every_wording_that_was_shown_stands_as_it_was() -> None:
    assert {name: digest(read(name)) for name in KEPT} == KEPT


def test_CO_7_no_wording_is_shown_that_is_not_kept() -> None:
    assert {path.name.removesuffix(".yaml") for path in TEXTS.glob("v*.yaml")} == set(KEPT)


def test_the_current_wording_says_the_same_in_every_language() -> None:
    """One is not asked for less, or more, by choosing a language."""
    keys = {language: list(read(f"{CURRENT}.{language}")) for language in LANGUAGES}
    assert len({tuple(each) for each in keys.values()}) == 1


@pytest.mark.parametrize("name", sorted(KEPT))
def test_a_wording_is_whole_sentences_without_blanks_to_fill_in(name: str) -> None:
    for sentence in read(name).values():
        assert sentence.endswith(".") and "{" not in sentence and sentence == sentence.strip()
