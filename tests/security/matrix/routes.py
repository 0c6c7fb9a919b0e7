"""Every route that there is: from the gateway's own URL map, and from what the OpenAPI document tells others."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from gateway.api.routes import ROUTES
from gateway.app import Means, create_app
from services.contracts.base import ids_named

_SLOT = re.compile(r"<(?:\w+:)?(\w+)>")
_NO_ACT = {"HEAD", "OPTIONS"}


def all_routes() -> list[str]:
    """ "GET /sak/{case_id}", ...: each method of each address of the gateway, made from the application itself. Nothing
    is connected: its means are not used before the first request."""
    settings: Any = SimpleNamespace(
        public_url="http://127.0.0.1:1", oidc_issuer="http://127.0.0.1:2", oidc_client_id="-", oidc_client_secret="-",
        sandbox=True,
    )  # fmt: skip
    nothing: Any = None
    app = create_app(Means(settings, nothing, nothing, nothing, nothing, nothing, nothing))
    return sorted(
        f"{method} {_SLOT.sub(_braces, rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - _NO_ACT
    )


def _braces(slot: re.Match[str]) -> str:
    return f"{{{slot[1]}}}"


def told_routes(document: dict[str, Any]) -> set[str]:
    """The routes that an OpenAPI document tells."""
    return {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    }


def ids_taken(route: str) -> set[str]:
    """The names of what the API takes for ids in the query or the body of a route, as the contract marks them."""
    method, address = route.split(" ", 1)
    for each in ROUTES:
        if each.method == method and f"/api{each.rule}" == address.replace("{", "<").replace("}", ">"):
            in_path = set(_SLOT.findall(f"/api{each.rule}"))
            return set(ids_named(each.procedure.request)) - in_path
    return set()
