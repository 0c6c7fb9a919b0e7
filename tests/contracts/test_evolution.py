"""Only-add evolution: each kind of change of a published message is told to be an addition, or is refused."""

import importlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from services.contracts import check, outside
from services.contracts.asyncapi import envelopes
from services.contracts.base import Message, code, command, date, flag, many, nested, number, opaque, query
from services.contracts.catalogue import EVENTS, HEARS, PROCEDURES
from services.contracts.check import snapshot_of
from services.contracts.evolution import Kind, breaking
from services.contracts.jsonschema import schema_of

TOLD: tuple[Kind, ...] = ("event", "response")
ALL: tuple[Kind, ...] = (*TOLD, "request")
Fields = dict[str, Any]


NUMBERS = count(1)


def leaf(**fields: Any) -> type[Message]:
    return type(f"Leaf{next(NUMBERS)}", (Message,), {"leaf_id": opaque(), **fields})


def message(**changed: Any) -> dict[str, Any]:
    """The schema of a message with a field of each kind, some of them changed; None takes a field away."""
    fields: Fields = {
        "case_id": opaque(),
        "level": number(minimum=0, maximum=3),
        "outcome": code("good", "bad"),
        "step": code(),
        "due": date(required=False),
        "closed": flag(),
        "ids": many(opaque(), max_items=20),
        "one": nested(leaf(kind=code("a", "b"))),
        "maybe": nested(leaf(kind=code("a", "b")), required=False),
        "rows": nested(leaf(kind=code("a", "b")), many=True),
    }
    fields |= changed
    kept = {name: field for name, field in fields.items() if field is not None}
    return schema_of(type("Told", (Message,), kept))


def test_a_message_that_did_not_change_breaks_nobody() -> None:
    for kind in ALL:
        assert breaking(kind, message(), message()) == []


BREAKS: dict[str, tuple[tuple[Kind, ...], Callable[[], Fields]]] = {
    "a field is removed": (ALL, lambda: {"closed": None}),
    "a nested field is removed": (ALL, lambda: {"one": nested(leaf())}),
    "a field of a row is removed": (ALL, lambda: {"rows": nested(leaf(), many=True)}),
    "a field of what may be null is removed": (ALL, lambda: {"maybe": nested(leaf(), required=False)}),
    "another type": (ALL, lambda: {"closed": number()}),
    "a list becomes one thing": (ALL, lambda: {"ids": opaque()}),
    "a list of other things": (ALL, lambda: {"ids": many(number(), max_items=20)}),
    "an id becomes a word": (ALL, lambda: {"case_id": code()}),
    "a word becomes an id": (ALL, lambda: {"step": opaque()}),
    "a day becomes a word": (ALL, lambda: {"due": code(required=False)}),
    "what was told may be null": (TOLD, lambda: {"level": number(maximum=3, required=False)}),
    "what was told may be missing": (TOLD, lambda: {"closed": flag(load_default=False)}),
    "a row's field may be missing": (
        TOLD,
        lambda: {"rows": nested(leaf(kind=code("a", "b", load_default="a")), many=True)},
    ),
    "a choice is added": (("event",), lambda: {"outcome": code("good", "bad", "other")}),
    "a choice of a row is added": (
        ("event",),
        lambda: {"rows": nested(leaf(kind=code("a", "b", "c")), many=True)},
    ),
    "a closed list becomes open": (TOLD, lambda: {"outcome": code()}),
    "a higher limit": (("event",), lambda: {"level": number(minimum=0, maximum=4)}),
    "a lower floor": (("event",), lambda: {"level": number(minimum=-1, maximum=3)}),
    "no limit any more": (("event",), lambda: {"level": number(minimum=0, maximum=None)}),
    "a longer list": (("event",), lambda: {"ids": many(opaque(), max_items=50)}),
    "another privacy class": (
        ("event",),
        lambda: {"closed": flag(metadata={"privacy": "code"})},
    ),
    "a field is asked for": (("request",), lambda: {"why": code()}),
    "a nested field is asked for": (("request",), lambda: {"one": nested(leaf(kind=code("a", "b"), n=number()))}),
    "what could be left out is asked for": (("request",), lambda: {"due": date()}),
    "a choice is taken away": (("request",), lambda: {"outcome": code("good")}),
    "an open list is closed": (("request",), lambda: {"step": code("plan", "talk")}),
    "a lower limit": (("request",), lambda: {"level": number(minimum=0, maximum=2)}),
    "a higher floor": (("request",), lambda: {"level": number(minimum=1, maximum=3)}),
    "a shorter list": (("request",), lambda: {"ids": many(opaque(), max_items=10)}),
}  # fmt: skip


