"""Talking a worry over with other services or child protection, without a name or with the family's word (LV-12)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.asking import NotLoggedIn
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.pages.case.head import ask_case
from gateway.pages.choices import topic_choices
from services.contracts import cases
from services.kernel.errors import NotFound

blueprint = Blueprint("discussions", __name__)

Page = str | Response | tuple[str, int]


@blueprint.before_request
def _employees() -> Response | None:
    """Employees ask one another; families have their own pages."""
    if g.asking.actor is None:
        raise NotLoggedIn
    return None if g.asking.actor.capacity == "employee" else redirect(path("home"), 303)


@blueprint.get(PATHS["discussions"])
def discussions() -> str:
    """What the unit asked, and what it is asked."""
    rows = [_shown(each) for each in g.asking(cases.Discussions)["items"]]
    asked = [row for row in rows if not row["mine"]]
    mine = [row for row in rows if row["mine"]]
    return render("employee/discussions.html", asked=asked, mine=mine, active="work")


@blueprint.get(PATHS["discussion_new"])
def new() -> str:
    """The question: from a case, or by a child's number."""
    return _new(Form({"named": "no"}))


@blueprint.post(PATHS["discussion_new"])
def asked() -> Page:
    """Put it; a text that tells whom it is about comes back with the word."""
    form, case_id = Form.sent("to_unit_ids", "agreed_ids"), request.args.get("case_id") or None
    if not form.text("text"):
        form.wrong("text", "required")
    if not form.many("to_unit_ids"):
        form.wrong("to_unit_ids", "required")
    done = None
    if not form.errors:
        sent = {
            "to_unit_ids": form.many("to_unit_ids"),
            "text": form.text("text"),
            "case_id": case_id,
            "child_number": "".join((form.text("child_number") or "").split()) or None,
            "named": form.text("named") == "yes",
            "topic": form.text("topic"),
            "agreed_ids": form.many("agreed_ids"),
            "agreed_on": form.text("agreed_on"),
        }
        done = form.submit(cases.AskDiscussion, sent)
        if done is None and form.refusal is not None and "word" in form.refusal.params:
            form.errors["text"] = t("discuss.tells", word=form.refusal.params["word"])
    if done is None:
        return _new(form), form.status
    notice("discuss.sent")
    return redirect(path("discussions"), 303)


@blueprint.get(PATHS["discussion"])
def discussion(discussion_id: str) -> str:
    """One, with its answers."""
    return _one(discussion_id, Form())


@blueprint.post(PATHS["discussion"])
def answered(discussion_id: str) -> Page:
    """Answer it."""
    form = Form.sent()
    if not form.text("text"):
        form.wrong("text", "required")
    done = None
    if not form.errors:
        done = form.submit(
            cases.AnswerDiscussion, {"discussion_id": discussion_id, "text": form.text("text")}
        )
    if done is None:
        return _one(discussion_id, form), form.status
    notice("discuss.answered")
    return redirect(path("discussion", discussion_id=discussion_id), 303)


def _new(form: Form) -> str:
    case_id = request.args.get("case_id") or None
    page = ask_case(case_id) if case_id else None
    family: list[dict[str, str]] = []
    if page:
        people = [*page["case"]["guardians"], page["case"]["child"]]
        family = [{"code": each["person_id"], "text": each["name"]} for each in people]
    return render(
        "employee/discussion_new.html", form=form, units=_units(), topics=topic_choices(), family=family,
        case=page["head"] if page else None, active="work",
    )  # fmt: skip


def _units() -> list[dict[str, str]]:
    """The municipality's other units, by name."""
    own = g.asking.actor.unit_id if g.asking.actor else None
    found = [each for each in g.names.catalogue()["units"] if each["id"] != own]
    return [
        {"code": each["id"], "text": each["name"]} for each in sorted(found, key=lambda unit: unit["name"])
    ]


def _one(discussion_id: str, form: Form) -> str:
    items = g.asking(cases.Discussions)["items"]
    found = next((each for each in items if each["discussion_id"] == discussion_id), None)
    if found is None:
        raise NotFound
    return render("employee/discussion.html", discussion=_shown(found), form=form, active="work")


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    place = g.asking.municipality
    names = g.names.people([found["by_person_id"], *(each["by_person_id"] for each in found["answers"])])
    return {
        "url": path("discussion", discussion_id=found["discussion_id"]),
        "mine": found["mine"],
        "named": found["named"],
        "ground": g.names.ground(found.get("ground"), found.get("ground_version")),
        "at": found["asked_at"],
        "by": names.get(found["by_person_id"], ""),
        "unit": g.names.unit(place, found["from_unit_id"]) or "",
        "to": [g.names.unit(place, unit) or "" for unit in found["to_unit_ids"]],
        "text": found["text"],
        "answers": [
            {"by": names.get(each["by_person_id"], ""), "unit": g.names.unit(place, each["unit_id"]) or "",
             "text": each["text"], "at": each["at"]}
            for each in found["answers"]
        ],
    }  # fmt: skip
