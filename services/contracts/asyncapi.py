"""The AsyncAPI 3.0 document of the events, made from the catalogue: what integrators read.

It shows two sides: what the services tell one another (`stafett.events`), and what leaves the house (`stafett.outside`
by queue, and the same events as webhook and feed). Schemas here are the reader's: they let through what they do not
know, since fields are added (docs/integrators/evolution.md); the producer's own are closed.
"""

from collections.abc import Iterable
from typing import Any

from services.contracts import outside
from services.contracts.base import EventType
from services.contracts.catalogue import EVENTS, HEARS
from services.contracts.envelope import CONTENT_TYPE
from services.contracts.examples import MUNICIPALITY, RECIPIENT, example_of, notice_example
from services.contracts.jsonschema import schema_of

EXCHANGE = "stafett.events"
BINDING = "0.3.0"
FEED_TYPE = "application/json"

PERMISSIONS = {
    None: "Never: this event is told to no outside system, whatever it is granted.",
    "public": "Any outside system of the municipality that is granted the type; anyone may know.",
    "case": "An outside system that is granted the type, while its service may see the case.",
    "consent": "An outside system that is granted the type, while its service may read the case's consents.",
    "plan": "An outside system that is granted the type, while its service may read goals and measures of the topic.",
    "item": "An outside system that is granted the type, while its service may read the log's items of the topic; of "
    "several topics it is told those.",
    "view": "An outside system that is granted the type, while its service may read the child's view of the topic.",
}
"""Who outside can have an event, in words, by what its service must be permitted when it is sent (CO-8)."""

_INFO = """Everything the services of Stafett tell one another, and what outside systems can be told of it.

Events carry opaque ids, codes, dates and numbers: never a name, an identity number, an address or a free text. Each
field bears its privacy class (`x-privacy`): `opaque` (an id that says nothing by itself), `code` (a word of a list),
`date` (a day or an instant), `number`, `flag`, `nested` (a part with classes of its own).

Each message says when it is told (`x-told`), who hears it inside (`x-heard-by`) and what an outside system must be
permitted (`x-outside`; null: it never leaves). Outside systems never bind to `stafett.events`.

Fields may be added to any event at any time: pass over what you do not know. A field that is here stays, and keeps its
type and its list of choices. A change that would break a reader is a new type (`.v2`), told beside the old one."""


def document(version: str, web: str = "localhost", web_protocol: str = "https") -> dict[str, Any]:
    """The document of this `version`; `web` is the gateway's host, and port, as the reader reaches it."""
    events = sorted(EVENTS.values(), key=lambda each: each.type)
    leaving = [event for event in events if outside.may_leave(event)]
    schemas: dict[str, Any] = {}
    for event in (*events, outside.NOTICE):
        schemas |= _data_schemas(event)
    messages = {_key(event): _inside_message(event) for event in events}
    messages |= {f"outside_{_key(event)}": _outside_message(event) for event in leaving}
    messages[_NOTICE] = _notice_message()
    messages["outside_page"] = _page_message(leaving)
    channels = {_key(event): _inside_channel(event) for event in events}
    channels |= {f"outside_{_key(event)}": _outside_channel(event) for event in leaving}
    channels[_NOTICE] = _outside_channel(outside.NOTICE)
    channels |= {"webhook": _webhook_channel(leaving), "feed": _feed_channel()}
    operations = {f"send_{name}": _send(name, channel) for name, channel in channels.items()}
    operations["send_webhook"]["bindings"] = {"http": {"method": "POST", "bindingVersion": BINDING}}
    operations["send_feed"]["bindings"] = {
        "http": {"method": "GET", "query": _FEED_QUERY, "bindingVersion": BINDING}
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Stafett events", "version": version, "description": _INFO},
        "defaultContentType": CONTENT_TYPE,
        "servers": _servers(web, web_protocol),
        "channels": channels,
        "operations": operations,
        "components": {"schemas": schemas, "messages": messages, "securitySchemes": _SECURITY},
    }


# ---------------------------------------------------------------- servers

