"""The way in after login, and the drafts that are kept while somebody writes."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from gateway.asking import NotLoggedIn
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import t
from gateway.login import people
from gateway.pages import drafts

blueprint = Blueprint("home", __name__)


@blueprint.get(PATHS["home"])
def home() -> Response:
    """Where the person's work or cases are, by the capacity they have chosen."""
    chosen = people.chosen()
    if chosen is None:
        raise NotLoggedIn
    return redirect(path("work" if chosen["capacity"] == "employee" else "my_cases"), 303)


@blueprint.post(PATHS["draft"])
def draft(draft_id: str) -> tuple[str, int, dict[str, str]]:
    """Keep what stands in the form now; asked by htmx while the person writes."""
    if people.chosen() is None:
        raise NotLoggedIn
    name = draft_id[:80]
    many = [field for field in request.form if len(request.form.getlist(field)) > 1]
    sent = Form.sent(*many).data
    drafts.keep(name, drafts.draft(name) | sent if name in drafts.OF_MANY_PAGES else sent)
    return t("form.draft_kept"), 200, {"Content-Type": "text/plain; charset=utf-8"}
