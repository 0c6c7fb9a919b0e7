"""The API as a page that people can read: from the same table and schemas as the OpenAPI document."""

from __future__ import annotations

from typing import Any

from flask import Flask

from gateway.api.routes import ROUTES, Route
from gateway.pages.view import render
from services.contracts.base import Message
from services.contracts.jsonschema import schema_of


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


def _fields(message: type[Message]) -> list[dict[str, Any]]:
    schema = schema_of(message)
    return [
        {
            "name": name,
            "type": _type(field),
            "required": name in schema.get("required", ()),
            "text": field.get("description", ""),
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
