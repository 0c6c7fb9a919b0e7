"""Every event and message keeps its promises: privacy classes, snapshots, examples, and only-add evolution."""

import json
from typing import Any

import pytest
from marshmallow import ValidationError

from services.chassis import metrics
from services.contracts.base import EVENT_CLASSES, Message, code, instant, narrative, narrative_tree, opaque
from services.contracts.catalogue import EVENTS, HEARS, PROCEDURES, STREAMS
from services.contracts.check import SNAPSHOTS, _classes, snapshots


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_an_event_carries_no_name_no_number_and_no_free_text(event_type: str) -> None:
    classes = _classes(EVENTS[event_type].schema, event_type)
    assert classes and {privacy for _, privacy in classes} <= EVENT_CLASSES


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_an_event_has_a_meaning_and_an_example_that_is_valid(event_type: str) -> None:
    event = EVENTS[event_type]
    assert event.meaning and event.told and event.example
    assert event.schema().validate(dict(event.example)) == {}
    assert event.type.startswith(f"{STREAMS[event.stream]}.") and event.type.endswith(".v1")


@pytest.mark.parametrize("name", sorted(snapshots()))
def test_what_is_published_equals_its_snapshot(name: str) -> None:
    assert json.loads((SNAPSHOTS / f"{name}.json").read_text()) == snapshots()[name][1]


def test_the_privacy_check_sees_a_narrative_in_an_event() -> None:
    class Leaky(Message):
        case_id = opaque()
        told = narrative()

    assert {privacy for _, privacy in _classes(Leaky, "leaky")} - EVENT_CLASSES == {"narrative"}


def test_the_lane_is_heard_by_notifications_alone() -> None:
    """PR-5: the lane's stream goes nowhere that an ordinary reader could look."""
    assert [service for service, heard in HEARS.items() if "cases.lane" in heard] == ["notifications"]


def test_what_never_leaves_the_house() -> None:
    """CO-8, PR-3: what tells of the lane, of persons or of staff is for no outside system, whatever it is granted."""
    kept = {event.type for event in EVENTS.values() if event.outside is None}
    for event in EVENTS.values():
        if event.stream in ("cases.lane", "cases.people", "directory.staff"):
            assert event.type in kept
    assert {type_ for type_ in EVENTS if type_.startswith("consent.")} - kept == {
        "consent.windows_changed.v1",
        "consent.request_settled.v1",
    }


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_CO_8_what_is_permitted_by_topic_names_its_topics(event_type: str) -> None:
    """Else nobody could decide whether an outside system may be told of it."""
    event = EVENTS[event_type]
    fields = set(event.schema().fields)
    if event.outside in ("plan", "item", "view"):
        assert fields & {"topic", "topics"}
    if event.outside not in (None, "public"):
        assert event.subject == "case" and "case_id" in fields


@pytest.mark.parametrize("name", sorted(PROCEDURES))
def test_a_commands_answer_is_ids_and_versions_alone(name: str) -> None:
    """So that it may be kept in clear beside its Idempotency-Key."""
    procedure = PROCEDURES[name]
    if procedure.kind == "command":
        assert {privacy for _, privacy in _classes(procedure.response, name)} <= EVENT_CLASSES


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("text", "half a pair: \ud800", "control_character"),
        ("text", "turned \u202e round", "control_character"),
        ("text", "c1 \x9b", "control_character"),
        ("at", "2200-12-31T23:59:59-12:00", "date_out_of_range"),
        ("at", "1900-01-01T00:00:00+12:00", "date_out_of_range"),
        ("at", "9999-12-31T23:59:59-12:00", "date_out_of_range"),
        ("answers", [], "invalid_object"),
        ("answers", "text", "invalid_object"),
        ("answers", {"a": "\udfff"}, "control_character"),
    ],
)  # fmt: skip
def test_what_no_service_could_keep_is_refused_at_the_door(field: str, value: object, fault: str) -> None:
    class Told(Message):
        text = narrative(required=False)
        at = instant(required=False)
        answers = narrative_tree(required=False)

    assert Told().validate({field: value}) == {field: [fault]}


def test_a_tree_is_only_so_deep() -> None:
    class Told(Message):
        answers = narrative_tree()

    tree: object = "leaf"
    for _ in range(500):
        tree = [tree]
    assert Told().validate({"answers": {"a": tree}}) == {"answers": ["nested_too_deep"]}
    assert Told().validate({"answers": {"a": [["leaf"]]}}) == {}


def test_the_lanes_calls_are_in_no_metric() -> None:
    """PR-3: whoever reads /metrics would see that somebody has just reported."""
    for histogram in (metrics.RPC_CALLED, metrics.RPC_HANDLED):
        for name in PROCEDURES:
            metrics.observe_call(histogram, name, "ok", 0.1)
    shown = metrics.exposition().decode()
    assert 'procedure="cases.get_case"' in shown and "lane" not in shown


@pytest.mark.parametrize("field", [opaque(), code()], ids=["id", "code"])
def test_an_id_or_a_code_holds_no_line_break_at_its_end(field: Any) -> None:
    assert field.deserialize("abc-1") == "abc-1"
    for text in ("abc\n", "abc\r\n", "\nabc", ""):
        with pytest.raises(ValidationError):
            field.deserialize(text)
