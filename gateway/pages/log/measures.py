"""The forms of a measure: what, by whom, where and until when; a change, and the conflict (LG-2, LG-8, LV-10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, t
from gateway.pages.log.entries import other_in_words, others
from gateway.pages.log.frame import (
    Answer,
    Page,
    ask_log,
    conflict,
    editing,
    family_parties,
    in_words,
    is_stale,
    name_of,
    one_of,
    person_choices,
    responsible_of,
    show,
    staff_parties,
)  # fmt: skip
from services.contracts import relay_log

blueprint = Blueprint("log_measures", __name__)

CHILD = "child"
"""The choice of the child itself as the one responsible."""

_PARTS = ("what", "arena", "deadline", "status", "effect", "third_person")


@blueprint.route(PATHS["measure_new"], methods=["GET", "POST"])
def new(case_id: str) -> Answer:
    """A new measure of a goal; without another responsible it is the child's own."""
    form = Form.sent() if request.method == "POST" else Form({"goal_id": request.args.get("mal", "")})
    if request.method == "POST":
        responsible = form.text("responsible")
        if responsible is None:
            form.wrong("responsible", "required")
        asked = {
            "case_id": case_id,
            **{name: form.text(name) for name in ("goal_id", "what", "arena", "deadline", "third_person")},
            "responsible_person_id": None if responsible == CHILD else responsible,
            "is_childs_own": responsible == CHILD,
        }
        if not form.errors and form.submit(relay_log.AddMeasure, asked, responsible_person_id="responsible"):
            return _saved(case_id)
    page = ask_log(case_id, "write_plan")
    return _form(page, form, None)


@blueprint.route(PATHS["measure"], methods=["GET", "POST"])
def edit(case_id: str, measure_id: str) -> Answer:
    """A measure that goes on: its words, who, where, until when, and how it works."""
    if request.method == "GET":
        page = ask_log(case_id, "write_plan")
        measure = one_of(page["log"]["measures"], "measure_id", measure_id)
        return _form(page, editing(_data(page, measure), measure["version"]), measure_id)
    form = Form.sent()
    page = ask_log(case_id, "write_plan")
    responsible = form.text("responsible")
    asked = {
        "case_id": case_id,
        "measure_id": measure_id,
        "expected_version": form.version,
        **{name: form.text(name) for name in _PARTS},
        "responsible_person_id": page["case"]["child"]["person_id"] if responsible == CHILD else responsible,
    }
    for name in ("what", "responsible", "deadline"):
        if not form.text(name):
            form.wrong(name, "required")
    measure = one_of(page["log"]["measures"], "measure_id", measure_id)
    if responsible == _responsible(page, measure):
        asked["responsible_person_id"] = None
    if not form.errors and form.submit(relay_log.ChangeMeasure, asked, responsible_person_id="responsible"):
        return _saved(case_id)
    if is_stale(form):
        return _conflict(ask_log(case_id, "write_plan"), form, measure_id) or _saved(case_id)
    return _form(page, form, measure_id)


def _responsible(page: Page, measure: Mapping[str, Any]) -> str:
    person_id = measure["responsible_person_id"]
    return CHILD if person_id in (None, page["case"]["child"]["person_id"]) else str(person_id)


def _data(page: Page, measure: Mapping[str, Any]) -> dict[str, str]:
    plain = {name: measure[name] or "" for name in _PARTS}
    return {**plain, "responsible": _responsible(page, measure)}


def _form(page: Page, form: Form, measure_id: str | None) -> Answer:
    goals = [
        {"code": goal["goal_id"], "text": goal["text"]}
        for goal in page["log"]["goals"]
        if goal["status"] == "active"
    ]
    people = [*staff_parties(page), *family_parties(page)]
    chosen = form.text("responsible")
    if chosen and chosen not in (CHILD, *people) and chosen in page["names"]:
        people.append(chosen)
    measure = one_of(page["log"]["measures"], "measure_id", measure_id) if measure_id else None
    marked = measure["third_person"] if measure else None
    return show(
        page,
        "log/measure_form.html",
        form,
        measure_id=measure_id,
        goals=goals,
        people=person_choices(page, people),
        others=others(page),
        marked=other_in_words(page, marked) if marked else None,
        cannot_read=responsible_of(page, measure) if measure and not measure["responsible_reads"] else None,
    )


def _conflict(page: Page, form: Form, measure_id: str) -> Answer | None:
    measure = one_of(page["log"]["measures"], "measure_id", measure_id)
    now = _data(page, measure)

    def person(code: str) -> str:
        return str(page["head"]["child"]["first_name"]) if code == CHILD else name_of(page, code)

    return conflict(
        page,
        form,
        measure["version"],
        (
            ("what", "what", now["what"], str),
            ("responsible", "responsible_person_id", now["responsible"], person),
            ("arena", "arena", now["arena"], lambda code: t(f"arena.{code}")),
            ("deadline", "deadline", now["deadline"], in_words),
            ("status", "status", now["status"], lambda code: t(f"log.status.{code}")),
            ("effect", "effect", now["effect"], lambda code: t(f"log.effect_of.{code}") if code else ""),
            ("third_person", "third_person", now["third_person"], lambda whom: other_in_words(page, whom)),
        ),
        action=path("measure", case_id=page["head"]["id"], measure_id=measure_id),
        back=path("plan", case_id=page["head"]["id"]),
    )


def _saved(case_id: str) -> Answer:
    notice("log.done.measure")
    return redirect(path("plan", case_id=case_id), 303)
