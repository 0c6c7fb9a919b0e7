"""The API and the events as a page that people can read: from the same tables and schemas as the OpenAPI and
AsyncAPI documents."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask

from gateway.api.routes import ROUTES, Route
from gateway.frame.view import render
from services.contracts.asyncapi import PERMISSIONS
from services.contracts.base import EventType, Message
from services.contracts.catalogue import EVENTS
from services.contracts.examples import example_of
from services.contracts.jsonschema import PRIVACY, schema_of


def register(app: Flask) -> None:
    """Add /api/docs."""

    @app.get("/api/docs")
    def docs() -> str:
        groups: dict[str, list[dict[str, Any]]] = {}
        for route in ROUTES:
            groups.setdefault(route.tag, []).append(_call(route))
        return render(
            "common/api_docs.html",
            groups=[{"name": name, "calls": calls} for name, calls in groups.items()],
            events=[_event(event) for event in sorted(EVENTS.values(), key=lambda each: each.type)],
            unread=None,
        )


def _call(route: Route) -> dict[str, Any]:
    return {
        "method": route.method,
        "path": f"/api{route.rule}".replace("<", "{").replace(">", "}"),
        "summary": route.procedure.meaning,
        "open": route.open,
        "fields": _fields(route.procedure.request),
        "answer": _fields(route.procedure.response),
    }


def _event(event: EventType) -> dict[str, Any]:
    return {
        "type": event.type,
        "meaning": event.meaning,
        "told": event.told,
        "outside": PERMISSIONS[event.outside],
        "fields": _fields(event.schema),
        "example": json.dumps(example_of(event).data, indent=1, ensure_ascii=False),
    }


def _fields(message: type[Message]) -> list[dict[str, Any]]:
    schema = schema_of(message)
    return [
        {
            "name": name,
            "type": _type(field),
            "required": name in schema.get("required", ()),
            "text": field.get("description", ""),
            "privacy": field.get(PRIVACY),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rsplit(".", 1)[-1]
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"] if value is not None)
    if field.get("type") == "array":
        return f"[{_type(field.get('items', {}))}]"
    kind = field.get("type", "any")
    return " | ".join(kind) if isinstance(kind, list) else str(kind)
