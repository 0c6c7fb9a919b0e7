"""The JSON API: made from the table in routes.py, described by OpenAPI 3.1 from the same schemas."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, g, jsonify, request, session
from flask_smorest import Api, Blueprint
from marshmallow import Schema, pre_load
from marshmallow.fields import Boolean, Integer, List
from werkzeug.exceptions import HTTPException

from gateway.api import docs, machines, outside, papers
from gateway.api.routes import ROUTES, Route
from gateway.composition.access_history import history
from gateway.composition.case import case_page
from gateway.composition.work import work_page
from gateway.guards import csrf_token
from gateway.login import people
from gateway.problems import problem
from services.contracts import directory, notifications
from services.contracts.asyncapi import document
from services.contracts.base import Procedure
from services.kernel.errors import InvalidInput, Refusal
from services.kernel.sentences import SENTENCES

VERSION = "0.1.0"
_SLOT = re.compile(r"<(\w+)>")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_VERSION = re.compile(r"[0-9]{1,15}")


class PreconditionRequired(Refusal):
    """An edit must say which version it is an edit of (LG-8)."""

    code, status, rule = "if_match_required", 428, "LG-8"
    detail = "Send the thing's version in the If-Match header."


class _Api(Api):  # type: ignore[misc]
    """flask-smorest, with the app's own answers to errors (problems.py)."""

    def _register_error_handlers(self) -> None:
        """Nothing: problems.py answers all errors."""

    def handle_http_exception(self, error: HTTPException) -> Any:
        raise error


def _endpoint(route: Route) -> str:
    return f"api_{route.tag.lower().replace(' ', '_')}.{_view_name(route)}"


def _view_name(route: Route) -> str:
    return f"{route.method.lower()}_{route.procedure.method}"


OPEN = frozenset(
    {_endpoint(route) for route in ROUTES if route.open} | {"docs", "asyncapi", "me", "me_capacity", "ping"}
)
"""Endpoints of the API for which nobody needs to be logged in."""
PROGRAMS = machines.ROOM
"""The blueprint of programs: no browser's session counts there, so no other site can use it."""


