"""The feed of an outside system: what it may be told now, page by page, for whoever bears its token.

It stands beside the API of persons: there is no session here, and nothing of a person's may be done.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, g, jsonify, request
from flask_limiter.util import get_remote_address
from flask_smorest import Api, Blueprint

from gateway.problems import problem
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
        found = _TOKEN.fullmatch(request.headers.get("Authorization", ""))
        if found is None:
            return _not_valid(Forbidden("Send your token: Authorization: Bearer ...", code=_NOT_VALID))
        sent: dict[str, Any] = {"token": found[1]}
        if "after" in request.args:
            sent["after"] = request.args["after"]
        if "limit" in request.args:
            sent["limit"] = int(request.args["limit"])
        try:
            answer = g.asking.as_service(notifications.ReadFeed, sent, found[2])
        except Forbidden as refusal:
            if refusal.code != _NOT_VALID:
                raise
            return _not_valid(refusal)
        return jsonify(items=answer["items"], next=answer["next"], more=answer["more"])

    feed.__doc__ = f"{notifications.ReadFeed.meaning}\n---\n"
    limited = limiter.limit(PER_SYSTEM, key_func=_system)(limiter.limit(PER_ADDRESS, key_func=_address)(feed))
    described = blueprint.doc(
        operationId=notifications.ReadFeed.name,
        security=[{"feed_token": []}],
        responses={
            str(status): {"description": words, "content": {"application/problem+json": {}}}
            for status, words in _REFUSALS.items()
        },
    )(limited)
    described = blueprint.response(200, notifications.FeedPage)(described)
    described = blueprint.arguments(query_schema, location="query")(described)
    blueprint.route("/" + outside.FEED.rpartition("/")[2], methods=["GET"])(described)
    api.register_blueprint(blueprint)


_REFUSALS = {
    401: "The token is missing, or none that is in force in its municipality (`token_not_valid`)",
    403: "The subscription is disabled (`subscription_disabled`)",
    422: "The cursor is none of this feed's (`after`: `not_a_cursor`), or the limit is not from 1 to 100",
    429: f"Asked too often: {PER_SYSTEM} for one system, {PER_ADDRESS} for one address. See Retry-After",
    503: "Not available now. See Retry-After",
}


def _not_valid(refusal: Forbidden) -> Response:
    refusal.status = 401
    answer = problem(refusal)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _system() -> str:
    return f"outside:{hash(request.headers.get('Authorization', ''))}"


def _address() -> str:
    return f"outside:{get_remote_address()}"
