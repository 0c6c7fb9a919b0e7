"""What is written in a case before and beside the plan: notes, the toolkit's forms, the talk, the child's view."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.forms import Form, field_sentence
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.pages import drafts
from gateway.pages.case.head import ask_case, may
from gateway.pages.choices import today, topic_choices
from gateway.pages.log.frame import ask_log
from services.contracts import cases, relay_log
from services.kernel import forms
from services.kernel.errors import NotFound

blueprint = Blueprint("notes", __name__)

Page = str | Response | tuple[str, int]


# ---------------------------------------------------------------- a note


@blueprint.get(PATHS["note"])
def note(case_id: str) -> str:
    """Write a note."""
    name = f"note-{case_id}"
    return _note(case_id, Form(drafts.draft(name), draft=name), "write_notes")


@blueprint.post(PATHS["note"])
def note_written(case_id: str) -> Page:
    """Keep it with the concern (LV-2)."""
    form = Form.sent()
    asked = {"case_id": case_id, "text": form.text("text") or "", "topic": form.text("topic")}
    if form.submit(cases.RecordNote, asked) is None:
        return _note(case_id, form), form.status
    drafts.drop(f"note-{case_id}")
    notice("note.saved")
    return redirect(path("case", case_id=case_id), 303)


def _note(case_id: str, form: Form, act: str | None = None) -> str:
    page = ask_case(case_id, act)
    return render("employee/note.html", case=page["head"], form=form, topics=topic_choices(), unread=page["unread"],
                  active="work", read_by=_note_readers(page))  # fmt: skip


def _note_readers(page: dict[str, Any]) -> str:
    """The key of the sentence that says who reads what is written now."""
    return "case.notes_shared" if page["case"]["talk_recorded"] else "concern.sees"


# ---------------------------------------------------------------- the toolkit's forms


@blueprint.get(PATHS["forms"])
def choose(case_id: str) -> str:
    """Which form to fill in; those of the current step first (DI-3)."""
    page = ask_case(case_id, "write_notes")
    found = page["case"]
    current = next((index for index, each in enumerate(found["steps"], 1) if each["state"] == "current"), 0)
    here = f"{found['level']}.{current}"
    tools = [
        tool
        for tool in g.names.catalogue()["tools"]
        if tool.get("form_version") and tool["code"] != "meeting_template"
    ]
    tools.sort(key=lambda tool: here not in (tool.get("used_at") or ()))
    return render(
        "common/form_choose.html", case=page["head"], tools=tools, unread=page["unread"], active="work"
    )


@blueprint.get(PATHS["form"])
def fill(case_id: str, tool_id: str) -> str:
    """The form, with what is known already filled in."""
    page = ask_case(case_id, "write_notes", notes=(cases.GetNotes, {"case_id": case_id}))
    definition, name = _definition(tool_id), f"form-{case_id}-{tool_id}"
    begun = drafts.draft(name)
    if not begun:
        begun = _as_sent(definition, forms.prefill(definition, _known(page)))
    return _fill(page, tool_id, definition, Form(begun, draft=name))


@blueprint.post(PATHS["form"])
def filled(case_id: str, tool_id: str) -> Page:
    """Look at the answers by the form's own definition, and keep them in its version (DI-5)."""
    definition = _definition(tool_id)
    lists = [field["name"] for field in forms.fields_of(definition) if field["type"] == "multi_choice"]
    form = Form.sent(*lists)
    names = {field["name"] for field in forms.fields_of(definition)}
    answers, faults = forms.validate(definition, {n: value for n, value in form.data.items() if n in names})
    for name, code in faults.items():
        form.errors[name] = field_sentence(name, code)
    saved = None
    if not faults:
        asked = {
            "case_id": case_id, "tool": tool_id, "tool_version": definition["version"], "answers": answers,
            "topic": form.text("topic"),
        }  # fmt: skip
        saved = form.submit(cases.RecordForm, asked)
    if saved is None:
        return _fill(ask_case(case_id), tool_id, definition, form), form.status
    drafts.drop(f"form-{case_id}-{tool_id}")
    notice("forms.saved")
    return redirect(path("form_saved", case_id=case_id, tool_id=tool_id, form_id=saved["id"]), 303)


def _fill(page: dict[str, Any], tool_id: str, definition: dict[str, Any], form: Form) -> str:
    return render("common/form_fill.html", case=page["head"], tool_id=tool_id, definition=definition, form=form,
                  topics=topic_choices(), unread=page["unread"], active="work")  # fmt: skip


@blueprint.get(PATHS["form_saved"])
def saved(case_id: str, tool_id: str, form_id: str) -> str:
    """A filled-in form, to read and to print, in the version that was used."""
    page = ask_case(case_id, notes=(cases.GetNotes, {"case_id": case_id}))
    notes = page["notes"]["notes"] if page["notes"] else []
    found = next((each for each in notes if each["note_id"] == form_id and each["tool"] == tool_id), None)
    if found is None:
        raise NotFound
    definition = g.names.form(g.asking.municipality, tool_id, found["tool_version"])["form"]
    told = {
        "at": found["recorded_at"],
        "by": page["names"].get(found["by_person_id"], ""),
        "version": found["tool_version"],
    }
    return render(
        "common/form_view.html", case=page["head"], tool_id=tool_id, definition=definition, answers=found["answers"],
        filled=told, may_fill=may(page["case"], "write_notes"), unread=page["unread"], active="work",
    )  # fmt: skip