@pytest.mark.parametrize("change", BREAKS)
def test_what_breaks_somebody_is_refused_and_for_others_it_is_an_addition(change: str) -> None:
    kinds, changed = BREAKS[change]
    for kind in ALL:
        faults = breaking(kind, message(), message(**changed()))
        assert bool(faults) == (kind in kinds), (kind, faults)


ADDITIONS: dict[str, tuple[tuple[Kind, ...], Callable[[], Fields]]] = {
    "a field is added": (TOLD, lambda: {"more": number()}),
    "a field that may be left out is added": (ALL, lambda: {"more": number(required=False)}),
    "a field of a row is added": (
        ALL,
        lambda: {"rows": nested(leaf(kind=code("a", "b"), more=flag(required=False)), many=True)},
    ),
    "what was sometimes told always is": (TOLD, lambda: {"due": date()}),
    "fewer choices are told": (TOLD, lambda: {"outcome": code("good")}),
    "more choices are accepted": (("request",), lambda: {"outcome": code("good", "bad", "other")}),
    "more is accepted": (("request",), lambda: {"level": number(minimum=0, maximum=9)}),
    "what was asked for may be left out": (("request",), lambda: {"closed": flag(load_default=False)}),
    "a description": (ALL, lambda: {"closed": flag(description="It is over")}),
}


@pytest.mark.parametrize("change", ADDITIONS)
def test_what_breaks_nobody_is_an_addition(change: str) -> None:
    kinds, changed = ADDITIONS[change]
    for kind in kinds:
        assert breaking(kind, message(), message(**changed())) == []


def test_what_leaving_out_means_does_not_change() -> None:
    old, new = message(closed=flag(load_default=False)), message(closed=flag(load_default=True))
    assert breaking("request", old, new)
    assert breaking("event", old, new) == []


def test_another_name_of_a_nested_message_breaks_nobody() -> None:
    renamed = type("Other", (Message,), {"leaf_id": opaque(), "kind": code("a", "b")})
    for kind in ALL:
        assert breaking(kind, message(), message(one=nested(renamed))) == []


def test_a_message_that_begins_to_refuse_what_it_does_not_know_breaks_its_writers() -> None:
    closed, open_ = message(), {**message(), "additionalProperties": True}
    assert breaking("request", open_, closed)
    assert breaking("request", closed, open_) == []
    assert breaking("event", closed, open_) == [] == breaking("event", open_, closed)


def test_a_mapping_whose_values_change_breaks() -> None:
    old, new = ({"type": "object", "additionalProperties": {"type": each}} for each in ("integer", "string"))
    for kind in ALL:
        assert breaking(kind, old, new)


def test_a_keyword_that_the_check_does_not_know_is_refused_when_it_changes() -> None:
    old = message()
    assert breaking("event", old, {**old, "minProperties": 3}) == [
        "message: minProperties changed, and is not known to this check"
    ]


def test_a_message_that_holds_itself_is_compared_to_its_end() -> None:
    tree = {"type": "object", "properties": {"n": {"type": "integer"}, "in": {"$ref": "#/$defs/tree"}}}
    other = json.loads(json.dumps(tree).replace("integer", "string"))
    old, new = ({"$ref": "#/$defs/tree", "$defs": {"tree": each}} for each in (tree, other))
    assert breaking("event", old, old) == []
    assert breaking("event", old, new) == [".n: type integer became string"]


# ---------------------------------------------------------------- what a message promises besides its fields


