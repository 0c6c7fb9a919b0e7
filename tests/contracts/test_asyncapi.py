"""The AsyncAPI document is valid, complete, and true: each event, its example, its privacy classes, who can have it."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from services.contracts import outside
from services.contracts.asyncapi import PERMISSIONS, document
from services.contracts.base import EVENT_CLASSES
from services.contracts.catalogue import EVENTS, HEARS
from services.contracts.examples import example_of
from services.contracts.jsonschema import PRIVACY, schema_of

STANDARD = Path(__file__).with_name("asyncapi-3.0.0.schema.json")
LEAVING = sorted(name for name, event in EVENTS.items() if event.outside is not None)


@cache
def made() -> dict[str, Any]:
    """The document as it is published: through JSON and back."""
    read: dict[str, Any] = json.loads(json.dumps(document("1")))
    return read


def message(event_type: str, side: str = "") -> dict[str, Any]:
    found: dict[str, Any] = made()["components"]["messages"][side + event_type.replace(".", "_")]
    return found


def payload_faults(payload: dict[str, Any], value: Any) -> list[str]:
    """What a reader with a JSON Schema validator would find."""
    schema = {**payload, "components": made()["components"]}
    return [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(value)]


def test_the_document_is_valid_by_the_standards_own_schema() -> None:
    standard = jsonschema_rs.validator_for(json.loads(STANDARD.read_text()))
    assert [(error.instance_path, error.message) for error in standard.iter_errors(made())] == []


def test_a_fault_in_the_document_would_be_seen() -> None:
    standard = jsonschema_rs.validator_for(json.loads(STANDARD.read_text()))
    wrong = json.loads(json.dumps(made()))
    wrong["channels"]["cases_case_closed_v1"]["bindings"]["amqp"]["exchange"]["type"] = "toppic"
    assert not standard.is_valid(wrong)


def test_every_reference_leads_somewhere() -> None:
    for ref in references(made()):
        node = made()
        for step in ref.removeprefix("#/").split("/"):
            node = node[step]
        assert node


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_an_event_has_its_channel_and_says_what_a_reader_asks(event_type: str) -> None:
    event, told = EVENTS[event_type], message(event_type)
    channel = made()["channels"][event_type.replace(".", "_")]
    assert channel["address"] == event_type
    assert [each["$ref"] for each in channel["servers"]] == ["#/servers/inside"]
    assert told["summary"] == event.meaning and told["x-told"] == event.told
    assert told["x-heard-by"] == sorted(s for s, heard in HEARS.items() if event.stream in heard)
    assert told["x-outside"] == event.outside and PERMISSIONS[event.outside] in told["description"]


def test_only_what_may_leave_has_a_channel_outside() -> None:
    channels = made()["channels"]
    assert sorted(name for name in channels if name.startswith("outside_")) == sorted(
        "outside_" + name.replace(".", "_") for name in (*LEAVING, outside.DROPPED)
    )
    for name in LEAVING:
        channel = channels["outside_" + name.replace(".", "_")]
        assert channel["address"] == "{municipality}.{recipient}." + name
        assert [each["$ref"] for each in channel["servers"]] == ["#/servers/outside"]
    told_by_webhook = set(channels["webhook"]["messages"])
    assert told_by_webhook == {"outside_" + name.replace(".", "_") for name in LEAVING}


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_the_example_is_a_whole_event_that_the_schema_accepts(event_type: str) -> None:
    told = message(event_type)
    (example,) = told["examples"]
    assert example["payload"] == example_of(EVENTS[event_type]).as_dict()
    assert payload_faults(told["payload"], example["payload"]) == []
    assert payload_faults(told["payload"], {**example["payload"], "data": {}}) != []
    assert payload_faults(told["payload"], {**example["payload"], "type": "cases.other.v1"}) != []


@pytest.mark.parametrize("event_type", LEAVING)
def test_PR_3_what_leaves_says_nothing_of_what_does_not(event_type: str) -> None:
    """The number within a stream would count the events that the receiver may not know of."""
    told = message(event_type, "outside_")
    (example,) = told["examples"]
    assert payload_faults(told["payload"], example["payload"]) == []
    inside_only = {"stream", "streamseq", "traceparent"}
    assert not inside_only & (set(example["payload"]) | set(told["payload"]["properties"]))
    assert (example["payload"]["recipient"], example["payload"]["recipientseq"]) == ("skolesystem", 1)


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_the_example_shows_every_field(event_type: str) -> None:
    event = EVENTS[event_type]
    missing = list(not_shown(schema_of(event.schema), dict(event.example), schema_of(event.schema)))
    assert missing == []


def not_shown(schema: dict[str, Any], value: Any, root: dict[str, Any], path: str = "") -> Iterator[str]:
    """Fields of the schema that stand nowhere in the example, and lists that stand empty."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    for name, field in schema.get("properties", {}).items():
        if name not in value:
            yield f"{path}.{name}"
        else:
            yield from not_shown(field, value[name], root, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        if not value:
            yield f"{path}[]"
        for item in value:
            yield from not_shown(schema["items"], item, root, f"{path}[]")


def test_every_field_bears_a_privacy_class_that_may_travel() -> None:
    components = made()["components"]
    schemas = [
        *components["schemas"].values(),
        *(each["payload"] for each in components["messages"].values()),
    ]
    for schema in schemas:
        for name, field in schema["properties"].items():
            if name == "data":
                continue
            assert field[PRIVACY] in EVENT_CLASSES, name


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_a_reader_that_validates_is_not_broken_by_a_field_that_is_added(event_type: str) -> None:
    told = message(event_type)
    event = json.loads(json.dumps(told["examples"][0]["payload"]))
    event["data"]["added_later"] = "yes"
    event["addedlater"] = "yes"
    assert payload_faults(told["payload"], event) == []


def test_the_feeds_page_is_made_of_what_may_leave() -> None:
    page = message("outside_page")
    assert payload_faults(page["payload"], page["examples"][0]["payload"]) == []
    hidden = outside.envelope(example_of(EVENTS["cases.lane_report_filed.v1"]), "skolesystem", 1)
    assert payload_faults(page["payload"], {"items": [hidden], "next": "1", "more": False}) != []


def test_the_notice_of_a_full_queue_is_described_as_what_it_tells_of_is() -> None:
    notice = message(outside.DROPPED, "outside_")
    (example,) = notice["examples"]
    assert payload_faults(notice["payload"], example["payload"]) == []
    assert (example["payload"]["source"], example["payload"]["subject"]) == (
        "/granli/notifications",
        "skolesystem",
    )
    channel = made()["channels"]["outside_stafett_outside_dropped_v1"]
    assert channel["address"] == "{municipality}.{recipient}.stafett.outside_dropped.v1"


@pytest.mark.parametrize("event_type", LEAVING)
def test_what_another_services_system_is_told_is_valid_too(event_type: str) -> None:
    event, told = EVENTS[event_type], message(event_type, "outside_")
    topics = frozenset(event.example.get("topics", ()))
    data = outside.passed(event, event.example, own=False, service_id="service-granli-ppt", topics=topics)
    if data is not None:
        assert payload_faults(told["payload"], {**told["examples"][0]["payload"], "data": data}) == []