def register(app: Flask) -> None:
    """Put the API into the app."""
    app.config.update(
        API_TITLE="Stafett",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = _Api(app)
    blueprints: dict[str, Blueprint] = {}
    for route in ROUTES:
        blueprint = blueprints.setdefault(
            route.tag, Blueprint(f"api_{route.tag.lower().replace(' ', '_')}", route.tag, url_prefix="/api")
        )
        _add(blueprint, route)
    for blueprint in blueprints.values():
        api.register_blueprint(blueprint)
    papers.register(api)
    machines.register(app, api)
    outside.register(app, api, _query_schema(notifications.ReadFeed, {"token"}))
    _add_plain(app)
    docs.register(app)


def _add(blueprint: Blueprint, route: Route) -> None:
    procedure = route.procedure
    slots = _SLOT.findall(route.rule)
    hidden = set(slots) | ({"expected_version"} if route.edits else set())
    known = set(procedure.request().fields)
    has_body = bool(known - hidden)

    def view(body: dict[str, Any] | None = None, **values: str) -> Any:
        sent = {**(_sent(route) if has_body else {}), **values}
        if route.edits:
            sent["expected_version"] = _if_match()
        if route.open:
            answer = g.asking.as_service(procedure, sent, sent.get("municipality"))
        else:
            answer = g.asking(procedure, sent, idempotency_key=_idempotency_key())
        headers = {"ETag": f'"{answer["version"]}"'} if answer.get("version") is not None else {}
        # How far the streams have come is for the session and the sealed header alone (versions.py).
        response = jsonify({name: value for name, value in answer.items() if name != "versions"})
        response.status_code = route.status
        response.headers.update(headers)
        return response

    view.__name__ = _view_name(route)
    view.__doc__ = f"{procedure.meaning}\n---\n"
    decorated = blueprint.doc(
        operationId=procedure.name if route.method != "GET" else f"{procedure.name}",
        parameters=_headers(route),
        responses={
            "default": {"description": "A problem (RFC 9457)", "content": {"application/problem+json": {}}}
        },
    )(view)
    decorated = blueprint.response(route.status, _told(procedure))(decorated)
    if has_body:
        if route.method == "GET":
            decorated = blueprint.arguments(_query_schema(procedure, hidden & known), location="query")(
                decorated
            )
        else:
            decorated = blueprint.arguments(procedure.request(exclude=tuple(hidden & known)))(decorated)
    blueprint.route(_SLOT.sub(r"<\1>", route.rule), methods=[route.method])(decorated)


def _told(procedure: Procedure) -> Schema:
    """What an answer holds, as the API's description says it."""
    hidden = {"versions"} & set(procedure.response().fields)
    return procedure.response(exclude=tuple(hidden))


def _sent(route: Route) -> dict[str, Any]:
    """What the caller sent, already checked against the schema by the decorator; sent on as it was written."""
    if route.method != "GET":
        return dict(request.get_json())
    return _of_query(route.procedure.request().fields, request.args)


def _of_query(fields: Mapping[str, Any], args: Any) -> dict[str, Any]:
    """The values of an address as JSON values: there all are texts. What is no number or flag stays as it is."""
    sent: dict[str, Any] = {}
    for name in args:
        field, value = fields.get(name), args[name]
        if isinstance(field, List):
            sent[name] = args.getlist(name)
        elif isinstance(field, Integer):
            sent[name] = int(value) if _WHOLE.fullmatch(value) else value
        elif isinstance(field, Boolean):
            sent[name] = {"true": True, "false": False}.get(value, value)
        else:
            sent[name] = value
    return sent


def _query_schema(procedure: Procedure, hidden: set[str]) -> Schema:
    """The request of a query, read from an address."""

    def read(self: Schema, _data: Any, **_: Any) -> dict[str, Any]:
        return _of_query(self.fields, request.args)

    name = f"{procedure.request.__name__}InQuery"
    return type(name, (procedure.request,), {"read": pre_load(read)})(exclude=tuple(hidden))


def _if_match() -> int:
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired
    tag = given.strip().removeprefix("W/").strip('"')
    if not _VERSION.fullmatch(tag):
        raise InvalidInput(fields={"If-Match": "not_a_version"})
    return int(tag)


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(r"[\x21-\x7e]{1,100}", key):
        raise InvalidInput(fields={"Idempotency-Key": "not_a_key"})
    return key


def _headers(route: Route) -> list[dict[str, Any]]:
    text = {"type": "string"}
    found: list[dict[str, Any]] = []
    if route.method != "GET":
        found.append({"in": "header", "name": "Stafett-CSRF", "schema": text, "required": True})
        found.append({"in": "header", "name": "Idempotency-Key", "schema": text, "required": False})
    if route.edits:
        found.append({"in": "header", "name": "If-Match", "schema": text, "required": True})
    return found


def _add_plain(app: Flask) -> None:
    """What is composed or about the API itself, and so is no single procedure."""

    @app.errorhandler(RecursionError)
    def nested_too_deep(_error: RecursionError) -> Any:
        return problem(Refusal("The JSON is nested too deep.", code="malformed", status=400))

    @app.get("/api/asyncapi.json")
    def asyncapi() -> Any:
        return jsonify(document(VERSION, request.host, request.scheme))

    @app.get("/api/me")
    def me() -> Any:
        """Who is logged in, as what, and the token that changes must bear."""
        return jsonify(
            capacities=[{**each, "index": i} for i, each in enumerate(session.get("capacities", []))],
            chosen=people.chosen(), assurance=session.get("assurance"), csrf=csrf_token(),
        )  # fmt: skip

    @app.post("/api/me/capacity")
    def me_capacity() -> Any:
        body = request.get_json()
        index = body.get("index") if isinstance(body, dict) else None
        if not isinstance(index, int) or not people.choose(index):
            raise InvalidInput(fields={"index": "not_a_choice"})
        return jsonify(chosen=people.chosen())

    @app.get("/api/cases/<case_id>/page")
    def page_of_case(case_id: str) -> Any:
        """The case page's content: case, notes, consents and log, asked for side by side."""
        return jsonify(case_page(g.asking, g.names, case_id))

    @app.get("/api/cases/<case_id>/access-history")
    def access_history(case_id: str) -> Any:
        """Who has looked at the case, by day and person, newest first, 14 days a page (SE-2)."""
        found = history(g.asking, case_id, request.args.get("before"))
        for day in found["days"]:
            for look in day["looks"]:
                look["sentences"] = [SENTENCES[code] for code in look["reasons"] if code in SENTENCES]
        return jsonify(found)

    @app.get("/api/work")
    def work() -> Any:
        """What waits for the asker, from all services."""
        return jsonify(work_page(g.asking, g.names))

    @app.get("/api/ping")
    def ping() -> Any:
        """One bare RPC through the gateway and back: the yardstick of the bench."""
        return jsonify(g.asking.as_service(directory.Ping, {}))
