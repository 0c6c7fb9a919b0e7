"""The forms of a goal: a new one, a change, and the conflict when two change it at once (LG-2, LG-8)."""

from __future__ import annotations

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
    is_stale,
    one_of,
    show,
    topic_choices,
)  # fmt: skip
from services.contracts import relay_log

blueprint = Blueprint("log_goals", __name__)

_PARTS = ("text", "topic", "status", "third_person")


@blueprint.route(PATHS["goal_new"], methods=["GET", "POST"])
def new(case_id: str) -> Answer:
    """A new goal."""
    form = Form.sent() if request.method == "POST" else Form()
    if request.method == "POST" and form.submit(
        relay_log.AddGoal,
        {"case_id": case_id, **{name: form.text(name) for name in ("text", "topic", "third_person")}},
    ):
        return _saved(case_id)
    page = ask_log(case_id, "write_plan")
    return _form(page, form, None)


@blueprint.route(PATHS["goal"], methods=["GET", "POST"])
def edit(case_id: str, goal_id: str) -> Answer:
    """A goal's text, topic and state."""
    if request.method == "GET":
        page = ask_log(case_id, "write_plan")
        goal = one_of(page["log"]["goals"], "goal_id", goal_id)
        data = {name: goal[name] or "" for name in _PARTS}
        return _form(page, editing(data, goal["version"]), goal_id)
    form = Form.sent()
    asked = {name: form.text(name) for name in _PARTS}
    if not asked["text"]:
        form.wrong("text", "required")
    elif form.submit(
        relay_log.ChangeGoal,
        {"case_id": case_id, "goal_id": goal_id, "expected_version": form.version, **asked},
    ):
        return _saved(case_id)
    page = ask_log(case_id, "write_plan")
    if is_stale(form):
        goal = one_of(page["log"]["goals"], "goal_id", goal_id)
        shown = conflict(
            page,
            form,
            goal["version"],
            (
                ("text", "text", goal["text"], str),
                ("topic", "topic", goal["topic"], lambda code: t(f"topic.{code}")),
                ("status", "status", goal["status"], lambda code: t(f"log.status_goal.{code}")),
                (
                    "third_person",
                    "third_person",
                    goal["third_person"] or "",
                    lambda whom: other_in_words(page, whom),
                ),
            ),
            action=path("goal", case_id=case_id, goal_id=goal_id),
            back=path("plan", case_id=case_id),
        )
        return shown or _saved(case_id)
    return _form(page, form, goal_id)


def _form(page: Page, form: Form, goal_id: str | None) -> Answer:
    marked = one_of(page["log"]["goals"], "goal_id", goal_id)["third_person"] if goal_id else None
    return show(
        page, "log/goal_form.html", form, goal_id=goal_id, topics=topic_choices(page), others=others(page),
        marked=other_in_words(page, marked) if marked else None,
    )  # fmt: skip


def _saved(case_id: str) -> Answer:
    notice("log.done.goal")
    return redirect(path("plan", case_id=case_id), 303)
