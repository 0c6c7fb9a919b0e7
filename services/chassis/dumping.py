"""Answers by their schema: what marshmallow finds out at each value (which field, of what kind, under which name) is
found out once. The result is `schema.dump`'s, and so is the meaning: what the schema does not name does not leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, fields, missing

Convert = Callable[[Any], Any]


class Dump:
    """`dump(answer)` for one schema, of answers that are mappings all the way down; others are marshmallow's own."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._plain = not (schema._hooks["pre_dump"] or schema._hooks["post_dump"] or schema.many)
        self._steps: list[tuple[str, str, fields.Field[Any], Convert | None]] | None = None

    def __call__(self, answer: Any) -> Any:
        """The answer as JSON values."""
        if not self._plain or not isinstance(answer, Mapping):
            return self._schema.dump(answer)
        if self._steps is None:  # only now: a schema may stand within itself
            self._steps = [
                (field.attribute or name, field.data_key or name, field, _convert(field))
                for name, field in self._schema.dump_fields.items()
            ]
        told: dict[str, Any] = {}
        for name, key, field, convert in self._steps:
            value = answer.get(name, missing)
            if value is missing or convert is None:
                value = field.serialize(name, answer, accessor=self._schema.get_attribute)
                if value is missing:
                    continue
                told[key] = value
            else:
                told[key] = convert(value)
        return told


def _convert(field: fields.Field[Any]) -> Convert | None:
    """What makes a value of a field a JSON value; None: marshmallow does, each time."""
    kind = type(field)
    if kind is fields.String:
        return lambda value: value if type(value) is str else field._serialize(value, None, None)
    if kind is fields.Integer:
        return lambda value: value if type(value) is int else field._serialize(value, None, None)
    if kind is fields.Boolean:
        return lambda value: value if type(value) is bool else field._serialize(value, None, None)
    if kind in (fields.Date, fields.AwareDateTime):
        return lambda value: field._serialize(value, None, None)
    if isinstance(field, fields.List) and kind is fields.List:
        return _each(_convert(field.inner))
    if isinstance(field, fields.Nested) and kind is fields.Nested:
        return _nested(field)
    return None


def _each(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda values: None if values is None else [convert(value) for value in values]


def _nested(field: fields.Nested) -> Convert | None:
    if field.many:
        return None
    dump = Dump(field.schema)
    return lambda value: None if value is None else dump(value)
