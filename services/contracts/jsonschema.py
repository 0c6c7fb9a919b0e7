"""JSON Schema (2020-12) of the published messages, made from the marshmallow classes and kept as snapshots."""

from functools import lru_cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from marshmallow.fields import Field

from services.contracts.base import Message

PRIVACY = "x-privacy"
"""The keyword that bears a field's privacy class."""


def _name(schema: type[Schema] | Schema | str) -> str:
    """`cases.Child`: by whom it is told, wherever in their contracts it is written."""
    cls = schema if isinstance(schema, type) else type(schema)
    return f"{cls.__module__.removeprefix('services.contracts.').split('.')[0]}.{cls.__name__}"


def schemas_of(messages: list[type[Message]]) -> dict[str, dict[str, Any]]:
    """The JSON Schema of each message and of those nested in it, by name, with local references."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec("Stafett", "1", "3.1.0", plugins=[plugin])
    assert plugin.converter is not None
    plugin.converter.add_attribute_function(_privacy)
    for message in messages:
        if _name(message) not in spec.components.schemas:
            spec.components.schema(_name(message), schema=message)
    return dict(spec.to_dict().get("components", {}).get("schemas", {}))


@lru_cache(maxsize=256)
def schema_of(message: type[Message]) -> dict[str, Any]:
    """One self-contained JSON Schema: the message at the root, what is nested in it under `$defs`."""
    found = schemas_of([message])
    root = dict(found.pop(_name(message)))
    text: dict[str, Any] = _relocate(root)
    if found:
        text["$defs"] = {name: _relocate(each) for name, each in sorted(found.items())}
    text["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return text


def _privacy(_converter: Any, field: Field[Any], **_: Any) -> dict[str, Any]:
    privacy = field.metadata.get("privacy")
    return {} if privacy is None else {PRIVACY: privacy}


def _relocate(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: value.replace("#/components/schemas/", "#/$defs/") if key == "$ref" else _relocate(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_relocate(item) for item in node]
    return node
