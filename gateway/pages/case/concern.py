"""Raising a concern: the duty to report first, then which child, what was seen, a last look, and a receipt.
What is written stays in the encrypted session until it is sent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, g, redirect, request
from werkzeug.wrappers import Response

from gateway.asking import NotLoggedIn
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render
from gateway.login import people
from gateway.pages import drafts
from gateway.pages.case.head import ask_case
from gateway.pages.choices import topic_choices
from services.contracts import cases
from services.kernel.identity_number import check
from services.kernel.text import NARRATIVE, safe_text

blueprint = Blueprint("concern", __name__)

DRAFT = "concern"
_CHILD = ("subject_kind", "child_number", "unit_id", "parent_agreed_on", "follow_up_unit_id")
_FOLLOW_UP = ("universal", "supporting")


@blueprint.before_request
def _employees() -> Response | None:
    """Only employees raise concerns here; others are shown where they can turn."""
    chosen = people.chosen()
    if chosen is None:
        raise NotLoggedIn
    return None if chosen["capacity"] == "employee" else redirect(path("home"), 303)


@blueprint.get(PATHS["concern_new"])
def duty() -> str:
    """The duty to report comes before talk and consent (PR-1)."""
    return _duty(Form(drafts.draft(DRAFT)), unsure=request.args.get("svar") == "usikker")


@blueprint.post(PATHS["concern_new"])
def duty_answered() -> Response | tuple[str, int]:
    """On to the lane, to advice, or to the concern."""
    form = Form.sent()
    where = {
        "yes": path("lane"),
        "unsure": path("concern_new", svar="usikker"),
        "no": path("concern_child"),
    }.get(form.text("danger") or "")
    if where is None:
        form.wrong("danger", "required")
        return _duty(form), form.status
    return redirect(where, 303)


def _duty(form: Form, unsure: bool = False) -> str:
    found = g.names.catalogue()["services"]
    phone = next((each["contact"].get("phone") for each in found if each["kind"] == "child_protection"), None)
    return render("employee/concern_duty.html", form=form, unsure=unsure, phone=phone, active="work")


@blueprint.get(PATHS["concern_child"])
def child() -> str:
    """Which child it is."""
    return _child(Form(drafts.draft(DRAFT)))


@blueprint.post(PATHS["concern_child"])
def child_answered() -> Response | tuple[str, int]:
    """The number is looked at here already, so that a slip is told at once; the register is asked at the end."""
    form = Form.sent()
    form.data["child_number"] = "".join((form.text("child_number") or "").split())
    if form.text("subject_kind") not in ("child", "pregnant"):
        form.wrong("subject_kind", "required")
    fault = _number_fault(form.data["child_number"])
    if fault:
        form.wrong("child_number", fault)
    if _for_adults() and form.text("subject_kind") == "child":
        for name in ("parent_agreed_on", "follow_up_unit_id"):
            if not form.text(name):
                form.wrong(name, "required")
    if form.errors:
        return _child(form), form.status
    _keep(form, _CHILD)
    return redirect(path("concern_check" if drafts.draft(DRAFT).get("concern") else "concern_seen"), 303)


def _number_fault(number: str) -> str | None:
    if not number:
        return "required"
    return check(number, current_app.extensions["stafett"].settings.sandbox)


def _child(form: Form) -> str:
    chosen = people.chosen() or {}
    unit = {"code": chosen["unit_id"], "text": g.names.unit(chosen["municipality"], chosen["unit_id"]) or ""}
    followers = _followers() if _for_adults() else []
    return render("employee/concern_child.html", form=form, units=[unit], followers=followers, active="work")


def _for_adults() -> bool:
    """Whether the reader's unit is one of a service for adults (LV-14)."""
    catalogue, unit_id = g.names.catalogue(), (people.chosen() or {}).get("unit_id")
    unit = catalogue["unit_by_id"].get(unit_id)
    service = catalogue["service_by_id"].get(unit["service_id"]) if unit else None
    return bool(service and service["kind"] == "adult")


def _followers() -> list[dict[str, str]]:
    """The units that can follow a child up."""
    catalogue = g.names.catalogue()
    kinds = {each["id"]: each["kind"] for each in catalogue["services"]}
    found = [each for each in catalogue["units"] if kinds.get(each["service_id"]) in _FOLLOW_UP]
    return [
        {"code": each["id"], "text": each["name"]} for each in sorted(found, key=lambda unit: unit["name"])
    ]


