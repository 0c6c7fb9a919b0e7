"""What the data files say, sorted out by municipality: pure, from parsed files to documents (DI-1, DI-3, DI-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.kernel.policies import Policy

KINDS = ("municipality", "service", "unit", "tool", "form", "guide", "worried", "front", "policy", "ground")


@dataclass(frozen=True, slots=True)
class Document:
    """One versioned, dated piece of public data."""

    kind: str
    id: str
    version: int
    valid_from: date
    content: Any


class UnknownMunicipality(LookupError):
    """The data files know no such municipality."""


def documents_of(files: Mapping[str, Any], municipality: str) -> Iterator[Document]:
    """All documents of one municipality. `files`: the parsed files by name without ending, forms under "forms".

    Raises UnknownMunicipality, and InvalidPolicy for a policy that can't stand.
    """
    known = {each["id"]: each for each in files["municipalities"]["municipalities"]}
    if municipality not in known:
        raise UnknownMunicipality(municipality)
    own = known[municipality]
    policy = Policy.from_dict(own["policy"])
    named = {key: value for key, value in own.items() if key != "policy"}
    named["topics"] = files["municipalities"]["topics"]
    yield _whole("municipality", municipality, files["municipalities"], named)
    yield Document("policy", municipality, policy.version, policy.valid_from, policy.to_dict())
    for kind in ("service", "unit"):
        source = files[f"{kind}s"]
        for each in source[f"{kind}s"]:
            if each["municipality"] == municipality:
                yield _whole(kind, each["id"], source, each)
    for tool in files["tools"]["tools"]:
        yield _whole("tool", tool["code"], files["tools"], tool)
    for form in files["forms"]:
        yield _whole("form", form["code"], form, form)
    for ground in files["grounds"]["grounds"]:
        named = {"text": ground["text"], "reference": ground["references"][municipality]}
        yield _whole("ground", ground["code"], files["grounds"], named)
    for kind in ("guide", "worried", "front"):
        yield _whole(kind, municipality, files[kind], _content(files[kind], municipality))


def _whole(kind: str, id: str, source: Mapping[str, Any], content: Any) -> Document:
    return Document(kind, id, int(source["version"]), date.fromisoformat(source["valid_from"]), content)


def _content(source: Mapping[str, Any], municipality: str) -> dict[str, Any]:
    """A text as this municipality has it (LV-6: text and tools may be adapted, never the order of the steps)."""
    content = {key: value for key, value in source.items() if key not in ("version", "valid_from")}
    levels = content.get("levels")
    if levels is not None:
        content["levels"] = [
            {
                **{key: value for key, value in level.items() if key != "municipality_notes"},
                "municipality_note": (level.get("municipality_notes") or {}).get(municipality),
            }
            for level in levels
        ]
    return content
