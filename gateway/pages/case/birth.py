"""Registering a birth on a pregnant woman's case: the child gets a case of its own (LV-18)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.pages.case.head import ask_case
from gateway.pages.choices import topic_choices
from services.contracts import cases

blueprint = Blueprint("birth", __name__)

Page = str | Response | tuple[str, int]
_HERS = "health"
_MUST = ("child_number", "concern", "mothers_case")


@blueprint.get(PATHS["birth"])
def birth(case_id: str) -> str:
    """The form."""
    return _birth(case_id, Form())


@blueprint.post(PATHS["birth"])
def registered(case_id: str) -> Page:
    """Begin the child's case; on to it."""
    form = Form.sent("note_ids")
    for name in _MUST:
        if not form.text(name):
            form.wrong(name, "required")
    done = None
    if not form.errors:
        asked = {
            "case_id": case_id,
            "child_number": "".join((form.text("child_number") or "").split()),
            "concern": form.text("concern"),
            "topic": form.text("topic"),
            "note_ids": form.many("note_ids"),
            "mother_agreed_on": form.text("mother_agreed_on"),
            "closes": form.text("mothers_case") == "closes",
            "closing_reason": form.text("closing_reason"),
        }
        done = form.submit(cases.RegisterBirth, asked)
    if done is None:
        return _birth(case_id, form), form.status
    notice("birth.done")
    return redirect(path("case", case_id=done["id"]), 303)


def _birth(case_id: str, form: Form) -> str:
    page = ask_case(case_id, "register_birth", notes=(cases.GetNotes, {"case_id": case_id}))
    notes = page["notes"]["notes"] if page["notes"] else []
    return render(
        "employee/birth.html", case=page["head"], form=form, topics=topic_choices(), notes=_offered(notes),
        unread=page["unread"], missing=page["missing"], active="work",
    )  # fmt: skip


def _offered(notes: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What she may agree to have copied: texts, but nothing of her health (GU-6)."""
    return [
        {"code": note["note_id"], "text": note["text"], "hint": t(f"birth.kind.{note['kind']}")}
        for note in notes
        if note["text"] and note["kind"] in ("concern", "note", "talk") and note["topic"] != _HERS
    ]