@blueprint.get(PATHS["concern_seen"])
def seen() -> Response | str:
    """What was seen or heard."""
    kept = drafts.draft(DRAFT)
    return _seen(Form(kept)) if kept.get("child_number") else redirect(path("concern_child"), 303)


@blueprint.post(PATHS["concern_seen"])
def seen_answered() -> Response | tuple[str, int]:
    """Keep it and go on."""
    form = Form.sent()
    fault = safe_text(form.text("concern") or "", NARRATIVE)
    if not form.text("concern"):
        form.wrong("concern", "required")
    elif fault:
        form.wrong("concern", fault)
    if form.errors:
        return _seen(form), form.status
    _keep(form, ("concern", "topic"))
    return redirect(path("concern_check"), 303)


def _seen(form: Form) -> str:
    form.draft = DRAFT
    return render("employee/concern_seen.html", form=form, topics=topic_choices(hints=True), active="work")


@blueprint.get(PATHS["concern_check"])
def last_look() -> Response | str:
    """All that was written, before it is sent."""
    kept = drafts.draft(DRAFT)
    if not kept.get("child_number") or not kept.get("concern"):
        return redirect(path("concern_child"), 303)
    form = Form(kept)
    if kept.get("key"):
        form.key = kept["key"]
    else:
        drafts.keep(DRAFT, kept | {"key": form.key})
    return _last_look(form)


def _last_look(form: Form) -> str:
    kept, chosen = drafts.draft(DRAFT), people.chosen() or {}
    answers = {
        "subject_kind": kept.get("subject_kind", "child"),
        "child_number": f"{kept['child_number'][:6]} *****",
        "unit": g.names.unit(chosen["municipality"], chosen["unit_id"]),
        "concern": kept["concern"],
        "topic": kept.get("topic"),
    }
    return render("employee/concern_check.html", form=form, answers=answers, active="work")


@blueprint.post(PATHS["concern_check"])
def send() -> Response | tuple[str, int]:
    """Register the concern (LV-2). A fault is shown on the page where it can be mended."""
    kept, chosen = drafts.draft(DRAFT), people.chosen() or {}
    if not kept.get("child_number") or not kept.get("concern"):
        return redirect(path("concern_child"), 303)
    form = Form.sent()
    form.data = dict(kept)
    answer = form.submit(
        cases.RaiseConcern,
        {
            "child_number": kept["child_number"],
            "unit_id": chosen["unit_id"],
            "subject_kind": kept.get("subject_kind", "child"),
            "concern": kept["concern"],
            "topic": kept.get("topic") or None,
            "parent_agreed_on": kept.get("parent_agreed_on") or None,
            "follow_up_unit_id": kept.get("follow_up_unit_id") or None,
        },
    )
    if answer is None:
        drafts.keep(DRAFT, {name: value for name, value in kept.items() if name != "key"})
        if form.errors.keys() & set(_CHILD):
            return _child(form), form.status
        if form.errors.keys() & {"concern", "topic"}:
            return _seen(form), form.status
        return _last_look(form), form.status
    drafts.drop(DRAFT)
    if _for_adults() and kept.get("subject_kind") == "child":
        notice("concern.handed_on")
        return redirect(path("work"), 303)
    return redirect(path("concern_receipt", case_id=answer["id"]), 303)


@blueprint.get(PATHS["concern_receipt"])
def receipt(case_id: str) -> Response | str:
    """What happens now, and until when; the case itself, once that has been decided."""
    page = ask_case(case_id)
    case = page["case"]
    if case["decide_by"] is None:
        return redirect(path("case", case_id=case_id), 303)
    return render(
        "employee/concern_receipt.html", case=page["head"], decide_by=case["decide_by"], unread=page["unread"],
        joined=case["state"] == "joined", active="work",
    )  # fmt: skip


def _keep(form: Form, names: tuple[str, ...]) -> None:
    told: dict[str, Any] = {name: form.data.get(name) for name in names if form.data.get(name)}
    before = {name: value for name, value in drafts.draft(DRAFT).items() if name not in (*names, "key")}
    drafts.keep(DRAFT, before | told)
