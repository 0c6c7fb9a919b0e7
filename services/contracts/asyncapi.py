"""The AsyncAPI 3.0 document of the events, made from the catalogue: what integrators read."""

from typing import Any

from services.contracts.catalogue import EVENTS, HEARS
from services.contracts.jsonschema import schema_of

EXCHANGE = "stafett.events"


def document(version: str, host: str = "localhost:5672") -> dict[str, Any]:
    """The document of this `version`; `host` is the broker as the reader would reach it."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for event in sorted(EVENTS.values(), key=lambda each: each.type):
        key = event.type.replace(".", "_")
        messages[key] = {
            "name": event.type,
            "title": event.type,
            "summary": event.meaning,
            "description": f"Stream `{event.stream}`, one sequence for each {event.subject}. "
            f"Heard inside by: {', '.join(sorted(s for s, heard in HEARS.items() if event.stream in heard))}.",
            "contentType": "application/cloudevents+json",
            "payload": _cloud_event(event.type, event.stream, schema_of(event.schema)),
            "examples": [{"name": "example", "payload": {"type": event.type, "data": dict(event.example)}}],
        }
        channels[key] = {
            "address": event.type,
            "messages": {key: {"$ref": f"#/components/messages/{key}"}},
            "bindings": {
                "amqp": {
                    "is": "routingKey",
                    "exchange": {
                        "name": EXCHANGE,
                        "type": "topic",
                        "durable": True,
                        "autoDelete": False,
                        "vhost": "/",
                    },
                    "bindingVersion": "0.3.0",
                }
            },
        }
        operations[f"send_{key}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{key}"},
            "messages": [{"$ref": f"#/channels/{key}/messages/{key}"}],
            "bindings": {
                "amqp": {"deliveryMode": 2, "mandatory": True, "timestamp": True, "bindingVersion": "0.3.0"}
            },
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stafett events",
            "version": version,
            "description": "Everything the services of Stafett tell one another. Events carry opaque ids, codes, dates "
            "and numbers: never a name, an identity number or a free text.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"broker": {"host": host, "protocol": "amqp", "protocolVersion": "0.9.1"}},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _cloud_event(event_type: str, stream: str, data: dict[str, Any]) -> dict[str, Any]:
    definitions = data.pop("$defs", None) if (data := dict(data)) else None
    data.pop("$schema", None)
    payload: dict[str, Any] = {
        "type": "object",
        "required": [
            "specversion",
            "id",
            "source",
            "type",
            "subject",
            "time",
            "municipality",
            "stream",
            "streamseq",
        ],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string"},
            "source": {"type": "string", "description": "/<municipality>/<service>"},
            "type": {"const": event_type},
            "subject": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "municipality": {"type": "string"},
            "stream": {"const": stream},
            "streamseq": {"type": "integer", "minimum": 1},
            "traceparent": {"type": "string"},
            "data": data,
        },
    }
    if definitions:
        payload["$defs"] = definitions
    rebased: dict[str, Any] = _rebase(payload, event_type.replace(".", "_"))
    return rebased


def _rebase(node: Any, key: str) -> Any:
    """References are resolved from the document's root, so they must name the whole way to the definitions."""
    if isinstance(node, dict):
        return {
            k: f"#/components/messages/{key}/payload{v[1:]}"
            if k == "$ref" and v.startswith("#/$defs/")
            else _rebase(v, key)
            for k, v in node.items()
        }
    if isinstance(node, list):
        return [_rebase(item, key) for item in node]
    return node