_SECURITY = {
    "user": {
        "type": "userPassword",
        "description": "The broker user of one outside system; it reads one queue.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "The feed token of one outside system."},
}


def _servers(web: str, web_protocol: str) -> dict[str, Any]:
    amqp = {
        "host": "{broker}",
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "variables": {"broker": {"description": "Host and port that the operator gives"}},
    }
    return {
        "inside": {
            **amqp,
            "description": "Where Stafett's own services tell and hear. Nobody else binds here.",
        },
        "outside": {
            **amqp,
            "description": "Where an outside system takes its events from its own queue, "
            f"`{outside.queue('<municipality>', '<recipient>')}`; it may declare and bind nothing.",
            "security": [{"$ref": "#/components/securitySchemes/user"}],
        },
        "feed": {
            "host": web,
            "protocol": web_protocol,
            "description": "Where an outside system asks for its events when it wants them.",
            "security": [{"$ref": "#/components/securitySchemes/token"}],
        },
        "receiver": {
            "host": "{receiver}",
            "protocol": "https",
            "description": "The outside system's own address, to which its events are posted.",
            "variables": {"receiver": {"description": "Host of the address that the subscription names"}},
        },
    }


# ---------------------------------------------------------------- messages


def _key(event: EventType) -> str:
    return event.type.replace(".", "_")


def _inside_message(event: EventType) -> dict[str, Any]:
    told = example_of(event)
    own = {
        "stream": {"const": event.stream, "x-privacy": "code"},
        "streamseq": {
            "type": "integer",
            "minimum": 1,
            "description": f"Counts from 1 within the stream, for each {event.subject}",
            "x-privacy": "number",
        },
        "traceparent": {"type": "string", "description": "W3C Trace Context", "x-privacy": "opaque"},
    }
    return _message(event, own, ("stream", "streamseq"), told.as_dict())


def _outside_message(event: EventType) -> dict[str, Any]:
    own = {
        "recipient": {"type": "string", "description": "Your name here", "x-privacy": "code"},
        "recipientseq": {
            "type": "integer",
            "minimum": 1,
            "description": "Counts what you were sent from 1, over all types, without gaps",
            "x-privacy": "number",
        },
    }
    told = outside.envelope(example_of(event), RECIPIENT, 1)
    return _message(event, own, ("recipient", "recipientseq"), told, f"outside.{event.type}")


_NOTICE = f"outside_{_key(outside.NOTICE)}"


def _notice_message() -> dict[str, Any]:
    message = _outside_message(outside.NOTICE)
    message["examples"][0]["payload"] = outside.envelope(notice_example(), RECIPIENT, 20)
    words = f"When: {outside.NOTICE.told}\n\nOutside: every system whose way is a queue, granted or not."
    return {**message, "description": words}


def _message(
    event: EventType,
    own: dict[str, Any],
    required: tuple[str, ...],
    example: dict[str, Any],
    data: str | None = None,
) -> dict[str, Any]:
    hearers = sorted(service for service, heard in HEARS.items() if event.stream in heard)
    return {
        "name": event.type,
        "title": event.type,
        "summary": event.meaning,
        "description": f"When: {event.told}\n\nInside: stream `{event.stream}`, heard by "
        f"{', '.join(hearers) or 'nobody'}.\n\nOutside: {PERMISSIONS[event.outside]}",
        "contentType": CONTENT_TYPE,
        "payload": _cloud_event(event, own, required, data or event.type),
        "examples": [{"name": "example", "summary": event.meaning, "payload": example}],
        "x-told": event.told,
        "x-heard-by": hearers,
        "x-outside": event.outside,
    }


def _cloud_event(
    event: EventType, own: dict[str, Any], required: tuple[str, ...], data: str
) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [
            *("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "municipality"),
            *required,
            "data",
        ],
        "properties": {
            "specversion": {"const": "1.0", "x-privacy": "code"},
            "id": {
                "type": "string",
                "description": "UUIDv7; the same event has the same id however often it comes",
                "x-privacy": "opaque",
            },
            "source": {"type": "string", "description": "/<municipality>/<service>", "x-privacy": "code"},
            "type": {"const": event.type, "x-privacy": "code"},
            "subject": {"type": "string", "description": f"Id of the {event.subject}", "x-privacy": "opaque"},
            "time": {
                "type": "string",
                "format": "date-time",
                "description": "When it happened, in UTC",
                "x-privacy": "date",
            },
            "datacontenttype": {"const": "application/json", "x-privacy": "code"},
            "municipality": {"type": "string", "x-privacy": "code"},
            **own,
            "data": {"$ref": f"#/components/schemas/{data}"},
        },
    }


def _page_message(leaving: list[EventType]) -> dict[str, Any]:
    refs = [{"$ref": f"#/components/messages/outside_{_key(event)}/payload"} for event in leaving]
    first = next(event for event in leaving if event.outside == "case")
    return {
        "name": "page",
        "title": "A page of the feed",
        "summary": "The events after a cursor, oldest first, and the cursor to ask with next.",
        "contentType": FEED_TYPE,
        "payload": {
            "type": "object",
            "required": ["items", "next", "more"],
            "properties": {
                "items": {"type": "array", "items": {"anyOf": refs}, "x-privacy": "nested"},
                "next": {"type": "string", "description": "Keep it, and ask with it", "x-privacy": "opaque"},
                "more": {
                    "type": "boolean",
                    "description": "Ask again at once, also when `items` is empty",
                    "x-privacy": "flag",
                },
            },
        },
        "examples": [
            {
                "name": "example",
                "payload": {
                    "items": [outside.envelope(example_of(first), RECIPIENT, 1)],
                    "next": "1",
                    "more": False,
                },
            }
        ],
    }


# ---------------------------------------------------------------- channels and operations

_PARAMETERS = {
    "municipality": {"description": "Code of the municipality", "examples": [MUNICIPALITY]},
    "recipient": {"description": "Name of the outside system", "examples": [RECIPIENT]},
}
_FEED_QUERY = {
    "type": "object",
    "properties": {
        "after": {"type": "string", "description": "The last page's `next`; left out: from the beginning"},
        "limit": {"type": "integer", "minimum": 1, "description": "How many events at most"},
    },
}


def _channel(address: str | None, server: str, messages: Iterable[str]) -> dict[str, Any]:
    return {
        "address": address,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _exchange(name: str) -> dict[str, Any]:
    exchange = {"name": name, "type": "topic", "durable": True, "autoDelete": False, "vhost": "/"}
    return {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": BINDING}}


def _inside_channel(event: EventType) -> dict[str, Any]:
    return {**_channel(event.type, "inside", [_key(event)]), "bindings": _exchange(EXCHANGE)}


def _outside_channel(event: EventType) -> dict[str, Any]:
    address = outside.routing_key("{municipality}", "{recipient}", event.type)
    return {
        **_channel(address, "outside", [f"outside_{_key(event)}"]),
        "parameters": _PARAMETERS,
        "bindings": _exchange(outside.EXCHANGE),
    }


def _webhook_channel(leaving: list[EventType]) -> dict[str, Any]:
    return {
        **_channel(None, "receiver", (f"outside_{_key(event)}" for event in leaving)),
        "title": "Webhook",
        "description": "Each event is posted to the address that the subscription names, signed as Standard Webhooks "
        "says (`webhook-id`, `webhook-timestamp`, `webhook-signature`), and again with growing pauses for 3 days until "
        "the receiver answers 2xx.",
    }


def _feed_channel() -> dict[str, Any]:
    return {
        **_channel(outside.FEED, "feed", ["outside_page"]),
        "title": "Feed",
        "description": "The same events, page by page, for whoever asks with a bearer token.",
    }


def _send(name: str, channel: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{each}"} for each in channel["messages"]],
    }
    if "bindings" in channel:
        operation["bindings"] = {
            "amqp": {"deliveryMode": 2, "mandatory": True, "timestamp": True, "bindingVersion": BINDING}
        }
    return operation


# ---------------------------------------------------------------- schemas


def _data_schemas(event: EventType) -> dict[str, Any]:
    """The event's data, and each message nested in it, as schemas of the document by name."""
    data = dict(schema_of(event.schema))
    data.pop("$schema", None)
    nested = data.pop("$defs", {})
    found = {event.type: data, **nested}
    if outside.may_leave(event):
        found[f"outside.{event.type}"] = _as_told_outside(event, data)
    return {name: _for_readers(schema) for name, schema in found.items()}


def _as_told_outside(event: EventType, data: dict[str, Any]) -> dict[str, Any]:
    """The event's data as an outside system may get it: of a case of others it is told less (outside.TO_OTHERS)."""
    others = outside.TO_OTHERS.get(event.type)
    if others is None:
        return data
    always = {*others.fields, *others.narrowed}
    not_told = sorted(set(data["properties"]) - always)
    narrowed = ", ".join(f"`{name}`" for name in others.narrowed)
    words = [
        "A system of the unit that owns the case is told all of it; a system of another service is told",
        "nothing of it." if not always else "all but " + ", ".join(f"`{name}`" for name in not_told) + "."
        if not_told else "the same.",
        f"Of {narrowed} each system of another service is told its own alone." if narrowed else "",
    ]  # fmt: skip
    required = (
        [name for name in data.get("required", ()) if name in always] if always else data.get("required", [])
    )
    return {**data, "required": required, "description": " ".join(filter(None, words))}


def _for_readers(node: Any) -> Any:
    """The schema as a reader may use it: open to fields that are added later; references within the document."""
    if isinstance(node, dict):
        return {
            key: value.replace("#/$defs/", "#/components/schemas/") if key == "$ref" else _for_readers(value)
            for key, value in node.items()
            if not (key == "additionalProperties" and value is False)
        }
    if isinstance(node, list):
        return [_for_readers(item) for item in node]
    return node


# ---------------------------------------------------------------- what is held still


def envelopes() -> dict[str, dict[str, Any]]:
    """The schema of the envelope inside and outside, whatever event it bears: for the check of evolution."""
    some = next(event for event in EVENTS.values() if outside.may_leave(event))
    any_of = {"type": {"type": "string"}, "stream": {"type": "string"}, "data": {"type": "object"}}
    found = {}
    for side, message in (("inside", _inside_message(some)), ("outside", _outside_message(some))):
        payload = message["payload"]
        fields = {
            name: any_of.get(name, {key: value for key, value in field.items() if key != "description"})
            for name, field in payload["properties"].items()
        }
        found[side] = {**payload, "properties": fields, "required": sorted(payload["required"])}
    return found
