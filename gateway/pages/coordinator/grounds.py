"""On what sharing rests: the municipality's own reference for each ground, as its coordinator writes it (CO-11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import LOCALE, day_in_words, notice, render
from gateway.pages.choices import today
from gateway.pages.coordinator.explain import demand_coordinator
from services.contracts import directory
from services.kernel.errors import NotFound

blueprint = Blueprint("grounds", __name__)

Page = str | Response | tuple[str, int]


@blueprint.before_request
def _coordinators() -> None:
    demand_coordinator()


@blueprint.get(PATHS["grounds"])
def grounds() -> str:
    """Every ground with the reference in force, what is to come, and what went before."""
    return render("coordinator/grounds.html", grounds=_grounds(), active="work")


@blueprint.get(PATHS["ground"])
def one(ground: str) -> str:
    """The form, filled with the reference in force."""
    found = _found(ground)
    form = Form(
        {"reference": found["reference"], "valid_from": (today() + timedelta(days=1)).isoformat()},
        etag=str(found["newest"]),
    )
    return render("coordinator/ground.html", ground=found, form=form, active="work")


@blueprint.post(PATHS["ground"])
def saved(ground: str) -> Page:
    """Save a new version of the reference."""
    found, form = _found(ground), Form.sent()
    for name in ("reference", "valid_from"):
        if not form.text(name):
            form.wrong(name, "required")
    asked = {
        "ground": ground,
        "reference": form.text("reference"),
        "valid_from": form.text("valid_from"),
        "expected_version": form.version,
    }
    if form.errors or form.submit(directory.SaveGround, asked) is None:
        return render("coordinator/ground.html", ground=found, form=form, active="work"), form.status
    g.names.forget()
    notice("ground.saved", day=day_in_words(str(form.text("valid_from"))))
    return redirect(path("grounds"), 303)


def _found(ground: str) -> dict[str, Any]:
    for each in _grounds():
        if each["code"] == ground:
            return each
    raise NotFound


def _grounds() -> list[dict[str, Any]]:
    """Ground by ground, from the catalogue: its versions come the newest first."""
    versions: dict[str, list[dict[str, Any]]] = {}
    for each in g.names.catalogue().get("grounds") or []:
        versions.setdefault(each["ground"], []).append(each)
    return [_ground(code, each) for code, each in versions.items()]


def _ground(code: str, versions: list[dict[str, Any]]) -> dict[str, Any]:
    day = today().isoformat()
    begun = [each for each in versions if each["valid_from"] <= day]
    now = max(begun, key=lambda each: (each["valid_from"], each["version"]), default=versions[-1])
    return {
        "code": code,
        "url": path("ground", ground=code),
        "text": now["text"][LOCALE],
        "reference": now["reference"],
        "version": now["version"],
        "since": now["valid_from"],
        "newest": versions[0]["version"],
        "coming": [each for each in versions if each["valid_from"] > day],
        "earlier": [each for each in begun if each is not now],
    }
