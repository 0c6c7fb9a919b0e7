"""Answers leave as marshmallow would write them, for every procedure that there is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from marshmallow import Schema, fields, missing

from services.chassis.dumping import Dump
from services.contracts.catalogue import PROCEDURES

AT = dt.datetime(2026, 11, 25, 21, 30, tzinfo=dt.UTC)


class Word(StrEnum):
    OPEN = "open"


VALUES: dict[type[fields.Field[Any]], tuple[Any, ...]] = {
    fields.String: ("text", Word.OPEN, "", None),
    fields.Integer: (7, True, None),
    fields.Boolean: (True, False, None),
    fields.Date: (dt.date(2024, 2, 29), AT, None),
    fields.AwareDateTime: (AT, AT.astimezone(dt.timezone(dt.timedelta(hours=2))), None),
}


def values(field: fields.Field[Any], depth: int) -> tuple[Any, ...]:
    """Some that a field may be given, and nothing at all."""
    if isinstance(field, fields.Nested):
        found = tuple(answers(field.schema, depth + 1)) if depth < 4 else ()
        return (*((list(found),) if field.many else found), None, missing)
    if isinstance(field, fields.List):
        inner = [value for value in values(field.inner, depth) if value is not missing]
        return (inner, [], missing)
    return (*VALUES.get(type(field), ({"a": 1}, None)), missing)


def answers(schema: Schema, depth: int = 0) -> Iterator[dict[str, Any]]:
    """As many answers as the field with the most values has values; with one field that no schema names."""
    given = {
        name: tuple(v for v in values(field, depth) if v is not missing or _may_be_left_out(name))
        for name, field in schema.dump_fields.items()
    }
    for turn in range(max(map(len, given.values()), default=1)):
        answer = {name: found[turn % len(found)] for name, found in given.items()}
        yield {"not_named": "x"} | {name: value for name, value in answer.items() if value is not missing}


def _may_be_left_out(name: str) -> bool:
    """Marshmallow looks for what a mapping lacks among its methods."""
    return not hasattr(dict, name)


@pytest.mark.parametrize("name", sorted(PROCEDURES))
def test_every_answer_is_written_as_marshmallow_writes_it(name: str) -> None:
    dump = Dump(PROCEDURES[name].response())
    asked = 0
    for answer in answers(PROCEDURES[name].response()):
        mine, theirs = dump(answer), PROCEDURES[name].response().dump(answer)
        assert json.dumps(mine) == json.dumps(theirs), "in the same order, too"
        assert "not_named" not in mine
        asked += 1
    assert asked


def test_what_is_no_mapping_is_marshmallows_own() -> None:
    class Small(Schema):
        name = fields.String()

    class Holder:
        name = "n"

    assert Dump(Small())(Holder()) == {"name": "n"}
    assert Dump(Small(many=True))([{"name": "n", "other": 1}]) == [{"name": "n"}]