def _definition(tool_id: str) -> dict[str, Any]:
    found: dict[str, Any] | None = g.names.form(g.asking.municipality, tool_id)["form"]
    if found is None:
        raise NotFound
    return found


def _known(page: dict[str, Any]) -> dict[str, Any]:
    """What forms may begin with: `today`, and `concern_text` as it was registered."""
    notes = page["notes"]["notes"] if page["notes"] else []
    known: dict[str, Any] = {"today": today().isoformat()}
    concern = next((each["text"] for each in notes if each["kind"] == "concern" and each["text"]), None)
    return known | ({"concern_text": concern} if concern else {})


def _as_sent(definition: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """Answers as a browser would send them, to show them in fields."""
    kinds = {field["name"]: field["type"] for field in forms.fields_of(definition)}
    return {
        name: ("yes" if value else "no")
        if kinds[name] == "yes_no"
        else value
        if kinds[name] == "multi_choice"
        else str(value)
        for name, value in answers.items()
    }


# ---------------------------------------------------------------- the talk


@blueprint.get(PATHS["talk"])
def talk(case_id: str) -> str:
    """Record the talk with the family."""
    name = f"talk-{case_id}"
    return _talk(case_id, Form(drafts.draft(name), draft=name), "write_notes")


@blueprint.post(PATHS["talk"])
def talk_recorded(case_id: str) -> Page:
    """The first talk opens the notes to the family (LV-17); the child's view or why it is missing comes with it."""
    form = Form.sent("with", "guardians_may_see")
    recorded = None
    if not form.text("held_on"):
        form.wrong("held_on", "required")
    if not form.text("summary"):
        form.wrong("summary", "required")
    if not form.errors:
        asked = {
            "case_id": case_id, "held_on": form.text("held_on"), "with_person_ids": form.many("with"),
            "summary": form.text("summary"), "child_view": form.text("child_view"),
            "child_view_missing": form.text("child_view_missing"), "child_view_given": form.text("given"),
            "guardians_may_see": "yes" in form.many("guardians_may_see"),
        }  # fmt: skip
        recorded = form.submit(cases.RecordTalk, asked, with_person_ids="with")
    if recorded is None:
        return _talk(case_id, form), form.status
    drafts.drop(f"talk-{case_id}")
    notice("talk.saved")
    return redirect(path("case", case_id=case_id), 303)


def _talk(case_id: str, form: Form, act: str | None = None) -> str:
    page = ask_case(case_id, act)
    child = page["case"]["child"]
    people = [
        {
            "code": each["person_id"],
            "text": t("ask.signer", name=each["name"], relation=t(f"relation.{each['relation']}").lower()),
        }
        for each in page["case"]["guardians"]
    ] + [
        {
            "code": child["person_id"],
            "text": t("ask.signer", name=child["name"], relation=t("relation.self").lower()),
        }
    ]
    return render(
        "employee/talk.html",
        case=page["head"],
        form=form,
        people=people,
        with_guardians=bool(page["case"]["guardians"]),
        unread=page["unread"],
        active="work",
    )


# ---------------------------------------------------------------- the child's view


@blueprint.get(PATHS["view"])
def view(case_id: str) -> str:
    """Record what the child says (LG-5)."""
    name = f"view-{case_id}"
    return _view(case_id, Form(drafts.draft(name), draft=name))


@blueprint.post(PATHS["view"])
def view_recorded(case_id: str) -> Page:
    """Keep the view, or why there is none."""
    form = Form.sent("guardians_may_see")
    for name in ("given", "occasion", "topic"):
        if not form.text(name):
            form.wrong(name, "required")
    if bool(form.text("text")) == bool(form.text("missing")):
        form.wrong("text", "view_or_reason")
    recorded = None
    if not form.errors:
        asked = {
            "case_id": case_id, "topic": form.text("topic"), "occasion": form.text("occasion"),
            "text": form.text("text"), "missing": form.text("missing"), "given": form.text("given"),
            "guardians_may_see": "yes" in form.many("guardians_may_see"),
        }  # fmt: skip
        recorded = form.submit(relay_log.RecordView, asked)
    if recorded is None:
        return _view(case_id, form), form.status
    drafts.drop(f"view-{case_id}")
    notice("view.saved")
    return redirect(path("plan", case_id=case_id), 303)


def _view(case_id: str, form: Form) -> str:
    page = ask_log(case_id, "write_log")
    return render("employee/view.html", case=page["head"], form=form, topics=topic_choices(), unread=page["unread"],
                  active="work")  # fmt: skip
