"""Proves the translation catalogue: no key missing, none unused, no visible text outside of it, languages complete.
Run as `python -m gateway.translations.check`; prints each fault and ends with 1 when there is one."""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path
from typing import Any

import yaml

from gateway.translations import HERE, Text, load, locales

GATEWAY = Path(__file__).resolve().parent.parent
TEMPLATES = GATEWAY / "templates"

_CALL = re.compile(
    r"""(?<![\w.])(?:self\.|words\.)?(?:t|t\.error|notice)\(\s*(["'])([a-z0-9_.\-]+)\1(\s*~)?"""
)
_LITERAL_KEY = re.compile(r"""["']([a-z0-9_]+(?:\.[a-z0-9_\-]+)+)["']""")
_BEGUN = re.compile(r"""["']([a-z0-9_]+(?:\.[a-z0-9_\-]+)*\.)["']|f["']([a-z0-9_]+(?:\.[a-z0-9_\-]+)*\.)\{""")
_CALL_BEGUN = re.compile(r"""(?<![\w.])(?:t|notice)\(\s*f?(["'])([a-z0-9_.\-]+\.)(?:\1\s*[~+]|\{)""")
_WORD = re.compile(r"[A-Za-zÆØÅæøå]{2,}")
_VISIBLE = re.compile(
    r"""(?<![\w-])(aria-label|title|alt|placeholder|value|label|content)\s*=\s*"([^"]*)\""""
)
_STRING = re.compile(r"""'([^'\n]*)'|"([^"\n]*)\"""")


def sources() -> list[Path]:
    """The files that may call for a text."""
    skipped = {"node_modules", "translations", "static"}
    folders = [folder for folder in GATEWAY.iterdir() if folder.is_dir() and folder.name not in skipped]
    code = [*GATEWAY.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))]
    return [*TEMPLATES.rglob("*.html"), *code]


def used_keys(files: list[Path]) -> tuple[set[str], set[str]]:
    """(keys named in full, beginnings that are put together with a code at run time)."""
    full: set[str] = set()
    begun: set[str] = {"errors."}
    for file in files:
        text = file.read_text("utf-8")
        begun.update(first or second for first, second in _BEGUN.findall(text))
        full.update(_LITERAL_KEY.findall(text))
    return full, begun


def called_keys(files: list[Path]) -> dict[str, str]:
    """Keys that stand in a call of `t` -> the file."""
    found: dict[str, str] = {}
    for file in files:
        for _, key, joined in _CALL.findall(file.read_text("utf-8")):
            if not joined and not key.endswith("."):
                found[key] = str(file.relative_to(GATEWAY))
    return found


def called_beginnings(files: list[Path]) -> set[str]:
    """Beginnings of keys that calls of `t` put together with a code."""
    return {begin for file in files for _, begin in _CALL_BEGUN.findall(file.read_text("utf-8"))}


def bare_texts(file: Path) -> list[str]:
    """Visible words of a template that do not come from the catalogue."""
    text = re.sub(r"\{#.*?#\}", "", file.read_text("utf-8"), flags=re.S)
    faults: list[str] = []
    for expression in re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text, flags=re.S):
        for single, double in _STRING.findall(expression):
            literal = single or double
            if re.match(r"[A-ZÆØÅ][a-zæøå]", literal) or (" " in literal.strip() and _WORD.search(literal)):
                faults.append(literal)
    shown = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|&[a-z]+;", "", text, flags=re.S)
    for name, value in _VISIBLE.findall(shown):
        if _WORD.search(value) and name != "content" and not re.fullmatch(r"[a-z0-9_\-:/.]+", value):
            faults.append(f'{name}="{value}"')
    for node in re.sub(r"<!doctype[^>]*>|<[^>]*>", "\n", shown, flags=re.S | re.I).split("\n"):
        if _WORD.search(node.replace("Stafett", "")) and '="' not in node:
            faults.append(node.strip())
    return faults


def parameters(text: Text) -> set[str]:
    """The names of the parameters in a text."""
    parts = text.values() if isinstance(text, dict) else [text]
    return {name.split(".")[0] for part in parts for _, name, _, _ in string.Formatter().parse(part) if name}


def _any(texts: dict[str, Text], beginning: str) -> bool:
    return any(key.startswith(beginning) for key in texts)


class _OnceLoader(yaml.BaseLoader):
    """Notes keys that stand twice in one place: the second would silently win."""

    twice: list[str]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        self.twice += [name for name in set(names) if names.count(name) > 1]
        return super().construct_mapping(node, deep)


def twice(file: Path) -> list[str]:
    """Keys that stand twice in one place of a file."""
    loader = _OnceLoader(file.read_text("utf-8"))
    loader.twice = []
    loader.get_single_data()
    return loader.twice


def faults() -> list[str]:
    """All faults of the catalogue, as sentences."""
    files = sources()
    texts = load("nb")
    full, begun = used_keys(files)
    found = [
        f"{where}: no text for {key}" for key, where in sorted(called_keys(files).items()) if key not in texts
    ]
    found += [
        f"no text begins with {begin}" for begin in sorted(called_beginnings(files)) if not _any(texts, begin)
    ]
    found += [
        f"nb: {key} is not used"
        for key in sorted(texts)
        if key not in full and not any(key.startswith(beginning) for beginning in begun)
    ]
    for file in sorted(TEMPLATES.rglob("*.html")):
        found += [
            f"{file.relative_to(GATEWAY)}: text outside of the catalogue: {text}" for text in bare_texts(file)
        ]
    for locale in locales():
        for texts_file in sorted((HERE / locale).glob("*.yaml")):
            found += [f"{locale}/{texts_file.name}: {name} stands twice" for name in twice(texts_file)]
        other = load(locale)
        found += [f"{locale}: {key} is missing" for key in sorted(set(texts) - set(other))]
        found += [f"{locale}: {key} is unknown" for key in sorted(set(other) - set(texts))]
        found += [
            f"{locale}: {key} has other parameters than nb"
            for key in sorted(set(texts) & set(other))
            if parameters(texts[key]) != parameters(other[key])
        ]
    return found


if __name__ == "__main__":
    problems = faults()
    print("\n".join(problems) if problems else f"Translations are complete: {', '.join(locales())}")
    sys.exit(1 if problems else 0)
