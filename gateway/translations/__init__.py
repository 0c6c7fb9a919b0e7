"""Every text that a person reads on a page, by key, in one folder a language. `t("key", name=...)` gives the text;
a text with `one` and `other` chooses by `count`. `python -m gateway.translations.check` proves the catalogue."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
Text = str | dict[str, str]


def load(locale: str) -> dict[str, Text]:
    """All texts of a language, flat: {"case.now": "Det du gjør nå", ...}. A key that stands twice is an error."""
    texts: dict[str, Text] = {}
    for file in sorted((HERE / locale).glob("*.yaml")):
        for key, text in flat("", yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader) or {}):
            if key in texts:
                raise ValueError(f"{key} stands twice in the texts of {locale}")
            texts[key] = text
    return texts


def flat(prefix: str, node: dict[str, Any]) -> list[tuple[str, Text]]:
    """The texts of a tree with the whole of their keys."""
    found: list[tuple[str, Text]] = []
    for name, value in node.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) or set(value) == {"one", "other"}:
            found.append((key, value))
        else:
            found.extend(flat(f"{key}.", value))
    return found


def locales() -> list[str]:
    """The languages that have a folder here."""
    return sorted(folder.name for folder in HERE.iterdir() if folder.is_dir() and any(folder.glob("*.yaml")))


class Translator:
    """Texts of one language; called as `t(key, **params)`."""

    def __init__(self, locale: str, texts: dict[str, Text]) -> None:
        self.locale = locale
        self.texts = texts

    def __call__(self, key: str, /, **params: object) -> str:
        """The text for `key` with its parameters filled in; KeyError when there is none."""
        text = self.texts[key]
        if isinstance(text, dict):
            text = text["one" if params.get("count") == 1 else "other"]
        return text.format(**params) if params else text

    def has(self, key: str) -> bool:
        """Whether the catalogue knows `key`, for codes that may be newer than the texts."""
        return key in self.texts

    def error(self, code: str, **params: object) -> str:
        """The sentence for a refusal code, with what to do next; a general one for a code that has no text."""
        key = f"errors.{code}" if f"errors.{code}" in self.texts else "errors.unknown"
        try:
            return self(key, **params)
        except (KeyError, IndexError):
            return self("errors.unknown")


@cache
def translator(locale: str = "nb") -> Translator:
    """The translator for a language; read once."""
    return Translator(locale, load(locale))