@pytest.mark.parametrize(
    ("field", "value"), [("stream", "cases.lane"), ("subject", "report"), ("outside", None)]
)
def test_an_event_keeps_its_stream_and_subject_and_is_not_taken_from_outside_systems(
    field: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = snapshot_of("cases.case_closed.v1")
    changed = replace(EVENTS["cases.case_closed.v1"], **{field: value})
    monkeypatch.setitem(EVENTS, changed.type, changed)
    assert breaking("event", old, snapshot_of(changed.type))


def test_what_systems_of_other_services_are_told_is_not_taken_from_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = snapshot_of("cases.case_closed.v1")
    less = replace(outside.TO_OTHERS["cases.case_closed.v1"], fields=("case_id", "at"))
    monkeypatch.setattr(outside, "TO_OTHERS", {**outside.TO_OTHERS, "cases.case_closed.v1": less})
    assert breaking("event", old, snapshot_of("cases.case_closed.v1")) == [
        ".from_level: was told to outside systems of other services, and would be no more",
        ".outcome: was told to outside systems of other services, and would be no more",
    ]


def test_an_event_may_be_opened_to_outside_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    old = snapshot_of("relay_log.meeting_called.v1")
    opened = replace(EVENTS["relay_log.meeting_called.v1"], outside="case")
    monkeypatch.setitem(EVENTS, opened.type, opened)
    new = snapshot_of(opened.type)
    assert new != old and breaking("event", old, new) == []


def test_a_query_does_not_become_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    old = snapshot_of("cases.suggest_level.request")
    known = PROCEDURES["cases.suggest_level"]
    monkeypatch.setitem(PROCEDURES, known.name, replace(known, kind="command"))
    assert breaking("request", old, snapshot_of("cases.suggest_level.request"))
    assert (
        command("a.b", Message, "").kind == "command" and query("a.b", Message, Message, "").kind == "query"
    )


# ---------------------------------------------------------------- the check as a whole


@pytest.fixture
def snapshots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the snapshots, for the check to read and write."""
    copied = Path(shutil.copytree(check.SNAPSHOTS, tmp_path / "snapshots"))
    monkeypatch.setattr(check, "SNAPSHOTS", copied)
    return copied


def told_otherwise(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    known = EVENTS["cases.talk_recorded.v1"]
    changed = type("TalkRecordedData", (known.schema,), fields)
    monkeypatch.setitem(EVENTS, known.type, replace(known, schema=changed))


def test_the_check_is_content_with_what_is_published(snapshots: Path) -> None:
    assert check.main([]) == 0


def test_an_addition_is_refused_until_it_is_published(
    snapshots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_otherwise(monkeypatch, place=code(required=False))
    assert check.main([]) == 1
    assert check.main(["--write"]) == 0
    assert check.main([]) == 0
    assert "place" in (snapshots / "cases.talk_recorded.v1.json").read_text()


def test_a_breaking_change_is_not_published(
    snapshots: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (snapshots / "cases.talk_recorded.v1.json").read_text()
    told_otherwise(monkeypatch, held_on=number())
    assert check.main(["--write"]) == 1
    assert "cases.talk_recorded.v1: breaking: .held_on: type string became integer" in capsys.readouterr().err
    assert (snapshots / "cases.talk_recorded.v1.json").read_text() == before


def test_no_event_is_taken_out_of_the_language(
    snapshots: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(EVENTS, "cases.talk_recorded.v1")
    assert check.main(["--write"]) == 1
    assert "cases.talk_recorded.v1: was published, and is gone" in capsys.readouterr().err


def test_the_envelope_is_held_as_its_messages_are(
    snapshots: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An attribute that readers rely on, such as the number of what they were sent, does not go away."""
    before = envelopes()
    for side, gone in (("inside", "streamseq"), ("outside", "recipientseq")):
        without = json.loads(json.dumps(before))
        del without[side]["properties"][gone]
        monkeypatch.setattr(check, "envelopes", lambda made=without: made)
        assert check.main(["--write"]) == 1
        assert f"envelope.{side}: breaking: .{gone}: was removed" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(check.published()))
def test_a_message_refuses_what_it_does_not_know(name: str) -> None:
    """A field that is not named in the language never crosses a boundary; what is told is closed where it is told."""
    _, schema = check.published()[name]
    assert "no_such_field" in schema().validate({"no_such_field": 1})


# ---------------------------------------------------------------- readers of two versions


def unread_earlier_versions(known: Iterable[str], handled: Iterable[str]) -> list[str]:
    """Earlier versions of handled events that are not handled themselves: docs/adr/0031."""
    newest = {name.rpartition(".v")[0]: int(name.rpartition(".v")[2]) for name in sorted(handled)}
    return [
        each
        for each in known
        if int(each.rpartition(".v")[2]) < newest.get(each.rpartition(".v")[0], 0)
        and each not in set(handled)
    ]


@pytest.mark.parametrize("service", [service for service, heard in HEARS.items() if heard])
def test_whoever_handles_a_version_handles_those_before_it(service: str) -> None:
    """A source may be older than its reader, and history is: an event that nobody handles would block its subject."""
    handled = importlib.import_module(f"services.{service}.projections").HANDLERS
    assert handled and unread_earlier_versions(EVENTS, handled) == []


def test_a_version_that_is_not_handled_would_be_seen() -> None:
    assert unread_earlier_versions(["a.b.v1", "a.b.v2", "a.c.v1"], ["a.b.v2", "a.c.v1"]) == ["a.b.v1"]
    assert unread_earlier_versions(["a.b.v1", "a.b.v2"], ["a.b.v1"]) == []
