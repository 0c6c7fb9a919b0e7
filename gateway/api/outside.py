"""The feed of an outside system: what it may be told now, page by page, for whoever bears its token.

It stands beside the API of persons: there is no session here, and nothing of a person's may be done.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, g, jsonify, request
from flask_limiter.util import get_remote_address
from flask_smorest import Api, Blueprint

from gateway.api.machines import client_of_request, refused
from gateway.login.machines import InsufficientScope, TokenNotValid, asking_machine, is_token
from services.contracts import notifications, outside
from services.kernel.errors import Forbidden

PER_SYSTEM, PER_ADDRESS = "120 per minute", "600 per minute"
_TOKEN = re.compile(r"Bearer (([a-z0-9][a-z0-9_-]{0,63})\.[A-Za-z0-9_-]{32,120})")
_NOT_VALID = "token_not_valid"


def register(app: Flask, api: Api, query_schema: Any) -> None:
    """Put the feed into the app and its OpenAPI document; `query_schema` is the request as it stands in an address."""
    api.spec.components.security_scheme(
        "feed_token", {"type": "http", "scheme": "bearer", "description": "The token of one outside system"}
    )
    limiter = app.extensions["stafett.limiter"]
    blueprint = Blueprint("api_outside", "Outside systems", url_prefix=outside.FEED.rpartition("/")[0])

    def feed(_query: dict[str, Any]) -> Any:
        try:
            answer = _page()
        except Forbidden as refusal:
            if refusal.code not in (_NOT_VALID, InsufficientScope.code):
                raise
            return refused(refusal)
        return jsonify(items=answer["items"], next=answer["next"], more=answer["more"])

    feed.__doc__ = f"{notifications.ReadFeed.meaning}\n---\n"
    limited = limiter.limit(PER_SYSTEM, key_func=_system)(limiter.limit(PER_ADDRESS, key_func=_address)(feed))
    described = blueprint.doc(
        operationId=notifications.ReadFeed.name,
        security=[{"feed_token": []}, {"machine": ["feed.read"]}],
        responses={
            str(status): {"description": words, "content": {"application/problem+json": {}}}
            for status, words in _REFUSALS.items()
        },
    )(limited)
    described = blueprint.response(200, notifications.FeedPage)(described)
    described = blueprint.arguments(query_schema, location="query")(described)
    blueprint.route("/" + outside.FEED.rpartition("/")[2], methods=["GET"])(described)
    api.register_blueprint(blueprint)


def _page() -> dict[str, Any]:
    """A page of the feed whose token came, or of the feed that belongs to the program whose token came."""
    header = request.headers.get("Authorization", "")
    sent: dict[str, Any] = {}
    if "after" in request.args:
        sent["after"] = request.args["after"]
    if "limit" in request.args:
        sent["limit"] = int(request.args["limit"])
    if is_token(header):
        machine = asking_machine("feed.read")
        asked = {"recipient": machine.recipient, "subscription_id": machine.subscription_id, **sent}
        found: dict[str, Any] = g.asking.as_service(
            notifications.ReadFeedOfClient, asked, machine.municipality
        )
        return found
    token = _TOKEN.fullmatch(header)
    if token is None:
        raise TokenNotValid("Send your token: Authorization: Bearer ...")
    return dict(g.asking.as_service(notifications.ReadFeed, {"token": token[1], **sent}, token[2]))


_REFUSALS = {
    401: "The token is missing, or none that is in force in its municipality (`token_not_valid`)",
    403: "The subscription is disabled (`subscription_disabled`)",
    422: "The cursor is none of this feed's (`after`: `not_a_cursor`), or the limit is not from 1 to 100",
    429: f"Asked too often: {PER_SYSTEM} for one system, {PER_ADDRESS} for one address. See Retry-After",
    503: "Not available now. See Retry-After",
}


def _system() -> str:
    header = request.headers.get("Authorization", "")
    return client_of_request() if is_token(header) else f"outside:{hash(header)}"


def _address() -> str:
    return f"outside:{get_remote_address()}"
