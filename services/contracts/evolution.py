"""What may change in a published message, and what would break somebody: docs/adr/0031.

Events and answers are read by others: they may say no more than was promised. Requests are written by others: no less
may be accepted than was. Both are the same question, asked the two ways round: does one schema lie within the other?
A keyword that this module does not know is a fault when it changes, so that nothing slips past it.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

from services.contracts.jsonschema import PRIVACY

Kind = Literal["event", "request", "response"]
Schema = dict[str, Any]

OWN = {
    "x-stream": "the stream that it is told on",
    "x-subject": "what its subject is",
    "x-kind": "whether it is a command or a query",
}
"""What a message promises besides its fields, by the keyword of its snapshot: none of it changes."""

OUTSIDE = "x-outside"
"""The keyword of what an outside system must be permitted (EventType.outside)."""

TO_OTHERS = "x-to-others"
"""The keyword of the fields that an outside system of another service is told (outside.TO_OTHERS)."""

_SAID_ONLY = frozenset({"$schema", "$defs", "$ref", "description", "title", "examples", "example"})
_AT_MOST = ("maximum", "maxLength", "maxItems", "exclusiveMaximum")
_AT_LEAST = ("minimum", "minLength", "minItems", "exclusiveMinimum")
_ANY = frozenset({"string", "integer", "number", "boolean", "object", "array", "null"})
_COMPARED = frozenset(
    {
        *("type", "enum", "pattern", "format", "properties", "required", "items", "additionalProperties"),
        *("anyOf", "default", PRIVACY, OUTSIDE, TO_OTHERS),
        *OWN, *_AT_MOST, *_AT_LEAST,
    }
)  # fmt: skip


def breaking(kind: Kind, old: Schema, new: Schema) -> list[str]:
    """What a reader or writer of the old message would stumble over; an empty list means only additions."""
    return [*_own(old, new), *_Comparison(kind, old, new).faults("", old, new)]


def _own(old: Schema, new: Schema) -> Iterator[str]:
    for keyword, meaning in OWN.items():
        if keyword in old and old[keyword] != new.get(keyword):
            yield f"message: {meaning} changed from {old[keyword]} to {new.get(keyword)}"
    if old.get(OUTSIDE) is not None and new.get(OUTSIDE) is None:
        yield "message: it was told to outside systems, and would be no more"
    for name in sorted(set(old.get(TO_OTHERS, ())) - set(new.get(TO_OTHERS, ()))):
        yield f".{name}: was told to outside systems of other services, and would be no more"


class _Comparison:
    """One message's old and new schema, held against each other field by field."""

    def __init__(self, kind: Kind, old: Schema, new: Schema) -> None:
        self._kind, self._old_root, self._new_root = kind, old, new
        self._asked = kind == "request"
        self._under_way: set[tuple[str, str]] = set()

    def faults(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        """What breaks at `path` and below."""
        refs = (old.get("$ref", path), new.get("$ref", path))
        if refs in self._under_way:
            return
        self._under_way.add(refs)
        old, new = _plain(old, self._old_root), _plain(new, self._new_root)
        place = path or "message"
        outer, inner = (new, old) if self._asked else (old, new)
        if not _types(inner) <= _types(outer):
            yield f"{place}: type {_named(old)} became {_named(new)}"
        else:
            yield from self._values(place, outer, inner)
            yield from self._fields(path, old, new)
            yield from self._items(path, old, new)
        yield from self._rest(place, old, new)
        self._under_way.discard(refs)

    def _values(self, place: str, outer: Schema, inner: Schema) -> Iterator[str]:
        """`inner` lets through what `outer` does not. Lists and limits of an answer may grow: who shows them to
        people must bear a word that is new; who acts on an event must not meet one."""
        verb = "taken away from" if self._asked else "added to"
        if "enum" in outer:
            if "enum" not in inner:
                yield f"{place}: the list of choices {'was made' if self._asked else 'was dropped'}"
            elif self._kind != "response" and not set(inner["enum"]) <= set(outer["enum"]):
                yield f"{place}: choices were {verb} a list that is closed"
        if "format" in outer and inner.get("format") != outer["format"]:
            yield f"{place}: format changed"
        if "pattern" in outer and inner.get("pattern") != outer["pattern"] and not _all_match(inner, outer):
            yield f"{place}: pattern changed"
        if self._kind == "response":
            return
        for keyword in _AT_MOST:
            if keyword in outer and not inner.get(keyword, float("inf")) <= outer[keyword]:
                yield f"{place}: {keyword} changed"
        for keyword in _AT_LEAST:
            if keyword in outer and not inner.get(keyword, float("-inf")) >= outer[keyword]:
                yield f"{place}: {keyword} changed"

    def _fields(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        was, now = old.get("properties", {}), new.get("properties", {})
        for name in was:
            if name not in now:
                yield f"{path}.{name}: was removed"
            else:
                yield from self.faults(f"{path}.{name}", was[name], now[name])
        always_was, always_is = set(old.get("required", ())), set(new.get("required", ()))
        if self._asked:
            yield from (f"{path}.{name}: became required" for name in sorted(always_is - always_was))
        else:
            yield from (
                f"{path}.{name}: is no longer always there" for name in sorted(always_was - always_is)
            )

    def _items(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
            before, after = old.get(keyword, True), new.get(keyword, True)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self.faults(path + mark, before, after)
            elif before != after:
                outer, inner = (after, before) if self._asked else (before, after)
                if keyword == "additionalProperties" and not self._asked and outer is False:
                    outer = True  # readers pass over what they do not know
                if outer is not True and inner is not False:
                    yield f"{path or 'message'}{mark}: became {'closed' if self._asked else 'open'}"

    def _rest(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        if old.get("anyOf") != new.get("anyOf"):
            yield f"{place}: anyOf changed"
        if self._kind == "event" and old.get(PRIVACY) != new.get(PRIVACY):
            yield f"{place}: privacy class {old.get(PRIVACY)} became {new.get(PRIVACY)}"
        if self._asked and "default" in old and old["default"] != new.get("default"):
            yield f"{place}: what it means to leave it out changed"
        for keyword in sorted((old.keys() | new.keys()) - _SAID_ONLY - _COMPARED):
            if old.get(keyword) != new.get(keyword):
                yield f"{place}: {keyword} changed, and is not known to this check"


def _plain(node: Schema, root: Schema) -> Schema:
    """The schema that is meant: references followed, and "this or null" written as one schema that may be null."""
    while "$ref" in node:
        followed = root["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        node = {**followed, **{key: value for key, value in node.items() if key != "$ref"}}
    either = node.get("anyOf", ())
    rest = [each for each in either if each != {"type": "null"}]
    if len(either) == 2 and len(rest) == 1:
        one = _plain(rest[0], root)
        beside = {key: value for key, value in node.items() if key != "anyOf"}
        return {**one, **beside, "type": sorted(_types(one) | {"null"})}
    return node


def _types(node: Schema) -> frozenset[str]:
    said = node.get("type")
    if said is None:
        return _ANY
    types = frozenset([said] if isinstance(said, str) else said)
    return types | {"integer"} if "number" in types else types


def _all_match(listed: Schema, patterned: Schema) -> bool:
    """Whether the choices of one schema all fit the pattern of the other."""
    choices = [each for each in listed.get("enum", ()) if each is not None]
    return bool(choices) and all(re.search(patterned["pattern"], str(each)) for each in choices)


def _named(node: Schema) -> str:
    said = node.get("type", "any")
    return said if isinstance(said, str) else " or ".join(sorted(said))
